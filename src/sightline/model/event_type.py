"""The types of business events that have a name from the start; any other text is one as well."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class EventType(StrEnum):
    """What happened in the business."""

    USER_REGISTERED = "user_registered"
    USER_LOGIN = "user_login"
    USER_LOGOUT = "user_logout"
    USER_PROFILE_UPDATED = "user_profile_updated"
    DIALOG_CREATED = "dialog_created"
    MESSAGE_SENT = "message_sent"
    AI_RESPONSE_GENERATED = "ai_response_generated"
    HANDOFF_REQUESTED = "handoff_requested"
    HANDOFF_ACCEPTED = "handoff_accepted"
    HANDOFF_COMPLETED = "handoff_completed"
    BALANCE_TOPPED_UP = "balance_topped_up"
    BALANCE_CHARGED = "balance_charged"
    DOCUMENT_UPLOADED = "document_uploaded"
    DOCUMENT_PROCESSED = "document_processed"
    API_ERROR = "api_error"
    RATE_LIMIT_EXCEEDED = "rate_limit_exceeded"
    SECURITY_VIOLATION = "security_violation"


AUDITED: Final = frozenset(
    {
        EventType.USER_REGISTERED.value,
        EventType.USER_LOGIN.value,
        EventType.BALANCE_TOPPED_UP.value,
        EventType.HANDOFF_REQUESTED.value,
        EventType.SECURITY_VIOLATION.value,
    }
)
"""Types that go into the audit log as well, unless somebody says otherwise."""
