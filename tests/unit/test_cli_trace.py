"""The waterfall of ``sightline trace``."""

import pytest

from sightline.cli.trace import _bar, _walk


def span(name: str, parent: str = "", offset: float = 0.0, duration: float = 1.0) -> dict:
    """Make a span as the API gives it, as far as the waterfall looks at it."""
    return {"span_id": name, "parent_id": parent, "offset_ms": offset, "duration_ms": duration}


def test_children_follow_their_parent_in_the_order_of_their_starts():
    """Each span comes below its parent, one step further in."""
    spans = [span("late", "root", 5), span("root"), span("early", "root", 1), span("inner", "early", 2)]

    assert [(depth, each["span_id"]) for depth, each in _walk(spans)] == [
        (0, "root"), (1, "early"), (2, "inner"), (1, "late"),
    ]  # fmt: skip


def test_a_span_whose_parent_is_not_known_is_shown():
    """Where a parent was recorded elsewhere, or not at all, its children stand on their own."""
    assert [(depth, each["span_id"]) for depth, each in _walk([span("a", "elsewhere"), span("b", "a", 1)])] == [
        (0, "a"), (1, "b"),
    ]  # fmt: skip


def test_spans_that_are_each_others_parents_are_shown_once():
    """A circle, which a broken sender may make, neither hangs nor repeats."""
    assert [(depth, each["span_id"]) for depth, each in _walk([span("a", "b"), span("b", "a", 1)])] == [
        (0, "a"), (1, "b"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("offset", "duration", "whole"), [(0, 100, 100), (99.9, 0.1, 100), (0, 0, 0), (100, 50, 100), (50, 500, 100)]
)
def test_a_bar_is_always_of_one_width(offset, duration, whole):
    """Whatever the times, also when clocks disagree, a bar is 24 characters and shows something."""
    bar = _bar(span("a", offset=offset, duration=duration), whole)

    assert len(bar) == 24
    assert "█" in bar
