"""
The shop itself. Sightline takes two lines: ``configure`` and ``instrument``.

Everything else here shows what can be added where it is worth it: logs with fields, a span, events, metrics.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Annotated

from fastapi import Depends, FastAPI, HTTPException
from pydantic import BaseModel, Field
from sqlalchemy import func, select
from sqlalchemy.orm import Session

import sightline

from . import charges, database
from .database import Cart, Line, Product

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

sightline.configure(service="shop", version="1.4.0")

log = sightline.get_logger("shop")
orders = sightline.counter("shop_orders", "Checkouts, by how they ended.", ["outcome"])
revenue = sightline.counter("shop_revenue_cents", "Money taken, in cents.")
basket = sightline.histogram("shop_basket_items", "Items in a cart at checkout.", buckets=(1, 2, 3, 5, 8, 13))


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    """Fill the shelves before the doors open."""
    database.fill()
    log.info("the shop is open")
    yield


app = FastAPI(title="Shop", lifespan=lifespan)
sightline.instrument(app)

Database = Annotated[Session, Depends(database.get_session)]


class NewCart(BaseModel):
    """Who takes a cart."""

    customer: str = Field(max_length=100)


class NewLine(BaseModel):
    """What goes into a cart."""

    sku: str = Field(max_length=100)
    quantity: int = Field(1, ge=1, le=20)


class Payment(BaseModel):
    """How a cart is paid. The card's number never reaches a log: Sightline takes it out by the field's name."""

    credit_card: str = Field(max_length=30)


@app.get("/products")
def list_products(session: Database, search: str = "") -> list[dict[str, object]]:
    """List what is sold, or what of it matches."""
    found = session.scalars(select(Product).where(Product.name.contains(search)).order_by(Product.name)).all()
    log.info("products listed", search=search, found=len(found))
    return [{"sku": product.sku, "name": product.name, "price": product.price} for product in found]


@app.get("/products/{sku}")
def show_product(sku: str, session: Database) -> dict[str, object]:
    """Show one product."""
    product = _product(sku, session)
    return {"sku": product.sku, "name": product.name, "price": product.price, "in_stock": product.stock > 0}


@app.post("/carts", status_code=201)
def take_cart(new: NewCart, session: Database) -> dict[str, int]:
    """Take an empty cart."""
    cart = Cart(customer=new.customer)
    session.add(cart)
    session.commit()
    sightline.event("cart_taken", cart=cart.id, customer=new.customer)
    return {"id": cart.id}


@app.post("/carts/{cart_id}/lines", status_code=201)
def add_line(cart_id: int, new: NewLine, session: Database) -> dict[str, int]:
    """Put some of a product into a cart."""
    cart = _cart(cart_id, session)
    product = _product(new.sku, session)
    session.add(Line(cart=cart, product=product, quantity=new.quantity))
    session.commit()
    log.info("added to cart", cart=cart_id, sku=new.sku, quantity=new.quantity)
    return {"items": sum(line.quantity for line in cart.lines)}


@app.post("/carts/{cart_id}/checkout")
def check_out(cart_id: int, payment: Payment, session: Database) -> dict[str, object]:
    """Pay for what is in a cart."""
    cart = _cart(cart_id, session)
    # Bound fields are on everything recorded within: these logs, and those of every library that is called.
    with sightline.context(cart=cart_id, user_id=cart.customer):
        total = _total(cart)
        try:
            receipt = charges.charge(cart_id, total, payment.credit_card)
        except charges.Declined as declined:
            orders.labels("declined").inc()
            log.warning("payment declined", total=total, reason=str(declined))
            raise HTTPException(402, f"The payment was declined: {declined}.") from None
        except charges.Unavailable:
            orders.labels("failed").inc()
            log.exception("payment failed", total=total, credit_card=payment.credit_card)
            raise HTTPException(502, "Payments are not available. Try again in a minute.") from None
        cart.paid = True
        session.commit()
        orders.labels("paid").inc()
        revenue.inc(total)
        sightline.event("order_paid", total=total, receipt=receipt)
        log.info("order paid", total=total, receipt=receipt)
    return {"cart": cart_id, "total": total, "receipt": receipt}


@app.get("/bestsellers")
def list_bestsellers(session: Database) -> list[dict[str, object]]:
    """
    List what sells best.

    It asks the database once for each product, which makes it the slowest page: look at one of its traces.
    """
    sold = {}
    for product in session.scalars(select(Product)).all():
        sold[product.sku] = session.scalar(select(func.sum(Line.quantity)).where(Line.sku == product.sku)) or 0
    best = sorted(sold, key=lambda sku: sold[sku], reverse=True)[:10]
    return [{"sku": sku, "sold": sold[sku]} for sku in best]


def _product(sku: str, session: Session) -> Product:
    product = session.get(Product, sku)
    if product is None:
        log.warning("no such product", sku=sku)
        raise HTTPException(404, f"There is no product {sku}.")
    return product


def _cart(cart_id: int, session: Session) -> Cart:
    cart = session.get(Cart, cart_id)
    if cart is None:
        raise HTTPException(404, f"There is no cart {cart_id}.")
    if cart.paid:
        raise HTTPException(409, f"Cart {cart_id} is paid already.")
    return cart


@sightline.trace_function("shop.total")
def _total(cart: Cart) -> int:
    items = sum(line.quantity for line in cart.lines)
    basket.observe(items)
    total = sum(line.quantity * line.product.price for line in cart.lines)
    # Ten items or more are cheaper, and the tenth of a cent is the shop's.
    return total * 95 // 100 if items >= 10 else total
