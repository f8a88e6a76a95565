"""The rows of one envelope, of all tables, while it is decoded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sightline.base.limits import MAX_AHEAD_NS
from sightline.wire.decoded import Decoded
from sightline.wire.log_rows import LogRows
from sightline.wire.rows import EVENTS, HISTOGRAMS, POINTS, PROFILES, SPANS, Rows

if TYPE_CHECKING:
    from sightline.wire.sentry.sender import Sender

MOST_ROWS: Final = 50_000
"""Records taken of one envelope. What a sender says of itself, repeated for each, takes 60 MiB then."""

MOST_STACKS_BYTES: Final = 64 * 1024 * 1024
"""Characters of the stacks of one envelope's profiles: a small one can name long functions in very many stacks."""


class Collected:
    """
    Collects what the items of one envelope bring.

    Attributes:
        sender: who sent it.
        received_ns: when it came, nanoseconds since the epoch.
        rejected: records and items that are not kept, by the reason.
    """

    def __init__(self, sender: Sender, received_ns: int) -> None:
        self.sender = sender
        self.received_ns = received_ns
        self.rejected: dict[str, int] = {}
        self.logs = LogRows(received_ns)
        self._stacks_left = MOST_STACKS_BYTES
        self._tables = {
            "otel_traces": Rows(SPANS),
            "events": Rows(EVENTS),
            "profiles": Rows(PROFILES),
            "metric_points": Rows(POINTS),
            "histogram_points": Rows(HISTOGRAMS),
        }

    def __len__(self) -> int:
        return len(self.logs) + sum(map(len, self._tables.values()))

    def add(self, table: str, resource: dict[str, str], time_ns: int, **values: Any) -> None:
        """Add a row to a table other than logs; one that is too far ahead, or too much, is rejected."""
        if time_ns > self.received_ns + MAX_AHEAD_NS:
            self.reject("a time more than a year ahead")
        elif self.room():
            metric = table in {"metric_points", "histogram_points"}
            self._tables[table].add(resource, Timestamp=time_ns // 1_000_000 if metric else time_ns, **values)

    def room(self) -> bool:
        """Tell whether another row is taken; one that is not is counted."""
        if len(self) < MOST_ROWS:
            return True
        self.reject(f"more than {MOST_ROWS:,} records at once")
        return False

    def stack_room(self, size: int) -> bool:
        """Tell whether a row with a stack of *size* characters is taken; one that is not is counted."""
        if size <= self._stacks_left:
            self._stacks_left -= size
            return True
        self.reject(f"more than {MOST_STACKS_BYTES:,} characters of stacks at once")
        return False

    def reject(self, reason: str, count: int = 1) -> None:
        """Count what is not kept."""
        self.rejected[reason] = self.rejected.get(reason, 0) + count

    def decoded(self) -> Decoded:
        """Give all rows."""
        if self.logs.rejected:
            self.reject("a time more than a year ahead", self.logs.rejected)
        tables = {"otel_logs": self.logs.table()} if len(self.logs) else {}
        tables |= {name: rows.table() for name, rows in self._tables.items() if len(rows)}
        reason = "Not kept: " + ", ".join(f"{why} ({count})" for why, count in self.rejected.items()) + "."
        rejected = sum(self.rejected.values())
        return Decoded(tables, len(self), rejected, reason if rejected else "")
