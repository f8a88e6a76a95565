"""The relational state's database: SQLite in the home directory, by SQLAlchemy Core."""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from sqlalchemy import MetaData, create_engine, event
from sqlalchemy.exc import SQLAlchemyError

from sightline.base.errors import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Connection, Engine

METADATA = MetaData()
"""All tables of the state."""


def open_database(path: Path, *, fsync: bool = False) -> Engine:
    """
    Open the database and make what tables it lacks; with *fsync* each commit waits for the disk.

    Raises:
        StoreUnavailable: if the file cannot be opened, or is damaged.
    """
    import sightline.state.issues
    import sightline.state.log_files
    import sightline.state.offsets  # noqa: F401 - each module adds its tables to METADATA

    engine = create_engine(f"sqlite:///{path}")
    event.listen(engine, "connect", partial(_configure, "FULL" if fsync else "NORMAL"))
    try:
        path.touch(mode=0o600, exist_ok=True)
        METADATA.create_all(engine)
        _check(engine)
    except (SQLAlchemyError, OSError) as error:
        engine.dispose()
        raise StoreUnavailable(
            f"The state database {path} cannot be opened: {getattr(error, 'orig', None) or error}. Restore a backup "
            "(sightline store restore), or move it away to begin with a new one: what lies in the spool is then read "
            "from its beginning."
        ) from None
    return engine


def _check(engine: Engine) -> None:
    """Read all of it: it is small, and damage that is found later would stop the ingest then."""
    with engine.connect() as connection:
        found = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()
    if found != "ok":
        raise OSError(found)


@contextmanager
def transaction(engine: Engine) -> Iterator[Connection]:
    """
    Do all that is done within, or nothing of it.

    Raises:
        StoreUnavailable: if the database cannot be used; the message says why.
    """
    try:
        with engine.begin() as connection:
            yield connection
    except SQLAlchemyError as error:
        reason = getattr(error, "orig", None) or error
        raise StoreUnavailable(f"The state database cannot be used: {reason}") from None


def _configure(synchronous: str, connection: Any, _record: Any) -> None:
    # A write-ahead log, by default without a sync for each commit: safe against any death of the process. After a power
    # cut the last commits may be missing, as may the engine's; ranges are then sent again.
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute(f"PRAGMA synchronous = {synchronous}")
    cursor.execute("PRAGMA busy_timeout = 5000")
    cursor.close()
