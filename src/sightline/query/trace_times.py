"""
Conditions that say when a trace was, by the parameter ``trace``, so that it is not looked for in all that is stored.

A trace that the minutes do not know yet, as one just coming in, is found by none of them.
"""

from __future__ import annotations

from typing import Final

BEGUN: Final = (
    "WITH (SELECT (toDateTime64(min(Time), 9), toDateTime64(max(Time), 9)) FROM trace_minutes "
    "WHERE Trace = cityHash64({trace:String})) AS begun"
)
"""Begins a statement in which the other two stand."""

SPANS_BEGUN: Final = "TraceId = {trace:String} AND Timestamp >= begun.1 AND Timestamp < begun.2 + 60"
"""Condition on spans: those of the trace."""

AROUND_S: Final = 3600
"""How long before a trace, and after it, its logs are looked for, in seconds."""

LONG_S: Final = 3600
"""How long a span may last for ``LOGS_AROUND`` to reach as far, in seconds."""

LOGS_AROUND: Final = (
    f"TraceId = {{trace:String}} AND Timestamp >= begun.1 - {AROUND_S} "
    f"AND Timestamp < begun.2 + {60 + LONG_S + AROUND_S}"
)
"""Condition on logs: those of the trace."""
