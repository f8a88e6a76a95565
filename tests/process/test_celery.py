"""Celery with real workers: the processes that run tasks record them, in the trace that sent them."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from tests.support.program import PATIENCE_S, environment, run_python
from tests.support.server import eventually
from tests.support.spool import read_spool

TASKS = """
import logging, os, signal, time
import celery
import sightline

folder = os.environ["BROKER"]
app = celery.Celery("tasks", broker="filesystem://localhost")
app.conf.update(
    broker_transport_options={name: folder for name in ("data_folder_in", "data_folder_out", "control_folder")},
    broker_connection_retry_on_startup=True, task_publish_retry=False,
)
log = logging.getLogger("tasks")

@app.task(name="shop.pay")
def pay(order):
    sightline.bind(order=order)
    log.warning("order %d", order)
    with sightline.span("load"):
        return os.getpid()

@app.task(name="shop.plain")
def plain():
    log.warning("plain")

@app.task(name="shop.fail")
def fail():
    sightline.bind(user_id="u7")
    raise LookupError("no such order")

@app.task(name="shop.again", bind=True, max_retries=1, default_retry_delay=0)
def again(self):
    if self.request.retries:
        return
    raise self.retry(exc=OSError("busy"))

@app.task(name="shop.long", time_limit=1)
def long():
    log.warning("long")
    time.sleep(60)

@app.task(name="shop.outer")
def outer():
    pay.delay(100)
    raise celery.exceptions.Ignore()
"""
CONFIGURED = TASKS.replace("folder =", 'sightline.configure(service="tasks", metrics_interval_s=3600)\nfolder =') + (
    "\nsightline.instrument(app)\n"
)


class Worker:
    """A Celery worker with two forked processes, from its start to its end in order."""

    def __init__(self, directory, *, source=CONFIGURED, command=(), pool="prefork", more=()):
        self.home, self.directory = directory / "home", directory
        self.broker = {"BROKER": str(directory / "broker"), "PYTHONPATH": str(directory)}
        (directory / "broker").mkdir()
        (directory / "tasks.py").write_text(source)
        self.command = [
            sys.executable, "-m", *command, "celery", "-A", "tasks", "worker", "--pool", pool, "--concurrency", "2",
            "--without-gossip", "--without-mingle", "--without-heartbeat", *more,
        ]  # fmt: skip
        if command:
            self.command[2:5] = ["sightline", "run", "celery"]

    def __enter__(self):
        self.log = (self.directory / "worker.log").open("wb")
        self.process = subprocess.Popen(
            self.command, env=environment(self.home, **self.broker), cwd=self.directory, stdout=self.log,
            stderr=self.log, start_new_session=True,
        )  # fmt: skip
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(PATIENCE_S)
        finally:
            self.process.kill()
            self.process.wait()
            self.log.close()

    def send(self, source):
        """Send tasks from a program of its own."""
        run_python(f"import sightline, tasks\n{source}", self.home, **self.broker)

    def wait_for(self, count, name="run "):
        """Wait until so many tasks have run."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            found = read_spool(self.home)
            done = [span for span in found.spans() if span["name"].startswith(name)]
            if len(done) >= count:
                return found
            time.sleep(0.05)
        raise AssertionError((self.directory / "worker.log").read_text())


COUNT = 20


@pytest.mark.parametrize("pool", ["prefork", "threads"])
def test_every_task_is_recorded_once_within_the_trace_that_sent_it(tmp_path, pool):
    """Publishing and running are a span each, over the processes; logs, spans and counts are all there."""
    with Worker(tmp_path, pool=pool) as worker:
        worker.send(
            "with sightline.context(request_id='r1'), sightline.span('checkout'):\n"
            f"    for order in range({COUNT}): tasks.pay.delay(order)\n"
            f"    tasks.app.send_task('shop.pay', ({COUNT},))"
        )
        worker.wait_for(COUNT + 1)

    found = read_spool(worker.home)
    [checkout] = found.spans("checkout")
    sent, run, loads = (found.spans(name) for name in ("publish shop.pay", "run shop.pay", "load"))
    assert len(sent) == len(run) == len(loads) == COUNT + 1
    assert {span["parent"] for span in sent} == {checkout["span"]}
    assert {span["parent"] for span in run} == {span["span"] for span in sent}
    assert {span["parent"] for span in loads} == {span["span"] for span in run}
    assert {span["trace"] for span in found.spans()} == {checkout["trace"]}
    assert {log["attributes"]["request_id"] for log in found.logs("order ")} == {"r1"}
    assert {log["instance"] for log in found.logs("order ")} == {span["instance"] for span in run}
    assert found.total("jobs_completed_total", job="shop.pay") == COUNT + 1
    assert found.total("jobs_active") == 0


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """Run tasks of every kind, and read what was recorded of them."""
    with Worker(tmp_path_factory.mktemp("celery")) as worker:
        worker.send(
            "with sightline.context(request_id='r1'): tasks.fail.delay()\n"
            "for order in range(6): tasks.pay.delay(order)\n"
            "tasks.again.delay(); tasks.outer.delay()"
        )
        worker.wait_for(11)
        worker.send("for _ in range(6): tasks.plain.delay()")
        worker.wait_for(17)
    return read_spool(worker.home)


def test_what_ends_a_task_is_an_error_told_once(recorded):
    """With task, request and user; what Celery logs of it refers to it."""
    [run] = recorded.spans("run shop.fail")
    [error] = [log for log in recorded.logs() if log["logger"] == "sightline.errors"]
    [own] = [log for log in recorded.logs("Task shop.fail") if "raised unexpected" in log["body"]]
    told = error["attributes"]
    assert (told["exception.message"], told["error.mechanism"]) == ("no such order", "celery")
    assert (told["request_id"], told["user_id"], told["task_name"]) == ("r1", "u7", "shop.fail")
    assert (error["span"], run["status"], run["attributes"]["celery.state"]) == (run["span"], "Error", "FAILURE")
    assert own["attributes"]["error.fingerprint"] == told["error.fingerprint"]
    assert "exception.stacktrace" not in own["attributes"]
    assert recorded.total("jobs_failed_total", job="shop.fail", error_type="LookupError") == 1


def test_a_task_begins_with_no_field_of_the_one_before(recorded):
    """What a task bound is gone when the next one runs in the same process."""
    plain = recorded.logs("plain")
    assert {log["instance"] for log in plain} & {span["instance"] for span in recorded.spans("run shop.pay")}
    assert len(plain) == 6
    assert [log for log in plain if "order" in log["attributes"] or "request_id" in log["attributes"]] == []


def test_a_task_that_is_tried_again_is_no_error(recorded):
    """Each try is a run in the same trace; the first is counted as retried, the second as completed."""
    first, second = sorted(recorded.spans("run shop.again"), key=lambda span: span["time"])
    assert (first["attributes"]["celery.state"], second["attributes"]["celery.state"]) == ("RETRY", "SUCCESS")
    assert (first["trace"], second["attributes"]["celery.retries"]) == (second["trace"], 1)
    assert recorded.total("jobs_retried_total") == recorded.total("jobs_completed_total", job="shop.again") == 1
    assert recorded.total("jobs_failed_total", job="shop.again") == 0


def test_a_task_that_sends_another_is_its_parent(recorded):
    """One that is sent from within a task is below its run."""
    [outer] = recorded.spans("run shop.outer")
    [sent] = [span for span in recorded.spans("publish shop.pay") if span.get("parent") == outer["span"]]
    assert sent["span"] in {span["parent"] for span in recorded.spans("run shop.pay")}


def test_a_task_whose_process_is_killed_is_an_error(tmp_path):
    """The main process tells of it: the one that ran the task cannot any more."""
    with Worker(tmp_path) as worker:
        worker.send("tasks.long.delay(); tasks.plain.delay()")
        deadline = time.monotonic() + PATIENCE_S
        errors = []
        while not errors and time.monotonic() < deadline:
            time.sleep(0.05)
            errors = [log for log in read_spool(worker.home).logs() if log["logger"] == "sightline.errors"]

    found = read_spool(worker.home)
    assert [error["attributes"]["exception.type"].rpartition(".")[2] for error in errors] == ["TimeLimitExceeded"]
    assert len(found.logs("long")) == len(found.logs("plain")) == 1
    assert found.total("jobs_failed_total", job="shop.long") == 1


ANSWERING = """
from celery.signals import worker_ready
from pathlib import Path
from sightline.metrics import start_http_server

@worker_ready.connect
def answer(**_):
    server, _ = start_http_server(0)
    Path("port").write_text(str(server.server_port))
"""


def test_the_main_process_answers_for_all_of_its_pool(tmp_path):
    """Children come and go after three tasks each; what they counted does not, and counts once."""
    source = CONFIGURED.replace("metrics_interval_s=3600", "metrics_interval_s=0.2") + ANSWERING
    with Worker(tmp_path, source=source, more=("--max-tasks-per-child", "3")) as worker:
        worker.send(f"for _ in range({COUNT}): tasks.plain.delay()")
        worker.wait_for(COUNT)
        address = f"http://127.0.0.1:{(tmp_path / 'port').read_text()}/metrics"
        eventually(lambda: done_in(httpx.get(address).text) >= COUNT)

        assert done_in(httpx.get(address).text) == COUNT


def done_in(text):
    """Count the tasks that ``/metrics`` tells of."""
    return sum(
        sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == "jobs_completed_total" and sample.labels == {"job": "shop.plain"}
    )


def test_a_worker_is_recorded_without_a_change(tmp_path):
    """``sightline run celery …`` configures and instruments it."""
    with Worker(tmp_path, source=TASKS, command=("sightline", "run")) as worker:
        worker.send("tasks.pay.delay(1)")
        worker.wait_for(1)

    found = read_spool(worker.home)
    assert len(found.logs("order 1")) == len(found.spans("run shop.pay")) == 1
    assert found.total("jobs_completed_total") == 1
