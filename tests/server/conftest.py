"""One server for all tests here: starting one takes longer than most tests."""

from collections.abc import Iterator

import pytest
from tests.support.server import ServerProcess


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """Run a server for the whole session; a test finds its own records by a name that no other test uses."""
    with ServerProcess(tmp_path_factory.mktemp("server") / "home") as running:
        yield running
        assert running.process.poll() is None, f"the server ended by itself: {running.log()}"
