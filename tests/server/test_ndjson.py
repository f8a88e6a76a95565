"""Log records come as lines of JSON."""

import gzip

import pytest
from tests.server.test_loki import rows

PATH = "/api/v1/logs/ndjson"


def test_lines(server):
    """Each line is a record; one that is none is rejected, and told."""
    first = b'{"ts":1795170645,"level":"warn","msg":"a","service":"nd-lines","n":1}'
    second = b'{"msg":"b","service":"nd-lines"}'
    answer = server.http.post(PATH, content=first + b"\nbroken\n\n" + second).json()

    assert (answer["accepted"], answer["rejected"]) == (2, 1)
    assert answer["reason"].startswith("Line 2 is no JSON")
    stored = rows(server, "nd-lines", "Timestamp, SeverityText, Body, LogAttributes")
    assert [row[1:] for row in stored] == [["WARNING", "a", {"n": "1"}], ["", "b", {}]]
    assert stored[0][0].startswith("2026-11-20T10:30:45")


def test_an_array(server):
    """One array of records is taken as well, compressed."""
    body = gzip.compress(b'[{"msg":"a","service":"nd-array"},{"msg":"b","service":"nd-array"}]')
    answer = server.http.post(PATH, content=body, headers={"content-encoding": "gzip"}).json()

    assert answer == {"accepted": 2, "rejected": 0, "reason": ""}
    assert len(rows(server, "nd-array")) == 2


def test_names_of_fields(server):
    """Parameters name the fields, where a record's own are unusual."""
    parameters = {"time_field": "born", "message_field": "what.was", "level_field": "rank", "service_field": "who"}
    record = {"born": 1795170645, "what": {"was": "a"}, "rank": "error", "who": "nd-names"}
    server.http.post(PATH, params=parameters, json=[record]).raise_for_status()

    assert rows(server, "nd-names", "SeverityText, Body, LogAttributes") == [["ERROR", "a", {}]]


@pytest.mark.parametrize(("content", "wrong"), [(b"a\nb", "Line 1 is no JSON"), (b"[1]", "Item 1"), (b"[{", "JSON")])
def test_nothing_that_can_be_read(server, content, wrong):
    """A body without one record is refused."""
    answer = server.http.post(PATH, content=content)

    assert answer.status_code == 400
    assert wrong in answer.json()["detail"]
