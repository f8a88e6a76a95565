"""The documentation cannot lie: its examples run, its reference is what the code says, its links lead somewhere."""

import importlib.util
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from sightline.base.settings import SETTINGS
from sightline.cli.main import COMMANDS
from sightline.sdk.autostart import is_running
from sightline.server.lock import wait_ready

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/**/*.md")])
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?://|#|mailto:)([^)#\s]+)(?:#[^)]*)?\)")


def python_blocks() -> list[pytest.param]:
    """Find every Python example, with its page and its place on it."""
    return [
        pytest.param(block[2], id=f"{page.relative_to(ROOT)}-{number}")
        for page in PAGES
        for number, block in enumerate(BLOCK.finditer(page.read_text()), 1)
        if block[1] == "python"
    ]


def generator() -> ModuleType:
    """Import the script that writes the reference."""
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs/reference/generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("code", python_blocks())
def test_every_python_example_runs(code, tmp_path):
    """An example runs as it stands, in a home of its own, without a warning."""
    home = tmp_path / "home"
    (tmp_path / "example.py").write_text(code)
    done = subprocess.run(
        [sys.executable, "-W", "error", "example.py"],
        cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False,
        env={**os.environ, "SIGHTLINE_HOME": str(home), "SIGHTLINE_PORT": "0", "SIGHTLINE_GRPC_PORT": "0",
             "PYDANTIC_DISABLE_PLUGINS": "__all__"},
    )  # fmt: skip
    stop_server(home)

    assert done.returncode == 0, done.stderr
    assert done.stderr == ""


def stop_server(home: Path) -> None:
    """Stop the server that an example with ``server="auto"`` started."""
    if '"auto"' not in (home.parent / "example.py").read_text():
        return
    address = wait_ready(home, 60)
    assert address is not None
    assert is_running(home)
    os.kill(address.pid, signal.SIGTERM)


@pytest.mark.parametrize("name", ["settings.md", "cli.md", "api.md", "tables.md", "../../web/src/api/schema.ts"])
def test_the_reference_is_what_the_code_says(name):
    """A generated page is up to date; ``make docs`` writes it."""
    written = generator().PAGES[name]().rstrip() + "\n"

    assert (ROOT / "docs/reference" / name).read_text() == written


def test_every_setting_command_and_endpoint_is_documented():
    """Settings, their variables, commands and endpoints are all in the reference."""
    from sightline.server.app import create_app

    settings, cli, api = ((ROOT / f"docs/reference/{name}.md").read_text() for name in ("settings", "cli", "api"))
    endpoints = [f"## {m.upper()} {path}\n" for path, of in create_app(None).openapi()["paths"].items() for m in of]

    assert [v for s in SETTINGS for v in (s.name, *s.variables) if f"`{v}`" not in settings] == []
    assert [name for name in COMMANDS if f"## sightline {name}\n" not in cli] == []
    assert [endpoint for endpoint in endpoints if endpoint not in api] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page):
    """A link to a file of the repository names one that is there."""
    targets = LINK.findall(page.read_text())

    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_every_page_is_found_from_the_first():
    """Each page of docs is named in the index, by itself or with its folder."""
    named = {(ROOT / "docs" / target).resolve() for target in LINK.findall((ROOT / "docs/README.md").read_text())}
    pages = {page.resolve() for page in ROOT.glob("docs/*/*.md")}

    assert sorted(str(page.relative_to(ROOT)) for page in pages if not {page, page.parent} & named) == []


def test_every_decision_is_named_with_its_title():
    """The list of decisions says what each of them is about."""
    pages = sorted((ROOT / "docs/decisions").glob("0*.md"))
    titles = [f"- [{page.name[:4]}]({page.name}) {page.read_text().splitlines()[0][2:]}" for page in pages]

    assert [line for line in (ROOT / "docs/decisions/README.md").read_text().splitlines() if line[:2] == "- "] == titles


def test_every_variable_in_the_pages_is_a_setting():
    """A page names no variable of ours that is not in the table of settings."""
    known = {variable for setting in SETTINGS for variable in setting.variables}
    used = {found for page in PAGES for found in re.findall(r"\bSIGHTLINE_[A-Z_]+\b", page.read_text())}

    assert used - known <= {"SIGHTLINE_RAISE", "SIGHTLINE_RUN", "SIGHTLINE_TEST_STRICT"}
