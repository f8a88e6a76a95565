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


def test_an_event_before_configure_is_dropped():
    """Without ``configure`` nothing is recorded and nothing raises."""
    sightline.event("early")
