"""Asks a server what it stored, in SQL: what can be found counts, not what the server believes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sightline.cli.stage.counts import Counts

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sightline.cli.answers import Answers

_COUNT: Final = """
SELECT
    (SELECT count() FROM otel_logs WHERE has({services:Array(String)}, ServiceName)) AS logs,
    (SELECT count() FROM otel_traces WHERE has({services:Array(String)}, ServiceName)) AS spans,
    (SELECT count() FROM metric_samples WHERE SeriesId IN
        (SELECT SeriesId FROM metric_series WHERE has({services:Array(String)}, ServiceName))) AS samples,
    (SELECT count() FROM events WHERE has({services:Array(String)}, ServiceName)) AS events
"""


def count_stored(answers: Answers, services: Iterable[str]) -> Counts:
    """Count the records of *services* that queries find."""
    answer = answers.post("/api/v1/sql", {"query": _COUNT, "parameters": {"services": list(services)}})
    logs, spans, samples, events = (int(number) for number in answer["rows"][0])
    return Counts(logs, spans, samples, events)
