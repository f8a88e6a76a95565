"""Who sent an envelope: what its address and its headers say, as attributes of a resource."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

from sightline.wire.reading import mapping, string

_LONGEST: Final = 200
"""Characters kept of each value; it is repeated for each record."""

_MADE_BY_SENTRY: Final = re.compile(r"[0-9a-f]{32}")


@dataclass(slots=True)
class Sender:
    """
    One application with its DSN.

    Attributes:
        project: last part of the DSN's path.
        key: the DSN's public key; names the service, unless Sentry made it.
        sdk: name of the SDK, such as ``sentry.python``.
        sdk_version: the same.
        release: of the envelope's trace header, where records name none.
        environment: likewise.
    """

    project: str
    key: str = ""
    sdk: str = ""
    sdk_version: str = ""
    release: str = ""
    environment: str = ""
    _known: dict[tuple[str, ...], dict[str, str]] = field(default_factory=dict, repr=False)

    def read(self, header: dict[str, Any]) -> None:
        """Learn from an envelope's header what is not known yet."""
        sdk, trace = mapping(header.get("sdk")), mapping(header.get("trace"))
        self.key = self.key or _key_of(header.get("dsn")) or string(trace.get("public_key"), _LONGEST)
        self.sdk = string(sdk.get("name"), _LONGEST) or self.sdk
        self.sdk_version = string(sdk.get("version"), _LONGEST) or self.sdk_version
        self.release = string(trace.get("release"), _LONGEST) or self.release
        self.environment = string(trace.get("environment"), _LONGEST) or self.environment

    @property
    def service(self) -> str:
        """The service's name: the public key where somebody chose it, else the project."""
        chosen = self.key and not _MADE_BY_SENTRY.fullmatch(self.key)
        return self.key[:_LONGEST] if chosen else f"sentry-{self.project[:_LONGEST]}"

    def resource(self, release: Any = "", environment: Any = "", host: Any = "", service: Any = "") -> dict[str, str]:
        """Describe the sender of a record that says so much of it; the same object for the same words."""
        said = tuple(string(value, _LONGEST) for value in (release, environment, host, service))
        found = self._known.get(said)
        if found is None:
            about = {
                "service.name": said[3] or self.service,
                "service.version": said[0] or self.release,
                "deployment.environment.name": said[1] or self.environment,
                "host.name": said[2],
                "telemetry.sdk.name": self.sdk,
                "telemetry.sdk.version": self.sdk_version,
            }
            found = self._known[said] = {name: value for name, value in about.items() if value}
        return found


def _key_of(dsn: Any) -> str:
    try:
        return urlsplit(dsn).username or "" if isinstance(dsn, str) else ""
    except ValueError:
        return ""
