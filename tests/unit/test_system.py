"""Measurements of process and machine."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.program import run_python
from tests.support.spool import read_spool

from sightline.sdk.system import DESCRIPTIONS, System, count_connections
from sightline.testing import capture


@pytest.fixture
def system():
    """Make measurements of their own."""
    made = System()
    yield made
    made.resign()


def test_everything_is_measured_and_described(system):
    """Process and machine together are what the documentation lists, with plausible values."""
    process, machine = dict(system.measure_process()), dict(system.measure_machine())

    assert {*process, *machine} == {*DESCRIPTIONS}
    assert process["process_memory_rss_bytes"] > 10 * 1024 * 1024
    assert process["process_threads"] >= 1
    assert process["process_open_files"] >= 3
    assert 0 < machine["system_memory_percent"] < 100
    assert 0 < machine["system_disk_percent"] <= 100
    assert machine["system_memory_available_bytes"] > 0


def test_the_first_call_begins_and_the_second_records(system):
    """CPU is measured between two looks, so the first records nothing; each family is one line."""
    with capture() as captured:
        system.record()
        assert not captured.lines
        assert system.interval_s() == 1
        system.record()
        assert system.interval_s() == 30
        assert {family.name for family in captured.metrics} == {*DESCRIPTIONS}

    [sent] = [family for family in captured.metrics if family.name == "system_network_sent_bytes"]
    assert (sent.type, sent.samples[0].name) == ("counter", "system_network_sent_bytes_total")


def test_one_of_two_measures_the_machine(system):
    """Who asks first is elected, and the other takes over once it resigns."""
    other = System()
    with capture():
        assert system.elected()
        assert not other.elected()
        assert system.elected()
        system.resign()
        assert other.elected()
        other.resign()


def test_an_open_connection_counts(tmp_path):
    """A listening socket is one more in the kernel's own count."""
    import socket

    before = count_connections()
    assert before is not None
    with socket.create_server(("127.0.0.1", 0)):
        assert count_connections() >= 1


def test_a_measurement_is_cheap(tmp_path):
    """Two milliseconds of CPU at most, every thirty seconds; measured where nothing else runs."""
    source = """
import time, sightline
from sightline.sdk.system import System
sightline.configure()
system = System()
system.record()
start = time.thread_time()
for _ in range(20):
    system.record()
print((time.thread_time() - start) / 20)
"""
    assert float(run_python(source, tmp_path)) < 0.002


def test_psutil_is_not_imported_at_the_start(tmp_path):
    """A program that is over within a second is spared it."""
    run_python("import sys, sightline; sightline.configure(); assert 'psutil' not in sys.modules", tmp_path)


def test_a_process_that_lasts_is_measured(tmp_path):
    """The background thread measures by itself, soon after the start."""
    source = (
        "import sightline, threading, pathlib, os\n"
        "sightline.configure(system_interval_s=0.1)\n"
        "spool = pathlib.Path(os.environ['SIGHTLINE_HOME']) / 'spool'\n"
        "while not any(b'process_threads' in path.read_bytes() for path in spool.glob('*.jsonl')):\n"
        "    threading.Event().wait(0.05)\n"
    )
    run_python(source, tmp_path)

    assert read_spool(tmp_path).samples("system_load1")


def test_every_figure_of_the_machine_is_documented():
    """The page names all that is measured."""
    page = (Path(__file__).parents[2] / "docs/howto/system-metrics.md").read_text()

    assert [name for name in DESCRIPTIONS if f"`{name}`" not in page] == []
