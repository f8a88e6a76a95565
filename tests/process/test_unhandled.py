"""Exceptions that nobody handles, in programs of their own."""

from __future__ import annotations

import pytest
from tests.support.program import run_python
from tests.support.spool import read_spool

START = """
import sightline
sightline.configure(service="failing")
"""


def told(home):
    """Give the attributes of the errors that a program recorded."""
    return [log["attributes"] for log in read_spool(home).logs() if log["logger"] == "sightline.errors"]


def test_what_ends_a_program_is_recorded_and_still_printed(tmp_path):
    """The last exception is on the disk, with exit code 1 as ever."""
    run_python(START + "def main():\n    raise KeyError('last words')\nmain()\n", tmp_path, expect=1)

    [error] = told(tmp_path)
    assert (error["exception.type"], error["exception.message"]) == ("KeyError", "'last words'")
    assert (error["error.mechanism"], error["error.handled"]) == ("sys.excepthook", False)


def test_a_hook_of_the_host_is_called_after_ours(tmp_path):
    """A hook that was set before ``configure`` is called as it would be without us."""
    own = "import sys\nsys.excepthook = lambda *_: print('own hook')\n"
    printed = run_python(own + START + "raise ValueError('x')\n", tmp_path, expect=1)

    assert printed == "own hook\n"
    assert len(told(tmp_path)) == 1


@pytest.mark.parametrize("ending", ["raise SystemExit(1)", "import os, signal; os.kill(os.getpid(), signal.SIGINT)"])
def test_leaving_on_purpose_is_no_error(tmp_path, ending):
    """``SystemExit`` and ``KeyboardInterrupt`` are not recorded."""
    run_python(START + "import sys\ntry:\n    " + ending + "\nexcept KeyboardInterrupt:\n    sys.exit(1)\n", tmp_path,
               expect=1)  # fmt: skip

    assert told(tmp_path) == []


def test_an_exception_in_a_destructor_is_recorded(tmp_path):
    """What Python can only print is found."""
    run_python(START + "class A:\n    def __del__(self):\n        raise OSError('torn')\nA()\n", tmp_path)

    [error] = told(tmp_path)
    assert (error["exception.message"], error["error.mechanism"]) == ("torn", "sys.unraisablehook")


TASK = """
import asyncio, gc

async def fail():
    raise LookupError("in a task")

async def main():
    task = asyncio.create_task(fail(), name="failing-task")
    await asyncio.wait([task])
    del task
    gc.collect()

asyncio.run(main())
"""


def test_an_exception_of_a_task_that_nobody_awaits_is_recorded(tmp_path):
    """The loop's handler sees it when the task is thrown away, with the task's name."""
    run_python(START + TASK, tmp_path)

    [error] = told(tmp_path)
    assert (error["exception.message"], error["asyncio.task"]) == ("in a task", "failing-task")


def test_uvloop_is_watched_as_well(tmp_path):
    """The loop that web servers prefer has the same hook."""
    pytest.importorskip("uvloop")
    run_python(START + "import uvloop\n" + TASK.replace("asyncio.run(main())", "uvloop.run(main())"), tmp_path)

    assert [error["error.mechanism"] for error in told(tmp_path)] == ["asyncio"]


PROCESS = """
import multiprocessing

def work():
    raise ArithmeticError("in a child")

if __name__ == "__main__":
    child = multiprocessing.get_context("{method}").Process(target=work, name="counter")
    child.start()
    child.join()
    assert child.exitcode == 1
"""


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_an_exception_of_a_child_process_is_recorded(tmp_path, method):
    """Children of ``multiprocessing`` print and leave; their error is found all the same."""
    program = tmp_path / "program.py"
    program.write_text(START + PROCESS.format(method=method))
    home = tmp_path / "home"
    run_python(f"import subprocess, sys\nsubprocess.run([sys.executable, {str(program)!r}], check=True)", home)

    [error] = told(home)
    assert (error["exception.message"], error["process.name"]) == ("in a child", "counter")
    assert error["error.mechanism"] == "multiprocessing"
