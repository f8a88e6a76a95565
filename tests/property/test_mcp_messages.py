"""Whatever comes as a message of the Model Context Protocol is answered by the protocol's own shapes."""

import asyncio
import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from sightline.server.mcp.asking import ToolFailed
from sightline.server.mcp.fitting import MAX_CHARACTERS, MAX_DEPTH, fitting, shortened, written
from sightline.server.mcp.protocol import MODERN, Protocol, all_tools

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
ARGUMENTS = st.dictionaries(
    st.sampled_from(sorted({name for tool in all_tools().values() for name in tool.arguments.__struct_fields__})), JSON
)
METHODS = st.sampled_from(["tools/call", "tools/list", "initialize", "server/discover", "ping", "resources/read", ""])
META = st.just({"io.modelcontextprotocol/protocolVersion": MODERN[0]}) | JSON


async def nobody(path: str, parameters: dict[str, Any], body: dict[str, Any] | None = None) -> Any:
    """Answer no question."""
    raise ToolFailed("Nobody answers.")


PROTOCOL = Protocol(nobody, "1.0")


@given(
    message=JSON
    | st.fixed_dictionaries({"jsonrpc": st.just("2.0"), "id": JSON, "method": METHODS | JSON, "params": JSON})
)
def test_any_message_is_answered(message):
    """An answer is a result or an error for the same id, a notification has none, and nothing is raised."""
    reply = asyncio.run(PROTOCOL.answer(message))

    if reply.message is not None:
        assert reply.message["jsonrpc"] == "2.0"
        assert ("result" in reply.message) != ("error" in reply.message)
        json.dumps(reply.message)


@given(name=st.sampled_from(sorted(all_tools())), arguments=ARGUMENTS, meta=META)
def test_any_arguments_of_any_tool_are_refused_or_asked(name, arguments, meta):
    """Arguments that are wrong are told as the tool's error; those that are right reach the API."""
    params = {"name": name, "arguments": arguments, "_meta": meta}
    reply = asyncio.run(PROTOCOL.answer({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}))

    result = reply.message.get("result")
    assert result is None or (result["isError"] and ("are wrong" in str(result) or "Nobody answers" in str(result)))


@given(value=JSON, most=st.integers(1, 30))
def test_what_is_shortened_is_short(value, most):
    """No text is longer than was asked for, but for the words that say so; whole values keep their members."""
    found = shortened(value, most, whole=True)

    assert max(map(len, _texts(found)), default=0) <= most + 30
    assert (found == value) == all(len(text) <= most for text in _texts(value))


@given(items=st.lists(st.text(max_size=400), max_size=30), room=st.integers(10, 4000))
def test_what_fits_fits(items, room):
    """As many items as there is room for, and one at least where there is any."""
    count = fitting(items, room)

    assert count == min(1, len(items)) or sum(len(written(item)) + 1 for item in items[:count]) <= room
    assert count == len(items) or sum(len(written(item)) + 1 for item in items[: count + 1]) > room


def test_depth_is_bounded():
    """What is nested deep is written as text."""
    deep: Any = "x"
    for _ in range(200):
        deep = [deep]

    assert len(written(shortened(deep))) < MAX_CHARACTERS
    assert written(shortened(deep)).count("[") <= MAX_DEPTH + 200


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for each in inner for text in _texts(each)]
