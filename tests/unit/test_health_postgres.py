"""The health check of databases, against a real PostgreSQL."""

from __future__ import annotations

from functools import partial

import pytest
import sqlalchemy
from tests.support.peers import postgres, postgres_programs

from sightline.health import HealthChecker, database

psycopg = pytest.importorskip("psycopg")


@pytest.fixture(scope="module")
def address():
    """Run a PostgreSQL on a socket of its own."""
    programs = postgres_programs()
    if programs is None:
        pytest.skip("PostgreSQL is not installed")
    with postgres(programs) as where:
        yield where


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
