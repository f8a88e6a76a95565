"""Log files of one process: rotation, shedding, compression, retention."""

from __future__ import annotations

import gzip
import json
import logging
import os
import resource
import threading
import time
from datetime import UTC, datetime

import pytest

from sightline.base import retention
from sightline.base.errors import SettingInvalid
from sightline.sdk import old_files
from sightline.sdk.files import LogFileHandler, SharedFile
from sightline.sdk.outbox import Outbox

DAY_S = 86_400.0


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = time.time()

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def logger():
    """A logger of its own, whose handlers are closed afterwards."""
    logger = logging.getLogger("test.files")
    logger.propagate = False
    logger.setLevel(logging.DEBUG)
    yield logger
    for handler in list(logger.handlers):
        logger.removeHandler(handler)
        handler.close()
    logger.propagate = True
    logger.setLevel(logging.NOTSET)


def rotated(path):
    """The rotated files of *path*, oldest first."""
    return sorted(file for file in path.parent.iterdir() if file.name.startswith(f"{path.name}."))


def test_a_file_is_rotated_before_it_grows_over_its_size(tmp_path):
    """Whole lines stand in files of at most the size, in order."""
    file = SharedFile(tmp_path / "app.log", max_bytes=100)
    lines = [b"line %02d\n" % at for at in range(40)]
    for line in lines:
        file.append([line])
    file.close()

    files = [*rotated(tmp_path / "app.log"), tmp_path / "app.log"]
    assert all(path.stat().st_size <= 100 for path in files)
    assert b"".join(path.read_bytes() for path in files) == b"".join(lines)


def test_a_file_is_rotated_at_midnight(tmp_path):
    """The first line of a day begins a file, also in a process that opened it the day before."""
    clock = Clock()
    file = SharedFile(tmp_path / "app.log", clock=clock)
    file.append([b"yesterday\n"])
    clock.now += DAY_S
    file.append([b"today\n"])
    file.append([b"today too\n"])
    file.close()

    [old] = rotated(tmp_path / "app.log")
    assert old.read_bytes() == b"yesterday\n"
    assert (tmp_path / "app.log").read_bytes() == b"today\ntoday too\n"


def test_a_file_of_an_earlier_day_is_rotated_by_the_next_process(tmp_path):
    """A process that starts finds yesterday's lines and moves them aside."""
    path = tmp_path / "app.log"
    path.write_bytes(b"yesterday\n")
    os.utime(path, (time.time() - DAY_S, time.time() - DAY_S))
    file = SharedFile(path)
    file.append([b"today\n"])
    file.close()

    assert path.read_bytes() == b"today\n"
    assert len(rotated(path)) == 1


def test_a_file_that_was_moved_by_somebody_else_is_opened_anew(tmp_path):
    """With logrotate, too, lines go to the file at the path."""
    path = tmp_path / "app.log"
    file = SharedFile(path)
    file.append([b"one\n"])
    path.rename(tmp_path / "moved")
    file.append([b"two\n"])
    file.close()

    assert path.read_bytes() == b"two\n"


def test_a_device_is_written_and_never_rotated():
    """``/dev/stdout`` and its like are no files to rotate."""
    read, write = os.pipe()
    file = SharedFile(f"/dev/fd/{write}", max_bytes=1)
    file.append([b"one\n"])
    file.append([b"two\n"])
    file.close()
    os.close(write)

    with os.fdopen(read, "rb") as pipe:
        assert pipe.read() == b"one\ntwo\n"


def test_a_handler_writes_json_and_flushes(tmp_path, logger):
    """Without another formatter, lines are JSON; ``flush`` waits for them."""
    handler = LogFileHandler(tmp_path / "deep" / "app.log")
    logger.addHandler(handler)
    logger.info("paid %d", 7, extra={"order": 7})
    handler.flush()

    [line] = (tmp_path / "deep" / "app.log").read_text().splitlines()
    assert (json.loads(line)["message"], json.loads(line)["order"]) == ("paid 7", 7)


def test_a_loop_that_logs_sheds_nothing(tmp_path, logger):
    """Twenty buffers full of lines, as fast as a loop can, all reach a disk that is well."""
    handler = LogFileHandler(tmp_path / "app.log", buffer=100)
    logger.addHandler(handler)
    for at in range(2000):
        logger.info("line %d", at)
    handler.close()

    lines = [json.loads(line)["message"] for line in (tmp_path / "app.log").read_text().splitlines()]
    assert lines == [f"line {at}" for at in range(2000)]
    assert handler.shed == 0


def test_lines_beyond_the_buffer_are_shed_counted_and_told():
    """While the destination hangs nobody waits; afterwards it is told how many lines are missing."""
    free, delivered = threading.Event(), []
    entered = threading.Event()

    def deliver(lines):
        entered.set()
        free.wait()
        delivered.extend(lines)

    box = Outbox("test", deliver, most=10, report=lambda count: b"shed %d" % count)
    box.put(b"0")
    entered.wait()
    begun = time.monotonic()
    for at in range(1, 30):
        box.put(b"%d" % at)
    took = time.monotonic() - begun
    free.set()
    box.close()

    assert box.shed == 20
    assert delivered == [*(b"%d" % at for at in range(10)), b"shed 20"]
    assert took < 0.5


def test_a_delivery_that_fails_is_tried_again(monkeypatch):
    """Lines stay in the buffer, in order, until the destination takes them."""
    monkeypatch.delenv("SIGHTLINE_RAISE")
    delivered, failures = [], iter([OSError("disk full"), OSError("disk full")])

    def deliver(lines):
        for error in failures:
            raise error
        delivered.extend(lines)

    box = Outbox("test-retry", deliver)
    box.put(b"one")
    box.put(b"two")

    assert box.flush(5)
    assert delivered == [b"one", b"two"]
    box.close()


def test_a_batch_that_does_not_fit_on_the_disk_is_taken_back(tmp_path):
    """Half a line is never left behind."""
    file = SharedFile(tmp_path / "app.log")
    file.append([b"whole\n"])
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (9, before[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            file.append([b"abcdef\n"])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        file.close()

    assert (tmp_path / "app.log").read_bytes() == b"whole\n"


LINES = "".join(
    json.dumps({"timestamp": "2026-01-01T00:00:00.000Z", "level": level, "message": level}, separators=(",", ":"))
    + "\n"
    for level in (*retention.LEVELS, "NOTICE")
)
TEXT = (
    "2026-01-01 00:00:00,000 - shop - DEBUG - one\n  more of one\n"
    "2026-01-01 00:00:00,000 - shop - ERROR - two - INFO - \nTraceback\n"
    "2026-01-01T00:00:00.000Z [INFO] [m] [f] three\n"
)


def old_file(path, days, content=LINES):
    """Make a file that was rotated *days* ago."""
    file = old_files.rotated_name(path, time.time() - days * DAY_S)
    file.write_text(content)
    file.chmod(0o640)
    return file


def tidy(path, environment="production", **own):
    """Tidy up, to the end."""
    table = retention.days(environment, own)
    keep = old_files.Keep({level: table[level] for level in retention.LEVELS}, 7)
    for _ in old_files.tidy(path, keep, time.time()):
        pass


def test_rotated_files_are_compressed_after_seven_days(tmp_path):
    """Younger ones stay as they are; mode and time of a compressed one are the old file's."""
    path = tmp_path / "app.log"
    young, old = old_file(path, 6.9), old_file(path, 7.1)
    os.utime(old, (1e9, 1e9))
    tidy(path, DEBUG=30, INFO=30)

    assert young.exists()
    assert not old.exists()
    compressed = tmp_path / f"{old.name}.gz"
    assert gzip.decompress(compressed.read_bytes()).decode() == LINES
    assert (compressed.stat().st_mtime, compressed.stat().st_mode & 0o777) == (1e9, 0o640)


@pytest.mark.parametrize(
    ("environment", "days", "kept"),
    [
        ("production", 2, ["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL", "NOTICE"]),
        ("production", 4, ["INFO", "WARNING", "ERROR", "CRITICAL", "NOTICE"]),
        ("production", 15, ["WARNING", "ERROR", "CRITICAL", "NOTICE"]),
        ("production", 364, ["WARNING", "ERROR", "CRITICAL", "NOTICE"]),
        ("production", 366, []),
        ("development", 6, ["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL", "NOTICE"]),
        ("development", 8, ["INFO", "WARNING", "ERROR", "CRITICAL", "NOTICE"]),
        ("development", 31, ["WARNING", "ERROR", "CRITICAL", "NOTICE"]),
        ("development", 91, []),
    ],
)
def test_levels_are_removed_when_their_days_are_over(tmp_path, environment, days, kept):
    """What is left of a rotated file is what its environment keeps that long."""
    path = tmp_path / "app.log"
    old_file(path, days)
    tidy(path, environment)
    tidy(path, environment)

    left = [
        (gzip.decompress(file.read_bytes()) if file.name.endswith(".gz") else file.read_bytes()).decode()
        for file in rotated(path)
    ]
    assert [json.loads(line)["level"] for line in "".join(left).splitlines()] == kept


def test_text_is_thinned_out_with_the_lines_that_continue_a_record(tmp_path):
    """Both text formats are known; a traceback goes or stays with its record."""
    path = tmp_path / "app.log"
    old_file(path, 5, TEXT)
    tidy(path)

    [left] = rotated(path)
    assert left.read_text() == "".join(TEXT.splitlines(keepends=True)[2:])
    assert left.name.endswith("Z.info")


def test_tidying_again_changes_nothing(tmp_path):
    """Neither does it touch other files."""
    path = tmp_path / "app.log"
    old_file(path, 20)
    for name in ("app.log", "app.log.1", "app.log.notes", "other.log.20200101T000000.000000Z"):
        (tmp_path / name).write_text("mine")
    tidy(path)
    before = {file.name: file.stat().st_ino for file in tmp_path.iterdir()}
    tidy(path)

    assert {file.name: file.stat().st_ino for file in tmp_path.iterdir()} == before
    assert len(before) == 5


def test_a_file_whose_compression_was_killed_is_compressed_again(tmp_path):
    """A part that was left behind is written over."""
    path = tmp_path / "app.log"
    old = old_file(path, 300)
    (tmp_path / f".{old.name}.warning.gz.part").write_bytes(b"half")
    (tmp_path / f"{old.name}.warning.gz").write_bytes(b"half")
    tidy(path)

    [left] = rotated(path)
    assert b"WARNING" in gzip.decompress(left.read_bytes())


def test_retention_that_makes_no_sense_is_refused():
    """The message names what is there."""
    with pytest.raises(SettingInvalid, match=r"retention has 'LOUD'; expected one of DEBUG, INFO"):
        retention.days("production", {"LOUD": 1})
    with pytest.raises(SettingInvalid, match=r"retention of INFO is -1; expected a number of days"):
        retention.days("production", {"INFO": -1})


def test_a_rotated_name_sorts_by_time():
    """It tells when, in UTC, to the microsecond."""
    moment = datetime(2026, 11, 20, 23, 59, 59, 1, tzinfo=UTC).timestamp()

    assert old_files.rotated_name(old_files.Path("/x/app.log"), moment).name == "app.log.20261120T235959.000001Z"
