"""Where a store is: the two forms of its address, taken apart and checked."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

from sightline.base.errors import SettingInvalid

DEFAULT_DATABASE: Final = "sightline"

_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,63}")


@dataclass(frozen=True, slots=True)
class Embedded:
    """A directory of the engine in this process."""

    directory: Path


@dataclass(frozen=True, slots=True)
class Remote:
    """
    A ClickHouse server, or a cluster behind one address.

    Attributes:
        host: its name or IP address.
        port: of its HTTP interface; 0 for the usual one.
        user: who asks.
        password: of the user.
        secure: whether by HTTPS.
        database: where the tables are.
        cluster: name of the cluster, as ``system.clusters`` has it; empty for a single server.
    """

    host: str
    port: int
    user: str
    password: str
    secure: bool
    database: str
    cluster: str

    @property
    def place(self) -> str:
        """Where it is, for people, without its password."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = f":{self.port}" if self.port else ""
        return f"{host}{port}/{self.database}" + (f" (cluster {self.cluster})" if self.cluster else "")


def of_home(url: str, home: Path) -> str:
    """Give *url*, or where the store of *home* is when there is none."""
    return url or f"chdb://{home / 'store'}"


def read(url: str) -> Embedded | Remote:
    """
    Take an address apart.

    Raises:
        SettingInvalid: if it is neither ``chdb:///absolute/path`` nor
            ``clickhouse://user:password@host:8123/database?cluster=name``.
    """
    try:
        parts = urlsplit(url)
        port = parts.port or 0
    except ValueError:
        raise _invalid(url) from None
    if parts.scheme == "chdb" and parts.path.startswith("/") and not parts.netloc:
        return Embedded(Path(parts.path))
    if parts.scheme not in {"clickhouse", "clickhouses"} or not parts.hostname:
        raise _invalid(url)
    more = dict(parse_qsl(parts.query, keep_blank_values=True))
    cluster = more.pop("cluster", "")
    database = unquote(parts.path.strip("/")) or DEFAULT_DATABASE
    if more:
        raise SettingInvalid(f"store has the parameter {min(more)!r}; expected cluster=name, or none.")
    for kind, name in (("database", database), ("cluster", cluster or "_")):
        if not _NAME.fullmatch(name):
            raise SettingInvalid(
                f"store names the {kind} {name!r}; expected letters, digits, underscores, dots and hyphens."
            )
    user, password = unquote(parts.username or "default"), unquote(parts.password or "")
    return Remote(parts.hostname, port, user, password, parts.scheme == "clickhouses", database, cluster)


def _invalid(url: str) -> SettingInvalid:
    shown = re.sub(r"//[^@/]*@", "//…@", url)
    return SettingInvalid(
        f"store is {shown!r}; expected chdb:///absolute/path or clickhouse://user@host:8123/database."
    )
