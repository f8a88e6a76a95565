"""Health checks: what they find, and that none of them can do harm."""

from __future__ import annotations

import asyncio
import http.server
import os
import shutil
import socket
import sqlite3
import subprocess
import threading
import time
from functools import partial

import pytest
import sqlalchemy

from sightline.health import (
    CheckResult,
    HealthChecker,
    HealthStatus,
    cpu,
    database,
    disk,
    http_service,
    load,
    memory,
    redis,
    vector_store,
)
from sightline.testing import capture


def outcome(check, **options):
    """Run one check and give its result."""
    checker = HealthChecker()
    checker.add("it", check, **options)
    return checker.run().checks["it"]


@pytest.mark.parametrize(
    ("returned", "status"),
    [
        (None, "healthy"),
        (True, "healthy"),
        (False, "unhealthy"),
        ("degraded", "degraded"),
        ({"jobs": 3}, "healthy"),
        ({"status": "degraded", "jobs": 3}, "degraded"),
        (CheckResult(HealthStatus.UNHEALTHY), "unhealthy"),
        (7, "unhealthy"),
        ("splendid", "unhealthy"),
    ],
)
def test_what_a_check_returns_says_how_it_is(returned, status):
    """Nothing and True are well, False is not, words and mappings say it; anything else is a mistake and not well."""
    assert outcome(lambda: returned).status == status


def test_details_of_a_check_are_in_its_result():
    """A mapping's other entries are the details, without secrets."""
    assert outcome(lambda: {"jobs": 3, "password": "x"}).details == {"jobs": 3, "password": "[REDACTED]"}


def test_an_async_check_is_run_with_and_without_a_loop():
    """The same async check answers a plain caller and one in an event loop, there in that loop."""
    loops = []

    async def check():
        await asyncio.sleep(0)
        loops.append(asyncio.get_running_loop())

    checker = HealthChecker(cache_s=0)
    checker.add("it", check)

    async def main():
        return await checker.run_async(), asyncio.get_running_loop()

    report, loop = asyncio.run(main())
    assert report.status == checker.run().status == "healthy"
    assert loops[0] is loop
    assert loops[1] is not loop


def test_an_error_is_told_without_secrets():
    """A password in an address, a token and a key are not in what is answered."""

    def check():
        raise ConnectionError("postgresql://shop:hunter2@db/shop refused, token=abcdef, Bearer abcdefgh12345678")

    error = outcome(check).error
    assert error.startswith("ConnectionError: postgresql://shop:[REDACTED]@db/shop refused")
    assert not {"hunter2", "abcdef,", "abcdefgh12345678"} & set(error.replace("=", " ").split())


def test_checks_run_side_by_side():
    """Two checks that wait for each other both end."""
    together = threading.Barrier(2)
    checker = HealthChecker()
    for name in ("a", "b"):
        checker.add(name, lambda: bool(together.wait(5) >= 0))

    assert checker.run().status == "healthy"


def test_a_check_that_hangs_holds_nobody_up_and_one_thread_only():
    """However often it is asked, a hanging check takes one thread and its time limit, once."""
    release, begun = threading.Event(), []
    checker = HealthChecker(timeout_s=0.1, cache_s=0)
    checker.add("hangs", lambda: begun.append(1) or release.wait())
    checker.add("fine", lambda: None)

    began = time.monotonic()
    reports = [checker.run() for _ in range(20)]
    took = time.monotonic() - began

    try:
        assert {report.checks["hangs"].status for report in reports} == {"unhealthy"}
        assert {report.checks["fine"].status for report in reports} == {"healthy"}
        assert "has not answered for 0." in reports[0].checks["hangs"].error
        assert len(begun) == 1
        assert took < 2
    finally:
        release.set()


def test_a_check_is_asked_again_once_it_no_longer_hangs():
    """When the run that hung has ended, the next question begins a new one."""
    release, ended = threading.Event(), threading.Event()
    checker = HealthChecker(timeout_s=0.05, cache_s=0)

    def check():
        release.wait()
        ended.set()

    checker.add("it", check)
    assert checker.run().status == "unhealthy"
    release.set()
    ended.wait()

    assert checker.run().checks["it"].status == "healthy"


def test_an_async_check_that_hangs_is_cancelled():
    """In an event loop a hanging check ends with its time limit, and the others answer."""
    checker = HealthChecker(timeout_s=0.05, cache_s=0)
    cancelled = asyncio.Event()

    async def hang():
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.set()
            raise

    checker.add("hangs", hang)
    checker.add("fine", lambda: None)

    async def main():
        report = await checker.run_async()
        await cancelled.wait()
        return report

    report = asyncio.run(main())
    assert (report.checks["hangs"].status, report.checks["fine"].status) == ("unhealthy", "healthy")


@pytest.mark.parametrize("error", [ValueError("x"), SystemExit(3), KeyboardInterrupt()])
def test_a_check_that_raises_anything_is_unhealthy(error):
    """Not even ``SystemExit`` gets out of a check."""

    def check():
        raise error

    assert outcome(check).status == "unhealthy"


def test_results_are_kept_for_a_while():
    """Many who ask within the time make one run."""
    runs = []
    checker = HealthChecker(cache_s=60)
    checker.add("it", lambda: runs.append(1))
    for _ in range(10):
        checker.run()

    assert len(runs) == 1


def test_what_is_not_critical_only_degrades():
    """The whole is unhealthy by a critical check, and degraded by any other that is not well."""
    checker = HealthChecker()
    checker.add("extra", lambda: False, critical=False)
    assert checker.run().status == "degraded"

    checker.add("main", lambda: False)
    assert checker.run().status == "unhealthy"


def test_a_change_is_logged_and_the_last_result_is_a_gauge():
    """Each change makes one log, and the metrics have a figure for each check."""
    well = {"it": False}
    with capture(level="INFO") as captured:
        checker = HealthChecker(cache_s=0)
        checker.add("it", lambda: well["it"])
        checker.run()
        checker.run()
        well["it"] = True
        checker.run()
        [record] = checker.records()
        checker.remove("it")

    logs = [log for log in captured.logs if log.logger == "sightline.health"]
    assert [(log.level, log.attributes["status"]) for log in logs] == [("ERROR", "unhealthy"), ("INFO", "healthy")]
    assert [(sample.attributes, sample.value) for sample in record.samples] == [({"check": "it"}, 1.0)]


def test_databases_are_asked(tmp_path):
    """A SQLAlchemy engine and a function that connects are both asked, and timed."""
    engine = sqlalchemy.create_engine(f"sqlite:///{tmp_path}/a.db")
    for source in (engine, partial(sqlite3.connect, tmp_path / "b.db")):
        result = outcome(database(source))
        assert result.status == "healthy"
        assert result.details["connection_time_ms"] > 0
    engine.dispose()


def test_a_database_that_cannot_be_reached_is_unhealthy(tmp_path):
    """The error says what the driver says."""
    result = outcome(database(partial(sqlite3.connect, tmp_path / "no" / "b.db")))

    assert (result.status, result.error) == ("unhealthy", "OperationalError: unable to open database file")


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers with the status that the path names, to those who know the password."""

    def do_GET(self):
        """Answer."""
        self.send_response(int(self.path[1:]) if self.headers.get("Authorization") != "Basic YTpi" else 200)
        self.end_headers()

    def log_message(self, *_):
        """Print nothing."""


@pytest.fixture
def service():
    """Run an HTTP service on a free port."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


@pytest.mark.parametrize(("status", "health"), [(200, "healthy"), (204, "degraded"), (503, "degraded")])
def test_a_service_is_well_where_it_answers_200(service, status, health):
    """Any other answer degrades."""
    result = outcome(http_service(f"http://127.0.0.1:{service}/{status}"))

    assert (result.status, result.details["status_code"]) == (health, status)


def test_a_password_in_a_services_address_is_used_and_never_shown(service):
    """It is sent as a header; where the service does not answer, the error is without it."""
    assert outcome(http_service(f"http://a:b@127.0.0.1:{service}/401")).status == "healthy"
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]

    result = outcome(http_service(f"http://a:hunter2@127.0.0.1:{port}/"))
    assert result.status == "unhealthy"
    assert "hunter2" not in result.error


def test_an_address_that_is_none_of_http_is_refused():
    """A file is no service."""
    with pytest.raises(ValueError, match="begins with file:; expected http: or https:"):
        http_service("file:///etc/passwd")


@pytest.mark.parametrize("make", [memory, disk, cpu, load])
def test_the_machine_is_measured_and_judged_by_a_limit(make):
    """Over the limit a measurement degrades, and says by how much."""
    limit = next(name for name in make.__kwdefaults__)
    assert outcome(make(**{limit: 1e9})).status == "healthy"

    result = outcome(make(**{limit: -1.0}))
    assert result.status == "degraded"
    assert "the limit is -1" in result.error


class Chroma:
    """A vector store's client."""

    def list_collections(self):
        """Name the collections."""
        return ["a", "b"]


class AsyncChroma:
    """A newer client, async."""

    async def count_collections(self):
        """Count the collections."""
        return 3


@pytest.mark.parametrize(("client", "count"), [(Chroma(), 2), (AsyncChroma(), 3)])
def test_collections_of_a_vector_store_are_counted(client, count):
    """Clients that list and clients that count are both understood, plain and async."""
    assert outcome(vector_store(client)).details == {"collections": count}


@pytest.fixture
def redis_port(tmp_path):
    """Run a Redis on a free port."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("redis-server is not installed")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(tmp_path)],
        stdout=subprocess.PIPE, env=dict(os.environ), text=True,
    )  # fmt: skip
    for line in process.stdout:
        if "Ready to accept connections" in line:
            break
    yield port
    process.terminate()
    process.communicate()


def test_redis_is_asked(redis_port):
    """Plain and async clients are pinged, and tell memory and clients."""
    import redis as driver
    import redis.asyncio as async_driver

    async def ask():
        client = async_driver.Redis(port=redis_port)
        checker = HealthChecker()
        checker.add("it", redis(client))
        report = await checker.run_async()
        await client.aclose()
        return report.checks["it"]

    with driver.Redis(port=redis_port) as client:
        for result in (outcome(redis(client)), asyncio.run(ask())):
            assert result.status == "healthy"
            assert result.details["ping_time_ms"] > 0
            assert result.details["used_memory_bytes"] > 0
            assert result.details["connected_clients"] >= 1
