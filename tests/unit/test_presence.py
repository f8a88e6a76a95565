"""The file in which a process says what is instrumented in it."""

from __future__ import annotations

import json
import os

from tests.support.program import run_python

import sightline
from sightline.sdk import presence as module
from sightline.sdk.presence import Instrumented, is_alive, presence, sweep
from sightline.sdk.recorder import recorder


def files(home):
    """Give the visible files."""
    return sorted((home / "processes").glob("[0-9]*.json"))


def test_a_process_says_what_it_is(tmp_path):
    """Its file has pid, instance, service and what is instrumented, is locked, and is its owner's alone."""
    sightline.configure(service="shop", home=tmp_path)
    presence.note(Instrumented("shoplib", "sightline", "1.2"))
    [path] = files(tmp_path)
    told = json.loads(path.read_bytes())
    alive = is_alive(path)
    sightline.shutdown()

    assert alive
    assert path.name == f"{os.getpid()}-{told['instance']}.json"
    assert (told["kind"], told["pid"], told["service"]) == ("process", os.getpid(), "shop")
    assert {"name": "shoplib", "by": "sightline", "version": "1.2"} in told["instrumented"]
    assert files(tmp_path) == []


def test_the_file_is_the_owners_alone(tmp_path):
    """Others may not read what runs here."""
    sightline.configure(home=tmp_path)
    [path] = files(tmp_path)
    modes = path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777
    sightline.shutdown()

    assert modes == (0o600, 0o700)


def test_files_of_the_dead_are_deleted_by_the_next(tmp_path):
    """A killed process leaves its file without a lock; who starts next deletes it, and keeps those of the living."""
    run_python("import os, sightline; sightline.configure(); os.kill(os.getpid(), 9)", tmp_path, expect=-9)
    [dead] = files(tmp_path)
    assert not is_alive(dead)

    sightline.configure(home=tmp_path)
    sweep(tmp_path / "processes")
    [mine] = files(tmp_path)
    sightline.shutdown()

    assert mine.name.endswith(f"-{recorder.instance}.json")


def test_a_forked_child_has_its_own(tmp_path):
    """Parent and child each have a file, and the child's end leaves the parent's alone."""
    source = """
import os, json, pathlib, sightline
sightline.configure()
processes = pathlib.Path(os.environ["SIGHTLINE_HOME"]) / "processes"
child = os.fork()
if child == 0:
    names = sorted(path.name.partition("-")[0] for path in processes.glob("[0-9]*.json"))
    sightline.shutdown()
    os._exit(0 if names == sorted([str(os.getppid()), str(os.getpid())]) else 1)
assert os.waitpid(child, 0)[1] == 0
from sightline.sdk.presence import is_alive
[mine] = processes.glob("[0-9]*.json")
assert is_alive(mine) and mine.name.startswith(f"{os.getpid()}-")
"""
    run_python(source, tmp_path)


def test_entries_are_bounded():
    """A program that notes without end does not make the file grow."""
    own = module._File()
    for number in range(1000):
        own.note(Instrumented(f"lib{number}", "sightline"))

    assert len(own.known()) == 200


def test_what_is_said_again_is_said_anew(tmp_path):
    """The later entry of a name counts."""
    own = module._File()
    own.note(Instrumented("redis", reason="not yet"))
    own.note(Instrumented("redis", "opentelemetry", "7"))

    assert own.known() == [Instrumented("redis", "opentelemetry", "7")]
