"""The shop's side of payments: one HTTP call, with its trace carried along."""

from __future__ import annotations

import os

import httpx
from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor

import sightline

# The call becomes a span, and its trace goes on in the payment service.
HTTPXClientInstrumentor().instrument()

payments = os.environ.get("SHOP_PAYMENTS", "http://127.0.0.1:8001")
client = httpx.Client(base_url=payments, timeout=2.0, trust_env=False)


class Declined(Exception):
    """The bank said no; the message says why."""


class Unavailable(Exception):
    """The payment service did not answer, or not in time."""


def charge(cart: int, amount: int, credit_card: str) -> str:
    """
    Take *amount* cents.

    Returns:
        The number of the receipt.

    Raises:
        Declined: if the bank said no.
        Unavailable: if there was no answer.
    """
    with sightline.span("charge", cart=cart, amount=amount) as span:
        try:
            answer = client.post("/charges", json={"cart": cart, "amount": amount, "credit_card": credit_card})
        except httpx.TransportError as error:
            raise Unavailable from error
        if answer.status_code == httpx.codes.PAYMENT_REQUIRED:
            raise Declined(answer.json()["detail"])
        if answer.is_error:
            raise Unavailable
        receipt = str(answer.json()["receipt"])
        span.set_attribute("receipt", receipt)
        return receipt
