"""What assistants ask over HTTP, by the protocol's own client, in both of its generations."""

import asyncio
import json
import os
from pathlib import Path
from typing import Any

import jsonschema
import mcp
import pytest
from mcp.client import Client
from tests.support.records import NS, event, gauge, log, now_ns, span
from tests.support.segments import SegmentFile
from tests.support.server import ServerProcess, eventually

from sightline.server.mcp.fitting import MAX_CHARACTERS
from sightline.server.mcp.protocol import HANDSHAKE, MODERN, all_tools

SERVICE = "mcp-asked"
OURS = f"service:{SERVICE}"
TRACE = f"{now_ns() + 7:032x}"
INSTANCE = f"{os.getpid() + 7:016x}"
LONG = "x" * 5000


@pytest.fixture(scope="module")
def filled(server) -> ServerProcess:
    """Write a failed request, logs with long messages, an event and a metric, and wait until they are found."""
    now = now_ns() - NS
    resource = {"service.name": SERVICE, "service.instance.id": INSTANCE, "process.pid": "42"}
    segment = SegmentFile(server.home / "spool", instance=INSTANCE, resource=resource)
    told = {"exception.type": "KeyError", "exception.message": "7", "exception.stacktrace": "Traceback …"}
    spans = [
        span("GET /slow", now, trace=TRACE, span="1" * 16, span_kind="Server", status="Error", duration_ms=900),
        span("SELECT", now + 10, trace=TRACE, span="2" * 16, parent="1" * 16, duration_ms=800, attributes={"a": LONG}),
        *(span(f"step {n}", now + 20 + n, trace=TRACE, span=f"{n:016x}", parent="1" * 16) for n in range(16, 116)),
    ]
    logs = [
        log("order 7 failed", now, trace=TRACE, span="1" * 16, level="ERROR", severity=17, attributes=told),
        *(log(f"line {n} {LONG}", now + n) for n in range(40)),
    ]
    others = [
        event("order_lost", now, attributes={"user_id": "42"}, data={"amount": 7}),
        gauge("mcp_lost", 3, now, kind="gauge", route="/slow"),
    ]
    lines = [*spans, *logs, *others]
    segment.write(b"".join(line.replace(b"a" * 16, INSTANCE.encode(), 1) for line in lines))
    segment.end()
    eventually(lambda: server.get("/api/v1/logs/statistics", query=f"service:{SERVICE}")["total"] == 41)
    eventually(lambda: server.http.get(f"/api/v1/traces/{TRACE}").status_code == 200)
    eventually(lambda: server.get("/api/v1/metrics", prefix="mcp_lost")["metrics"])
    return server


def call(server: ServerProcess, tool: str, mode: str = "auto", /, **arguments: Any) -> mcp.types.CallToolResult:
    """Call a tool as an assistant does."""

    async def called() -> mcp.types.CallToolResult:
        async with Client(f"{server.url}/mcp", mode=mode) as client:
            return await client.call_tool(tool, arguments)

    return asyncio.run(called())


def told(result: mcp.types.CallToolResult) -> dict[str, Any]:
    """Read what a tool said."""
    assert not result.is_error, result.content[0].text
    assert len(result.content[0].text) <= 2 * MAX_CHARACTERS
    return json.loads(result.content[0].text)


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_tools_are_listed_with_what_they_take(server, mode):
    """Each tool says what it is for, what each of its arguments means, and that it changes nothing."""

    async def listed() -> list[mcp.types.Tool]:
        async with Client(f"{server.url}/mcp", mode=mode) as client:
            return (await client.list_tools()).tools

    tools = asyncio.run(listed())

    assert {"search", "trace", "errors", "metrics", "sql", "alerts", "services", "patterns", "compare"} <= {
        tool.name for tool in tools
    }
    for tool in tools:
        jsonschema.Draft202012Validator.check_schema(tool.input_schema)
        assert tool.description
        assert all(each.get("description") for each in tool.input_schema["properties"].values()), tool.name
        assert tool.annotations.read_only_hint


@pytest.mark.parametrize("mode", ["auto", "legacy", MODERN[0]])
def test_a_search_finds_in_each_generation(filled, mode):
    """A log is found with its trace and without what is seldom needed."""
    found = told(call(filled, "search", mode, query=f"service:{SERVICE} failed"))

    assert found["count"] == 1
    assert found["records"][0]["trace_id"] == TRACE
    assert "resource" not in found["records"][0]


def test_long_answers_are_cut_and_go_on_where_they_were_cut(filled):
    """Long lines are cut, fewer of them are given than were asked for, and cursors lead through all of them."""
    seen, cursor = [], ""
    while True:
        page = told(call(filled, "search", query=f"service:{SERVICE} line", limit=30, cursor=cursor))
        seen += [record["body"].split()[1] for record in page["records"]]
        assert "more characters)" in page["records"][0]["body"]
        if "next_cursor" not in page:
            break
        assert page["count"] < 30
        cursor = page["next_cursor"]

    assert seen == [str(number) for number in reversed(range(40))]


def test_a_trace_tells_where_its_time_went_and_pages_its_spans(filled):
    """A trace comes with its failures, its critical path and its logs; all of its spans are had with the cursor."""
    found = told(call(filled, "trace", trace_id=f" {TRACE.upper()} ", limit=50))
    rest = told(call(filled, "trace", trace_id=TRACE, limit=200, cursor=found["next_cursor"]))

    assert (found["span_count"], found["errors"]) == (102, ["GET /slow"])
    assert {"SELECT", "GET /slow"} <= {step["name"] for step in found["where_the_time_went"]}
    assert found["logs"][0]["body"] == "order 7 failed"
    ids = [each["span_id"] for each in [*found["spans"], *rest["spans"]]]
    assert len(ids) == len(set(ids)) == 102


def test_errors_lead_to_their_stack_trace(filled):
    """An issue is found in the list, and told whole by its fingerprint."""
    (issue,) = told(call(filled, "errors", query=f"service:{SERVICE}"))["issues"]
    whole = told(call(filled, "errors", fingerprint=issue["fingerprint"]))

    assert issue["type"] == "KeyError"
    assert whole["stacktrace"] == "Traceback …"
    assert whole["traces"][0]["trace_id"] == TRACE


ASKED = [
    ("metrics", {"prefix": "mcp_lost"}, lambda found: found["metrics"][0]["series"] == 1),
    ("metrics", {"name": "mcp_lost", "by": "route"}, lambda found: found["series"][0]["last"] == 3),
    ("metrics", {"name": "mcp_lost", "labels": {"route": "/slow"}}, lambda found: found["series_count"] == 1),
    ("sql", {"query": "SELECT {a:String}, ''", "parameters": {"a": "x'"}}, lambda found: found["rows"] == [["x'", ""]]),
    ("sql", {"query": "SELECT repeat('y', 3000) FROM numbers(500)"}, lambda found: "Only the first" in found["more"]),
    ("tables", {}, lambda found: {"name": "events", "row": "A business event, such as user_login."} in found["tables"]),
    ("tables", {"table": "events"}, lambda found: found["columns"][0]["name"] == "Timestamp"),
    ("services", {"start": "-1h"}, lambda found: SERVICE in [each["name"] for each in found["services"]]),
    ("patterns", {"query": f"service:{SERVICE}"}, lambda found: found["lines"] == 41),
    ("compare", {"selection": "status:error", "among": f"service:{SERVICE}"}, lambda found: found["selected"] == 1),
    ("compare", {"selection": "nothing:there"}, lambda found: "hint" in found),
    ("alerts", {}, lambda found: found["count"] == 0 and "no alert rules" in found["note"]),
    ("search", {"signal": "events", "query": OURS}, lambda found: found["records"][0]["name"] == "order_lost"),
    ("search", {"signal": "traces", "query": OURS}, lambda found: found["traces"][0]["span_count"] == 102),
    ("search", {"query": "service:nobody"}, lambda found: "Look further back" in found["hint"]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "arguments", "holds"), ASKED)
def test_each_tool_answers(filled, name, arguments, holds):
    """Each tool says what it was asked for, or how to ask."""
    assert holds(told(call(filled, name, **arguments)))


def test_what_stood_around_a_log_is_told(filled):
    """The id of a log leads to what its process logged before and after it."""
    (found,) = told(call(filled, "search", query=f'service:{SERVICE} "line 3"', limit=1))["records"]
    around = told(call(filled, "search", around=found["id"], limit=4))

    assert [each["body"].split()[1] for each in around["after"]] == ["4", "5"]


WRONG = [
    ("search", {"query": "level:loud"}, "At character"),
    ("search", {"limt": 3}, "unknown field `limt`. It takes: query, signal"),
    ("search", {"limit": 100_000}, "Expected `int` <= 200"),
    ("search", {"start": "yesterday"}, "'yesterday' is no time"),
    ("trace", {"trace_id": "0" * 32}, "Find traces with the tool search"),
    ("trace", {"trace_id": "../../status"}, "Find traces with the tool search"),
    ("errors", {"fingerprint": "../../status"}, "no such issue"),
    ("metrics", {"name": "no_such_metric"}, "Call metrics without a name"),
    ("sql", {"query": "DROP TABLE otel_logs"}, "Only SELECT"),
    ("sql", {"query": "SELECT * FROM file('/etc/passwd')"}, "file is not allowed"),
    ("tables", {"table": "users"}, "There are: otel_logs"),
    ("compare", {}, "missing required field `selection`"),
]


@pytest.mark.parametrize(("name", "arguments", "words"), WRONG)
def test_what_goes_wrong_is_told_to_the_assistant(filled, name, arguments, words):
    """A refusal is an error of the tool, and says what was expected or what to do next."""
    result = call(filled, name, **arguments)

    assert result.is_error
    assert words in result.content[0].text


VERSIONED = b'{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}'
NO_PROTOCOL = [
    (b"{", 400, -32700),
    (b"[]", 400, -32600),
    (b'[{"jsonrpc":"2.0","id":1,"method":"ping"}]', 400, -32600),
    (b'{"jsonrpc":"1.0","id":1,"method":"ping"}', 400, -32600),
    (b'{"jsonrpc":"2.0","id":null,"method":"ping"}', 400, -32600),
    (b'{"jsonrpc":"2.0","id":1,"method":"resources/list"}', 200, -32601),
    (b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":[]}', 200, -32602),
    (b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"delete"}}', 200, -32602),
    (b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"sql","arguments":"x"}}', 200, -32602),
    (b'{"jsonrpc":"2.0","id":1,"method":{"a":1},"params":{"_meta":7}}', 200, -32600),
    (b'{"jsonrpc":"2.0","id":1,"method":"ping","params":{"_meta":' + VERSIONED + b"}}", 400, -32020),
    (b"[" * 5000, 400, -32700),
]  # fmt: skip


@pytest.mark.parametrize(("body", "status", "code"), NO_PROTOCOL)
def test_what_is_not_of_the_protocol_has_its_code(server, body, status, code):
    """Each kind of wrong message is refused by the code that the protocol has for it."""
    answer = server.http.post("/mcp", content=body, headers={"content-type": "application/json"})

    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


def test_revisions_that_are_not_spoken_are_refused_with_those_that_are(server):
    """A revision that there is not is refused with the list of those that there are."""
    headers = {"mcp-protocol-version": "2099-01-01"}
    answer = server.http.post("/mcp", json={"jsonrpc": "2.0", "id": 1, "method": "ping"}, headers=headers).json()

    assert answer["error"]["data"] == {"supported": [*MODERN, *HANDSHAKE], "requested": "2099-01-01"}


def test_only_messages_are_taken(server):
    """There are no streams and no sessions, and a notification has no answer."""
    notified = server.http.post("/mcp", json={"jsonrpc": "2.0", "method": "notifications/initialized"})
    form = server.http.post("/mcp", content=b"{}", headers={"content-type": "text/plain"})

    assert (notified.status_code, notified.content) == (202, b"")
    assert server.http.get("/mcp").status_code == server.http.delete("/mcp").status_code == 405
    assert form.status_code == 415


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"host": "evil.example"}, 421),
        ({"origin": "https://evil.example"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
    ],
)
def test_pages_elsewhere_cannot_ask(server, headers, status):
    """A page of another site reaches no tool, neither by its own name nor by one that leads here."""
    answer = server.http.post("/mcp", json={"jsonrpc": "2.0", "id": 1, "method": "tools/list"}, headers=headers)

    assert answer.status_code == status


def test_every_tool_is_in_the_page_for_assistants():
    """The page names each tool."""
    page = (Path(__file__).parents[2] / "docs" / "howto" / "assistants.md").read_text(encoding="utf-8")

    assert [name for name in all_tools() if f"| `{name}` |" not in page] == []
