"""What the handlers of the server share: ``request.app.state.sightline``."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sightline.server.copies import Copies
from sightline.wire.redact import Redactor

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from sightline.server.health import Health
    from sightline.server.ingest.intake import Intake
    from sightline.server.ingest.lines import LinesIngest
    from sightline.server.live import Live
    from sightline.state.issues import Issues
    from sightline.state.offsets import Offsets
    from sightline.store.connect import Store


@dataclass(slots=True)
class Tally:
    """Records by signal, since the server started."""

    logs: int = 0
    spans: int = 0
    samples: int = 0
    events: int = 0

    def add(self, other: Tally) -> None:
        """Add another tally to this one."""
        self.logs += other.logs
        self.spans += other.spans
        self.samples += other.samples
        self.events += other.events

    def as_dict(self) -> dict[str, int]:
        """Give the numbers by name."""
        return {"logs": self.logs, "spans": self.spans, "samples": self.samples, "events": self.events}


@dataclass(slots=True)
class Received:
    """
    What one protocol brought, since the server started.

    Attributes:
        requests: requests, chunks or datagrams that were stored.
        records: records in them.
        rejected: records that were refused one by one.
        refused: requests that could not be taken at all.
        last_ns: when the last one was stored, nanoseconds since the epoch; 0 for never.
        trouble: why the last one was refused, for people; without anything of its content that could be secret.
    """

    requests: int = 0
    records: int = 0
    rejected: int = 0
    refused: int = 0
    last_ns: int = 0
    trouble: str = ""


@dataclass(slots=True)
class Counters:
    """
    What came in and what became of it, since the server started.

    Attributes:
        accepted: taken in, from the spool or over HTTP.
        stored: found by queries now.
        quarantined: broken lines that were set aside.
        lost: records that were dropped by a full spool, as the processes reported.
        protocols: what came by each protocol but our own lines, by its name.
    """

    accepted: Tally = field(default_factory=Tally)
    stored: Tally = field(default_factory=Tally)
    quarantined: int = 0
    lost: int = 0
    protocols: dict[str, Received] = field(default_factory=dict)

    def refuse(self, protocol: str, reason: str) -> None:
        """Count a request that could not be taken."""
        found = self.protocols.setdefault(protocol, Received())
        found.refused += 1
        found.trouble = reason


@dataclass(slots=True)
class Services:
    """
    Everything that a handler may need.

    Attributes:
        store: the one door to ClickHouse.
        offsets: how far each segment was read; None where the server reads no spool.
        issues: what was decided about groups of errors.
        live: hands records to whoever is tailing.
        counters: what came in.
        health: the checks behind ``/health``.
        lines: the loop that reads the spool.
        intake: takes in what comes by any other protocol.
        settings: every setting's value by name.
        home: the data directory.
        url: where this server answers.
        version: of Sightline.
        started_s: when the server started, by the clock that never jumps.
        listening: where each protocol with a port of its own is taken, such as ``127.0.0.1:4317``, by its name.
        failure: why the server could not start to listen; None while all is well.
        copies: backups.
        spare: settings of ports that nobody chose, which are done without where others use them.
        redactor: takes secrets out of what SDKs and browsers send that know ours and the user's names not.
    """

    store: Store
    offsets: Offsets
    issues: Issues
    live: Live
    counters: Counters
    health: Health
    lines: LinesIngest
    intake: Intake
    settings: Mapping[str, Any]
    home: Path
    url: str
    version: str
    started_s: float = field(default_factory=time.monotonic)
    listening: dict[str, str] = field(default_factory=dict)
    failure: Exception | None = None
    copies: Copies = field(default_factory=Copies)
    spare: frozenset[str] = frozenset()
    redactor: Redactor = field(init=False)

    def __post_init__(self) -> None:
        """Know the names that the user wants to be secret."""
        self.redactor = Redactor(self.settings["redact"], personal=self.settings["redact_personal"])

    def uptime_seconds(self) -> float:
        """Tell how long the server has been running."""
        return round(time.monotonic() - self.started_s, 3)
