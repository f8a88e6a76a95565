"""Times as people write them."""

import pytest

from sightline.base.errors import QueryInvalid
from sightline.query.timerange import NS_PER_S, TimeRange, parse_range, parse_time, rfc3339

NOW = 1_795_204_800 * NS_PER_S


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("now", NOW),
        ("-15m", NOW - 900 * NS_PER_S),
        ("now-2h", NOW - 7200 * NS_PER_S),
        ("-7d", NOW - 604800 * NS_PER_S),
        ("-999999999w", 0),
        ("1795204800", NOW),
        ("1795204800.5", NOW + NS_PER_S // 2),
        ("1795204800.000000001", NOW + 1),
        ("2026-11-20T20:00:00Z", NOW),
        ("2026-11-20t20:00:00z", NOW),
        ("2026-11-20T22:30:00+02:30", NOW),
        ("2026-11-20T20:00:00.123456789Z", NOW + 123456789),
    ],
)
def test_a_time_is_read(text, expected):
    """RFC 3339, Unix seconds and relative times give nanoseconds."""
    assert parse_time(text, NOW) == expected


@pytest.mark.parametrize("text", ["yesterday", "15m", "-15", "-1.5h", "2026-11-20", "2026-13-20T20:00:00Z", "١٢"])
def test_a_wrong_time_is_refused(text):
    """What is no time is an error that shows what one looks like."""
    with pytest.raises(QueryInvalid, match="is no time. Expected RFC 3339"):
        parse_time(text, NOW)


@pytest.mark.parametrize("text", ["9999999999", "1969-12-31T23:59:59Z", "9999-01-01T00:00:00Z"])
def test_a_time_the_engine_cannot_hold_is_refused(text):
    """Times outside of 1970 to 2100 are an error, not a wrapped number."""
    with pytest.raises(QueryInvalid, match="outside of the years 1970 to 2100"):
        parse_time(text, NOW)


def test_nothing_said_is_the_last_quarter_of_an_hour():
    """Without start and end a range is the last 15 minutes; without start, 15 minutes before the end."""
    assert parse_range(None, None, NOW) == TimeRange(NOW - 900 * NS_PER_S, NOW)
    assert parse_range("", "-1h", NOW) == TimeRange(NOW - 4500 * NS_PER_S, NOW - 3600 * NS_PER_S)


def test_a_range_that_ends_before_it_starts_is_refused():
    """The message shows both times as they were understood."""
    with pytest.raises(QueryInvalid, match=r"The start, 2026-11-20T20:00:00\.0+Z, must lie before the end, 2026"):
        parse_range("now", "-1h", NOW)


@pytest.mark.parametrize(
    ("seconds", "buckets", "step"), [(900, 60, 15), (60, 60, 1), (1, 60, 1), (86400, 60, 1800), (31536000, 60, 604800)]
)
def test_a_step_divides_a_range_into_about_so_many(seconds, buckets, step):
    """A step is one that people read well, and a range never has more steps than asked for."""
    assert TimeRange(NOW - seconds * NS_PER_S, NOW).step_s(buckets) == step


def test_times_are_written_with_nanoseconds():
    """An answer's times are RFC 3339 in UTC with nine digits."""
    assert rfc3339(NOW + 1) == "2026-11-20T20:00:00.000000001Z"
