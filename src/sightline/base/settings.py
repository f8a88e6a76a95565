"""
The one table of settings, and how a value is found: call, environment, file, default.

The loader, ``--help``, ``sightline config``, the reference page and its test all read ``SETTINGS``.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sightline.base.errors import SettingInvalid

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True, slots=True)
class Setting:
    """
    One setting.

    Attributes:
        name: the keyword in Python and the key in a file.
        variables: environment variables, the first one set wins.
        kind: ``str``, ``int``, ``float``, ``bool``, ``bytes``, ``path`` or ``names`` (comma-separated).
        default: the value when nothing is set, or a function that finds it.
        sentence: what it does, for people.
        allowed: the only values that are taken, where there is such a list.
        minimum: the smallest number that is taken.
        secret: never shown.
        half: ``application``, ``server`` or ``both``.
    """

    name: str
    variables: tuple[str, ...]
    kind: str
    default: Any
    sentence: str
    allowed: tuple[str, ...] = ()
    minimum: float | None = None
    secret: bool = False
    half: str = "both"


@dataclass(frozen=True, slots=True)
class Value:
    """A setting's value and where it came from: ``call``, the variable's name, the file's path or ``default``."""

    setting: Setting
    value: Any
    source: str


def default_home() -> Path:
    """Find the directory for spool and store: ``$XDG_DATA_HOME/sightline``, or ``~/.local/share/sightline``."""
    base = os.environ.get("XDG_DATA_HOME")
    return Path(base) / "sightline" if base else Path.home() / ".local" / "share" / "sightline"


def _otlp_settings() -> tuple[Setting, ...]:
    """Give OpenTelemetry's own settings for exporters: for all signals, and for each."""
    found = []
    for signal in ("", "traces", "logs", "metrics"):
        key = f"otlp_{signal}_" if signal else "otlp_"
        variable = f"OTEL_EXPORTER_{key.upper()}"
        only = f" Only for {signal}; empty: as for all." if signal else ""
        path = "used as it is" if signal else "v1/traces, v1/logs or v1/metrics is added"
        address = "" if signal else "http://localhost:4318"
        codings = ("gzip", "none", *([""] if signal else []))
        found += [
            Setting(
                f"{key}endpoint", (f"{variable}ENDPOINT",), "str", address,
                f"Address that export sends to, {path}.{only}", half="application",
            ),
            Setting(
                f"{key}headers", (f"{variable}HEADERS",), "str", "",
                f"Headers that export sends, as key=value,key=value.{only}", secret=True, half="application",
            ),
            Setting(
                f"{key}timeout", (f"{variable}TIMEOUT",), "float", 0.0 if signal else 10_000.0,
                f"Longest that one request of export may take, in milliseconds; below 100, in seconds.{only}",
                minimum=0, half="application",
            ),
            Setting(
                f"{key}compression", (f"{variable}COMPRESSION",), "str", "" if signal else "gzip",
                f"How export compresses: gzip or none.{only}", allowed=codings, half="application",
            ),
        ]  # fmt: skip
    return tuple(found)


SETTINGS: Final[tuple[Setting, ...]] = (
    Setting("home", ("SIGHTLINE_HOME",), "path", default_home, "Directory of the spool and of the embedded store."),
    Setting(
        "service",
        ("SIGHTLINE_SERVICE", "OTEL_SERVICE_NAME"),
        "str",
        "",
        "Name of the service. Default: the name of the program that runs.",
        half="application",
    ),
    Setting(
        "environment",
        ("SIGHTLINE_ENVIRONMENT",),
        "str",
        "development",
        "Deployment environment, such as production.",
        half="application",
    ),
    Setting("version", ("SIGHTLINE_VERSION",), "str", "", "Version of the service.", half="application"),
    Setting(
        "server",
        ("SIGHTLINE_SERVER",),
        "str",
        "",
        "Address of a Sightline server, or auto to start one here when none runs. "
        "Empty: lines wait in the spool until a server on this machine reads it.",
        half="application",
    ),
    Setting(
        "export",
        ("SIGHTLINE_EXPORT",),
        "str",
        "off",
        "Send what is recorded as OTLP: off, otlp (there and not to Sightline), or both.",
        allowed=("off", "otlp", "both"),
        half="application",
    ),
    *_otlp_settings(),
    Setting(
        "profile",
        ("SIGHTLINE_PROFILE",),
        "str",
        "off",
        "Sample what the threads do: off, on (always), or signal (for half a minute after each SIGUSR2).",
        allowed=("off", "on", "signal"),
        half="application",
    ),
    Setting(
        "profile_hz",
        ("SIGHTLINE_PROFILE_HZ",),
        "float",
        19.0,
        "Samples per second that a profile takes at most; fewer where they would cost more than 1 % of a core.",
        minimum=0.1,
        half="application",
    ),
    Setting(
        "disabled",
        ("SIGHTLINE_DISABLED", "OTEL_SDK_DISABLED"),
        "bool",
        default=False,
        sentence="Record nothing at all.",
        half="application",
    ),
    Setting(
        "level",
        ("SIGHTLINE_LEVEL", "LOG_LEVEL"),
        "str",
        "INFO",
        "Lowest level of logs that are recorded.",
        allowed=("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"),
        half="application",
    ),
    Setting(
        "log_format",
        ("LOG_FORMAT",),
        "str",
        "",
        "How setup_logging shows logs: json, text, fields, or a format string. "
        "Default: text in development, json everywhere else.",
        half="application",
    ),
    Setting(
        "log_file",
        ("LOG_FILE",),
        "path",
        None,
        "File that setup_logging writes logs to; those of errors, audit and security stand beside it.",
        half="application",
    ),
    Setting(
        "request_log",
        ("SIGHTLINE_REQUEST_LOG",),
        "str",
        "auto",
        "Which requests are logged when they are answered: all, problems (status 400 and above, slow ones), off, "
        "or auto: all where setup_logging shows them, else problems, since each request has a span.",
        allowed=("auto", "all", "problems", "off"),
        half="application",
    ),
    Setting(
        "request_log_headers",
        ("SIGHTLINE_REQUEST_LOG_HEADERS",),
        "bool",
        default=False,
        sentence="Log the headers of every logged request. Those of problems always are.",
        half="application",
    ),
    Setting(
        "request_log_body",
        ("SIGHTLINE_REQUEST_LOG_BODY",),
        "bytes",
        0,
        "Bytes of a request's body that are logged, secrets taken out; 0 logs none.",
        minimum=0,
        half="application",
    ),
    Setting(
        "slow_request_s",
        ("SIGHTLINE_SLOW_REQUEST",),
        "float",
        5.0,
        "Seconds from which on a logged request is marked slow.",
        minimum=0,
        half="application",
    ),
    Setting(
        "resource_attributes",
        ("OTEL_RESOURCE_ATTRIBUTES",),
        "str",
        "",
        "More resource attributes, as key=value,key=value.",
        half="application",
    ),
    Setting(
        "sampler",
        ("OTEL_TRACES_SAMPLER",),
        "str",
        "parentbased_always_on",
        "Which traces are recorded.",
        allowed=(
            "always_on",
            "always_off",
            "traceidratio",
            "parentbased_always_on",
            "parentbased_always_off",
            "parentbased_traceidratio",
        ),
        half="application",
    ),
    Setting(
        "sampler_arg",
        ("OTEL_TRACES_SAMPLER_ARG",),
        "float",
        1.0,
        "Share of traces that the traceidratio samplers keep, from 0 to 1.",
        minimum=0,
        half="application",
    ),
    Setting(
        "redact",
        ("SIGHTLINE_REDACT",),
        "names",
        (),
        "More names of fields whose values are removed before anything is written.",
        half="application",
    ),
    Setting(
        "redact_personal",
        ("SIGHTLINE_REDACT_PERSONAL",),
        "bool",
        default=False,
        sentence="Remove e-mail addresses and phone numbers from texts too.",
        half="application",
    ),
    Setting(
        "capture_errors",
        ("SIGHTLINE_CAPTURE_ERRORS",),
        "bool",
        default=True,
        sentence="Record exceptions that nobody handles, of the program, its threads, tasks and processes.",
        half="application",
    ),
    Setting(
        "capture_locals",
        ("SIGHTLINE_CAPTURE_LOCALS",),
        "bool",
        default=False,
        sentence="Record the local variables of the application's functions with each error, without secrets.",
        half="application",
    ),
    Setting(
        "capture_llm_content",
        ("SIGHTLINE_CAPTURE_LLM_CONTENT",),
        "bool",
        default=False,
        sentence="Record what is sent to language models and what they answer, without secrets.",
        half="application",
    ),
    Setting(
        "surfaces",
        ("SIGHTLINE_SURFACES",),
        "bool",
        default=True,
        sentence="Answer /health, /healthz and /metrics in the application, where it has no such routes itself.",
        half="application",
    ),
    Setting(
        "spool_bytes",
        ("SIGHTLINE_SPOOL_BYTES",),
        "bytes",
        512 * 1024 * 1024,
        "Most bytes that the spool may hold; the oldest are dropped, counted and reported.",
        minimum=1024 * 1024,
    ),
    Setting(
        "segment_bytes",
        ("SIGHTLINE_SEGMENT_BYTES",),
        "bytes",
        4 * 1024 * 1024,
        "Size of one segment file.",
        minimum=64 * 1024,
        half="application",
    ),
    Setting(
        "metrics_interval_s",
        ("SIGHTLINE_METRICS_INTERVAL",),
        "float",
        15.0,
        "Seconds between snapshots of the metrics registry.",
        minimum=0.1,
        half="application",
    ),
    Setting(
        "system_interval_s",
        ("SIGHTLINE_SYSTEM_INTERVAL", "METRICS_COLLECTION_INTERVAL"),
        "float",
        30.0,
        "Seconds between measurements of the process and the machine.",
        minimum=0.1,
        half="application",
    ),
    Setting(
        "host",
        ("SIGHTLINE_HOST",),
        "str",
        "127.0.0.1",
        "Address that the server listens on. Only loopback is open without authentication.",
        half="server",
    ),
    Setting(
        "port",
        ("SIGHTLINE_PORT",),
        "int",
        4318,
        "HTTP port of the server; 0 takes a free one.",
        minimum=0,
        half="server",
    ),
    Setting(
        "store",
        ("SIGHTLINE_STORE",),
        "str",
        "",
        "Where records are kept: chdb:///path or clickhouse://user@host:8123/database. "
        "Empty: embedded, in the home directory.",
        half="server",
    ),
    Setting(
        "memory_bytes",
        ("SIGHTLINE_MEMORY_BYTES",),
        "bytes",
        1024 * 1024 * 1024,
        "Most memory that the engine may use for inserts, queries and merges.",
        minimum=256 * 1024 * 1024,
        half="server",
    ),
    Setting(
        "query_seconds",
        ("SIGHTLINE_QUERY_SECONDS",),
        "float",
        30.0,
        "Longest that one query may run.",
        minimum=0.1,
        half="server",
    ),
)
"""Every setting there is."""

BY_NAME: Final[dict[str, Setting]] = {setting.name: setting for setting in SETTINGS}

_UNITS = {"": 1, "K": 1024, "M": 1024**2, "G": 1024**3}


def _bool(text: str) -> bool:
    lowered = text.strip().lower()
    if lowered in {"1", "true", "yes", "on"}:
        return True
    if lowered in {"", "0", "false", "no", "off"}:
        return False
    raise ValueError


def _bytes(text: str) -> int:
    digits = text.strip().upper().removesuffix("B").removesuffix("I")
    unit = digits[-1:] if digits[-1:] in {"K", "M", "G"} else ""
    return int(float(digits.removesuffix(unit)) * _UNITS[unit])


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


_PARSERS: Final[dict[str, tuple[Callable[[str], Any], str]]] = {
    "str": (str, "text"),
    "int": (int, "a whole number"),
    "float": (float, "a number"),
    "bool": (_bool, "true or false"),
    "bytes": (_bytes, "a number of bytes, such as 512MiB"),
    "path": (lambda text: Path(text).expanduser(), "a path"),
    "names": (_names, "names with commas between them"),
}


def parse(setting: Setting, raw: object, source: str) -> Any:
    """
    Turn what was given into the setting's type and check it.

    Raises:
        SettingInvalid: with the name, the value and what is allowed.
    """
    convert, expected = _PARSERS[setting.kind]
    shown = "***" if setting.secret else raw
    where = f"{setting.name} (from {source})" if source != setting.name else setting.name
    try:
        value: Any = convert(raw) if isinstance(raw, str) else raw
    except (ValueError, IndexError):
        raise SettingInvalid(f"{where} is {shown!r}; expected {expected}.") from None
    if setting.kind == "path":
        value = Path(value)
    if setting.kind == "names":
        value = tuple(value)
    if setting.allowed:
        value = _choose(setting, str(value), where)
    if setting.minimum is not None and not isinstance(value, int | float):
        raise SettingInvalid(f"{where} is {shown!r}; expected {expected}.")
    if setting.minimum is not None and not value >= setting.minimum:
        raise SettingInvalid(f"{where} is {shown!r}; the smallest value allowed is {setting.minimum:g}.")
    return value


def _choose(setting: Setting, value: str, where: str) -> str:
    for candidate in setting.allowed:
        if candidate.lower() == value.lower():
            return candidate
    raise SettingInvalid(f"{where} is {value!r}; expected one of {', '.join(setting.allowed)}.")


def load(
    call: Mapping[str, Any] | None = None,
    environ: Mapping[str, str] | None = None,
    file: Mapping[str, Any] | None = None,
    file_name: str = "file",
) -> dict[str, Value]:
    """
    Find every setting's value: what was called with, the environment, the file, the default, in this order.

    Raises:
        SettingInvalid: if a value is of the wrong type or not allowed, or *call* or *file* has an unknown name.
    """
    call = call or {}
    environ = os.environ if environ is None else environ
    file = file or {}
    for given, where in ((call, "call"), (file, file_name)):
        for unknown in given.keys() - BY_NAME.keys():
            raise SettingInvalid(f"{unknown} (from {where}) is no setting. There are: {', '.join(sorted(BY_NAME))}.")
    return {setting.name: _find(setting, call, environ, file, file_name) for setting in SETTINGS}


def _find(
    setting: Setting, call: Mapping[str, Any], environ: Mapping[str, str], file: Mapping[str, Any], file_name: str
) -> Value:
    if call.get(setting.name) is not None:
        return Value(setting, parse(setting, call[setting.name], "call"), "call")
    for variable in setting.variables:
        if environ.get(variable, "").strip():
            return Value(setting, parse(setting, environ[variable], variable), variable)
    if file.get(setting.name) is not None:
        return Value(setting, parse(setting, file[setting.name], file_name), file_name)
    default = setting.default() if callable(setting.default) else setting.default
    return Value(setting, default, "default")
