"""Exemplars: the recorded span in which something was counted, so that a bucket of a histogram leads to a trace."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sightline.model.metric import Exemplar
from sightline.sdk.context import current, span_of
from sightline.sdk.tracing import Span

if TYPE_CHECKING:
    from collections.abc import Iterable

    from prometheus_client.samples import Exemplar as PrometheusExemplar

Seen = tuple[str, str, float]
"""Trace, span and value of an observation. Made for each one, so no more than a tuple."""

_get_current = current.get


def seen(value: float) -> Seen | None:
    """Tell in which recorded span *value* is observed; None outside of all, and where it is not sampled."""
    span = _get_current()
    if span is None:
        return None
    if span.__class__ is not Span:
        span = span_of(span)
    if span.__class__ is Span and span.recording:
        return span.trace_id, span.span_id, value
    return None


def exemplar(observation: Seen | None) -> Exemplar | None:
    """Make the exemplar of what was seen."""
    return None if observation is None else Exemplar(*observation)


def from_prometheus(given: PrometheusExemplar | None) -> Exemplar | None:
    """Read an exemplar of ``prometheus_client``; None where it names no trace."""
    if given is None or "trace_id" not in given.labels:
        return None
    return Exemplar(given.labels["trace_id"], given.labels.get("span_id", ""), given.value)


def to_prometheus(told: Exemplar | None) -> PrometheusExemplar | None:
    """Say an exemplar as ``prometheus_client`` has it, in the names that OpenTelemetry specifies."""
    if told is None:
        return None
    from prometheus_client.samples import Exemplar as PrometheusExemplar

    labels = {"trace_id": told.trace, "span_id": told.span}
    return PrometheusExemplar({name: value for name, value in labels.items() if value}, told.value)


def added(samples: Iterable[Any], suffix: str, observations: dict[int, Seen]) -> list[Any]:
    """Put what was seen on those of ``prometheus_client``'s *samples* that end with *suffix*, by their order."""
    told, position = [], 0
    for sample in samples:
        if sample.name == suffix:
            if sample.exemplar is None and position in observations:
                told.append(sample._replace(exemplar=to_prometheus(exemplar(observations[position]))))
            else:
                told.append(sample)
            position += 1
        else:
            told.append(sample)
    return told
