"""Times as logs write them."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.wire import times

SECOND_NS = 1_795_170_645_000_000_000
"""2026-11-20T10:30:45Z."""


@pytest.mark.parametrize(
    ("written", "after_ns"),
    [
        ("2026-11-20T10:30:45Z", 0),
        ("2026-11-20T10:30:45.123456789Z", 123_456_789),
        ("2026-11-20T12:30:45.5+02:00", 500_000_000),
        ("2026-11-20 10:30:45,123", 123_000_000),
        ("2026-11-20 10:30:45.123 +0000", 123_000_000),
        ("2026-11-20 10:30:45 UTC", 0),
        ("2026/11/20 10:30:45", 0),
        ("20/Nov/2026:11:30:45 +0100", 0),
        ("Fri, 20 Nov 2026 10:30:45 GMT", 0),
        ("Nov 20 2026 10:30:45", 0),
        ("1795170645", 0),
        ("1795170645.000000007", 7),
        (1_795_170_645, 0),
        (1_795_170_645.25, 250_000_000),
        (1_795_170_645_001, 1_000_000),
        (1_795_170_645_000_001, 1_000),
        (1_795_170_645_000_000_001, 1),
        (datetime(2026, 11, 20, 10, 30, 45, tzinfo=UTC), 0),
    ],
)
def test_forms(written, after_ns):
    """Every form in common use is read, to the digit."""
    assert times.parse(written) == SECOND_NS + after_ns


@pytest.mark.parametrize(
    "written",
    ["", "now", "2026-13-45T99:00:00Z", "20/Foo/2026:10:30:45", -1, 0, True, None, [], float("nan"), 1e300, "9" * 40],
)
def test_what_is_no_time(written):
    """What is no time, or none that can be kept, gives None."""
    assert times.parse(written) is None


@pytest.mark.parametrize(
    ("written", "year"), [("Dec 31 23:59:59", 2025), ("Jan  2 00:00:00", 2026), ("Feb 29 12:00:00", None)]
)
def test_a_time_without_a_year(written, year):
    """The year is the one that brings the time nearest; a day that no near year has gives none."""
    now_ns = times.nanoseconds(datetime(2026, 1, 1, 0, 5, tzinfo=UTC))
    found = times.parse(written, now_ns=now_ns)

    assert (found and datetime.fromtimestamp(found / 1e9, UTC).year) == year


@given(st.text(max_size=70) | st.floats() | st.integers())
def test_anything(written):
    """Whatever is written gives a time that the store can keep, or None."""
    found = times.parse(written)

    assert found is None or 0 < found < 2**63


@given(st.integers(0, 7 * 10**15).map(lambda microseconds: times.EPOCH + timedelta(days=1, microseconds=microseconds)))
def test_iso_there_and_back(moment):
    """A time in ISO 8601 is read back as it was."""
    assert times.parse(moment.isoformat()) == times.nanoseconds(moment)
