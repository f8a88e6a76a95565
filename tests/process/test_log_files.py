"""Several processes write, rotate and compress the same log files: no line is lost, doubled or mixed with another."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from collections import Counter

from tests.support.program import PATIENCE_S, environment, run_python
from tests.support.spool import read_spool

WRITE = """
import logging, sys
from sightline.logging import LogFileHandler

path, number, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
handler = LogFileHandler(path, max_bytes=20_000, compress_after_days=0, buffer=100_000)
log = logging.getLogger("writer")
log.setLevel(logging.INFO)
log.addHandler(handler)
for at in range(count):
    log.info("%d %d", number, at)
    if at % 50 == 49:
        while not handler.outbox.close():
            pass  # its thread does the same, and no two of one process do it at once
        for _ in handler._tidy():
            pass
"""


def read(directory):
    """Give all lines of a log file and of those rotated from it."""
    lines = []
    for file in directory.iterdir():
        data = file.read_bytes()
        lines += (gzip.decompress(data) if file.suffix == ".gz" else data).decode().splitlines()
    return [json.loads(line) for line in lines]


def start(source, home, *arguments):
    """Start a program."""
    command = [sys.executable, "-c", source, *map(str, arguments)]
    return subprocess.Popen(command, env=environment(home), stderr=subprocess.PIPE, text=True)


def test_processes_that_write_rotate_and_compress_lose_nothing(tmp_path):
    """Four processes, dozens of rotations, each rotated file compressed at once: all lines are there, each once."""
    directory = tmp_path / "logs"
    writers = [start(WRITE, tmp_path, directory / "app.log", number, 2000) for number in range(4)]
    for writer in writers:
        assert writer.communicate(timeout=PATIENCE_S)[1] == ""

    found = Counter(line["message"] for line in read(directory))
    assert found == Counter(f"{number} {at}" for number in range(4) for at in range(2000))
    assert len(list(directory.glob("*.gz"))) > 10


FORKS = """
import logging, os, sys, threading
import sightline
from sightline.logging import setup_logging

sightline.configure(service="forking", metrics_interval_s=3600, system_interval_s=3600)
setup_logging("INFO", json_format=True, log_file=sys.argv[1] if len(sys.argv) > 1 else os.environ["LOG"], console=False)
log = logging.getLogger("forking")
log.info("parent 0")
children = []
for number in range(10):
    child = os.fork()
    if child == 0:
        for at in range(20):
            log.info("child %d %d", number, at)
        logging.shutdown()
        os._exit(0)
    children.append(child)
    log.info("parent %d", number + 1)
for child in children:
    assert os.waitpid(child, 0)[1] == 0
"""


def test_forks_write_their_own_lines_and_not_the_parents(tmp_path):
    """Parent and ten children write one file; what waited at the fork is written once."""
    run_python(FORKS, tmp_path, LOG=str(tmp_path / "logs" / "app.log"))

    found = Counter(line["message"] for line in read(tmp_path / "logs"))
    expected = [f"parent {at}" for at in range(11)]
    expected += [f"child {number} {at}" for number in range(10) for at in range(20)]
    assert found == Counter(expected)


POOL = """
import logging, multiprocessing, os
from sightline.logging import setup_logging

def work(number):
    logging.getLogger("pool").info("work %d", number)

if __name__ == "__main__":
    setup_logging("INFO", json_format=True, log_file=os.environ["LOG"], console=False)
    with multiprocessing.get_context("fork").Pool(3) as pool:
        pool.map(work, range(50), chunksize=1)
        pool.close()
        pool.join()
"""


def test_workers_of_multiprocessing_write_what_waits_at_their_end(tmp_path):
    """They leave without ``atexit``; no line stays in the buffer."""
    run_python(POOL, tmp_path, LOG=str(tmp_path / "logs" / "app.log"))

    found = Counter(line["message"] for line in read(tmp_path / "logs"))
    assert found == Counter(f"work {number}" for number in range(50))


LOGURU = """
import sys
from loguru import logger
import sightline
from sightline.integrations.loguru import instrument
from sightline.logging import LogFileHandler

sightline.configure(service="loguru", metrics_interval_s=3600, system_interval_s=3600)
logger.remove()
logger.add(LogFileHandler(sys.argv[1], max_bytes=20_000, buffer=100_000), format="{message}")
instrument()
for at in range(500):
    logger.info("{} {}", sys.argv[2], at)
"""


def test_processes_that_log_with_loguru_lose_nothing(tmp_path):
    """Three processes write and rotate one file and record besides: every line is in both, once."""
    directory = tmp_path / "logs"
    writers = [start(LOGURU, tmp_path, directory / "app.log", number) for number in range(3)]
    for writer in writers:
        assert writer.communicate(timeout=PATIENCE_S)[1] == ""

    expected = Counter(f"{number} {at}" for number in range(3) for at in range(500))
    assert Counter(line["message"] for line in read(directory)) == expected
    assert Counter(log["body"] for log in read_spool(tmp_path).logs()) == expected
    assert len(list(directory.iterdir())) > 3


KILLED = """
import logging, os, signal, sys
from sightline.logging import setup_logging

setup_logging("INFO", json_format=True, log_file=sys.argv[1], console=False)
log = logging.getLogger("killed")
handler = next(one for one in logging.getLogger().handlers if hasattr(one, "outbox"))
for at in range(100):
    log.info("line %d", at)
handler.flush()
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_after_a_kill_the_file_holds_what_was_flushed_and_the_next_process_goes_on(tmp_path):
    """No lock stays behind."""
    for _ in range(2):
        writer = start(KILLED, tmp_path, tmp_path / "app.log")
        assert writer.communicate(timeout=PATIENCE_S)[1] == ""
        assert writer.returncode == -9

    lines = (tmp_path / "app.log").read_text().splitlines()
    assert [json.loads(line)["message"] for line in lines] == [f"line {at}" for at in range(100)] * 2
