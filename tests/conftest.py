"""What all tests share: none of them sees the settings or the data of whoever runs them."""

import os
import signal

import pytest
from hypothesis import settings
from tests.support.left_out import pytest_sessionfinish, pytest_terminal_summary

__all__ = ["pytest_sessionfinish", "pytest_terminal_summary"]

for _name in [
    name for name in os.environ if name.startswith(("SIGHTLINE_", "OTEL_")) and not name.startswith("SIGHTLINE_TEST_")
]:
    del os.environ[_name]


# How long one example takes tells what else the machine does; a test that hangs is ended by its own limit.
settings.register_profile("sightline", deadline=None)
settings.load_profile("sightline")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A run in the background is deaf to Ctrl-C, and so would be the programs that tests start and interrupt.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session", autouse=True)
def _own_home(tmp_path_factory: pytest.TempPathFactory):
    """Give the test run a home directory of its own."""
    os.environ["SIGHTLINE_HOME"] = str(tmp_path_factory.mktemp("home"))
    # What the guard would count in silence in a user's process fails a test here.
    os.environ["SIGHTLINE_RAISE"] = "1"
    yield
    del os.environ["SIGHTLINE_HOME"], os.environ["SIGHTLINE_RAISE"]
