"""Answers to SQL over HTTP, in each form, while they are made."""

import io

import httpx
import psutil
import pyarrow as pa
import pytest
from pyarrow import parquet
from tests.support.server import ServerProcess, eventually

from sightline.server.problems import MEDIA_TYPE
from sightline.store.connect import STREAMS_AT_ONCE

URL = "/api/v1/sql"
WIDE = "SELECT number, hex(randomString(100)) AS noise FROM numbers(1000000)"

ACCEPTED = [
    ("", "application/json"),
    ("*/*", "application/json"),
    ("text/html, application/xhtml+xml, */*;q=0.8", "application/json"),
    ("text/csv", "text/csv"),
    ("text/*;q=0.5, application/json;q=0.1", "text/csv"),
    ("application/vnd.apache.arrow.stream", "application/vnd.apache.arrow.stream"),
    ("application/vnd.apache.parquet;q=1, text/csv;q=0.9", "application/vnd.apache.parquet"),
    ("application/json;q=nonsense", "application/json"),
]


@pytest.mark.parametrize(("accept", "media_type"), ACCEPTED)
def test_the_form_is_what_is_accepted(server, accept, media_type):
    """The header Accept chooses the form; without a wish it is JSON."""
    answer = server.http.post(URL, json={"query": "SELECT 1 AS a"}, headers={"Accept": accept})

    assert answer.headers["content-type"].partition(";")[0] == media_type
    assert answer.headers["sightline-rows"] == "1"
    assert answer.headers["sightline-truncated"] == "no"


def test_a_form_that_there_is_not_is_refused(server):
    """Neither Accept nor format can ask for what there is not."""
    unknown = server.http.post(URL, json={"query": "SELECT 1"}, headers={"Accept": "image/png, text/csv;q=0"})
    wrong = server.http.post(URL, params={"format": "xlsx"}, json={"query": "SELECT 1"})

    assert (unknown.status_code, unknown.headers["content-type"]) == (406, MEDIA_TYPE)
    assert "application/vnd.apache.parquet" in unknown.json()["detail"]
    assert wrong.status_code == 400


def test_files_are_files(server):
    """Arrow and Parquet are read by their own library, and a browser saves them."""
    question = {"query": "SELECT number, toString(number) AS text FROM numbers(3)"}
    arrow = server.http.post(URL, params={"format": "arrow"}, json=question)
    file = server.http.post(URL, params={"format": "parquet"}, json=question)

    expected = [{"number": number, "text": str(number)} for number in range(3)]
    assert pa.ipc.open_stream(arrow.content).read_all().to_pylist() == expected
    assert parquet.read_table(io.BytesIO(file.content)).to_pylist() == expected
    assert file.headers["content-disposition"] == 'attachment; filename="sightline.parquet"'


def test_an_answer_that_is_cut_says_so_and_why(server):
    """The limit of rows is told in the head, and in JSON behind the rows."""
    answer = server.http.post(URL, json={"query": "SELECT number FROM numbers(100)", "limit": 7})

    assert (answer.headers["sightline-row-limit"], answer.headers["sightline-truncated"]) == ("7", "rows")
    found = answer.json()
    assert (found["row_count"], found["truncated"], found["truncated_by"]) == (7, True, "rows")


def test_a_long_answer_comes_while_it_is_made_in_little_memory(server):
    """Two hundred megabytes pass through a server that keeps a small part of them at a time."""
    process = psutil.Process(server.process.pid)
    server.http.post(URL, params={"format": "csv"}, json={"query": WIDE, "limit": 1000})
    before, most, size = process.memory_full_info().uss, 0, 0
    with server.http.stream("POST", URL, params={"format": "csv"}, json={"query": WIDE}) as answer:
        for number, piece in enumerate(answer.iter_bytes()):
            size += len(piece)
            most = max(most, process.memory_full_info().uss) if number % 50 == 0 else most

    assert "content-length" not in answer.headers
    assert size > 200_000_000
    assert most - before < 60_000_000


def test_clients_that_leave_while_they_read_take_their_queries_with_them(server):
    """More clients than there are turns begin to read and leave: the next one has its answer at once."""
    endless = {"query": "SELECT number FROM numbers(1000000000000) WHERE number % 1000 = 0"}
    for _ in range(STREAMS_AT_ONCE + 1):
        with httpx.stream("POST", server.url + URL, params={"format": "csv"}, json=endless, timeout=10) as answer:
            next(answer.iter_bytes())
    found = httpx.post(server.url + URL, json={"query": "SELECT 1"}, timeout=10)

    assert found.json()["rows"] == [[1]]


def test_an_answer_that_fails_on_its_way_has_no_end(server: ServerProcess):
    """Half an answer is not taken for a whole one, and the server's log says why."""
    late = {"query": "SELECT intDiv(1, 900000 - number) AS a, hex(randomString(20)) FROM numbers(1000000)"}

    with (
        server.http.stream("POST", URL, params={"format": "csv"}, json=late) as answer,
        pytest.raises(httpx.RemoteProtocolError),
    ):
        for _ in answer.iter_bytes():
            pass

    assert answer.status_code == 200
    assert eventually(lambda: "An answer broke off: Division by zero" in server.log())
