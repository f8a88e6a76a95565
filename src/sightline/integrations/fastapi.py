"""Instruments FastAPI applications."""

from __future__ import annotations

from typing import Final

from sightline.base.errors import PackageMissing
from sightline.integrations.starlette import wrap
from sightline.sdk.presence import Instrumented, presence

try:
    import fastapi
except ImportError:
    raise PackageMissing("FastAPI is not installed: pip install fastapi") from None


_MARKS: Final = {"fastapi.telemetry": None}
"""Keeps applications that are mounted below from recording the same request again; FastAPI's own sign for that."""


def instrument(app: fastapi.FastAPI, *, namespace: str = "http") -> fastapi.FastAPI:
    """
    Record each request of *app*: a server span and request metrics.

    The recording lies around everything else, error pages and other middleware included. Done twice, it counts once.

    Args:
        app: may have served already, and may get routes and middleware later.
        namespace: what the names of the request metrics begin with.
    """
    if wrap(app, namespace, _MARKS):
        _silence_own(app)
        presence.note(Instrumented("fastapi", "sightline", fastapi.__version__))
    return app


def _silence_own(app: fastapi.FastAPI) -> None:
    """
    Let FastAPI not record the same request again.

    From 0.150 on it records spans and metrics by itself where OpenTelemetry has providers of them, which we are. A
    provider that was given to the application stays in use.
    """
    telemetry = getattr(app, "_telemetry", None)
    if not isinstance(telemetry, dict):
        return
    for signal, given in (("tracing", "tracer_provider"), ("metrics", "meter_provider")):
        if telemetry.get(given) is None:
            telemetry[signal] = False
