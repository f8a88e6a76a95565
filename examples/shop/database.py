"""What the shop sells and what was bought, in SQLite."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from opentelemetry.instrumentation.sqlalchemy import SQLAlchemyInstrumentor
from sqlalchemy import ForeignKey, create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

if TYPE_CHECKING:
    from collections.abc import Iterator

engine = create_engine(os.environ.get("SHOP_DATABASE", "sqlite:///shop.db"))

# Any OpenTelemetry instrumentation records through Sightline: each statement becomes a span. It works with newer
# versions of SQLAlchemy than it says.
SQLAlchemyInstrumentor().instrument(engine=engine, skip_dep_check=True)

_KINDS = ("mug", "lamp", "chair", "clock", "plate", "vase")
_COLOURS = ("white", "blue", "green", "black", "red", "sand", "grey")


class Base(DeclarativeBase):
    """The tables' registry."""


class Product(Base):
    """Something that is sold; prices are in cents."""

    __tablename__ = "products"

    sku: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    price: Mapped[int]
    stock: Mapped[int]


class Cart(Base):
    """What one customer is about to buy, or has bought."""

    __tablename__ = "carts"

    id: Mapped[int] = mapped_column(primary_key=True)
    customer: Mapped[str]
    paid: Mapped[bool] = mapped_column(default=False)
    lines: Mapped[list[Line]] = relationship(back_populates="cart")


class Line(Base):
    """A number of one product in a cart."""

    __tablename__ = "lines"

    id: Mapped[int] = mapped_column(primary_key=True)
    cart_id: Mapped[int] = mapped_column(ForeignKey("carts.id"), index=True)
    sku: Mapped[str] = mapped_column(ForeignKey("products.sku"), index=True)
    quantity: Mapped[int]
    cart: Mapped[Cart] = relationship(back_populates="lines")
    product: Mapped[Product] = relationship()


def fill() -> None:
    """Make the tables, and put products on the shelves where there are none."""
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        if session.scalar(select(Product).limit(1)) is None:
            session.add_all(_products())
            session.commit()


def _products() -> Iterator[Product]:
    for row, kind in enumerate(_KINDS):
        for column, colour in enumerate(_COLOURS):
            price = 490 + 700 * row + 35 * column
            yield Product(sku=f"{kind}-{colour}", name=f"{colour} {kind}", price=price, stock=100_000)


def get_session() -> Iterator[Session]:
    """Give one request its session."""
    with Session(engine) as session:
        yield session
