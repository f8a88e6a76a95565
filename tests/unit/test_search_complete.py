"""Completion of a search text: where the cursor stands, and how a suggestion is written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.query.search import parse
from sightline.query.search.complete import Place, place_of, write_name, write_value
from sightline.query.search.tree import Compare


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("", Place("", "", 0, "")),
        ("lev", Place("", "lev", 0, "")),
        ("level:", Place("level", "", 6, "")),
        ("level:er", Place("level", "er", 6, "")),
        ("amount:>=1", Place("amount", "1", 9, "")),
        ("-service:sh", Place("service", "sh", 9, "")),
        ("paid user", Place("", "user", 5, "paid ")),
        ('"was paid" us', Place("", "us", 11, '"was paid" ')),
        ('"my name":"v a', Place("my name", "v a", 10, "")),
        ("(level:err", Place("level", "err", 7, "(")),
        ("a b:(c OR d", Place("b", "d", 10, "a ")),
        ("level:error ser", Place("", "ser", 12, "level:error ")),
    ],
)
def test_the_place_of_the_cursor_is_understood(text, place):
    """At the end of a text that is not finished, it is known what is being written and what stands before."""
    assert place_of(text, len(text)) == place


@given(text=st.text(alphabet='a:"\\()~*>= -', max_size=40), position=st.integers(0, 50))
def test_any_text_has_a_place(text, position):
    """No text and no position make it fail, and the start lies before the cursor."""
    position = min(position, len(text))
    place = place_of(text, position)

    assert 0 <= place.start <= position


@given(value=st.text(min_size=1, max_size=30).filter(lambda text: text.isprintable()))
def test_a_value_as_it_is_written_means_that_value(value):
    """A suggested value compares with just that value, whatever is in it."""
    found = parse(f"x:{write_value(value)}")

    assert isinstance(found, Compare)
    assert (found.value, found.prefix, found.operator) == (value, False, "=")


@given(name=st.text(min_size=1, max_size=30).filter(lambda text: text.isprintable()))
def test_a_name_as_it_is_written_means_that_name(name):
    """A suggested name is read as just that field, whatever is in it."""
    found = parse(f"{write_name(name)}1")

    assert isinstance(found, Compare)
    assert found.field == name
