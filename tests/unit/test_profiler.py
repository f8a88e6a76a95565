"""The profiler: what it sees, which span it was in, and that it costs nothing while it is off."""

import asyncio
import contextlib
import gc
import os
import signal
import subprocess
import sys
import threading
import time

import httpx
import pytest
from fastapi import FastAPI
from tests.support.program import run_python
from tests.support.server import eventually
from tests.support.spool import read_spool

import sightline
from sightline.profiling import profile
from sightline.sdk import decorate, requests, stacks, tracing
from sightline.sdk.context import current
from sightline.sdk.profiler import Profiler, profiler
from sightline.sdk.stacks import MOST_STACKS, Names, Tally
from sightline.testing import capture


def burn(seconds: float) -> int:
    """Use the processor."""
    until, count = time.perf_counter() + seconds, 0
    while time.perf_counter() < until:
        count += 1
    return count


def share(found, function: str) -> float:
    """Tell which share of the main thread's time was spent in a function."""
    mine = [stack for stack in found.stacks if stack.thread == threading.current_thread().name]
    return sum(stack.wall for stack in mine if function in stack.stack) / max(1, sum(stack.wall for stack in mine))


def threads() -> list[str]:
    """Name the profiler's threads."""
    return [thread.name for thread in threading.enumerate() if thread.name == "sightline-profile"]


def test_a_function_that_burns_dominates_its_profile():
    """Nearly all samples of the thread are in it, with processor time, and the stack has its callers."""
    with profile(hz=97) as found:
        burn(0.6)

    assert share(found, "test_profiler:burn") > 0.9
    (most,) = sorted(found.stacks, key=lambda stack: -stack.cpu)[:1]
    assert most.stack.endswith("test_a_function_that_burns_dominates_its_profile;tests.unit.test_profiler:burn")
    assert most.cpu > 0.1e9
    assert "test_profiler:burn" in found.folded(cpu=True).splitlines()[0]


def test_the_running_span_is_attached_and_recorded():
    """A line of kind profile has the stacks with the ids and the name of the span that was running."""
    with capture() as captured, profile(hz=97):
        with sightline.span("outer"), sightline.span("busy") as busy:
            burn(0.4)
        burn(0.2)

    found = [stack for record in captured.profiles for stack in record.stacks if "burn" in stack.stack]
    within = [stack for stack in found if stack.span == busy.span_id]
    assert {(stack.trace, stack.name) for stack in within} == {(busy.trace_id, "busy")}
    assert sum(stack.samples for stack in within) > sum(stack.samples for stack in found if not stack.span) > 0


def test_each_thread_has_its_own_span():
    """Two threads that burn at once are told apart."""

    def work(name: str) -> None:
        with sightline.span(name):
            burn(0.5)

    with capture() as captured, profile(hz=97):
        workers = [threading.Thread(target=work, args=(name,), name=f"worker-{name}") for name in ("a", "b")]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()

    found = {
        (stack.thread, stack.name)
        for record in captured.profiles
        for stack in record.stacks
        if "burn" in stack.stack and stack.name
    }
    assert found == {("worker-a", "a"), ("worker-b", "b")}


def test_tasks_of_one_thread_are_told_apart():
    """What a task burns is in that task's span, though another made its own current later."""

    async def waiting() -> None:
        with sightline.span("waiting"):
            await asyncio.sleep(0.6)

    async def busy() -> None:
        with sightline.span("busy"):
            await asyncio.sleep(0)
            burn(0.4)

    async def both() -> None:
        await asyncio.gather(busy(), waiting())

    with capture() as captured, profile(hz=97):
        asyncio.run(both())

    names = {stack.name for record in captured.profiles for stack in record.stacks if "burn" in stack.stack}
    assert names - {""} == {"busy"}


def test_a_sync_endpoint_in_a_worker_thread_has_its_requests_span():
    """Frameworks run such functions in worker threads, in the context of the request."""
    application = FastAPI()

    @application.get("/burn")
    def endpoint() -> int:
        return burn(0.4)

    with capture() as captured:
        sightline.instrument(application)
        with profile(hz=97):
            asyncio.run(_get(application, "/burn"))

    found = [stack for record in captured.profiles for stack in record.stacks if "burn" in stack.stack]
    assert {stack.name for stack in found} >= {"GET /burn"}
    assert {stack.span for stack in found if stack.name} == {captured.spans[-1].span}


async def _get(application: FastAPI, path: str) -> None:
    transport = httpx.ASGITransport(application)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        assert (await client.get(path)).status_code == 200


def test_off_it_leaves_no_thread_and_the_spans_as_they_were():
    """After a block the thread is gone, and making a span current is the plain operation again."""
    with profile():
        assert threads() == ["sightline-profile"]
        assert decorate.current is not current

    assert threads() == []
    assert tracing._set_current == requests._set_current == current.set
    assert decorate.current is current


def test_a_profile_that_costs_too_much_is_taken_less_often():
    """With three hundred threads and a thousand samples a second asked for, it stays near its share of a core."""
    ended = threading.Event()
    waiting = [threading.Thread(target=ended.wait, daemon=True) for _ in range(300)]
    for thread in waiting:
        thread.start()
    gc.freeze()  # a collection among all that other tests left would be counted, wherever it happens
    own = Profiler()
    began = time.perf_counter()

    own.want("test", hz=1000)
    ended.wait(2.0)
    own.stop()

    elapsed_ns = (time.perf_counter() - began) * 1e9
    gc.unfreeze()
    ended.set()
    for thread in waiting:
        thread.join()
    assert own.samples >= 1
    assert own.spent_ns / elapsed_ns < 0.02


def test_stacks_of_one_interval_are_bounded():
    """What is more than the limit becomes one stack, and nothing of its time is lost."""
    tally = Tally()
    for n in range(MOST_STACKS + 500):
        tally.add(f"f{n}", "main", None, 10, 1)

    found = tally.take()

    assert len(found) == MOST_STACKS + 1
    assert (found[-1].stack, found[-1].samples, found[-1].wall) == ("(others)", 500, 5000)


def test_a_deep_stack_keeps_its_innermost_frames():
    """Recursion without end gives a stack of bounded length that says that it is cut."""

    def deep(left: int) -> str:
        return deep(left - 1) if left else Names().fold(sys._getframe())

    folded = deep(500).split(";")

    assert len(folded) == stacks.DEEPEST + 1
    assert folded[0] == "…"
    assert folded[-1].endswith("deep")


FORK = """
import os, sys, threading, time
import sightline
from sightline.sdk.profiler import profiler
sightline.configure(service="forked", profile="on", profile_hz=97)
def burn(name):
    with sightline.span(name):
        until = time.perf_counter() + 0.6
        while time.perf_counter() < until:
            pass
child = os.fork()
assert profiler.running
burn("child" if child == 0 else "parent")
sightline.shutdown()
assert "sightline-profile" not in [thread.name for thread in threading.enumerate()]
if child:
    assert os.waitpid(child, 0)[1] == 0
"""


def test_it_goes_on_after_a_fork_on_both_sides(tmp_path):
    """Parent and child are each sampled by a thread of their own, and record under their own name."""
    run_python(FORK, tmp_path)

    found = {
        (record["instance"], stack["name"])
        for record in read_spool(tmp_path).of_kind("profile")
        for stack in record["stacks"]
        if stack.get("name")
    }
    assert sorted(name for _, name in found) == ["child", "parent"]
    assert len({instance for instance, _ in found}) == 2


DISABLED = """
import sys, threading
import sightline
sightline.configure(service="x", profile="on")
print([thread.name for thread in threading.enumerate()], "sightline.sdk.profiler" in sys.modules)
"""


def test_disabled_there_is_no_thread(tmp_path):
    """With SIGHTLINE_DISABLED the setting does nothing."""
    assert run_python(DISABLED, tmp_path, SIGHTLINE_DISABLED="1").startswith("['MainThread']")


def test_the_profiler_is_not_even_imported_when_it_is_off(tmp_path):
    """Whoever does not ask for it pays nothing for it."""
    assert run_python(DISABLED.replace('"on"', '"off"'), tmp_path).endswith("False\n")


SIGNALLED = """
import sys, time
import sightline
sightline.configure(service="x", profile="signal", profile_hz=97)
print("ready", flush=True)
while not sys.stdin.closed:
    time.sleep(0.01)
    from sightline.sdk.profiler import profiler
    if profiler.samples > 10:
        break
sightline.shutdown()
"""


def test_a_signal_begins_a_profile(tmp_path):
    """SIGUSR2 makes a running process record what it does."""
    kept = {**os.environ, "SIGHTLINE_HOME": str(tmp_path)}
    with subprocess.Popen([sys.executable, "-c", SIGNALLED], stdout=subprocess.PIPE, text=True, env=kept) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGUSR2)
        assert process.wait(20) == 0

    assert read_spool(tmp_path).of_kind("profile")


@pytest.fixture(autouse=True)
def _off():
    """No test leaves the profiler on."""
    yield
    with contextlib.suppress(AssertionError):
        eventually(lambda: not profiler.running, timeout_s=2)
    assert not profiler.running
