"""One family of metrics, as it stood at one moment."""

from __future__ import annotations

import msgspec


class Exemplar(msgspec.Struct, omit_defaults=True):
    """One observation that a value counts, and the recorded span in which it was made: 32 and 16 hex digits."""

    trace: str
    span: str
    value: float


class Sample(msgspec.Struct, omit_defaults=True):
    """
    One value of one series.

    *value* is a number, or ``"nan"``, ``"inf"`` or ``"-inf"``, for which JSON has no number. An *exemplar* goes to who
    reads ``/metrics``, and is never recorded.
    """

    name: str
    value: float | str
    attributes: dict[str, str] | None = None
    exemplar: Exemplar | None = None


class MetricRecord(msgspec.Struct, tag_field="kind", tag="metric", omit_defaults=True):
    """
    One family of metrics, in the order of its line.

    Attributes:
        time: nanoseconds since the epoch.
        instance: the process that recorded it, 16 hex digits.
        name: the family's name, such as ``http_requests``.
        type: ``counter``, ``gauge``, ``histogram``, ``summary``, ``info``, ``stateset`` or ``unknown``.
        unit: of its values, such as ``seconds``.
        description: for people.
        samples: all its values at this moment.
    """

    time: int
    instance: str
    name: str
    type: str = ""
    unit: str = ""
    description: str = ""
    samples: list[Sample] = []
