"""Where the time of a trace went, on traces made by hand; and two traces beside each other."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sightline.query.analyses.critical_path import critical_path
from sightline.query.analyses.trace_comparison import compare_traces
from sightline.query.traces import SpanRecord, Trace


def span(name, start, end, parent="", status="Unset"):
    """Make a span whose id is its name."""
    return SpanRecord(
        name, parent, name, "Internal", "shop", "", start, end - start, status, "", "", {}, {}, [], []
    )  # fmt: skip


def trace(*spans, trace_id="1" * 32):
    """Make a trace."""
    start = min(span.offset_ms for span in spans)
    end = max(span.offset_ms + span.duration_ms for span in spans)
    return Trace(trace_id, "", end - start, ["shop"], list(spans), [], False, 0.0)


def steps(*spans):
    """Give the path as names with from and until."""
    return [
        (step.name, step.offset_ms, step.offset_ms + step.duration_ms) for step in critical_path(trace(*spans)).steps
    ]


def test_children_in_a_row_share_the_time_with_their_parent():
    """The parent has what lies between its children."""
    found = steps(span("a", 0, 10), span("b", 1, 4, "a"), span("c", 5, 9, "a"))

    assert found == [("a", 0, 1), ("b", 1, 4), ("a", 4, 5), ("c", 5, 9), ("a", 9, 10)]


def test_of_children_beside_each_other_the_last_to_end_counts():
    """A child that ended while another was still waited for has no part."""
    found = steps(span("a", 0, 10), span("b", 1, 9, "a"), span("c", 1, 5, "a"))

    assert found == [("a", 0, 1), ("b", 1, 9), ("a", 9, 10)]


def test_children_that_overlap_follow_each_other():
    """The earlier one counts until the later one begins."""
    found = steps(span("a", 0, 10), span("b", 0, 6, "a"), span("c", 4, 10, "a"))

    assert found == [("b", 0, 4), ("c", 4, 10)]


def test_what_goes_on_after_its_parent_is_cut():
    """A background task counts as far as its parent waited."""
    found = steps(span("a", 0, 10), span("b", 5, 60, "a"))

    assert found == [("a", 0, 5), ("b", 5, 10)]


def test_shares_add_up():
    """What each name has of the path comes to the whole."""
    found = critical_path(trace(span("a", 0, 10), span("b", 2, 7, "a")))

    assert [(share.name, share.duration_ms, share.share) for share in found.shares] == [("a", 5, 0.5), ("b", 5, 0.5)]


def test_spans_that_are_each_others_parents_are_walked_once():
    """A client that sends a circle, each span as long as the other, gets an answer all the same."""
    found = steps(span("a", 0, 10, "b"), span("b", 0, 10, "a"))

    assert found == [("a", 0, 10)]


TREES = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40), st.integers(-1, 11)), min_size=1, max_size=12)


@given(tree=TREES)
@example([(36, 28, 2), (24, 33, 5), (31, 6, 3), (32, 11, 1), (1, 9, 2), (28, 36, 1)])
def test_the_path_of_any_trace_covers_its_root_once(tree):
    """Whatever the spans and their parents, circles too, no moment is counted twice, and the root is covered."""
    spans = [
        span(str(n), start, start + length, "" if parent < 0 else str(parent))
        for n, (start, length, parent) in enumerate(tree)
    ]
    found = critical_path(trace(*spans))

    for before, after in zip(found.steps, found.steps[1:], strict=False):
        assert before.offset_ms + before.duration_ms <= after.offset_ms
    assert sum(step.duration_ms for step in found.steps) == pytest.approx(found.duration_ms)


def test_a_comparison_tells_what_changed_most():
    """Spans of the same names from the root down stand for each other; what one trace has not is null there."""
    before = trace(span("a", 0, 10), span("b", 1, 4, "a"))
    after = trace(span("a", 0, 30), span("b", 1, 24, "a"), span("c", 25, 26, "a", "Error"), trace_id="2" * 32)

    found = compare_traces(before, after)

    assert [(change.path[-1], change.change_ms) for change in found.paths] == [
        ("shop: b", 20), ("shop: a", -1), ("shop: c", 1),
    ]  # fmt: skip
    assert found.paths[2].before is None
    assert found.paths[2].after.errors == 1


@given(tree=TREES)
@example([(36, 28, 2), (24, 33, 5), (31, 6, 3), (32, 11, 1), (1, 9, 2), (28, 36, 1)])
def test_any_two_traces_can_be_compared(tree):
    """Parents that are missing or go in circles do no harm, and a trace compared with itself shows no change."""
    spans = [span(str(n), start, start + length, str(parent)) for n, (start, length, parent) in enumerate(tree)]
    found = compare_traces(trace(*spans), trace(*spans))

    assert all(change.change_ms == 0 and change.before == change.after for change in found.paths)
