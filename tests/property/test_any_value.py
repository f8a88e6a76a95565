"""Whatever is logged, as message, field or attribute: one valid line each, and the same on every way."""

from __future__ import annotations

import base64
import dataclasses
import datetime
import decimal
import enum
import json
import logging
import math
import uuid

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import sightline
from sightline.base.limits import MAX_LINE_BYTES
from sightline.logging import JSONFormatter
from sightline.model.log import LogRecord
from sightline.testing import capture
from sightline.wire.lines import encode, encode_fields

texts = st.text(st.characters(categories=("L", "N", "P", "Cs", "Cc", "Zs")))


class Broken:
    """An object of which nothing can be said."""

    def __str__(self):
        raise RuntimeError("no text")

    __repr__ = __str__


class BrokenMapping(dict):
    """A mapping that fails when it is read."""

    def items(self):
        raise RuntimeError("no items")

    __iter__ = keys = values = items


@dataclasses.dataclass
class Order:
    """An object with named fields."""

    id: object
    note: object


class Colour(enum.Enum):
    """An enumeration."""

    RED = "red"


scalars = (
    st.none() | st.booleans() | st.integers() | st.floats() | texts | st.binary() | st.complex_numbers() | st.uuids()
    | st.datetimes() | st.timedeltas() | st.decimals() | st.builds(Broken) | st.builds(BrokenMapping, st.just({"a": 1}))
    | st.sampled_from([Colour.RED, 2**64, object, len, Ellipsis, memoryview(b"a"), range(3)])
)  # fmt: skip
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner) | st.tuples(inner) | st.dictionaries(texts | st.integers() | st.none(), inner)
        | st.builds(Order, inner, inner) | st.builds(ValueError, inner)
    ),
    max_leaves=12,
)  # fmt: skip


quiet = logging.Logger("any_value")  # noqa: LOG001 - beside the tree, where no handler of pytest's finds it
"""Shown by nobody: what a handler of the host's makes of such values is its own affair."""
quiet.addHandler(logging.NullHandler())


def spanned(value):
    """Record a span with the value as its attribute."""
    with sightline.span("work", value=value):
        pass


def only_line(captured):
    """Give the one line that was recorded; it is JSON of bounded length."""
    # On a busy machine, figures of the process may be recorded meanwhile.
    [line] = [line for line in list(captured.lines) if b'"kind":"metric"' not in line]
    assert b"\n" not in line
    assert len(line) <= MAX_LINE_BYTES
    return json.loads(line, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(value=values, key=texts)
def test_any_value_is_recorded(value, key):
    """Through our logger, Python's logging and a span: nothing is lost, and nothing raises."""
    with capture() as captured:
        for record in (
            lambda: sightline.get_logger("shop").info(value, **{key: value}),
            lambda: quiet.warning(value, extra={"value": value}),
            lambda: quiet.warning("%s", value),
            lambda: spanned(value),
        ):
            record()
            only_line(captured)
            captured.clear()


@given(value=values)
def test_any_value_is_formatted(value):
    """The formatter of consoles and files writes one line, too."""
    record = logging.getLogger("shop").makeRecord("shop", 20, __file__, 1, value, (), None, "f", {"value": value})

    line = JSONFormatter().format(record)

    assert "\n" not in line
    assert {"message", "value"} <= json.loads(line, parse_constant=pytest.fail).keys()


def test_an_integer_that_python_does_not_write_is_recorded():
    """It has more digits than Python turns into text."""
    with capture() as captured:
        sightline.get_logger("shop").info("made", value=10**5000)

    assert only_line(captured)["attributes"]["value"] == "<builtins.int that cannot be shown>"


WAYS = (
    (math.nan, None), (math.inf, None), (b"\xff\x00", base64.b64encode(b"\xff\x00").decode()), (2**200, 2**200),
    (datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC), "2026-01-01T00:00:00Z"),
    (datetime.timedelta(seconds=3), "PT3S"), (uuid.UUID(int=3), str(uuid.UUID(int=3))),
    (decimal.Decimal("1.5"), "1.5"), (Colour.RED, "red"), (Order(1, b"\xff"), {"id": 1, "note": "/w=="}),
)  # fmt: skip


@pytest.mark.parametrize(("value", "told"), WAYS, ids=lambda value: type(value).__name__)
def test_a_value_is_told_in_the_same_way_whatever_stands_beside_it(value, told):
    """What cannot be encoded in one go, for a lone surrogate beside it, is told as docs/formats/json-log.md says."""
    for fields in ({"value": value}, {"value": value, "beside": "\ud800"}):
        record = LogRecord(1, "0" * 16, attributes=fields)

        assert json.loads(encode_fields(fields))["value"] == told
        assert json.loads(encode(record))["attributes"]["value"] == told
