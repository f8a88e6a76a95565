"""The writer of segments."""

from __future__ import annotations

import fcntl
import mmap
import os
import signal
import stat
import threading

import pytest

from sightline.base.errors import RecordTooLarge, SpoolFull, SpoolUnwritable
from sightline.spool.format import decode_header
from sightline.spool.writer import SpoolWriter, drop_if_final, list_segments

RESOURCE = {"service.name": "shop"}


@pytest.fixture
def make(tmp_path):
    """Make writers in one spool, and close them."""
    writers = []

    def make(*, instance="a" * 16, segment_bytes=16 * 1024, spool_bytes=1024 * 1024, report=None):
        writers.append(
            SpoolWriter(
                tmp_path / "spool", instance=instance, resource=RESOURCE, segment_bytes=segment_bytes,
                spool_bytes=spool_bytes, report=report,
            )
        )  # fmt: skip
        return writers[-1]

    yield make
    for writer in writers:
        writer.close()


def lines_of(path):
    """Read a segment as the format says: up to the first NUL, whole lines only, the header left out."""
    content = path.read_bytes()
    end = content.find(b"\0")
    content = content[: end if end >= 0 else len(content)]
    _, start = decode_header(content)
    return content[start : content.rfind(b"\n") + 1].splitlines()


def test_nothing_is_made_before_the_first_line(make, tmp_path):
    """A process that records nothing leaves nothing behind."""
    make()

    assert not (tmp_path / "spool").exists()


def test_lines_are_in_the_file_when_append_returns(make, tmp_path):
    """What was appended can be read by others at once, in order, behind a header that names the resource."""
    writer = make()

    writer.append(b'{"a":1}')
    writer.append(b'{"a":2}')

    [(path, size)] = list_segments(tmp_path / "spool")
    assert lines_of(path) == [b'{"a":1}', b'{"a":2}']
    header, _ = decode_header(path.read_bytes())
    assert (header.resource, header.instance, header.pid, size) == (RESOURCE, "a" * 16, os.getpid(), 16 * 1024)


def test_only_the_owner_may_read(make, tmp_path):
    """Segments and their directory are closed to other users."""
    make().append(b"{}")

    [(path, _)] = list_segments(tmp_path / "spool")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_live_segment_is_locked_and_a_closed_one_is_not(make, tmp_path):
    """Readers tell a final segment by its free lock; closing cuts it to its used length."""
    writer = make()
    writer.append(b"{}")
    [(path, _)] = list_segments(tmp_path / "spool")
    assert not can_lock(path)

    writer.close()

    assert can_lock(path)
    assert b"\0" not in path.read_bytes()


def can_lock(path):
    """Tell whether nobody writes the segment."""
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


def test_a_full_segment_is_followed_by_the_next(make, tmp_path):
    """Lines that do not fit go to a new segment, none is lost or doubled, and names sort in order."""
    writer = make(segment_bytes=2 * mmap.PAGESIZE)
    lines = [b'{"n":%d,"pad":"%s"}' % (n, b"x" * 500) for n in range(60)]

    for line in lines:
        writer.append(line)

    segments = list_segments(tmp_path / "spool")
    assert len(segments) > 3
    assert [line for path, _ in segments for line in lines_of(path)] == lines


def test_the_oldest_are_dropped_at_the_limit_and_counted(make, tmp_path):
    """The spool stays below its limit; what was dropped is counted, and reported in the next segment."""
    writer = make(segment_bytes=8192, spool_bytes=3 * 8192, report=lambda count, reason: b'{"lost":%d}' % count)
    for n in range(200):
        writer.append(b'{"n":%d,"pad":"%s"}' % (n, b"x" * 500))

    segments = list_segments(tmp_path / "spool")
    assert sum(size for _, size in segments) <= 3 * 8192
    kept = [line for path, _ in segments for line in lines_of(path)]
    numbers = [line for line in kept if b'"n"' in line]
    assert numbers[-1].startswith(b'{"n":199')
    assert writer.lost > 100
    assert any(line.startswith(b'{"lost":') for line in kept)


def test_a_spool_full_of_live_segments_refuses_and_says_so(make):
    """Nothing that is in use is dropped: the new record is refused, counted, with what to do."""
    make(instance="a" * 16, segment_bytes=8192, spool_bytes=10_000).append(b"{}")
    late = make(instance="b" * 16, segment_bytes=8192, spool_bytes=10_000)

    with pytest.raises(SpoolFull, match=r"is full \(8192 of 10000 bytes.*Raise SIGHTLINE_SPOOL_BYTES"):
        late.append(b"{}")

    assert late.lost == 1


def test_an_unwritable_directory_is_named(tmp_path):
    """Where no directory can be made, the error names it and the setting."""
    (tmp_path / "file").write_text("")
    writer = SpoolWriter(
        tmp_path / "file" / "spool", instance="a" * 16, resource={}, segment_bytes=8192, spool_bytes=1 << 20
    )

    with pytest.raises(SpoolUnwritable, match="spool cannot be made: Not a directory. Set SIGHTLINE_HOME"):
        writer.append(b"{}")


def test_a_line_that_is_too_long_is_refused_whole(make):
    """A line over the limit raises, is counted, and leaves the others alone."""
    writer = make(segment_bytes=8192)

    with pytest.raises(RecordTooLarge, match=r"5000 bytes is longer than a line may be \(4095 bytes\)"):
        writer.append(b"x" * 5000)

    assert writer.lost == 1


def test_threads_do_not_mix_their_lines(make, tmp_path):
    """Eight threads at once: every line is whole and there exactly once."""
    writer = make(segment_bytes=64 * 1024, spool_bytes=64 * 1024 * 1024)

    def work(name):
        for n in range(2000):
            writer.append(b'{"t":%d,"n":%d}' % (name, n))

    threads = [threading.Thread(target=work, args=(name,)) for name in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    found = [line for path, _ in list_segments(tmp_path / "spool") for line in lines_of(path)]
    assert sorted(found) == sorted(b'{"t":%d,"n":%d}' % (t, n) for t in range(8) for n in range(2000))


def test_a_signal_handler_may_record_while_its_thread_appends(make, tmp_path):
    """Records made by a handler in the middle of an append neither block nor overwrite."""
    writer = make(segment_bytes=1 << 20, spool_bytes=1 << 26)
    handled = []

    def handle(*_):
        writer.append(b'{"from":"handler"}')
        handled.append(1)

    before = signal.signal(signal.SIGALRM, handle)
    signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
    try:
        for n in range(20_000):
            writer.append(b'{"n":%d}' % n)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)

    found = [line for path, _ in list_segments(tmp_path / "spool") for line in lines_of(path)]
    assert handled
    assert found.count(b'{"from":"handler"}') == len(handled)
    assert [line for line in found if b"n" in line and b"handler" not in line] == [
        b'{"n":%d}' % n for n in range(20_000)
    ]


def test_only_final_segments_are_dropped(make, tmp_path):
    """Dropping tells how many records went, and leaves alone what is written or read."""
    writer = make()
    writer.append(b"{}")
    writer.append(b"{}")
    [(path, _)] = list_segments(tmp_path / "spool")
    assert drop_if_final(path) is None

    writer.close()

    assert drop_if_final(path) == 2
    assert not path.exists()
