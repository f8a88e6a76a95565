"""Forks of every kind, under load: nobody hangs, nothing is lost, nothing is recorded twice."""

from __future__ import annotations

from collections import Counter

from tests.support.program import run_python
from tests.support.spool import read_spool

START = """
import logging, os, sys, threading
import sightline

sightline.configure(service="forking", metrics_interval_s=3600, system_interval_s=3600)
log = logging.getLogger("forking")
"""

UNDER_LOAD = """
stop = threading.Event()
recorded = [0, 0, 0]
counted = sightline.counter("counted")

def load(number):
    while not stop.is_set():
        log.warning("load %d %d", number, recorded[number])
        with sightline.span("load"):
            counted.inc()
        recorded[number] += 1

threads = [threading.Thread(target=load, args=(number,)) for number in range(3)]
for thread in threads:
    thread.start()
children = []
for number in range(30):
    child = os.fork()
    if child == 0:
        for at in range(5):
            log.warning("child %d %d", number, at)
            counted.inc()
        sightline.shutdown()
        os._exit(0)
    children.append(child)
for child in children:
    assert os.waitpid(child, 0)[1] == 0
stop.set()
for thread in threads:
    thread.join()
print(*recorded)
"""


def test_forks_under_load_neither_hang_nor_lose_anything(tmp_path):
    """Thirty forks while three threads record: all logs of parent and children are there, each once."""
    recorded = [int(word) for word in run_python(START + UNDER_LOAD, tmp_path).split()]

    found = read_spool(tmp_path)
    bodies = Counter(log["body"] for log in found.logs())
    expected = {f"load {number} {at}" for number, count in enumerate(recorded) for at in range(count)}
    expected |= {f"child {number} {at}" for number in range(30) for at in range(5)}
    assert set(bodies) == expected
    assert set(bodies.values()) == {1}
    assert len({span["span"] for span in found.spans("load")}) == len(found.spans("load")) == sum(recorded)


def test_counters_of_a_child_begin_at_zero(tmp_path):
    """A child reports what it counted itself; over all processes the sum is right."""
    recorded = [int(word) for word in run_python(START + UNDER_LOAD, tmp_path).split()]

    found = read_spool(tmp_path)
    assert found.total("counted_total") == sum(recorded) + 30 * 5


def test_every_process_has_an_identity_of_its_own(tmp_path):
    """No two processes write under the same instance, and each header tells its own pid."""
    run_python(START + UNDER_LOAD, tmp_path)

    headers = read_spool(tmp_path).headers
    pids = {header["instance"]: header["pid"] for header in headers}
    assert len(pids) == len(set(pids.values())) == 31
    assert all(header["resource"]["process.pid"] == str(header["pid"]) for header in headers)


MULTIPROCESSING = """
import multiprocessing

def work(number):
    log.warning("work %d", number)
    sightline.counter("worked").inc()
    return os.getpid()

if __name__ == "__main__":
    sightline.counter("worked").inc()
    with multiprocessing.get_context("fork").Pool(3) as pool:
        pool.map(work, range(20), chunksize=1)
        pool.close()
        pool.join()
"""


def test_workers_of_multiprocessing_record_their_metrics_at_their_end(tmp_path):
    """Pool workers leave without ``atexit``; their logs and their last counts are recorded all the same."""
    run_python(START + MULTIPROCESSING, tmp_path)

    found = read_spool(tmp_path)
    assert sorted(log["body"] for log in found.logs("work")) == sorted(f"work {number}" for number in range(20))
    assert found.total("worked_total") == 21


KILLED = """
log.warning("begun")
child = os.fork()
if child == 0:
    for at in range(1000):
        log.warning("line %d", at)
        os.write(1, b".")
    os.kill(os.getpid(), 9)
print(os.waitpid(child, 0)[1])
"""


def test_what_was_recorded_before_a_kill_is_there(tmp_path):
    """A process that is killed by SIGKILL leaves every record whose call had returned."""
    printed = run_python(START + KILLED, tmp_path)

    assert printed.count(".") == 1000
    found = read_spool(tmp_path)
    assert Counter(log["body"] for log in found.logs("line")) == Counter(f"line {at}" for at in range(1000))


LOCKS = """
import prometheus_client
counter = prometheus_client.Counter("held", "A counter whose lock is held at the fork", ["kind"])
child_counter = counter.labels("a")
inside, done = threading.Event(), threading.Event()

def hold():
    with child_counter._value._lock, counter._lock, prometheus_client.REGISTRY._lock:
        inside.set()
        done.wait()

holder = threading.Thread(target=hold)
holder.start()
inside.wait()
child = os.fork()
if child == 0:
    counter.labels("a").inc()
    counter.labels("b").inc()
    sightline.gauge("another").set(1)
    sightline.shutdown()
    os._exit(0)
done.set()
holder.join()
assert os.waitpid(child, 0)[1] == 0
"""


def test_a_metric_whose_lock_is_held_at_a_fork_can_be_used_in_the_child(tmp_path):
    """Locks of ``prometheus_client`` that another thread held are free in the child."""
    run_python(START + LOCKS, tmp_path)

    assert read_spool(tmp_path).total("held_total") == 2


THREADS = """
import warnings
warnings.simplefilter("error")
assert [thread.name for thread in threading.enumerate()] == ["MainThread", "sightline"]
child = os.fork()
names = [thread.name for thread in threading.enumerate()]
if child == 0:
    os._exit(0 if names == ["MainThread", "sightline"] else 1)
assert os.waitpid(child, 0)[1] == 0
assert names == ["MainThread", "sightline"], names
"""


def test_the_thread_goes_on_after_a_fork_and_is_not_there_at_it(tmp_path):
    """Parent and child each have the background thread, and Python does not warn of a fork with threads."""
    run_python(START + THREADS, tmp_path)


GUARDED = """
import os, signal, threading, time
import sightline
from sightline.metrics import MetricsCollector
sightline.configure(profile="on", export="otlp", server="http://127.0.0.1:9")
MetricsCollector().start_collection()
awaited = {"sightline", "sightline-ship", "sightline-otlp", "sightline-profile", "sightline collector"}
until = time.monotonic() + 20
while not awaited <= {thread.name for thread in threading.enumerate()}:
    assert time.monotonic() < until, threading.enumerate()
    time.sleep(0.01)
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
os.kill(os.getpid(), signal.SIGTERM)
# Any thread that does not block it would have ended the process before the call returned.
print(signal.SIGTERM in signal.sigpending())
"""


def test_a_signal_that_the_host_blocks_meets_no_thread_of_ours(tmp_path):
    """Given to another thread, it would end the process while its main thread holds a lock that others wait for."""
    assert run_python(GUARDED, tmp_path) == "True\n"
