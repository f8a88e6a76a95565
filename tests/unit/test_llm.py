"""Calls of language models, retrievals, tools and feedback."""

from __future__ import annotations

import pytest
from genai_prices import Usage, calc_price

import sightline
from sightline.llm import feedback, generation, retrieval, tool
from sightline.sdk import prices
from sightline.testing import capture


@pytest.fixture
def captured():
    """Record into memory."""
    with capture() as found:
        yield found


def test_a_call_is_a_client_span_in_the_conventions_names(captured):
    """Operation, models, parameters, tokens, and the finish are under their names."""
    with generation("gpt-4o", "openai", temperature=0.5, conversation_id="c1") as call:
        call.usage(1000, 100, cache_read=200, reasoning=30)
        call.response(id="r1", model="gpt-4o-2024-08-06", finish_reasons=["stop"])

    [span] = captured.spans
    assert (span.name, span.span_kind, span.status) == ("chat gpt-4o", "Client", "Unset")
    cost = span.attributes.pop("operation.cost")
    assert cost == pytest.approx(float(calc_price(
        Usage(input_tokens=1000, output_tokens=100, cache_read_tokens=200), "gpt-4o", provider_id="openai"
    ).total_price))  # fmt: skip
    assert span.attributes == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "gpt-4o",
        "gen_ai.request.temperature": 0.5,
        "gen_ai.conversation.id": "c1",
        "gen_ai.response.id": "r1",
        "gen_ai.response.model": "gpt-4o-2024-08-06",
        "gen_ai.response.finish_reasons": ["stop"],
        "gen_ai.usage.input_tokens": 1000,
        "gen_ai.usage.output_tokens": 100,
        "gen_ai.usage.cache_read.input_tokens": 200,
        "gen_ai.usage.reasoning.output_tokens": 30,
        "sightline.llm.usage_source": "reported",
        "operation.cost_source": "estimated",
    }


def test_a_cost_that_is_reported_is_not_estimated(captured):
    """What the provider says counts, and is marked as said."""
    with generation("gpt-4o", "openai") as call:
        call.usage(10, 10)
        call.cost(0.25)

    told = captured.spans[0].attributes
    assert (told["operation.cost"], told["operation.cost_source"]) == (0.25, "reported")


def test_a_model_without_a_price_has_no_cost(captured):
    """An unknown model is recorded without a figure, not with a wrong one."""
    with generation("my-own-model", "my-own-provider") as call:
        call.usage(10, 10)

    assert "operation.cost" not in captured.spans[0].attributes


def test_without_the_price_table_nothing_is_estimated(captured, monkeypatch):
    """The package is optional."""
    monkeypatch.setattr(prices, "table", prices.Table("no_package_of_this_name"))
    with generation("gpt-4o", "openai") as call:
        call.usage(10, 10)

    assert "operation.cost" not in captured.spans[0].attributes


def test_a_stream_is_counted_by_its_chunks(captured):
    """Chunks stand in for tokens that nobody reported, and the first one's time is known."""
    with generation("gpt-4o", "openai") as call:
        call.chunk(output=False)
        for _ in range(3):
            call.chunk()
        call.cancel()

    told = captured.spans[0].attributes
    assert (told["sightline.llm.chunks"], told["gen_ai.usage.output_tokens"]) == (4, 3)
    assert told["sightline.llm.usage_source"] == "estimated"
    assert told["gen_ai.response.time_to_first_chunk"] >= 0
    assert told["sightline.llm.cancelled"] is True


def test_a_failure_is_noted(captured):
    """The exception goes on, and is on the span."""
    with pytest.raises(TimeoutError), generation("gpt-4o", "openai"):
        raise TimeoutError("too slow")

    [span] = captured.spans
    assert (span.status, span.attributes["error.type"]) == ("Error", "TimeoutError")


def test_calls_are_measured():
    """Tokens, durations and costs are metrics, told apart by operation, provider and model."""
    with capture() as captured, generation("gpt-4o-mini", "openai") as call:
        call.chunk()
        call.usage(1000, 100)

    samples = {
        (sample.name, sample.attributes.get("gen_ai_token_type", "")): sample.value
        for record in captured.metrics if record.name.startswith("gen_ai")
        for sample in record.samples if sample.attributes.get("gen_ai_request_model") == "gpt-4o-mini"
    }  # fmt: skip
    assert samples["gen_ai_client_token_usage_sum", "input"] == 1000
    assert samples["gen_ai_client_token_usage_sum", "output"] == 100
    assert samples["gen_ai_client_operation_duration_seconds_count", ""] == 1
    assert samples["gen_ai_client_time_to_first_chunk_seconds_count", ""] == 1
    assert samples["gen_ai_client_cost_usd_total", ""] > 0


@pytest.mark.parametrize("wanted", [False, True])
def test_content_is_recorded_only_on_request(wanted):
    """Messages stay in the process unless the setting asks for them; secrets stay in any case."""
    with capture(capture_llm_content=wanted) as captured, generation("gpt-4o", "openai") as call:
        call.content(input=[{"role": "user", "content": "hello", "api_key": "sk-123"}])

    told = captured.spans[0].attributes
    assert told.get("gen_ai.input.messages") == (
        [{"role": "user", "content": "hello", "api_key": "[REDACTED]"}] if wanted else None
    )


def test_a_rag_answer_is_one_trace(captured):
    """Retrieval, tool and call lie below the request, and the feedback belongs to the same trace."""
    with sightline.span("question"):
        with retrieval("handbook", top_k=5) as search:
            search.documents(["a", {"id": "b", "score": 0.9, "text": "long"}], cached=True)
        with tool("weather", call_id="t1"):
            pass
        feedback(1, label="up", response_id="r1")

    search, run, question = captured.spans
    assert (search.name, run.name) == ("retrieval handbook", "execute_tool weather")
    assert search.parent == run.parent == question.span
    assert search.attributes["gen_ai.retrieval.documents"] == [{"id": "a"}, {"id": "b", "score": 0.9}]
    assert (search.attributes["sightline.llm.source_count"], search.attributes["sightline.llm.cached"]) == (2, True)
    assert run.attributes == {
        "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "weather", "gen_ai.tool.call.id": "t1",
    }  # fmt: skip
    [event] = captured.events
    assert (event.name, event.trace) == ("gen_ai.evaluation.result", question.trace)
    assert (event.data["gen_ai.evaluation.score.value"], event.data["gen_ai.evaluation.score.label"]) == (1, "up")
