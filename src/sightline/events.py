"""
Business events: what happened, to be counted, charted and put in funnels; and the audit log.

``event("balance_topped_up", user_id="u1", amount=20)``. docs/howto/logging.md has an example of each name.
"""

from sightline.model.event_type import EventType
from sightline.sdk.events import BusinessEvent, audited, event, log_business_event

__all__ = ["BusinessEvent", "EventType", "audited", "event", "log_business_event"]
