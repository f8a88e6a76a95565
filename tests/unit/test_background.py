"""The one thread that runs in a user's process."""

from __future__ import annotations

import threading

import pytest

from sightline.sdk.background import Background, Task


@pytest.fixture
def background():
    """Make a background of its own."""
    made = Background()
    yield made
    made.stop()


def test_a_task_runs_again_and_again(background):
    """It runs when it is due, and its interval counts from there."""
    enough, runs = threading.Event(), []

    def run():
        runs.append(1)
        if len(runs) == 3:
            enough.set()

    background.add(Task(run=run, interval=lambda: 0.01, first_s=0.01))
    background.start()

    assert enough.wait(30)


def test_a_task_that_is_added_later_is_not_waited_for(background):
    """The thread wakes for it, although nothing else is due for long."""
    done = threading.Event()
    background.add(Task(run=threading.Event().set, interval=lambda: 3600, first_s=3600))
    background.start()
    background.add(Task(run=done.set, interval=lambda: 3600, first_s=0))

    assert done.wait(30)


def test_the_end_runs_what_runs_at_the_end(background):
    """The others do not run once more, and the thread is gone."""
    ran = []
    background.add(Task(run=lambda: ran.append("last"), interval=lambda: 3600, first_s=3600, at_end=True))
    background.add(Task(run=lambda: ran.append("never"), interval=lambda: 3600, first_s=3600))
    background.start()
    thread = background._thread
    background.stop()

    assert ran == ["last"]
    assert not thread.is_alive()


def test_the_end_is_bounded(background):
    """A task that hangs does not keep the host's process from ending."""
    release, inside = threading.Event(), threading.Event()

    def hang():
        inside.set()
        release.wait(60)

    background.add(Task(run=hang, interval=lambda: 3600, first_s=0))
    background.start()
    assert inside.wait(30)
    background.stop()
    release.set()


def test_a_pause_takes_the_thread_away_for_a_while(background):
    """Before a fork there is no thread of ours; after it there is, and nothing ran because of it."""
    ran = []
    background.add(Task(run=lambda: ran.append(1), interval=lambda: 3600, first_s=3600, at_end=True))
    background.start()
    thread = background._thread
    background.pause()
    assert not thread.is_alive()

    background.resume()
    assert background._thread.is_alive()
    assert ran == []


def test_a_failing_task_goes_on(background, monkeypatch):
    """Its failure is noted, and it runs again."""
    monkeypatch.setenv("SIGHTLINE_RAISE", "0")
    again, runs = threading.Event(), []

    def fail():
        runs.append(1)
        if len(runs) == 2:
            again.set()
        raise OSError("no")

    background.add(Task(run=fail, interval=lambda: 0.01, first_s=0))
    background.start()

    assert again.wait(30)
