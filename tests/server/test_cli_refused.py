"""Places that a command cannot use: one sentence before the work begins, never a traceback."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.segments import SegmentFile, log_line

from sightline.base.errors import SettingInvalid
from sightline.cli.main import _refused
from sightline.cli.places import check_new, check_written


def refused(*arguments: object, home: Path, code: int) -> str:
    """Run a command that fails, and give what it says."""
    done = subprocess.run(
        [sys.executable, "-m", "sightline", *map(str, arguments), "--home", str(home)],
        capture_output=True, text=True, check=False, timeout=90,
    )  # fmt: skip
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr.splitlines()[-1]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file, below which no directory can be made, beside a home that something was recorded in."""
    (tmp_path / "home" / "spool").mkdir(parents=True)
    path = tmp_path / "file"
    path.write_text("no directory")
    return path


def test_a_backup_that_cannot_be_put_there_is_not_begun(tmp_path: Path, file: Path):
    """The target is tried first: nothing is copied that cannot be moved."""
    told = refused("store", "backup", file / "b", home=tmp_path / "home", code=2)

    assert told == (
        f"sightline: {file}/b cannot be written: Not a directory. Name another directory, or run the command as a user "
        "who may."
    )
    assert not (tmp_path / "home" / "backups").exists()


def test_an_export_that_cannot_be_put_there_is_not_begun(tmp_path: Path, file: Path):
    """The directory is tried before the first day is asked for."""
    told = refused("store", "export", file / "e", home=tmp_path / "home", code=2)

    assert f"{file}/e cannot be written: Not a directory" in told


def test_a_backup_without_its_state_is_none(tmp_path: Path):
    """It is told before anything is made of it, and the home stays empty."""
    segment = SegmentFile(tmp_path / "home" / "spool")
    segment.write(log_line("kept"))
    segment.end()
    subprocess.run(
        [sys.executable, "-m", "sightline", "store", "backup", tmp_path / "b", "--home", tmp_path / "home"],
        check=True, capture_output=True, timeout=90,
    )  # fmt: skip
    (tmp_path / "b" / "state.db").unlink()
    told = refused("store", "restore", tmp_path / "b", home=tmp_path / "new", code=1)

    assert f"{tmp_path}/b is no whole backup: it has no state.db" in told
    assert not (tmp_path / "new" / "store").exists()


def test_what_the_system_refuses_is_a_sentence(tmp_path: Path, file: Path):
    """Whatever no command foresaw: the path, why, and what to look at."""
    told = refused("ingest", file, home=file / "home", code=1)
    with pytest.raises(shutil.Error) as many:
        raise shutil.Error([("/a/1", "/b/1", "Permission denied"), ("/a/2", "/b/2", "Permission denied")])

    assert told.startswith(f"sightline: {file}/home: Not a directory. Check that the path is right")
    assert _refused(many.value).startswith("/a/1: Permission denied. Check")
    assert _refused(OSError("timed out")).startswith("timed out. Check")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_another_users_directory_is_told(tmp_path: Path):
    """As a user who may not write there, neither a backup nor an export is begun."""
    tmp_path.chmod(0o700)
    os.seteuid(65534)
    try:
        for check in (check_new, check_written):
            with pytest.raises(SettingInvalid, match="cannot be written: Permission denied. Name another directory"):
                check(tmp_path / "b")
    finally:
        os.seteuid(0)
