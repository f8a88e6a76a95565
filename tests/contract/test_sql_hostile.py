"""SQL of users: what reads Sightline's tables runs, everything else is refused before it runs."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support.records import SERVICE, log, now_ns

from sightline.base.errors import QueryError, QueryInvalid, QueryTooExpensive
from sightline.query.sql_answer import MAX_ROWS, run_sql
from sightline.store.connect import Store

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "sql.md"


@pytest.fixture(scope="module")
def store(address, tmp_path_factory) -> Iterator[Store]:
    """Open a store with one log."""
    store = Store.open(address(tmp_path_factory.mktemp("sql")), memory_bytes=512 * 1024 * 1024)
    store.insert_lines([log("one", now_ns(), attributes={"a": "b"})], {"a" * 16: SERVICE}, "one")
    yield store
    store.close()


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """Write a file that nobody may read."""
    path = tmp_path / "secret.txt"
    path.write_text("s3cr3t\n")
    return path


ALLOWED = [
    "SELECT 1",
    "select 1;",
    "SELECT 1 -- ; DROP TABLE otel_logs",
    "SELECT Body, LogAttributes['a'] FROM otel_logs",
    "SELECT count() FROM sightline.otel_logs WHERE Body IN ('one', 'two')",
    "SELECT count() FROM otel_logs WHERE Body IN (SELECT Body FROM otel_logs)",
    "WITH x AS (SELECT 1 AS a) SELECT a FROM x",
    "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE n < 5) SELECT sum(n) FROM r",
    "SELECT a.Body FROM otel_logs a LEFT JOIN otel_traces b USING (TraceId)",
    "SELECT sumIf(SeverityNumber, Body = 'one'), quantile(0.5)(SeverityNumber), uniqExactOrNull(Body) FROM otel_logs",
    "SELECT CASE WHEN 1 THEN 'a' ELSE 'b' END, multiIf(1, 2, 3), arrayMap(x -> x + 1, [1, 2]), toDate('2026-01-01')",
    "SELECT row_number() OVER (ORDER BY Timestamp), lagInFrame(Body) OVER (ORDER BY Timestamp) FROM otel_logs",
    "SELECT * EXCEPT (Body) FROM otel_logs LIMIT 1 BY ServiceName",
    "SELECT number FROM numbers(3) UNION ALL SELECT 7",
    "SELECT toStartOfInterval(Timestamp, INTERVAL 5 MINUTE) AS t, count() FROM otel_logs GROUP BY t WITH TOTALS",
    "SELECT name FROM system.tables WHERE database = 'sightline'",
    "SHOW TABLES",
    "SHOW TABLES LIKE 'otel%'",
    "DESCRIBE otel_logs",
    "desc table otel_traces;",
    "EXPLAIN SELECT 1",
    "EXPLAIN indexes = 1 SELECT Body FROM otel_logs",
    "EXPLAIN PIPELINE SELECT Body FROM otel_logs",
    "SELECT 'INSERT INTO x', 'file(''/etc/passwd'')', 'SETTINGS readonly = 0'",
]


@pytest.mark.parametrize("statement", ALLOWED)
def test_what_reads_runs(store, statement):
    """A statement that reads Sightline's tables is answered."""
    assert run_sql(store, statement).columns


REFUSED = [
    "INSERT INTO otel_logs (Body) VALUES ('x')",
    "INSERT INTO otel_logs SELECT * FROM otel_logs",
    "INSERT INTO FUNCTION file('{secret}', 'CSV') SELECT 1",
    "DROP TABLE otel_logs",
    "TRUNCATE TABLE otel_logs",
    "ALTER TABLE otel_logs DELETE WHERE 1",
    "DELETE FROM otel_logs WHERE 1",
    "UPDATE otel_logs SET Body = '' WHERE 1",
    "OPTIMIZE TABLE otel_logs FINAL",
    "RENAME TABLE otel_logs TO x",
    "CREATE TABLE x (a Int8) ENGINE = Memory",
    "CREATE TEMPORARY TABLE x (a Int8)",
    "CREATE VIEW x AS SELECT 1",
    "CREATE FUNCTION f AS (x) -> x",
    "ATTACH TABLE x",
    "DETACH TABLE otel_logs",
    "SYSTEM FLUSH LOGS",
    "SYSTEM SHUTDOWN",
    "KILL QUERY WHERE 1",
    "BACKUP TABLE otel_logs TO File('{secret}')",
    "USE default",
    "SET readonly = 0",
    "GRANT ALL ON *.* TO default",
    "SELECT 1; DROP TABLE otel_logs",
    "SELECT 1; SELECT 2",
    "SELECT 1 SETTINGS readonly = 0",
    "SELECT * FROM (SELECT 1 SETTINGS max_execution_time = 0)",
    "WITH x AS (SELECT 1 SETTINGS max_memory_usage = 0) SELECT * FROM x",
    "SELECT 1 FORMAT CSV",
    "SELECT 1 INTO OUTFILE '{secret}.out'",
    "SELECT 1 INTO OUTFILE '{secret}.out' TRUNCATE FORMAT CSV",
    "SHOW TABLES INTO OUTFILE '{secret}.out'",
    "EXPLAIN SELECT 1 INTO OUTFILE '{secret}.out'",
    "SHOW DATABASES",
    "SHOW TABLES FROM default",
    "SHOW PROCESSLIST",
    "SHOW CREATE TABLE otel_logs",
    "SELECT file('{secret}')",
    "SELECT FILE('{secret}')",
    "SELECT `file`('{secret}')",
    "SELECT 1 WHERE file('{secret}') = ''",
    "SELECT arrayMap(x -> file(x), ['{secret}'])",
    "SELECT * APPLY(file) FROM (SELECT '{secret}')",
    "SELECT * APPLY(x -> file(x)) FROM (SELECT '{secret}')",
    "SELECT * REPLACE (file('{secret}') AS a) FROM (SELECT 1 AS a)",
    "SELECT sum(length(file('{secret}'))) OVER () FROM otel_logs",
    "SELECT 1 ORDER BY file('{secret}')",
    "SELECT 1 LIMIT length(file('{secret}'))",
    "SELECT * FROM view(SELECT file('{secret}'))",
    "SELECT * FROM file('{secret}', LineAsString)",
    "SELECT * FROM default.`{secret}`",
    "SELECT * FROM `default`.`{secret}`",
    "SELECT 1 IN default.`{secret}`",
    "SELECT 's3cr3t' IN file('{secret}', LineAsString)",
    "SELECT 1 IN otel_logs",
    "SELECT * FROM otel_logs WHERE Body IN (SELECT * FROM file('{secret}', LineAsString))",
    "WITH x AS (SELECT * FROM file('{secret}', LineAsString)) SELECT * FROM x",
    "SELECT (SELECT * FROM file('{secret}', LineAsString))",
    "SELECT * FROM otel_logs AS a JOIN file('{secret}', LineAsString) AS b ON 1",
    "EXPLAIN SELECT * FROM file('{secret}', LineAsString)",
    "EXPLAIN ESTIMATE SELECT * FROM default.`{secret}`",
    "EXPLAIN AST INSERT INTO otel_logs SELECT 1",
    "EXPLAIN QUERY TREE SELECT file('{secret}')",
    "DESCRIBE file('{secret}')",
    "DESCRIBE TABLE (SELECT file('{secret}'))",
    "SELECT * FROM url('http://127.0.0.1:9/', LineAsString)",
    "SELECT * FROM s3('http://127.0.0.1:9/x', 'CSV')",
    "SELECT * FROM remote('127.0.0.1:9', system.one)",
    "SELECT * FROM cluster('default', system.one)",
    "SELECT * FROM mysql('127.0.0.1:9', 'a', 'b', 'c', 'd')",
    "SELECT * FROM executable('id', 'TSV', 'a String')",
    "SELECT * FROM python('x')",
    "SELECT * FROM sqlite('{secret}', 'x')",
    "SELECT * FROM filesystem('/etc')",
    "SELECT * FROM input('a String')",
    "SELECT * FROM merge('system', '.*')",
    "SELECT * FROM loop(otel_logs)",
    "SELECT * FROM eval('DROP TABLE otel_logs')",
    "SELECT * FROM dictionary('x')",
    "SELECT dictGet('x', 'y', 1)",
    "SELECT joinGet('x', 'y', 1)",
    "SELECT sleep(3)",
    "SELECT sleepEachRow(1) FROM numbers(10)",
    "SELECT aiGenerate('x')",
    "SELECT getSetting('max_memory_usage')",
    "SELECT getServerSetting('max_connections')",
    "SELECT hostName(), getMacro('x')",
    "SELECT catboostEvaluate('{secret}', 1)",
    "SELECT logTrace('x')",
    "SELECT * FROM system.settings",
    "SELECT * FROM system.processes",
    "SELECT * FROM system.users",
    "SELECT * FROM system.query_log",
    "SELECT * FROM system.`one` , system.server_settings",
    "SELECT * FROM information_schema.tables",
    "SELECT * FROM {{name:Identifier}}",
    "SELECT * FROM sightline.{{name:Identifier}}",
    "SELECT {{name:Identifier}} FROM otel_logs",
    "SELECT unknown_function(1)",
    f"SELECT {'(' * 300}1{')' * 300}",
    f"SELECT {'[' * 700}{']' * 700}",
    f"SELECT {'abs(' * 900}1{')' * 900}",
    f"SELECT 1{' + 1' * 2000}",
    "SELECT",
    "",
    "not a statement",
    "/* nothing */",
    "SELECT '",
]


@pytest.mark.parametrize("statement", REFUSED, ids=lambda statement: statement[:80])
def test_what_does_anything_else_is_refused(store, secret, statement):
    """A statement that writes, leaves the store or lifts a limit is refused, and leaves everything as it was."""
    written = statement.format(secret=secret)

    with pytest.raises(QueryInvalid) as refused:
        run_sql(store, written, {"name": "otel_logs"})

    assert "s3cr3t" not in str(refused.value)
    assert [path.name for path in secret.parent.iterdir()] == ["secret.txt"]
    assert run_sql(store, "SELECT count() FROM otel_logs").rows == [[1]]


def test_a_syntax_error_says_where(store):
    """The position of a syntax error counts from the statement's start, and the message does not quote ours."""
    with pytest.raises(QueryInvalid) as refused:
        run_sql(store, "SELECT 1 FRO otel_logs")

    assert refused.value.position == 13
    assert "parseQueryToJSON" not in str(refused.value)


@pytest.mark.parametrize("statement", re.findall(r"```sql\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL))
def test_the_examples_of_the_page_run(store, statement):
    """Each statement on docs/reference/sql.md is answered."""
    assert run_sql(store, statement).columns


def test_rows_are_cut_and_said_to_be(store):
    """An answer has no more rows than were asked for, and says that there were more."""
    found = run_sql(store, "SELECT number FROM numbers(1000000)", limit=10)

    assert (found.row_count, found.truncated) == (10, True)
    assert run_sql(store, "SELECT number FROM numbers(10)", limit=10).truncated is False
    assert run_sql(store, "SELECT number FROM numbers(1000000)", limit=10**9).row_count == MAX_ROWS


def test_memory_is_limited(store):
    """A statement that takes too much memory is ended."""
    with pytest.raises(QueryTooExpensive):
        run_sql(store, "SELECT length(groupArray(toString(number))) FROM numbers(1000000000)")


def test_parameters_are_values(store):
    """A parameter is bound by the engine, whatever is in it."""
    hostile = "one' OR 1=1; DROP TABLE otel_logs -- \\ \n {p:String}"

    assert run_sql(store, "SELECT {p:String}", {"p": hostile}).rows == [[hostile]]
    assert run_sql(store, "SELECT count() FROM otel_logs WHERE Body = {p:String}", {"p": "one"}).rows == [[1]]


def test_what_a_literal_says_survives_the_check(store):
    """The statement that runs is the one that was written: literals keep their backslashes, lines and signs."""
    assert run_sql(store, r"SELECT 'a\\b\nc''d\te ü 🙂'").rows == [["a\\b\nc'd\te ü 🙂"]]


PIECES = st.sampled_from(
    ["SELECT ", "1", ";", "(", ")", "'", '"', "`", "--", "/*", "*/", "file", "('/etc/passwd')", " FROM ", "\\",
     "INTO OUTFILE ", "SETTINGS ", "readonly=0", "{", "}", ":String", " ", "\n", "\0",
     "INSERT ", "$$", "UNION ALL ", "EXPLAIN ", ","]
)  # fmt: skip


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(statement=st.one_of(st.text(max_size=60), st.lists(PIECES, max_size=12).map("".join)))
def test_any_text_is_answered_or_refused(store, statement):
    """No text makes anything happen but an answer or an error about the question."""
    try:
        answer = run_sql(store, statement)
    except QueryError:
        return

    assert "root:" not in str(answer.rows)
