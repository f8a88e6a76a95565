"""How a range is cut into pieces that were summed up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.query.request_sums import ENDPOINTS, WIDTHS_S, summed, whole
from sightline.query.timerange import NS_PER_S, TimeRange

DAY_NS = 24 * 3600 * NS_PER_S
NOON_S = 1_800_014_400
"""A whole six hours."""


@given(st.integers(0, 40 * DAY_NS), st.integers(0, 40 * DAY_NS), st.integers(1, len(WIDTHS_S)))
def test_pieces_cover_all_whole_minutes_of_a_range_once(start_ns: int, long_ns: int, most: int):
    """Side by side they are the range without what lies before its first and after its last whole width."""
    range_, widths_s = TimeRange(start_ns, start_ns + long_ns), WIDTHS_S[most - 1 :]

    pieces = sorted(whole(range_, widths_s), key=lambda piece: piece[1])

    least_ns = widths_s[-1] * NS_PER_S
    first_s, end_s = -(-start_ns // least_ns) * widths_s[-1], range_.end_ns // least_ns * widths_s[-1]
    assert [begin for _, begin, _ in pieces] + [end_s] * bool(pieces) == (
        [first_s] * bool(pieces) + [end for _, _, end in pieces]
    )
    assert bool(pieces) == (first_s < end_s)
    assert all(begin % width == end % width == 0 for width, begin, end in pieces)


def test_a_day_takes_few_rows_of_each_endpoint():
    """The widest sums that have room make up the middle, ever narrower ones the ends."""
    day = TimeRange((NOON_S - 86400 + 61) * NS_PER_S, (NOON_S + 61) * NS_PER_S)

    pieces = whole(day)

    assert pieces[0] == (21600, NOON_S - 64800, NOON_S)
    assert sum((end - begin) // width for width, begin, end in pieces) == 3 + 5 + 1 + 5 + 4


@pytest.mark.parametrize("seconds", [0, 59])
def test_a_range_without_a_whole_minute_has_no_sums(seconds: int):
    """Its requests are read from the spans alone."""
    assert summed(ENDPOINTS, TimeRange((NOON_S + 1) * NS_PER_S, (NOON_S + 1 + seconds) * NS_PER_S)) == ""
