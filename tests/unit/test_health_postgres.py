"""The health check of databases, against a real PostgreSQL."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy

from sightline.health import HealthChecker, database

psycopg = pytest.importorskip("psycopg")


def programs():
    """Find the directory of PostgreSQL's programs, which Debian keeps off the path."""
    found = shutil.which("initdb")
    known = [Path(found).parent] if found else sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    return known[-1] if known else None


@pytest.fixture(scope="module")
def address():
    """Run a PostgreSQL on a socket of its own."""
    where = programs()
    if where is None:
        pytest.skip("PostgreSQL is not installed")
    directory = tempfile.mkdtemp(prefix="sightline-postgres-")
    # It does not run as root.
    owner = {"user": "postgres"} if os.geteuid() == 0 else {}
    if owner:
        shutil.chown(directory, "postgres")
    subprocess.run([where / "initdb", "-D", f"{directory}/data", "-A", "trust", "-U", "shop", "--no-sync"],
                   check=True, capture_output=True, cwd=directory, **owner)  # fmt: skip
    server = subprocess.Popen(
        [where / "postgres", "-D", f"{directory}/data", "-k", directory, "-h", "", "-F"],
        stderr=subprocess.PIPE, text=True, cwd=directory, **owner,
    )  # fmt: skip
    for line in server.stderr:
        if "ready to accept connections" in line:
            break
    yield f"host={directory} user=shop dbname=postgres"
    server.terminate()
    server.communicate()
    shutil.rmtree(directory)


def check(source):
    """Check one database and give the result."""
    checker = HealthChecker()
    checker.add("database", database(source))
    return checker.run().checks["database"]


def test_connections_are_counted(address):
    """Psycopg and SQLAlchemy both tell the connections there are, and those that work."""
    engine = sqlalchemy.create_engine("postgresql+psycopg://", creator=partial(psycopg.connect, address))
    for source in (partial(psycopg.connect, address), engine):
        result = check(source)
        assert result.status == "healthy", result.error
        assert result.details["connection_time_ms"] > 0
        assert result.details["total_connections"] >= result.details["active_connections"] >= 1
    engine.dispose()


def test_a_wrong_password_is_not_told(address):
    """What the driver says of a failure has no secret in it."""
    result = check(partial(psycopg.connect, f"{address} password=hunter2 port=1"))

    assert result.status == "unhealthy"
    assert "hunter2" not in result.error
