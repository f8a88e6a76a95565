"""A query that is put together from values asks for these values, whatever they are."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.cli.log_aggregator import LogSearchQuery
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
