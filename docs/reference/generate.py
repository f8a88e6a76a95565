"""
Writes the pages of this directory from the code (settings, cli, api, tables), and the types of the API's client.

``make docs`` runs it; a test fails where a page is not what it would write.
"""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, cast

import typer

from sightline.base.settings import SETTINGS, Setting
from sightline.cli.main import COMMANDS, make_app
from sightline.query.tables import Table, read_schema
from sightline.server.app import create_app
from sightline.server.typescript import typescript
from sightline.store.connect import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HERE = Path(__file__).parent

_NOTE = "<!-- Written by docs/reference/generate.py from the code; `make docs` writes it anew. -->"

_SETTINGS = f"""\
# Settings

{_NOTE}

A setting is taken from the call (`sightline.configure(…)`, an option of a command), else from the environment, else
from the [configuration file](../howto/configuration-file.md), else it has its default. Where several variables are
named, the first that is set counts. In a file it has its own name or the key beside it. A wrong value is refused at
the start, with the name, the value and what is allowed. `sightline config` shows every setting and where its value
came from.

What a star (\\*) marks is taken, checked and shown, and steers nothing yet: the alerting is to come.
"""

_COMMANDS = f"""\
# Commands

{_NOTE}

`sightline COMMAND --help` says the same. Output is coloured on a terminal and plain where it is piped; `--json` prints
one JSON object, or one a line for lists. What is beside the output goes to standard error.
`sightline --install-completion` sets up completion for your shell; `sightline completion` prints the script for bash,
zsh or fish.

| exit code | |
|---|---|
| 0 | done |
| 1 | understood, and failed: a query was refused, a check of the doctor failed, the demo lost something |
| 2 | an argument, an option or a setting is wrong |
| 3 | no server answers, and the command needs one |
| 130 | stopped by Ctrl-C, before or while it does its work |
| 141 | nobody reads the output any more, as with `\\| head -1` |

Commands that read ask the server: the one that `--server` or `SIGHTLINE_SERVER` names, else the one that runs on the
home directory. Where none runs, all of them but `tail` store what waits in the spool, and read the store directly.
"""

_API = f"""\
# HTTP API

{_NOTE}

All of it is on one port, 4318 by default; `GET /openapi.json` describes it for programs. Times in answers are RFC 3339
in UTC with nanoseconds; `start` and `end` are RFC 3339, Unix seconds, or relative such as `-15m`. Errors are RFC 9457
problem details (`application/problem+json`): `type`, `title`, `status`, `detail`. A parameter that a path below
`/api/v1` does not have is one; only where programs of others send, such as OTLP's, is it passed over.
"""

_TABLES = f"""\
# Tables

{_NOTE}

What `sightline sql` and [`POST /api/v1/sql`](sql.md) may read; `GET /api/v1/schema` tells programs the same. Logs and
traces have the names of the OpenTelemetry Collector's exporter. A map is read as `LogAttributes['user_id']`; what a
record does not have is empty.
"""

_KINDS = {
    "str": "text", "int": "whole number", "float": "number", "bool": "true or false", "bytes": "bytes, such as 512MiB",
    "path": "path", "names": "names, with commas between them", "port": "port, or `off`",
    "store": "address, or directory", "days": "days, such as INFO=30,audit=3650",
}  # fmt: skip

_HALVES = {"both": "Application and server", "application": "Application", "server": "Server"}


_FOUND = {
    "config": "`sightline.yaml`, `.yml`, `.toml` or `.json` in the working directory",
    "home": "`$XDG_DATA_HOME/sightline`, else `~/.local/share/sightline`",
    "retention": "",
}
"""Defaults that are found or empty."""


def settings_page() -> str:
    """Describe every setting."""
    lines = [_SETTINGS]
    for half, title in _HALVES.items():
        lines += [f"## {title}", "", "| setting | variables | type | default | |", "|---|---|---|---|---|"]
        lines += [_setting_row(setting) for setting in SETTINGS if setting.half == half]
        lines.append("")
    return "\n".join(lines)


def _setting_row(setting: Setting) -> str:
    variables = ", ".join(f"`{name}`" for name in setting.variables)
    kind = ", ".join(f"`{name}`" for name in setting.allowed) or _KINDS[setting.kind]
    if setting.minimum is not None and setting.minimum > 0:
        kind += f"; at least {_number(setting, setting.minimum)}"
    variables += "".join(f"<br>in a file `{key}`" for key in setting.keys)
    star = " \\*" if setting.coming else ""
    return f"| `{setting.name}`{star} | {variables} | {kind} | {_default(setting)} | {setting.sentence} |"


def _default(setting: Setting) -> str:
    if setting.name in _FOUND:
        return _FOUND[setting.name]
    if setting.in_production is not None:
        return f"`{_number(setting, setting.default)}`; in production `{_number(setting, setting.in_production)}`"
    if setting.default in {"", (), None}:
        return ""
    if isinstance(setting.default, bool):
        return f"`{str(setting.default).lower()}`"
    return f"`{_number(setting, setting.default)}`"


def _number(setting: Setting, value: Any) -> str:
    if setting.kind != "bytes":
        return f"{value:g}" if isinstance(value, float) else str(value)
    for unit, size in (("GiB", 1024**3), ("MiB", 1024**2), ("KiB", 1024)):
        if value >= size:
            return f"{value / size:g}{unit}"
    return str(value)


def cli_page() -> str:
    """Describe every command."""
    group = cast("Any", typer.main.get_command(make_app()))
    context = group.make_context("sightline", ["--version"], resilient_parsing=True)
    lines = [_COMMANDS]
    for name in COMMANDS:
        lines += _command(name, group.get_command(context, name))
    return "\n".join(lines)


def _command(name: str, command: Any) -> Iterator[str]:
    arguments = [param for param in command.params if param.param_type_name == "argument"]
    options = [
        param
        for param in command.params
        if param.param_type_name == "option" and param.name != "help" and not param.hidden
    ]
    shown = [f"[{_metavar(param)}]" if not param.required else _metavar(param) for param in arguments]
    yield from (f"## sightline {name}", "", f"`{' '.join(['sightline', name, *shown, '[OPTIONS]'])}`", "")
    yield from ((command.help or "").strip(), "")
    if command.params:
        yield from ("| | | default |", "|---|---|---|")
        for param in arguments:
            yield f"| `{_metavar(param)}` | {_cell(param.help)} | |"
        for param in options:
            names = ", ".join(f"`{option}`" for option in param.opts)
            default = "" if param.default in {None, False, ""} or callable(param.default) else f"`{param.default}`"
            yield f"| {names} | {_cell(param.help)} | {default} |"
        yield ""


def _metavar(param: Any) -> str:
    return str(param.metavar or param.name).upper()


def _cell(text: str | None) -> str:
    return (text or "").replace("|", "\\|").replace("\n", " ")


def api_page() -> str:
    """Describe every endpoint."""
    schema = create_app(cast("Any", None)).openapi()
    lines = [_API]
    for path, methods in sorted(schema["paths"].items()):
        for method, told in methods.items():
            lines += _endpoint(method.upper(), path, told)
    return "\n".join(lines)


def _endpoint(method: str, path: str, told: dict[str, Any]) -> Iterator[str]:
    yield from (f"## {method} {path}", "", told.get("summary", ""), "")
    if description := told.get("description", "").strip():
        yield from (description, "")
    if parameters := told.get("parameters"):
        yield from ("| parameter | in | type | default | |", "|---|---|---|---|---|")
        for parameter in parameters:
            shape = parameter.get("schema", {})
            kinds = [shape, *shape.get("anyOf", ())]
            kind = "/".join(k["type"] for k in kinds if k.get("type", "null") != "null")
            default = f"`{shape['default']}`" if shape.get("default") not in {None, ""} else ""
            name = f"`{parameter['name']}`{' (required)' if parameter.get('required') else ''}"
            yield f"| {name} | {parameter['in']} | {kind} | {default} | {_cell(parameter.get('description'))} |"
        yield ""


def client() -> str:
    """Describe what the API takes and answers as TypeScript, for the pages and for others."""
    return typescript(create_app(cast("Any", None)).openapi())


def tables_page() -> str:
    """Describe every table, with the types of a store of this version."""
    with TemporaryDirectory() as directory:
        store = Store.open(f"chdb://{directory}/store")
        try:
            found = read_schema(store)
        finally:
            store.close()
    lines = [_TABLES]
    for table in found.tables:
        lines += _table(table)
    return "\n".join(lines)


def _table(table: Table) -> Iterator[str]:
    yield from (f"## {table.name}", "", table.row, "", "| column | type | |", "|---|---|---|")
    for column in table.columns:
        yield f"| `{column.name}` | `{column.type}` | {_cell(column.meaning)} |"
    for example in table.examples:
        yield from ("", f"{example.title}:", "", "```sql", example.sql, "```")
    yield ""


PAGES: dict[str, Callable[[], str]] = {
    "settings.md": settings_page,
    "cli.md": cli_page,
    "api.md": api_page,
    "tables.md": tables_page,
    "../../web/src/api/schema.ts": client,
}
"""Every generated file, from this directory, and what writes it."""


def main() -> None:
    """Write all files anew; with ``--check`` only say which are not what would be written."""
    written = {(HERE / name).resolve(): write().rstrip() + "\n" for name, write in PAGES.items()}
    stale = [path for path, text in written.items() if not path.exists() or path.read_text() != text]
    if "--check" in sys.argv:
        names = ", ".join(str(path.relative_to(HERE.parents[1])) for path in stale)
        sys.exit(f"Not what the code says: {names}. Run 'make docs' and commit the result." if stale else 0)
    for path in stale:
        path.write_text(written[path])
        print(path.relative_to(HERE.parents[1]))


if __name__ == "__main__":
    main()
