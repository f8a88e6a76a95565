"""Which processes are workers of the same server."""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path

from sightline.sdk.recorder import recorder


def group_of_this_process(*, leads: bool = False) -> str:
    """
    Name the server that this process is a worker of, by its parent.

    Processes of the same parent belong together where they run the same program for the same service. Two
    programs that a shell or the machine's first process started are no workers of one server, so for those it is each
    for itself. One that *leads* belongs to its own children.
    """
    parent = os.getpid() if leads else os.getppid()
    alone = "" if leads or _starts_workers(parent) else recorder.instance
    program = "" if _is_multiprocessing() else "\0".join(sys.orig_argv)
    told = (recorder.resource.get("host.name", ""), recorder.resource.get("service.name", ""), parent, program, alone)
    return hashlib.sha256("\n".join(map(str, told)).encode("utf-8", "surrogateescape")).hexdigest()[:16]


def _is_multiprocessing() -> bool:
    """Tell a child of ``multiprocessing``, as uvicorn's workers are: its arguments say nothing of the program."""
    process = sys.modules.get("multiprocessing.process")
    return process is not None and process.parent_process() is not None


def _starts_workers(parent: int) -> bool:
    """Tell whether the parent is a program in Python, or one that runs Python within itself, as uWSGI does."""
    if _is_multiprocessing() or "uwsgi" in sys.modules or "gunicorn.arbiter" in sys.modules:
        return True
    try:
        return Path(f"/proc/{parent}/exe").resolve() == Path("/proc/self/exe").resolve() and _is_forked(parent)
    except OSError:
        return False


def _is_forked(parent: int) -> bool:
    """Tell whether this process runs what its parent runs, and so was forked and not started anew."""
    return Path(f"/proc/{parent}/cmdline").read_bytes() == Path("/proc/self/cmdline").read_bytes()
