"""
Forks of uWSGI, which makes its workers in C and calls nothing of what Python calls in a forked child.

Without it, all workers would write into the master's segment, under one name. uWSGI's own hooks are used, those that
the host has set are called as well, and nothing is done twice where ``py-call-uwsgi-fork-hooks`` is on.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any, Final

from sightline.sdk import guard
from sightline.sdk.background import background
from sightline.sdk.imports import when_imported
from sightline.sdk.recorder import recorder

if TYPE_CHECKING:
    from collections.abc import Callable


class _Watch:
    """Knows in which process Python's hooks ran last."""

    def __init__(self) -> None:
        self.forked()

    def forked(self) -> None:
        """Note that this process knows that it is one of its own."""
        self.pid = os.getpid()

    def take(self) -> None:
        """Do in a worker what Python would have had done."""
        if os.getpid() == self.pid:
            return
        recorder._after_fork_in_child()  # noqa: SLF001 - what it registers with Python
        outbox = sys.modules.get("sightline.sdk.outbox")
        if outbox is not None:
            outbox.reborn()


_watch: Final = _Watch()


def install() -> None:
    """Take part in uWSGI's forks and ends, if this process is one of its."""
    server = sys.modules.get("uwsgi")
    if server is None:
        return
    _chain(server, "post_fork_hook", _watch.take)
    _chain(server, "atexit", recorder.stop)
    # It sets a hook of its own, in the place of the one that it finds.
    when_imported("uwsgidecorators", lambda: _chain(server, "post_fork_hook", _watch.take))
    if server.worker_id() == 0:
        # A thread of the master that holds a lock at the fork would hold it for ever in the workers.
        background.pause()


def _chain(server: Any, name: str, call: Callable[[], None]) -> None:
    before = getattr(server, name, None)
    if getattr(before, "by_sightline", False):
        return

    def hook() -> None:
        try:
            call()
        except Exception as error:
            guard.failed("uwsgi", error)
        if before is not None:
            before()

    hook.by_sightline = True  # type: ignore[attr-defined]
    setattr(server, name, hook)


recorder.on_fork(_watch.forked)
