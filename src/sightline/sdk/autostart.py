"""Starts a server on this machine when none runs, one a data directory."""

from __future__ import annotations

import fcntl
import importlib.util
import os
import subprocess
import sys
from typing import TYPE_CHECKING

from sightline.base.errors import PackageMissing
from sightline.sdk import guard
from sightline.spool.format import prepare_directory

if TYPE_CHECKING:
    from pathlib import Path


def ensure_server(home: Path) -> None:
    """
    Start ``sightline serve`` on *home*, detached, unless one runs; it goes on when this process ends.

    Two processes that do this at once start two, of which one takes the lock and the other ends at once.
    What it prints goes to ``server.log`` in *home*.
    """
    try:
        if is_running(home):
            return
        if importlib.util.find_spec("chdb") is None:
            raise PackageMissing(  # noqa: TRY301 - the guard tells it
                'server="auto" needs the server\'s packages on this machine: pip install "sightline[server]". '
                "What is recorded waits in the spool."
            )
        prepare_directory(home)
        with (home / "server.log").open("ab") as log:
            environment = {key: value for key, value in os.environ.items() if key != "SIGHTLINE_SERVER"}
            started = subprocess.Popen(  # noqa: S603 - our own module, with our own interpreter
                [sys.executable, "-m", "sightline", "serve", "--by-application", "--home", str(home)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, env=environment,
            )  # fmt: skip
            # Detached on purpose. Nobody waits for it, and Popen's warning about that would reach the host.
            started.returncode = 0
    except Exception as error:
        guard.failed("server", error)


def is_running(home: Path) -> bool:
    """Tell whether a server holds the lock of *home*."""
    try:
        file = os.open(home / "server.lock", os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(file)
    return False
