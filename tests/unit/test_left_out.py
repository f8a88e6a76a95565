"""What a test run says about the tests that it left out."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

SKIPS = """
import pytest

@pytest.mark.parametrize("path", ["/a", "/b"])
def test_disk(path):
    pytest.skip(f"may not mount a disk here: {path}")

@pytest.mark.skip(reason="root may write everywhere")
def test_root():
    pass

def test_passes():
    pass
"""


def run(tmp_path: Path, *arguments: str, strict: str) -> tuple[int, list[str]]:
    """Run those tests by themselves, and give the exit status and what was printed."""
    (tmp_path / "test_skips.py").write_text(SKIPS)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    command = [sys.executable, "-m", "pytest", "-p", "tests.support.left_out"]
    settings = {"PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "SIGHTLINE_TEST_STRICT": strict}
    ended = subprocess.run(
        [*command, *(arguments or [str(tmp_path)])],
        cwd=tmp_path, env=os.environ | settings, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return ended.returncode, ended.stdout.splitlines()


@pytest.mark.parametrize(("strict", "status"), [("", 0), ("0", 0), ("1", 1)])
def test_what_was_left_out_is_said(tmp_path, strict, status):
    """Every reason stands at the end with how many tests it kept out, and fails a strict run alone."""
    returned, lines = run(tmp_path, strict=strict)

    assert returned == status
    assert "   2 tests: may not mount a disk here" in lines
    assert "   1 test: root may write everywhere (which may be)" in lines


def test_what_may_be_left_out_fails_nothing(tmp_path):
    """A strict run may leave out what this machine cannot have."""
    returned, _ = run(tmp_path, "test_skips.py::test_root", strict="1")

    assert returned == 0


def test_what_was_not_selected_is_left_out_too(tmp_path):
    """A strict run that was told to leave tests out fails, and says so."""
    returned, lines = run(tmp_path, "-k", "passes", "test_skips.py", strict="1")

    assert returned == 1
    assert "   3 tests: not selected, by -k, -m or --deselect" in lines


def test_nothing_left_out_is_no_words(tmp_path):
    """Where every test ran, nothing is said."""
    returned, lines = run(tmp_path, "test_skips.py::test_passes", strict="1")

    assert returned == 0
    assert not any("left out" in line for line in lines)
