"""A query that is put together from values asks for these values, whatever they are."""

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.base.errors import QueryInvalid
from sightline.cli.log_aggregator import LogAggregator, LogSearchQuery
from sightline.query.search import LOGS
from sightline.query.search.match import matcher

TEXT = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from('"\\*~:()[]{}- \n'), min_size=1, max_size=12)
NAME = TEXT.map(lambda text: f"x{text}")


@given(fields=st.dictionaries(NAME, TEXT, min_size=1, max_size=3))
def test_any_field_and_value_is_asked_for_as_it_is(fields):
    """A record with these fields is found, and one with another value is not."""
    holds = matcher(LogSearchQuery(fields=fields).search(), LOGS)
    name, value = next(iter(fields.items()))

    assert holds({"attributes": fields})
    assert not holds({"attributes": {**fields, name: f"{value}x"}})


@given(text=TEXT)
def test_any_text_can_be_a_pattern(text):
    """A pattern keeps its meaning, with quotes and with quotes that are escaped already."""
    holds = matcher(LogSearchQuery(message_pattern=re.escape(text).replace('"', '\\"')).search(), LOGS)
    bare = matcher(LogSearchQuery(message_pattern=f"[{re.escape(text)}]").search(), LOGS)

    assert holds({"body": f"a{text}b"})
    assert bare({"body": text})


@pytest.mark.parametrize(("value", "stored"), [(True, "true"), (7, "7"), (1.5, "1.5")])
def test_values_that_are_no_text_are_written_as_they_are_stored(value, stored):
    """Numbers and truths are found; what is None asks nothing."""
    holds = matcher(LogSearchQuery(level="ERROR", fields={"a": value, "b": None}).search(), LOGS)

    assert holds({"level": "ERROR", "severity": 17, "attributes": {"a": stored}})


def test_none_asks_nothing():
    """Callers pass on what they were given, which may be nothing."""
    query = LogSearchQuery(None, None, None, None, None, None, None, None)

    assert query.search() == ""


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"level": 40}, "level is 40; expected a text, or None."),
        ({"start_time": "2026-11-20"}, "start_time is '2026-11-20'; expected a datetime, or None."),
        ({"end_time": 1_790_000_000}, "end_time is 1790000000; expected a datetime, or None."),
        ({"fields": ["user_id"]}, "fields is ['user_id']; expected a mapping of names to values, or None."),
    ],
)
def test_a_part_of_another_type_is_refused(parts, said):
    """The message says which part, what it is and what it should be."""
    with pytest.raises(QueryInvalid) as refused:
        LogSearchQuery(**parts)

    assert str(refused.value) == said


@pytest.mark.parametrize("hours", [0, -1, "24", math.nan, math.inf, 10**9])
def test_hours_that_are_none_are_refused(hours, tmp_path):
    """No report is of another time than was asked for."""
    with LogAggregator("http://127.0.0.1:9", home=tmp_path) as logs, pytest.raises(QueryInvalid, match="hours is "):
        logs.get_log_statistics(hours=hours)
