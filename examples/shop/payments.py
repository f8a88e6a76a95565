"""A payment service that behaves as such services do: mostly quick, at times slow, now and then out of order."""

from __future__ import annotations

import asyncio
import logging
import random
import uuid

from fastapi import FastAPI, HTTPException
from pydantic import BaseModel, Field

import sightline

sightline.configure(service="payments", version="0.9.2")

# Python's own logging is recorded as it is.
log = logging.getLogger("payments")
declined = sightline.counter("payments_declined", "Charges that were declined.", ["reason"])

app = FastAPI(title="Payments")
sightline.instrument(app)


class Charge(BaseModel):
    """What is to be paid, in cents."""

    cart: int
    amount: int = Field(ge=0)
    credit_card: str


@app.post("/charges")
async def charge(wanted: Charge) -> dict[str, str]:
    """Take the money, or say why not."""
    if wanted.credit_card.endswith("0"):
        declined.labels("insufficient funds").inc()
        log.warning("declined", extra={"cart": wanted.cart, "reason": "insufficient funds"})
        raise HTTPException(402, "insufficient funds")
    with sightline.span("ask the bank", amount=wanted.amount):
        await _bank()
    receipt = uuid.uuid4().hex[:12]
    log.info("charged %d cents", wanted.amount, extra={"cart": wanted.cart, "receipt": receipt})
    return {"receipt": receipt}


async def _bank() -> None:
    """Stand in for the bank's own network."""
    mood = random.random()
    if mood < 0.04:
        raise ConnectionError("The bank closed the connection.")
    await asyncio.sleep(random.uniform(0.3, 0.9) if mood < 0.12 else random.uniform(0.005, 0.03))
