"""
Imported by each Python interpreter below ``sightline run``, before the program.

It records and instruments, and then gives its place to the ``sitecustomize`` that would have been imported without it.
"""

import importlib
import importlib.util
import os
import sys


def _begin() -> None:
    arguments = " ".join(getattr(sys, "orig_argv", ()))
    # Python's own helper processes, and Sightline itself, which the program may start.
    if "multiprocessing.resource_tracker" in arguments or "-m sightline" in arguments:
        return
    try:
        from sightline.integrations.startup.begin import begin
    except ImportError as error:
        sys.stderr.write(
            f"sightline: nothing is recorded by {sys.executable}: {error}. "
            "Install sightline for this interpreter: pip install sightline\n"
        )
        return
    begin()


def _give_place() -> None:
    here = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120 - pathlib would cost the start
    sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry or os.curdir) != here]  # noqa: PTH100
    own = sys.modules.pop("sitecustomize")
    if importlib.util.find_spec("sitecustomize") is not None:
        importlib.import_module("sitecustomize")
    else:
        sys.modules["sitecustomize"] = own  # the import that is under way looks for it at its end


_begin()
_give_place()
