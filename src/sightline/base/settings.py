"""
The one table of settings, and how a value is found: call, environment, file, default.

The loader, ``--help``, ``sightline config``, the reference page and its test all read ``SETTINGS``.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sightline.base import config_file
from sightline.base.alert_settings import ALERT_SETTINGS
from sightline.base.errors import SettingInvalid
from sightline.base.setting import LAST_PORT, Setting, Value, parse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sightline.base.config_file import Given

__all__ = ["BY_NAME", "SETTINGS", "Setting", "Value", "by_setting", "load", "parse", "read_file", "unread"]


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
    Setting(
        "config",
        ("SIGHTLINE_CONFIG",),
        "path",
        config_file.find_file,
        "Configuration file: YAML, TOML or JSON.",
    ),
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
        keys=("logging.level",),
    ),
    Setting(
        "log_format",
        ("LOG_FORMAT",),
        "str",
        "",
        "How setup_logging shows logs: json, text, fields, or a format string. "
        "Default: text in development, json everywhere else.",
        half="application",
        keys=("logging.format",),
    ),
    Setting(
        "log_file",
        ("LOG_FILE",),
        "path",
        None,
        "File that setup_logging writes logs to; those of errors, audit and security stand beside it.",
        half="application",
        keys=("logging.file",),
    ),
    Setting(
        "retention",
        ("SIGHTLINE_RETENTION",),
        "days",
        dict,
        "Days that records are kept, in the store and in rotated log files, where they differ from "
        "docs/howto/retention.md: by level, for audit and security, and for metrics, traces, events and profiles; also "
        "for one environment.",
        keys=("logging.retention",),
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
    ),
    Setting(
        "redact_personal",
        ("SIGHTLINE_REDACT_PERSONAL",),
        "bool",
        default=False,
        sentence="Remove e-mail addresses and phone numbers from texts too.",
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
        "monitoring_surfaces",
        ("SIGHTLINE_MONITORING_SURFACES",),
        "bool",
        default=False,
        sentence="Pass /dashboard, the monitoring API and /api/rum on to the server of this machine, for all who ask.",
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
        keys=("metrics.interval",),
    ),
    Setting(
        "system_interval_s",
        ("SIGHTLINE_SYSTEM_INTERVAL", "METRICS_COLLECTION_INTERVAL"),
        "float",
        30.0,
        "Seconds between measurements of the process and the machine.",
        minimum=0.1,
        half="application",
        in_production=60.0,
        keys=("metrics.collection_interval",),
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
        maximum=LAST_PORT,
        half="server",
    ),
    Setting(
        "browser_origins",
        ("SIGHTLINE_BROWSER_ORIGINS",),
        "names",
        (),
        "Web pages, such as https://shop.example, that may send what browsers record; those on loopback always may.",
        half="server",
    ),
    Setting(
        "grpc_port",
        ("SIGHTLINE_GRPC_PORT",),
        "port",
        4317,
        "Port of the server for OTLP over gRPC; 0 takes a free one, off none.",
        half="server",
    ),
    Setting(
        "fluentd_port",
        ("SIGHTLINE_FLUENTD_PORT",),
        "port",
        "off",
        "Port of the server for Fluentd's forward protocol, by custom 24224; 0 takes a free one, off none.",
        half="server",
    ),
    Setting(
        "fluentd_shared_key",
        ("SIGHTLINE_FLUENTD_SHARED_KEY",),
        "str",
        "",
        "Key that Fluentd's senders must prove to know. Empty: none is asked for.",
        secret=True,
        half="server",
    ),
    Setting(
        "log_files",
        ("SIGHTLINE_LOG_FILES",),
        "names",
        (),
        "Log files that the server follows, with commas between; each may be a pattern such as /var/log/nginx/*.log.",
        half="server",
    ),
    Setting(
        "syslog_port",
        ("SIGHTLINE_SYSLOG_PORT",),
        "port",
        "off",
        "Port of the server for syslog over UDP and TCP, by custom 514; 0 takes a free one, off none.",
        half="server",
    ),
    Setting(
        "syslog_tls_port",
        ("SIGHTLINE_SYSLOG_TLS_PORT",),
        "port",
        "off",
        "Port of the server for syslog over TLS, by custom 6514; 0 takes a free one, off none.",
        half="server",
    ),
    Setting(
        "syslog_tls_certificate",
        ("SIGHTLINE_SYSLOG_TLS_CERTIFICATE",),
        "path",
        None,
        "File with the certificate for syslog over TLS, in PEM, with those that it stands on.",
        half="server",
    ),
    Setting(
        "syslog_tls_key",
        ("SIGHTLINE_SYSLOG_TLS_KEY",),
        "path",
        None,
        "File with the key of that certificate, in PEM, without a password.",
        half="server",
    ),
    Setting(
        "store",
        ("SIGHTLINE_STORE", "METRICS_DB_PATH"),
        "store",
        "",
        "Where records are kept: chdb:///path, clickhouse://user@host:8123/database, or a directory for chdb. "
        "Empty: embedded, in the home directory.",
        half="server",
        keys=("metrics.db_path",),
    ),
    Setting(
        "memory_bytes",
        ("SIGHTLINE_MEMORY_BYTES",),
        "bytes",
        1024 * 1024 * 1024,
        "Most memory of the server, for inserts, queries and merges; near it requests are refused with the reason.",
        minimum=256 * 1024 * 1024,
        half="server",
    ),
    Setting(
        "disk_reserve_bytes",
        ("SIGHTLINE_DISK_RESERVE_BYTES",),
        "bytes",
        256 * 1024 * 1024,
        "Bytes of the home's disk that stay free: below it requests are refused with the reason, and lines wait in the "
        "spool.",
        minimum=0,
        half="server",
    ),
    Setting(
        "fsync",
        ("SIGHTLINE_FSYNC",),
        "bool",
        default=False,
        sentence="Answer only when records are on the disk, so that a power cut does not take what was acknowledged. "
        "Inserts take longer.",
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
    *ALERT_SETTINGS,
)
"""Every setting there is."""

BY_NAME: Final[dict[str, Setting]] = {setting.name: setting for setting in SETTINGS}

_FILE_PREFIX: Final = "monitoring."
"""A section that may stand around all others in a file."""

_NOT_YET: Final = "alerts."
"""A section in which a file may have what is not read yet: rules of the alerting, which is to come."""

_KEYS: Final[dict[str, Setting]] = {key: setting for setting in SETTINGS for key in (setting.name, *setting.keys)}
_WHOLE: Final = frozenset(
    f"{prefix}{key}" for key, setting in _KEYS.items() if setting.kind == "days" for prefix in ("", _FILE_PREFIX)
)


def load(
    call: Mapping[str, Any] | None = None,
    environ: Mapping[str, str] | None = None,
    file: Mapping[str, Given] | None = None,
) -> dict[str, Value]:
    """
    Find every setting's value: what was called with, the environment, the file, the default, in this order.

    Args:
        call: by the settings' names; None as a value says nothing.
        environ: the process's environment where it is None.
        file: what a file says, by its flat keys. Where it is None, the file is read that the setting ``config`` names.

    Raises:
        SettingInvalid: if a value is of the wrong type or not allowed, or *call* or *file* has an unknown name.
        PackageMissing: if the file is YAML, and there is nothing to read it with.
    """
    call = call or {}
    environ = os.environ if environ is None else environ
    for unknown in call.keys() - BY_NAME.keys():
        raise SettingInvalid(f"{unknown} (from call) is no setting. There are: {', '.join(sorted(BY_NAME))}.")
    given = by_setting(read_file(call, environ) if file is None else file)
    production = _find(BY_NAME["environment"], call, environ, given, production=False).value == "production"
    return {setting.name: _find(setting, call, environ, given, production=production) for setting in SETTINGS}


def read_file(call: Mapping[str, Any], environ: Mapping[str, str]) -> dict[str, Given]:
    """
    Read the file that call or environment name, else the one in the working directory; nothing where there is none.

    Raises:
        SettingInvalid: if it cannot be read.
        PackageMissing: if it is YAML, and there is nothing to read it with.
    """
    path = _find(BY_NAME["config"], call, environ, {}, production=False).value
    return {} if path is None else config_file.read(path, _WHOLE)


def by_setting(file: Mapping[str, Given]) -> dict[str, Given]:
    """
    Give what a file says by the settings' names.

    Raises:
        SettingInvalid: if a key is no setting, or two of them are the same one.
    """
    found: dict[str, Given] = {}
    for written, given in file.items():
        key = written.removeprefix(_FILE_PREFIX)
        setting = _KEYS.get(key)
        if setting is None and key.startswith(_NOT_YET):
            continue
        if setting is None or setting.name == "config":
            raise SettingInvalid(f"{written} (from {given.where}) is no setting. {_nearest(key)}")
        if setting.name in found:
            raise SettingInvalid(
                f"{written} (from {given.where}) is {setting.name} again, as {found[setting.name].where}."
            )
        found[setting.name] = given
    return found


def unread(file: Mapping[str, Given]) -> list[str]:
    """Name the keys of a file that nothing reads yet, with their places."""
    return [f"{key} ({given.where})" for key, given in file.items() if key.removeprefix(_FILE_PREFIX) not in _KEYS]


def _nearest(key: str) -> str:
    # Imported where somebody wrote something wrong.
    from difflib import get_close_matches

    near = get_close_matches(key, _KEYS, 3)
    return f"Did you mean {' or '.join(near)}?" if near else f"There are: {', '.join(sorted(BY_NAME))}."


def _find(
    setting: Setting,
    call: Mapping[str, Any],
    environ: Mapping[str, str],
    file: Mapping[str, Given],
    *,
    production: bool,
) -> Value:
    if call.get(setting.name) is not None:
        return Value(setting, parse(setting, call[setting.name], "call"), "call")
    for variable in setting.variables:
        if environ.get(variable, "").strip():
            return Value(setting, parse(setting, environ[variable], variable), variable)
    if setting.name in file and file[setting.name].value is not None:
        value, where = file[setting.name]
        return Value(setting, parse(setting, value, where), where)
    if production and setting.in_production is not None:
        return Value(setting, setting.in_production, "default")
    default = setting.default() if callable(setting.default) else setting.default
    return Value(setting, default, "default")
