"""The relational state's database: SQLite in the home directory, by SQLAlchemy Core."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import MetaData, create_engine, event
from sqlalchemy.exc import SQLAlchemyError

from sightline.base.errors import StoreUnavailable

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Engine

METADATA = MetaData()
"""All tables of the state."""


def open_database(path: Path) -> Engine:
    """
    Open the database and make what tables it lacks.

    Raises:
        StoreUnavailable: if the file cannot be opened.
    """
    import sightline.state.log_files
    import sightline.state.offsets  # noqa: F401 - each module adds its tables to METADATA

    engine = create_engine(f"sqlite:///{path}")
    event.listen(engine, "connect", _configure)
    try:
        path.touch(mode=0o600, exist_ok=True)
        METADATA.create_all(engine)
    except (SQLAlchemyError, OSError) as error:
        engine.dispose()
        raise StoreUnavailable(f"The state database {path} cannot be opened: {error}") from None
    return engine


def _configure(connection: Any, _record: Any) -> None:
    # A write-ahead log without a sync for each commit: safe against any death of the process. After a power cut the
    # last commits may be missing, as may the engine's; ranges are then sent again.
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = NORMAL")
    cursor.execute("PRAGMA busy_timeout = 5000")
    cursor.close()
