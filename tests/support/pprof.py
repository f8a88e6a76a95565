"""Profiles in pprof's format, byte by byte as its writers encode them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opentelemetry.proto.collector.profiles.v1development.profiles_service_pb2 import ExportProfilesServiceRequest
from tests.support.remote_write import field, varint

if TYPE_CHECKING:
    from collections.abc import Sequence

CPU = (("samples", "count"), ("cpu", "nanoseconds"))
"""The types of a profile of Go, and of most others."""


def number(at: int, value: int) -> bytes:
    """Encode a field of a number; zero is left out, as every writer does."""
    return varint(at << 3) + varint(value) if value else b""


class Writer:
    """Writes one profile: functions are numbered as they come, each at a place of its own."""

    def __init__(self, *types: tuple[str, str], time_ns: int = 0, duration_ns: int = 0) -> None:
        self._texts = {"": 0}
        self._places: dict[str, int] = {}
        self._written = b"".join(
            field(1, number(1, self.text(kind)) + number(2, self.text(unit))) for kind, unit in types
        )
        self._written += number(9, time_ns) + number(10, duration_ns)

    def text(self, text: str) -> int:
        """Give the number of a text."""
        return self._texts.setdefault(text, len(self._texts))

    def period(self, kind: str, unit: str, value: int) -> Writer:
        """Say how long one sample stands for."""
        self._written += field(11, number(1, self.text(kind)) + number(2, self.text(unit))) + number(12, value)
        return self

    def sample(self, stack: str, values: Sequence[int], labels: dict[str, str | int] | None = None) -> Writer:
        """Add a sample of ``outer;inner``; a place with functions written into it has them after a ``+``."""
        places = b"".join(varint(self._place(name)) for name in reversed(stack.split(";")) if name)
        encoded = field(1, places) + field(2, b"".join(varint(value) for value in values))
        for key, value in (labels or {}).items():
            told = number(2, self.text(value)) if isinstance(value, str) else number(3, value)
            encoded += field(3, number(1, self.text(key)) + told)
        self._written += field(2, encoded)
        return self

    def _place(self, name: str) -> int:
        if name not in self._places:
            at = self._places[name] = len(self._places) + 1
            lines = b""
            for offset, function in enumerate(reversed(name.split("+"))):
                file, _, called = function.rpartition(":")
                known = at * 100 + offset
                self._written += field(5, number(1, known) + number(2, self.text(called)) + number(4, self.text(file)))
                lines += field(4, number(1, known) + number(2, 7))
            self._written += field(4, number(1, at) + number(3, 0x4000 + at) + lines)
        return self._places[name]

    def bytes(self) -> bytes:
        """Give the profile, not compressed."""
        return self._written + b"".join(field(6, text.encode()) for text in self._texts)


def push(*series: tuple[dict[str, str], bytes]) -> bytes:
    """Encode a request of Pyroscope's clients: profiles with labels."""
    return b"".join(
        field(
            1,
            b"".join(field(1, field(1, name.encode()) + field(2, value.encode())) for name, value in labels.items())
            + field(2, field(1, profile)),
        )
        for labels, profile in series
    )


def opentelemetry(*profiles: dict[str, Any], service: str = "shop") -> bytes:
    """Encode a request of OpenTelemetry, with what profiles may refer to."""
    texts = ["", "cpu", "nanoseconds", "pay", "main", "shop.py", "thread.name", "worker", "space", "bytes"]
    named = {"key": "service.name", "value": {"string_value": service}}
    encoded: bytes = ExportProfilesServiceRequest(
        dictionary={
            "string_table": texts,
            "function_table": [{}, {"name_strindex": 3, "filename_strindex": 5}, {"name_strindex": 4}],
            "location_table": [
                {},
                {"lines": [{"function_index": 1}]},
                {"address": 7, "lines": [{"function_index": 2}]},
            ],
            "stack_table": [{}, {"location_indices": [1, 2]}],
            "link_table": [{}, {"trace_id": b"t" * 16, "span_id": b"s" * 8}],
            "attribute_table": [{}, {"key_strindex": 6, "value": {"string_value": "worker"}}],
        },
        resource_profiles=[{"resource": {"attributes": [named]}, "scope_profiles": [{"profiles": profiles}]}],
    ).SerializeToString()
    return encoded


OPENTELEMETRY_CPU: dict[str, Any] = {
    "sample_type": {"type_strindex": 1, "unit_strindex": 2},
    "period_type": {"type_strindex": 1, "unit_strindex": 2},
    "period": 10_000_000,
    "duration_nano": 10**9,
    "samples": [{"stack_index": 1, "link_index": 1, "attribute_indices": [1], "values": [20_000_000, 10_000_000]}],
}
"""A profile of three samples of ``main;shop.py:pay``."""
