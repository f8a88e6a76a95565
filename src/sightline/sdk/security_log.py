"""The security log: who tried to get in, who asks too often, and what looks wrong."""

from __future__ import annotations

from typing import Any, Final

from sightline.base.errors import SettingInvalid
from sightline.model.severity import NUMBERS
from sightline.sdk.logging import caller, tell

SECURITY_LOGGER: Final = "security"
"""Name of the logger that security events go to; with ``setup_logging``, it has a file of its own."""

_LEVELS: Final = {"low": "INFO", "medium": "WARNING", "high": "ERROR", "critical": "CRITICAL"}
"""The level of a log by the severity of the event."""


def log_security_event(event_type: str, /, *, severity: str = "medium", **details: Any) -> None:
    """
    Log a security event; it is recorded whatever the level is set to.

    Args:
        event_type: such as ``password_changed``; in upper case, it is the message.
        severity: ``low``, ``medium``, ``high`` or ``critical``; the level follows.
        details: what belongs to it; secrets are taken out.

    Raises:
        SettingInvalid: if *severity* is none of these.
    """
    _log(SECURITY_LOGGER, event_type, severity, details, 1)


class SecurityLogger:
    """
    Logs what a security log is for, each with the same fields everywhere.

    Attributes:
        name: of the logger. Any other than ``security`` goes where the program's other logs go.
    """

    def __init__(self, name: str = SECURITY_LOGGER) -> None:
        self.name = name

    def log_authentication_attempt(
        self,
        ip: str,
        success: bool,  # noqa: FBT001 - the order that callers know
        endpoint: str = "",
        user_agent: str = "",
        **details: Any,
    ) -> None:
        """Log that somebody tried to sign in: INFO where it went well, else WARNING."""
        told = {"ip": ip, "success": success, "endpoint": endpoint, "user_agent": user_agent, **details}
        _log(self.name, "authentication_attempt", "low" if success else "medium", told, 1)

    def log_rate_limit_violation(
        self, ip: str, current_count: int, limit: int, endpoint: str = "", **details: Any
    ) -> None:
        """Log that somebody asks more often than is allowed."""
        told = {"ip": ip, "current_count": current_count, "limit": limit, "endpoint": endpoint, **details}
        _log(self.name, "rate_limit_violation", "medium", told, 1)

    def log_suspicious_activity(self, activity_type: str, details: Any = None, ip: str = "", **more: Any) -> None:
        """Log what looks like an attack; its severity is high."""
        told = {"activity_type": activity_type, "details": details, "ip": ip, **more}
        _log(self.name, "suspicious_activity", "high", told, 1)

    def log_security_event(self, event_type: str, /, *, severity: str = "medium", **details: Any) -> None:
        """Log any other security event, as the function of this name does."""
        _log(self.name, event_type, severity, details, 1)


def _log(name: str, event_type: str, severity: str, details: dict[str, Any], depth: int) -> None:
    level = _LEVELS.get(severity.lower())
    if level is None:
        raise SettingInvalid(f"severity of {event_type} is {severity!r}; expected one of {', '.join(_LEVELS)}.")
    told = {"event_type": event_type, "severity": severity.lower(), **details}
    tell(name, NUMBERS[level], level, event_type.upper(), told, caller(depth), always=True)
