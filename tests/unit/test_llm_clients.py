"""The clients of OpenAI and Anthropic, talking to a server that answers as theirs do."""

from __future__ import annotations

import asyncio
import gc

import anthropic
import openai
import pytest
from tests.support.llm_server import WORDS, llm_server

import sightline
from sightline.integrations import anthropic as for_anthropic
from sightline.integrations import openai as for_openai
from sightline.sdk import prices
from sightline.testing import capture

MESSAGES = [{"role": "user", "content": "hello"}]


@pytest.fixture(scope="module")
def server():
    """Run the server for all tests."""
    with llm_server() as (address, _):
        yield address


@pytest.fixture(autouse=True)
def captured():
    """Record the calls of both clients into memory, with the price table loaded."""
    prices.table.get()
    for_openai.instrument()
    for_anthropic.instrument()
    with capture() as found:
        yield found


@pytest.fixture
def client(server):
    """Make OpenAI's client."""
    with openai.OpenAI(api_key="k", base_url=server, max_retries=0) as made:
        yield made


@pytest.fixture
def claude(server):
    """Make Anthropic's client."""
    with anthropic.Anthropic(api_key="k", base_url=server, max_retries=0) as made:
        yield made


def only_span(captured):
    """Give the one span there is, which is the call's."""
    [span] = captured.spans
    return span


def told(captured, *names):
    """Give attributes of the one span."""
    attributes = only_span(captured).attributes
    return tuple(attributes.get(name) for name in names)


USAGE = ("gen_ai.usage.input_tokens", "gen_ai.usage.output_tokens", "sightline.llm.usage_source")


def test_a_chat_is_recorded(client, captured):
    """Model, response, tokens and cost of a whole answer, which the application gets as it is."""
    answer = client.chat.completions.create(model="gpt-4o", messages=MESSAGES, temperature=0.5)

    assert answer.choices[0].message.content == "Hello, you!"
    assert (only_span(captured).name, only_span(captured).span_kind) == ("chat gpt-4o", "Client")
    assert told(captured, *USAGE) == (1000, 100, "reported")
    assert told(captured, "gen_ai.usage.cache_read.input_tokens", "gen_ai.usage.reasoning.output_tokens") == (200, 30)
    assert told(captured, "gen_ai.response.id", "gen_ai.response.finish_reasons") == ("chat-1", ["stop"])
    assert told(captured, "gen_ai.request.temperature", "operation.cost_source") == (0.5, "estimated")
    assert told(captured, "gen_ai.input.messages", "gen_ai.output.messages") == (None, None)


def test_a_streamed_chat_is_counted_while_it_is_read(client, captured):
    """Each part reaches the application; the record is written when the last one is read."""
    stream = client.chat.completions.create(
        model="gpt-4o", messages=MESSAGES, stream=True, stream_options={"include_usage": True}
    )
    assert isinstance(stream, openai.Stream)
    assert captured.spans == []
    text = "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices)

    assert text == "".join(WORDS)
    assert told(captured, *USAGE, "sightline.llm.chunks") == (1000, 100, "reported", 8)
    assert told(captured, "gen_ai.response.finish_reasons", "sightline.llm.cancelled") == (["stop"], None)
    assert told(captured, "gen_ai.response.time_to_first_chunk")[0] > 0


def test_tokens_of_a_stream_without_usage_are_estimated(client, captured):
    """Where the provider reports none, the parts with text are counted."""
    for _ in client.chat.completions.create(model="gpt-4o", messages=MESSAGES, stream=True):
        pass

    assert told(captured, *USAGE) == (None, len(WORDS), "estimated")


@pytest.mark.parametrize("leave", ["break", "close", "drop"])
def test_a_stream_that_is_left_is_recorded_as_cancelled(client, captured, leave):
    """However the application stops reading, what came until then is counted."""
    stream = client.chat.completions.create(model="gpt-4o", messages=MESSAGES, stream=True)
    if leave == "break":
        with stream:
            for _, _chunk in zip(range(3), stream, strict=False):
                pass
    elif leave == "close":
        next(stream)
        next(stream)
        next(stream)
        stream.close()
    else:
        for _ in range(3):
            next(stream)
        stream.response.close()
        del stream
        gc.collect()

    assert told(captured, "sightline.llm.cancelled", "gen_ai.response.finish_reasons") == (True, ["cancelled"])
    assert told(captured, "sightline.llm.usage_source", "gen_ai.usage.output_tokens") == ("estimated", 2)


def test_a_refused_call_is_an_error(client, captured):
    """The client's exception goes on and is on the span."""
    with pytest.raises(openai.BadRequestError):
        client.chat.completions.create(model="refused", messages=MESSAGES)

    assert only_span(captured).status == "Error"
    assert told(captured, "error.type") == ("openai.BadRequestError",)


def test_responses_and_embeddings_are_recorded(client, captured):
    """The newer interface and embeddings have their operations and tokens."""
    client.responses.create(model="gpt-4o", input="hello")
    for _ in client.responses.create(model="gpt-4o", input="hello", stream=True):
        pass
    client.embeddings.create(model="text-embedding-3-small", input="hello", encoding_format="float")

    spans = captured.spans
    assert [span.name for span in spans] == ["chat gpt-4o", "chat gpt-4o", "embeddings text-embedding-3-small"]
    assert [span.attributes["gen_ai.usage.input_tokens"] for span in spans] == [10, 10, 8]
    assert spans[1].attributes["sightline.llm.chunks"] == len(WORDS) + 1


def test_a_raw_response_is_recorded_and_stays_raw(client, captured):
    """Libraries that ask for headers get them, and the call is counted."""
    raw = client.chat.completions.with_raw_response.create(model="gpt-4o", messages=MESSAGES)

    assert raw.headers["content-type"] == "application/json"
    assert raw.parse().id == "chat-1"
    assert told(captured, *USAGE) == (1000, 100, "reported")


def test_async_clients_are_recorded(server, captured):
    """Whole answers, streams, and streams whose task is cancelled."""

    async def main():
        async with openai.AsyncOpenAI(api_key="k", base_url=server) as client:
            create = client.chat.completions.create
            await create(model="gpt-4o", messages=MESSAGES)
            async for _ in await create(model="gpt-4o", messages=MESSAGES, stream=True):
                pass
            begun = asyncio.Event()

            async def read():
                async for _ in await create(model="gpt-4o", messages=MESSAGES, stream=True):
                    begun.set()
                    await asyncio.Event().wait()

            task = asyncio.create_task(read())
            await begun.wait()
            task.cancel()
            await asyncio.wait([task])
            del task
            gc.collect()
            await asyncio.sleep(0)

    asyncio.run(main())

    assert [span.attributes.get("sightline.llm.cancelled") for span in captured.spans] == [None, None, True]
    assert captured.spans[1].attributes["gen_ai.usage.output_tokens"] == len(WORDS)


def test_the_request_over_http_is_a_part_of_the_call(client, captured):
    """While a call waits, its span is current; afterwards the application's own is again."""
    with sightline.span("question") as question:
        client.chat.completions.create(model="gpt-4o", messages=MESSAGES)
        with sightline.span("next"):
            pass

    call, after, _ = captured.spans
    assert call.parent == after.parent == question.span_id


def test_claude_is_recorded_once(claude, captured):
    """Tokens hold what was read from and written to the cache; the client's own span is left out."""
    answer = claude.messages.create(model="claude-sonnet-4-6", max_tokens=100, messages=MESSAGES)

    assert answer.content[0].text == "Hello, you!"
    assert only_span(captured).name == "chat claude-sonnet-4-6"
    assert told(captured, *USAGE) == (1000, 100, "reported")
    assert told(captured, "gen_ai.usage.cache_read.input_tokens", "gen_ai.usage.cache_creation.input_tokens") == (
        200, 100,
    )  # fmt: skip
    assert told(captured, "gen_ai.response.finish_reasons", "gen_ai.request.max_tokens") == (["end_turn"], 100)
    assert told(captured, "operation.cost_source") == ("estimated",)


def test_streams_of_claude_are_counted(claude, captured):
    """Raw events and the client's own helper for streams are both counted."""
    for _ in claude.messages.create(model="claude-sonnet-4-6", max_tokens=100, messages=MESSAGES, stream=True):
        pass
    with claude.messages.stream(model="claude-sonnet-4-6", max_tokens=100, messages=MESSAGES) as stream:
        assert "".join(stream.text_stream) == "Hello, you!"

    for span in captured.spans:
        assert span.attributes["gen_ai.usage.output_tokens"] == 100
        assert span.attributes["sightline.llm.chunks"] == len(WORDS) + 5
        assert span.attributes["gen_ai.response.finish_reasons"] == ["end_turn"]
    assert len(captured.spans) == 2


def test_a_stream_of_claude_that_is_left_is_recorded_as_cancelled(claude, captured):
    """What came until then is counted: the tokens of the question as reported, those of the answer by its parts."""
    with claude.messages.stream(model="claude-sonnet-4-6", max_tokens=100, messages=MESSAGES) as stream:
        for _ in stream.text_stream:
            break

    assert told(captured, "sightline.llm.cancelled", *USAGE) == (True, 1000, 1, "estimated")


def test_nothing_is_recorded_before_configure(server, captured):
    """A client of a program that records nothing works as ever."""
    sightline.shutdown()
    with openai.OpenAI(api_key="k", base_url=server) as client:
        assert client.chat.completions.create(model="gpt-4o", messages=MESSAGES).id == "chat-1"

    assert captured.spans == []
