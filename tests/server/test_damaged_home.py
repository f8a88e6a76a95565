"""A damaged home: what can be read is, and what is wrong is told with what to do."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.support.segments import SegmentFile, log_line
from tests.support.server import ServerProcess, eventually

from sightline.server.condition import look, look_before, sweep
from sightline.store.connect import Store

MEMORY = 512 * 1024 * 1024


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a home with two parts of logs and one of spans."""
    home = tmp_path_factory.mktemp("sound")
    store = Store.open(f"chdb://{home / 'store'}", memory_bytes=MEMORY)
    for number in range(2):
        store.insert_lines([log_line(f"log {number}") * 50], {}, f"log {number}")
    store.insert_lines([b'{"kind":"span","time":1800000000000000000,"name":"kept"}\n'], {}, "span")
    store.close()
    (home / "state.db").touch()
    return home


@pytest.fixture
def home(sound: Path, tmp_path: Path) -> Path:
    """Copy the sound home."""
    return Path(shutil.copytree(sound, tmp_path / "home", symlinks=True))


@contextmanager
def opened(home: Path) -> Iterator[tuple[Store, str]]:
    """Open it as a server does, and give what is said about it."""
    before = look_before(home, home / "store")
    store = Store.open(f"chdb://{home / 'store'}", memory_bytes=MEMORY)
    try:
        yield store, " ".join(look(store, home, before))
    finally:
        store.close()


def parts(home: Path) -> list[Path]:
    """Find the parts of ``otel_logs``."""
    return sorted(path.parent for path in home.rglob("columns.txt") if "`LogAttributes`" in path.read_text())


def cut(path: Path) -> None:
    """Leave the first half of a file."""
    os.truncate(path, path.stat().st_size // 2)


def counts(store: Store) -> tuple[int, int]:
    """Count logs and spans."""
    return store.query("SELECT (SELECT count() FROM otel_logs), (SELECT count() FROM otel_traces)").rows[0]


def refusal(home: Path) -> str:
    """Open it in a process of its own, which fails, and give the message."""
    code = f"from sightline.store.connect import Store\nStore.open('chdb://{home / 'store'}')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1
    return done.stderr.splitlines()[-1]


def test_a_sound_home_is_told_nothing_of(home: Path):
    """All records are there, and there is nothing to say."""
    with opened(home) as (store, told):
        assert (counts(store), told) == ((100, 1), "")


@pytest.mark.parametrize(
    "damage",
    [
        lambda part: cut(part / "data.bin"),
        lambda part: (part / "data.bin").unlink(),
        lambda part: cut(part / "columns.txt"),
        lambda part: [file.unlink() for file in part.iterdir()],
    ],
    ids=["a cut file", "a missing file", "a cut list of columns", "an empty directory"],
)
def test_a_damaged_part_is_set_aside_and_the_others_are_read(home: Path, damage: Callable[[Path], object]):
    """The other part's logs and all spans are found, new ones are stored, and the health says which table lost what."""
    damage(parts(home)[0])

    with opened(home) as (store, told):
        store.insert_lines([log_line("new")], {}, "new")
        assert counts(store) == (51, 1)
    assert "1 of otel_logs. Their records are not found. Restore a backup" in told


def test_a_table_whose_directory_is_gone_is_made_anew_and_told_of(home: Path):
    """The engine itself would say nothing."""
    shutil.rmtree(parts(home)[0].parent)

    with opened(home) as (store, told):
        store.insert_lines([log_line("new")], {}, "new")
        assert counts(store) == (1, 1)
    assert "The files of otel_logs were gone" in told


def test_a_table_whose_definition_is_gone_stops_the_start(home: Path):
    """Every insert would fail for it: the message names the table and what to do."""
    next(home.glob("store/metadata/*/otel_logs.sql")).unlink()

    assert "StoreUnavailable: The store has lost otel_logs" in refusal(home)


def test_a_definition_that_is_cut_off_stops_the_start(home: Path):
    """The message says that the directory may be damaged, and what to do."""
    cut(next(home.glob("store/metadata/*/otel_logs.sql")))

    assert "cannot be opened" in (told := refusal(home))
    assert "may be damaged, or was copied without its links (cp -a keeps them). Restore a backup" in told


def test_a_store_that_was_copied_without_its_links_stops_the_start(sound: Path, tmp_path: Path):
    """The message says how to copy it."""
    shutil.copytree(sound, tmp_path / "copy", symlinks=False)

    assert "copied without its links (cp -a keeps them)" in refusal(tmp_path / "copy")


def test_a_missing_state_is_told_of(home: Path):
    """The spool is read again: records may come twice."""
    (home / "state.db").unlink()

    with opened(home) as (store, told):
        assert counts(store) == (100, 1)
    assert "state.db is missing" in told
    assert "may be found twice" in told


def test_a_new_store_beside_an_old_state_is_told_of(home: Path):
    """What was stored is somewhere else."""
    shutil.rmtree(home / "store")

    with opened(home) as (_, told):
        pass
    assert "is new, and" in told
    assert "Check SIGHTLINE_STORE" in told


def test_half_a_backup_is_taken_away_and_a_whole_one_is_not(home: Path):
    """What a server that was killed left aside goes; no other directory does."""
    for place in ("store/shadow/backup1/store", "store/shadow/mine", "backups/.writing-half/tables", "backups/mine"):
        (home / place).mkdir(parents=True)

    sweep(home, home / "store")

    left = {str(path.relative_to(home)) for path in home.glob("*/*") if path.parent.name == "backups"}
    assert left == {"backups/mine"}
    assert [path.name for path in (home / "store" / "shadow").iterdir()] == ["mine"]


@pytest.mark.parametrize("content", [b"nonsense" * 1000, b"SQLite format 3\0" + b"\1" * 8000])
def test_a_damaged_state_stops_the_start(home: Path, content: bytes):
    """The message says what is lost with it, and what to do."""
    (home / "state.db").write_bytes(content)

    with pytest.raises(RuntimeError, match=r"state\.db cannot be opened: [^()]+\. Restore a backup .* move it away"):
        ServerProcess(home)


def test_a_server_goes_on_with_what_is_left_and_says_so(home: Path):
    """The health is degraded with all reasons, and new lines are stored."""
    cut(parts(home)[0] / "data.bin")
    (home / "state.db").unlink()

    with ServerProcess(home) as server:
        segment = SegmentFile(home / "spool")
        segment.write(log_line("after the damage"))
        segment.end()
        eventually(lambda: not segment.path.exists())
        check = server.get("/health")["checks"]["store"]
        assert check["status"] == "degraded"
        assert "Damaged parts are set aside" in check["reason"]
        assert "state.db is missing" in check["reason"]
