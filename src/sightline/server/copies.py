"""Backups while the server runs: one moment of the store and of the state, written in a thread of its own."""

from __future__ import annotations

import logging
import secrets
import shutil
import threading
import time
from typing import TYPE_CHECKING, Any, Final

from sightline.base.errors import StoreUnavailable
from sightline.store import backup

if TYPE_CHECKING:
    from pathlib import Path

    from sightline.server.services import Services


WRITING: Final = ".writing-"
"""How the name begins of a backup that is not whole; a server takes away what one left that died."""

_log = logging.getLogger(__name__)


class Copies:
    """The backup that runs, or the last one. One runs at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()  # guards the start of a backup
        self._thread: threading.Thread | None = None
        self._told: dict[str, Any] = {"state": "none"}

    def told(self) -> dict[str, Any]:
        """Tell how far it is."""
        return dict(self._told)

    def begin(self, services: Services) -> dict[str, Any]:
        """
        Begin one below the home's ``backups``.

        Raises:
            StoreUnavailable: if one runs.
        """
        with self._lock:
            if self._thread is not None and self._thread.is_alive():
                raise StoreUnavailable("A backup is being written. Wait until it is done.")
            name = f"{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}-{secrets.token_hex(2)}"
            target = services.home / "backups" / name
            self._told = {"state": "running", "path": str(target), "done_bytes": 0, "all_bytes": 0}
            self._thread = threading.Thread(target=self._run, args=(services, target), name="sightline-backup")
            self._thread.start()
        return self.told()

    def close(self) -> None:
        """Wait until the one that runs is written."""
        if self._thread is not None:
            self._thread.join()

    def _run(self, services: Services, target: Path) -> None:
        writing = target.with_name(f"{WRITING}{target.name}")
        try:
            writing.mkdir(mode=0o700, parents=True)
            with services.lines.pause.held(), services.store.quiet():
                backup.copy_state(services.home / "state.db", writing / "state.db")
                frozen = backup.freeze(services.store)
            manifest = backup.write(frozen, writing, self._progress)
            writing.rename(target)
        except Exception as error:
            # Whatever it is: who asks how far it is would wait without end.
            _log.exception("The backup %s failed", target.name)
            shutil.rmtree(writing, ignore_errors=True)
            self._told |= {"state": "failed", "reason": str(error)}
        else:
            self._told |= {"state": "done", "rows": manifest.rows, "all_bytes": manifest.bytes}

    def _progress(self, done: int, whole: int) -> None:
        self._told |= {"done_bytes": done, "all_bytes": whole}
