"""The schema as it is written for a cluster; the engine's own parser reads every statement of it."""

import re
from collections.abc import Iterator

import pytest
from tests.support.clickhouse_http import ClickHouseHttp

from sightline.base.errors import StoreUnavailable
from sightline.store.cluster import Cluster
from sightline.store.connect import Store
from sightline.store.migrate import TABLE, migrations, written

CLUSTER = Cluster("main", "sightline")
STATEMENTS = [statement for migration in migrations() for statement in migration.statements]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """Open a store, for its parser."""
    with ClickHouseHttp(tmp_path_factory.mktemp("clickhouse")) as running:
        opened = Store.open(running.url())
        yield opened
        opened.close()


def test_the_engine_can_read_every_statement(store: Store):
    """All that a cluster is told is SQL, and told to the whole cluster, or puts rows into what stands before it."""
    told = [*CLUSTER.journal(TABLE), *(text for found in migrations() for text in written(found, CLUSTER))]

    for statement in told:
        store.query("SELECT formatQuery({sql:String})", {"sql": statement})
        assert "ON CLUSTER `main`" in statement or re.match(r"INSERT INTO \w+(?<!_local)\n", statement)


def test_every_table_that_keeps_rows_is_replicated_and_remembers_tokens():
    """No plain MergeTree is left, and each has the window that makes an insert that is sent again harmless."""
    text = "\n".join(text for statement in STATEMENTS for text in CLUSTER.write(statement))

    assert not re.search(r"ENGINE = (?!Replicated)\w*MergeTree", text)
    assert "non_replicated_deduplication_window" not in text
    kept = re.findall(r"ENGINE = Replicated\w*MergeTree", text)
    assert len(kept) == text.count(" replicated_deduplication_window = ")


def test_a_table_becomes_one_on_each_shard_and_one_in_front():
    """The rows are replicated on their shard; the table of the usual name asks all shards."""
    statement = (
        "CREATE TABLE IF NOT EXISTS traces\n(\n    Timestamp DateTime64(9),\n    TraceId String\n)\n"
        "ENGINE = AggregatingMergeTree\nORDER BY Timestamp\nSETTINGS non_replicated_deduplication_window = 1000"
    )

    assert CLUSTER.write(statement) == (
        (
            "CREATE TABLE IF NOT EXISTS traces_local ON CLUSTER `main`\n"
            "(\n    Timestamp DateTime64(9),\n    TraceId String\n)\n"
            "ENGINE = ReplicatedAggregatingMergeTree('/clickhouse/tables/{shard}/{database}/{table}', '{replica}')\n"
            "ORDER BY Timestamp\nSETTINGS replicated_deduplication_window = 1000, "
            "replicated_deduplication_window_seconds = 604800"
        ),
        (
            "CREATE TABLE IF NOT EXISTS traces ON CLUSTER `main` AS traces_local\n"
            "ENGINE = Distributed(`main`, sightline, traces_local, "
            "if(TraceId = '', cityHash64(Timestamp), cityHash64(TraceId)))"
        ),
    )


def test_a_view_works_on_its_own_shard():
    """What a view reads and writes is the shard's, where a token holds; its columns keep their names."""
    statement = "CREATE MATERIALIZED VIEW IF NOT EXISTS entry_a TO a AS\nSELECT entry.x FROM entry WHERE x"

    assert CLUSTER.write(statement) == (
        (
            "CREATE MATERIALIZED VIEW IF NOT EXISTS entry_a ON CLUSTER `main` TO a_local AS\n"
            "SELECT entry.x FROM entry_local AS entry WHERE x"
        ),
    )


def test_a_table_that_a_view_has_named_keeps_that_name():
    """One name is given, never two."""
    statement = "CREATE MATERIALIZED VIEW IF NOT EXISTS a_b TO b AS\nSELECT minute.x FROM a AS minute GROUP BY x"

    assert "SELECT minute.x FROM a_local AS minute GROUP BY x" in CLUSTER.write(statement)[0]


def test_columns_are_changed_in_front_too_and_indexes_only_where_rows_are():
    """The table in front has the columns of those behind it, and nothing else of them."""
    column = CLUSTER.write("ALTER TABLE entry ADD COLUMN IF NOT EXISTS x String")
    index = CLUSTER.write("ALTER TABLE otel_logs MODIFY TTL Timestamp + 1")

    assert column == (
        "ALTER TABLE entry_local ON CLUSTER `main` ADD COLUMN IF NOT EXISTS x String",
        "ALTER TABLE entry ON CLUSTER `main` ADD COLUMN IF NOT EXISTS x String",
    )
    assert index == ("ALTER TABLE otel_logs_local ON CLUSTER `main` MODIFY TTL Timestamp + 1",)


def test_a_statement_of_another_kind_is_refused():
    """Nothing is told to a cluster that nobody thought of."""
    with pytest.raises(StoreUnavailable, match="cannot be written for a cluster: GRANT"):
        CLUSTER.write("GRANT SELECT ON *.* TO x")
