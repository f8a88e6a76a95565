"""
Says at the end of a test run what was left out and why; with ``SIGHTLINE_TEST_STRICT=1`` that fails the run.

A plugin of pytest, which ``tests/conftest.py`` has.
"""

import os
from collections import Counter

import pytest

EXPECTED = ("a server's directory is its own", "root may write everywhere")
"""What not every machine or store can have, and a strict run does without: reasons, or how they begin."""

DESELECTED = "not selected, by -k, -m or --deselect"


def left_out(reporter: pytest.TerminalReporter) -> Counter[str]:
    """Count what was left out, by the reason; of one with details, such as a path, by what stands before them."""
    found: Counter[str] = Counter()
    for report in reporter.stats.get("skipped", ()):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        found[reason.removeprefix("Skipped: ").partition(": ")[0]] += 1
    if deselected := len(reporter.stats.get("deselected", ())):
        found[DESELECTED] = deselected
    return found


def fails(reporter: pytest.TerminalReporter) -> bool:
    """Tell whether the run is to fail for what was left out."""
    strict = os.environ.get("SIGHTLINE_TEST_STRICT", "") not in {"", "0"}
    return strict and any(not reason.startswith(EXPECTED) for reason in left_out(reporter))


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Fail a strict run, if it would have passed."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")  # none in one of several processes
    if reporter is not None and exitstatus == pytest.ExitCode.OK and fails(reporter):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what was left out, unless it is only what somebody asked for."""
    found = left_out(terminalreporter)
    if not found or (set(found) == {DESELECTED} and not fails(terminalreporter)):
        return
    terminalreporter.section("left out", yellow=True)
    for reason, count in found.most_common():
        expected = " (which may be)" if reason.startswith(EXPECTED) else ""
        terminalreporter.line(f"{count:>4} {'test' if count == 1 else 'tests'}: {reason}{expected}")
    if fails(terminalreporter):
        terminalreporter.line("SIGHTLINE_TEST_STRICT is set: the run fails for it.", red=True)
    else:
        terminalreporter.line("SIGHTLINE_TEST_STRICT=1 makes that a failure; CONTRIBUTING.md says what to install.")
