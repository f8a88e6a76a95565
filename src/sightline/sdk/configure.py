"""``configure``: the one line that turns recording on."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sightline.base import settings as table
from sightline.base.version import VERSION
from sightline.model import resource
from sightline.sdk import guard, metrics, presence, sampling, shortcut, system, threads  # noqa: F401 - they start with the recorder
from sightline.sdk import logging as logs
from sightline.sdk import redact as redaction
from sightline.sdk.capture import hook
from sightline.sdk.imports import when_imported
from sightline.sdk.recorder import recorder
from sightline.sdk.tracing import tracing
from sightline.sdk.unhandled import hooks

if TYPE_CHECKING:
    from collections.abc import Iterable


def configure(
    *,
    service: str | None = None,
    environment: str | None = None,
    version: str | None = None,
    server: str | None = None,
    home: str | Path | None = None,
    level: str | None = None,
    redact: Iterable[str] | None = None,
    **more: Any,
) -> None:
    """
    Begin to record logs, traces, metrics and events of this process.

    Every argument may also be given by the environment; docs/reference/settings.md lists all. It may be called again,
    and the later call counts. With ``SIGHTLINE_DISABLED`` or ``OTEL_SDK_DISABLED`` it does nothing.

    Args:
        service: name of the service; by default, of the program.
        environment: such as ``production``.
        version: of the service.
        server: address of a Sightline server, ``"auto"`` to start one here when none runs, or None: what is recorded
            waits in the spool until a server on this machine reads it.
        home: directory of the spool.
        level: lowest level of logs that are recorded.
        redact: more names of fields whose values are taken out.
        more: any other setting, by its name.

    Raises:
        SettingInvalid: if a value is not allowed; nothing was changed then.
    """
    call = {
        "service": service, "environment": environment, "version": version, "server": server, "home": home,
        "level": level, "redact": redact, **more,
    }  # fmt: skip
    settings = table.load({name: value for name, value in call.items() if value is not None})
    extra = resource.parse_attributes(settings["resource_attributes"].value)
    address = settings["server"].value
    if address not in {"", "auto"}:
        # Imported where it is needed: an HTTP client is a third of what starting may cost.
        from sightline.sdk import ship

        ship.check(address)
        ship.install()
    if settings["export"].value != "off":
        from sightline.sdk import export

        export.check(settings)
        export.install()
    if settings["profile"].value != "off":
        from sightline.sdk import profiler

        profiler.install()
    if settings["disabled"].value:
        shutdown()
        return
    _start(settings, extra)


def _start(settings: dict[str, table.Value], extra: dict[str, str]) -> None:
    environment = settings["environment"]
    given = None
    if environment.source == "default":
        given = extra.get(resource.ENVIRONMENT) or extra.get(resource.OLD_ENVIRONMENT)

    def describe(instance: str) -> dict[str, str]:
        return resource.describe(
            service=settings["service"].value,
            version=settings["version"].value,
            environment=given or environment.value,
            instance=instance,
            more=extra,
            sdk_version=VERSION,
        )

    redaction.use(settings["redact"].value, personal=settings["redact_personal"].value)
    tracing.sampler = sampling.make(settings["sampler"].value, settings["sampler_arg"].value)
    tracing.unsampled = None
    if settings["sampler"].value == "always_off":
        from sightline.sdk.unsampled import Unsampled

        tracing.unsampled = Unsampled
    level = logging.getLevelNamesMapping()[settings["level"].value]
    logs.set_level(level)
    hook.install(level)
    shortcut.install()
    _take_opentelemetry()
    if settings["capture_errors"].value:
        hooks.install()
    home, way = Path(settings["home"].value), settings["export"].value
    # What goes to another backend alone never lies where a Sightline server would read and delete it.
    directory = home / ("export" if way == "otlp" else "spool")
    recorder.start(settings, describe, directory, home / "export" if way == "both" else None)
    for name in ("enable_email_alerts", "enable_slack_alerts"):
        if settings[name].value:
            logs.get_logger("sightline").warning(f"{name} is on, but this version sends no alerts yet")
    if "uwsgi" in sys.modules:
        from sightline.sdk import uwsgi

        uwsgi.install()
    if settings["server"].value == "auto":
        from sightline.sdk.autostart import ensure_server

        ensure_server(Path(settings["home"].value))


_awaited: set[str] = set()
"""Parts of OpenTelemetry's API that are taken over, or will be as soon as somebody imports them."""


def _take_opentelemetry() -> None:
    for name, take_over in (("opentelemetry.trace", _take_traces), ("opentelemetry.metrics", _take_metrics)):
        if name not in _awaited or name in sys.modules:
            _awaited.add(name)
            when_imported(name, take_over)


def _take_traces() -> None:
    from sightline.sdk.opentelemetry import take_over

    take_over()


def _take_metrics() -> None:
    from sightline.sdk.meters import take_over

    take_over()


def shutdown() -> None:
    """Record nothing more, and leave Python's logging as it was found. What was recorded stays in the spool."""
    recorder.stop()
    hooks.remove()
    shortcut.remove()
    hook.remove()
