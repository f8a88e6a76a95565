"""
Sightline: observability for Python applications.

``sightline.configure()`` is the one line; docs/tutorial/first-steps.md shows the rest.
"""

from sightline.base import interrupts as _interrupts  # noqa: F401 - first of all, for the command itself
from sightline.base.version import VERSION
from sightline.integrations.instrument import instrument
from sightline.sdk.configure import configure, shutdown
from sightline.sdk.context import bind, clear, context, unbind
from sightline.sdk.decorate import trace_function
from sightline.sdk.events import event
from sightline.sdk.logging import get_logger
from sightline.sdk.metrics import counter, gauge, histogram
from sightline.sdk.tracing import span

__version__ = VERSION

__all__ = [
    "__version__",
    "bind",
    "clear",
    "configure",
    "context",
    "counter",
    "event",
    "gauge",
    "get_logger",
    "histogram",
    "instrument",
    "shutdown",
    "span",
    "trace_function",
    "unbind",
]
