"""How long the store keeps records: the table of ``base/retention.py`` as what the engine calls a TTL."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final

from sightline.base import retention
from sightline.base.retention import AUDIT, EVENTS, METRICS, PROFILES, SECURITY, TRACES
from sightline.store.parameters import literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sightline.store.connect import Store

DAY_S: Final = 86400
HOUR_S: Final = 3600

_ENVIRONMENT: Final = "lower(ResourceAttributes['deployment.environment.name'])"
_ENVIRONMENT_OF_MINUTES: Final = "lower(Environment)"

_PACKED: Final = {"otel_logs": "toDateTime(SeverityNumber) RECOMPRESS CODEC(ZSTD(5))"}
"""
What merges write columns with whose codec is the default one, and from when on: always, for the time is long gone.

New parts are written with the engine's own default, LZ4.
"""

_LOWEST: Final = {"CRITICAL": 21, "ERROR": 17, "WARNING": 13, "INFO": 9}
"""The lowest severity number of each level; what is below is DEBUG, and 0 is not known: INFO."""

_KINDS: Final = {
    "otel_traces": ("Timestamp", TRACES),
    "span_minutes": ("Time", TRACES),
    "events": ("Timestamp", EVENTS),
    "profiles": ("Timestamp", PROFILES),
    "metric_samples": ("Timestamp", METRICS),
    "metric_histograms": ("Timestamp", METRICS),
    "metric_exemplars": ("Timestamp", METRICS),
    "metric_series": ("LastSeen", METRICS),
}
_WITHOUT_ENVIRONMENT: Final = frozenset({"metric_samples", "metric_histograms", "metric_series", "metric_exemplars"})


def rules(own: Mapping[str, Any], environment: str) -> dict[str, str]:
    """
    Write the TTL of each table.

    A record's environment is its resource's ``deployment.environment.name``; samples and sums of requests have no
    resource of their own, and go by the server's *environment*. Sums of an hour of requests, or more, stay as long as
    events do.

    Args:
        own: what the setting ``retention`` says.
        environment: the server's own.
    """
    written = {
        "otel_logs": f"TimestampTime + toIntervalSecond({_by_environment(own, _of_log)})",
        "errors": f"toDateTime(Timestamp) + toIntervalSecond({_by_environment(own, _of_log)})",
        "log_minutes": f"Time + toIntervalSecond({_by_environment(own, _of_log, _ENVIRONMENT_OF_MINUTES)})",
    }
    for table, (column, kind) in _KINDS.items():
        if table in _WITHOUT_ENVIRONMENT:
            seconds = _seconds(retention.days(environment, own)[kind])
        else:
            environment_of = _ENVIRONMENT_OF_MINUTES if table == "span_minutes" else _ENVIRONMENT
            seconds = _by_environment(own, lambda days, kind=kind: _seconds(days[kind]), environment_of)
        written[table] = f"toDateTime({column}) + toIntervalSecond({seconds})"
    here = retention.days(environment, own)
    written["request_sums"] = (
        f"Time + toIntervalSecond(if(Seconds >= {HOUR_S}, {_seconds(here[EVENTS])}, {_seconds(here[TRACES])}))"
    )
    # Without its minutes a trace would be looked for everywhere: they stay for as long as any environment's spans.
    environments = ["", "production", *(name for name, value in own.items() if hasattr(value, "items"))]
    longest = max(retention.days(name, own)[TRACES] for name in environments)
    written["trace_minutes"] = f"Time + toIntervalSecond({_seconds(longest)})"
    return written


def apply(store: Store, own: Mapping[str, Any], environment: str) -> list[str]:
    """
    Tell the engine how long to keep, where that is not what it was told last; gives the tables that were changed.

    Records that are too old go in the background, with the next merges.

    Raises:
        StoreUnavailable: if the store does not answer.
    """
    suffix = store.local("")[0]
    asked = "name, comment, engine_full LIKE '% RECOMPRESS %' FROM system.tables WHERE database = currentDatabase()"
    found = {name: (comment, packs) for name, comment, packs in store.query(f"SELECT {asked}").rows}
    changed = []
    for table, rule in rules(own, environment).items():
        mark = f"retention {hashlib.sha256(rule.encode()).hexdigest()[:16]}"
        comment, packs = found.get(f"{table}{suffix}", (mark, True))
        if comment == mark and (packs or table not in _PACKED):
            continue
        _tell(store, table, rule, mark, again=comment != mark)
        changed.append(table)
    return changed


def _tell(store: Store, table: str, rule: str, mark: str, *, again: bool) -> None:
    """Tell the engine of one table's rule; *again*: what is stored already is looked at again, in the background."""
    name = "".join(store.local(table))
    told = f"{rule}, {_PACKED[table]}" if table in _PACKED else rule
    settings = f"materialize_ttl_after_modify = {int(again)}"
    if not store.cluster:
        settings += ", alter_sync = 0"  # it takes minutes where much is stored, and no start has to wait for it
    store.query(f"ALTER TABLE {name} MODIFY TTL {told} SETTINGS {settings}", readonly=False)
    store.query(f"ALTER TABLE {name} MODIFY COMMENT {literal(mark)}", readonly=False)


def _by_environment(own: Mapping[str, Any], write: Any, column: str = _ENVIRONMENT) -> str:
    """Write one expression for each environment that has days of its own, and for the two that everybody has."""
    named = sorted(str(name).lower() for name, value in own.items() if hasattr(value, "items"))
    parts = [f"{column} = {literal(name)}, {write(retention.days(name, own))}" for name in named]
    development = ", ".join(literal(name) for name in sorted(retention.DEVELOPMENT_NAMES))
    parts.append(f"{column} IN ({development}), {write(retention.days('', own))}")
    return f"multiIf({', '.join(parts)}, {write(retention.days('production', _general(own)))})"


def _general(own: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in own.items() if not hasattr(value, "items")}


def _of_log(days: Mapping[str, float]) -> str:
    kinds = ", ".join(f"ScopeName = {literal(kind)}, {_seconds(days[kind])}" for kind in (AUDIT, SECURITY))
    levels = ", ".join(f"SeverityNumber >= {least}, {_seconds(days[level])}" for level, least in _LOWEST.items())
    return f"multiIf({kinds}, {levels}, SeverityNumber = 0, {_seconds(days['INFO'])}, {_seconds(days['DEBUG'])})"


def _seconds(days: float) -> str:
    return str(int(days * DAY_S))
