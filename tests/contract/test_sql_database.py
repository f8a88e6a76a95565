"""Statements of users reach the database that the store is in, and no other one of the same server."""

import pytest
from tests.support.clickhouse_http import ClickHouseHttp

from sightline.base.errors import QueryInvalid
from sightline.query.sql_answer import run_sql
from sightline.query.tables import read_schema
from sightline.store.connect import Store


def test_only_the_tables_of_the_stores_own_database_are_read(tmp_path):
    """Two stores on one server do not see each other, whatever a statement calls their tables."""
    with ClickHouseHttp(tmp_path) as server:
        production, staging = Store.open(server.url("sightline")), Store.open(server.url("staging"))

        assert run_sql(staging, "DESCRIBE otel_logs").rows == run_sql(production, "DESC otel_logs").rows != []
        assert run_sql(staging, "SELECT count() FROM staging.otel_logs").rows == [[0]]
        assert all(table.columns for table in read_schema(staging).tables)
        for store, other in ((staging, "sightline"), (production, "staging")):
            with pytest.raises(QueryInvalid, match="not one that may be read"):
                run_sql(store, f"SELECT count() FROM {other}.otel_logs")
        production.close()
        staging.close()
