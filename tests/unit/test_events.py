"""Business events."""

from __future__ import annotations

import sightline
from sightline.model.redacted import REDACTED
from sightline.testing import capture


def test_an_event_has_its_data_the_context_and_the_span():
    """Name, data, bound fields and the ids of the span are in one record."""
    with capture() as captured, sightline.context(user_id="u1"), sightline.span("top up"):
        sightline.event("balance_topped_up", amount=20, token="x")

    [event], [span] = captured.events, captured.spans
    assert (event.name, event.data) == ("balance_topped_up", {"amount": 20, "token": REDACTED})
    assert event.attributes == {"user_id": "u1"}
    assert (event.trace, event.span) == (span.trace, span.span)


def test_an_event_before_configure_is_dropped(tmp_path, monkeypatch):
    """Without ``configure`` nothing raises and nothing is recorded, neither at once nor later."""
    monkeypatch.setenv("SIGHTLINE_HOME", str(tmp_path / "home"))
    sightline.event("early")
    with capture() as captured:
        sightline.event("late")

    assert [event.name for event in captured.events] == ["late"]
    assert not (tmp_path / "home").exists()
