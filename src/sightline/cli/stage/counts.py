"""Records by signal."""

from __future__ import annotations

import msgspec


class Counts(msgspec.Struct):
    """How many records of each signal there were; samples are single values of metrics."""

    logs: int = 0
    spans: int = 0
    samples: int = 0
    events: int = 0

    @property
    def total(self) -> int:
        """All of them together."""
        return self.logs + self.spans + self.samples + self.events
