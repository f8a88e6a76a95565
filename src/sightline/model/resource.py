"""What all records of a process have in common, in OpenTelemetry's names."""

from __future__ import annotations

import os
import platform
import socket
import sys
from pathlib import Path
from urllib.parse import unquote

from sightline.base.errors import SettingInvalid

SERVICE = "service.name"
VERSION = "service.version"
INSTANCE = "service.instance.id"
ENVIRONMENT = "deployment.environment.name"
OLD_ENVIRONMENT = "deployment.environment"
"""What OpenTelemetry called it before; told as well, for what was built on it."""


def parse_attributes(text: str) -> dict[str, str]:
    """
    Read ``OTEL_RESOURCE_ATTRIBUTES``: ``key=value`` with commas between, values percent-encoded.

    Raises:
        SettingInvalid: if a part has no ``=`` or no key.
    """
    attributes = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        key, equals, value = part.partition("=")
        if not equals or not key.strip():
            raise SettingInvalid(f"resource_attributes has the part {part!r}; expected key=value,key=value.")
        attributes[key.strip()] = unquote(value.strip())
    return attributes


def program_name() -> str:
    """Name the program that runs, as a service's name when none was given."""
    main = sys.modules.get("__main__")
    spec = getattr(main, "__spec__", None)
    if spec is not None and spec.name:
        name = str(spec.name).removesuffix(".__main__")
        return "python" if name == "__main__" else name
    stem = Path(sys.argv[0]).stem if sys.argv and sys.argv[0] not in {"", "-c", "-"} else ""
    return stem or "python"


def describe(
    *, service: str, version: str, environment: str, instance: str, more: dict[str, str], sdk_version: str
) -> dict[str, str]:
    """Put together the resource of this process; what was given by name wins over *more*."""
    resource = {
        **more,
        SERVICE: service or more.get(SERVICE) or program_name(),
        INSTANCE: instance,
        "host.name": socket.gethostname(),
        "process.pid": str(os.getpid()),
        "process.runtime.version": platform.python_version(),
        "telemetry.sdk.language": "python",
        "telemetry.sdk.name": "sightline",
        "telemetry.sdk.version": sdk_version,
    }
    if version:
        resource[VERSION] = version
    if environment:
        resource[ENVIRONMENT] = resource[OLD_ENVIRONMENT] = environment
    return resource
