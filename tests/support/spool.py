"""Reads what processes recorded straight from their segments, without the server's reader."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path


@dataclass
class Recorded:
    """Everything in a spool: headers of segments and records, in the order of their writing within a process."""

    headers: list[dict[str, Any]] = field(default_factory=list)
    records: list[dict[str, Any]] = field(default_factory=list)

    def of_kind(self, kind: str) -> list[dict[str, Any]]:
        """Give the records of one kind."""
        return [record for record in self.records if record["kind"] == kind]

    def logs(self, body: str = "") -> list[dict[str, Any]]:
        """Give the logs whose body begins with *body*."""
        return [record for record in self.of_kind("log") if record["body"].startswith(body)]

    def spans(self, name: str | None = None) -> list[dict[str, Any]]:
        """Give the spans, or those of one name."""
        return [record for record in self.of_kind("span") if name in {None, record["name"]}]

    def samples(self, name: str) -> list[tuple[str, dict[str, str], float]]:
        """Give the samples of a name: instance, labels and value, in the order in which they were recorded."""
        return [
            (record["instance"], sample.get("attributes", {}), sample["value"])
            for record in self.of_kind("metric")
            for sample in record["samples"]
            if sample["name"] == name
        ]

    def total(self, name: str, **labels: str) -> float:
        """Add up the last value of each series, as a counter over all processes is read."""
        last = {
            (instance, tuple(sorted(told.items()))): value
            for instance, told, value in self.samples(name)
            if labels.items() <= told.items()
        }
        return sum(last.values())

    def pids(self) -> set[int]:
        """Give the processes that recorded."""
        return {header["pid"] for header in self.headers}


def read_spool(home: Path) -> Recorded:
    """Read every segment below *home*, while processes write or afterwards; a line that is no JSON fails the test."""
    found = Recorded()
    for path in sorted((home / "spool").glob("[0-9]*.jsonl")):
        lines = path.read_bytes().partition(b"\0")[0].split(b"\n")
        # What stands behind the last newline is being written, or was when its process was killed.
        lines.pop()
        found.headers.append(json.loads(lines[0]))
        found.records += [json.loads(line) for line in lines[1:]]
    return found
