"""Fields that follow the code."""

from __future__ import annotations

import asyncio
import contextvars
import threading

import pytest

import sightline
from sightline.model.redacted import REDACTED
from sightline.sdk.context import fields


@pytest.fixture(autouse=True)
def _clean():
    """Begin and end with no fields bound."""
    sightline.clear()
    yield
    sightline.clear()


def test_bound_fields_stay_until_they_are_taken_off():
    """``bind`` adds, ``unbind`` takes single ones off, ``clear`` takes all."""
    sightline.bind(user_id="u1", session_id="s1")
    sightline.unbind("session_id", "never_bound")
    assert fields.get() == {"user_id": "u1"}

    sightline.clear()

    assert fields.get() is None


def test_a_block_puts_back_what_was():
    """Fields of a ``with`` block end with it, also when it raises."""
    sightline.bind(a=1)
    with pytest.raises(ValueError, match="out"), sightline.context(a=2, b=3):
        assert fields.get() == {"a": 2, "b": 3}
        raise ValueError("out")

    assert fields.get() == {"a": 1}


def test_secrets_are_not_even_bound():
    """Redaction happens when a field is bound, so no later copy holds it."""
    with sightline.context(password="x"):
        assert fields.get() == {"password": REDACTED}


def test_tasks_inherit_and_do_not_disturb_each_other():
    """A task begins with its creator's fields, and keeps its own to itself."""

    async def task(name):
        sightline.bind(task=name)
        await asyncio.sleep(0)
        return fields.get()

    async def main():
        sightline.bind(request_id="r1")
        return await asyncio.gather(task("a"), task("b")), fields.get()

    (first, second), outside = asyncio.run(main())

    assert first == {"request_id": "r1", "task": "a"}
    assert second == {"request_id": "r1", "task": "b"}
    assert outside == {"request_id": "r1"}


def test_a_thread_run_in_a_copied_context_inherits():
    """``contextvars.copy_context().run`` carries the fields into a thread."""
    seen = []
    sightline.bind(request_id="r1")
    carried = contextvars.copy_context()

    thread = threading.Thread(target=carried.run, args=(lambda: seen.append(fields.get()),))
    thread.start()
    thread.join()

    assert seen == [{"request_id": "r1"}]
