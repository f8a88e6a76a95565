"""The wheel: what is in it, and that the application's half stands alone."""

import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
LIGHT = ("msgspec", "opentelemetry-api", "prometheus-client", "psutil")
"""All that ``pip install sightline`` may bring of its own accord."""


def uv(*arguments: str) -> None:
    """Run uv from the environment of the tests, or skip where there is none."""
    command = Path(sys.executable).with_name("uv")
    if not command.exists():
        pytest.skip("uv is not installed beside this Python; pip install uv")
    subprocess.run([command, *arguments], check=True, capture_output=True, text=True, timeout=110)


def run(*command: str | Path, **more: Any) -> subprocess.CompletedProcess[str]:
    """Run a command and have what it says."""
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, **more)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel."""
    directory = tmp_path_factory.mktemp("dist")
    uv("build", "--quiet", "--wheel", "--python", sys.executable, "--out-dir", str(directory), str(ROOT))
    return next(directory.glob("*.whl"))


@pytest.fixture(scope="module")
def light(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the wheel alone into an environment of its own, and give its Python."""
    directory = tmp_path_factory.mktemp("light") / "venv"
    uv("venv", "--quiet", "--python", sys.executable, str(directory))
    uv("pip", "install", "--quiet", "--python", str(directory / "bin/python"), str(wheel))
    return directory / "bin" / "python"


def test_the_wheel_has_what_is_not_python(wheel: Path):
    """Pages, schema, types and the demo's shop are shipped; tests are not."""
    names = zipfile.ZipFile(wheel).namelist()

    for wanted in ("web/index.html", "store/schema/0001_records.sql", "py.typed", "examples/shop/web.py"):
        assert f"sightline/{wanted}" in names
    assert [name for name in names if not name.startswith("sightline")] == []


def test_the_light_install_needs_four_packages(wheel: Path):
    """Without an extra, the wheel asks for four packages and no more."""
    with zipfile.ZipFile(wheel) as opened:
        metadata = next(name for name in opened.namelist() if name.endswith(".dist-info/METADATA"))
        lines = opened.read(metadata).decode().splitlines()
    needed = [line.split(": ")[1] for line in lines if line.startswith("Requires-Dist: ") and "extra ==" not in line]

    assert sorted(need.split(">")[0] for need in needed) == sorted(LIGHT)


def test_the_light_install_records(light: Path, tmp_path: Path):
    """With the four packages alone, a program records logs, spans, events and metrics."""
    code = (
        "import sightline; sightline.configure(service='light', home='home')\n"
        "with sightline.span('work'): sightline.get_logger().info('hello')\n"
        "sightline.event('done'); sightline.counter('jobs', 'Jobs.').inc()"
    )
    done = run(light, "-c", code, cwd=tmp_path)
    written = b"".join(path.read_bytes() for path in (tmp_path / "home/spool").glob("*.jsonl"))

    assert (done.returncode, done.stderr) == (0, "")
    for kind in (b"log", b"span", b"event", b"metric"):
        assert b'{"kind":"%s"' % kind in written


def test_the_command_of_the_light_install_says_what_to_install(light: Path):
    """Without the server's packages, the command gives the exact line and exit code 1."""
    done = run(light.with_name("sightline"), "serve")

    assert done.returncode == 1
    assert done.stderr.endswith('needs the server\'s packages: pip install "sightline[server]"\n')


def test_run_works_in_the_light_install(light: Path, tmp_path: Path):
    """``sightline run`` instruments a program without the server's packages."""
    (tmp_path / "program.py").write_text("import logging; logging.getLogger('x').warning('from a program')")
    environ = {"PATH": "/usr/bin:/bin", "SIGHTLINE_HOME": str(tmp_path / "home")}
    done = run(light.with_name("sightline"), "run", "python", "program.py", cwd=tmp_path, env=environ)
    written = b"".join(path.read_bytes() for path in (tmp_path / "home/spool").glob("*.jsonl"))

    assert (done.returncode, done.stderr) == (0, "from a program\n")
    assert b"from a program" in written
