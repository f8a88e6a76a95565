"""Calls of language models, retrievals and tools as spans, in OpenTelemetry's GenAI names; feedback as events."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Any, Final, Self

from sightline.model.span import CLIENT, INTERNAL
from sightline.sdk import guard, metrics, prices
from sightline.sdk.context import current, current_span
from sightline.sdk.events import event
from sightline.sdk.recorder import recorder
from sightline.sdk.tracing import Span
from sightline.wire.lines import describe

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from types import TracebackType

REPORTED, ESTIMATED = "reported", "estimated"
"""Where a figure comes from: the provider said it, or it was computed from chunks or the price table."""

TOKEN_BUCKETS: Final = tuple(4**power for power in range(14))
"""Buckets of tokens, 1 to 67,108,864, as OpenTelemetry's GenAI conventions have them."""

SECOND_BUCKETS: Final = tuple(0.01 * 2**power for power in range(14))
"""Buckets of durations, 0.01 to 81.92 s, from the same conventions."""

_MOST_MODELS: Final = 200
"""Models that the metrics tell apart; further ones count as ``other``. Spans always carry the true name."""

_USAGE: Final = {
    "input": "gen_ai.usage.input_tokens",
    "output": "gen_ai.usage.output_tokens",
    "cache_read": "gen_ai.usage.cache_read.input_tokens",
    "cache_creation": "gen_ai.usage.cache_creation.input_tokens",
    "reasoning": "gen_ai.usage.reasoning.output_tokens",
}
_models: set[str] = set()


class _Operation:
    """
    A span of a GenAI operation, current within its ``with`` block.

    Attributes:
        span: where everything is noted.
        ended: whether it is recorded.
    """

    def __init__(self, name: str, kind: str, attributes: dict[str, Any]) -> None:
        self.span = Span(name, kind, {key: value for key, value in attributes.items() if value is not None})
        self._before: Any = None
        self._clock = 0.0
        self.ended = False

    def begin(self) -> Self:
        """Begin without becoming the current span; ``end`` ends it."""
        self._clock = perf_counter()
        self.span.begin(current_span())
        return self

    def end(self) -> None:
        """End and record; only the first call counts."""
        if not self.ended:
            self.ended = True
            try:
                self._finish(perf_counter() - self._clock)
            except Exception as error:
                guard.failed("llm", error)
            self.span.end()

    def _finish(self, seconds: float) -> None:
        """Note what is known at the end."""

    def fail(self, error: BaseException) -> None:
        """Note what went wrong."""
        kind = type(error)
        self.span.set_attribute(
            "error.type",
            kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}",
        )
        if isinstance(error, Exception):
            self.span.fail(error)

    def set(self, **attributes: Any) -> None:
        """Note more, under names of your own."""
        self.span.set_attributes(attributes)

    def __enter__(self) -> Self:
        self.begin()
        self._before = current.get()
        self.span.within(self._before)
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc_val: BaseException | None, exc_tb: TracebackType | None
    ) -> None:
        current.set(self._before)
        if exc_val is not None:
            self.fail(exc_val)
        self.end()


class Generation(_Operation):
    """One call of a model: what was asked for, what came, how much, how fast, and what it cost."""

    def __init__(self, operation: str, model: str, provider: str, parameters: Mapping[str, Any]) -> None:
        told = {"gen_ai.operation.name": operation, "gen_ai.provider.name": provider or None}
        told["gen_ai.request.model"] = model or None
        told |= {f"gen_ai.request.{name}": value for name, value in parameters.items()}
        super().__init__(f"{operation} {model}".strip(), CLIENT, told)
        self._operation, self._model, self._provider = operation, model, provider
        self._tokens: dict[str, int] = {}
        self._chunks = self._output_chunks = 0
        self._first_s: float | None = None
        self._cost: float | None = None
        prices.table.expect()

    def chunk(self, *, output: bool = True) -> None:
        """Count a part of a streamed response; *output* says whether it carries some of the answer."""
        if self._first_s is None:
            self._first_s = perf_counter() - self._clock
        self._chunks += 1
        self._output_chunks += output

    def usage(
        self,
        input_tokens: int | None = None,
        output_tokens: int | None = None,
        *,
        cache_read: int | None = None,
        cache_creation: int | None = None,
        reasoning: int | None = None,
    ) -> None:
        """Note the tokens that the provider reports; None changes nothing. ``input_tokens`` counts cached ones, too."""
        given = {
            "input": input_tokens, "output": output_tokens, "cache_read": cache_read,
            "cache_creation": cache_creation, "reasoning": reasoning,
        }  # fmt: skip
        self._tokens |= {kind: count for kind, count in given.items() if count is not None}

    def response(
        self,
        *,
        id: str | None = None,  # noqa: A002 - the convention's name
        model: str | None = None,
        finish_reasons: Iterable[str] | None = None,
    ) -> None:
        """Note what the response says of itself."""
        told = {
            "gen_ai.response.id": id,
            "gen_ai.response.model": model,
            "gen_ai.response.finish_reasons": None if finish_reasons is None else list(finish_reasons),
        }
        self.span.set_attributes({name: value for name, value in told.items() if value is not None})

    def cost(self, dollars: float) -> None:
        """Note the cost that the provider reports, in US dollars; without it, it is estimated."""
        self._cost = dollars

    def content(self, *, input: Any = None, output: Any = None) -> None:  # noqa: A002 - the convention's names
        """Note messages, where the setting ``capture_llm_content`` asks for them; else this does nothing."""
        setting = recorder.settings.get("capture_llm_content")
        if setting is not None and setting.value:
            told = {"gen_ai.input.messages": input, "gen_ai.output.messages": output}
            self.span.set_attributes({name: value for name, value in told.items() if value is not None})

    def cancel(self) -> None:
        """Note that whoever read the response stopped before its end."""
        self.span.set_attribute("gen_ai.response.finish_reasons", ["cancelled"])
        self.span.set_attribute("sightline.llm.cancelled", value=True)

    def _finish(self, seconds: float) -> None:
        source = REPORTED
        if "output" not in self._tokens and self._output_chunks:
            # Providers send about a token a chunk, and no usage for what was broken off.
            self._tokens["output"], source = self._output_chunks, ESTIMATED
        attributes: dict[str, Any] = {_USAGE[kind]: count for kind, count in self._tokens.items()}
        if self._tokens:
            attributes["sightline.llm.usage_source"] = source
        if self._chunks:
            attributes["gen_ai.response.time_to_first_chunk"] = round(self._first_s or 0.0, 6)
            attributes["sightline.llm.chunks"] = self._chunks
        attributes |= self._costs()
        self.span.set_attributes(attributes)
        if recorder.enabled:
            self._measure(seconds, attributes)

    def _costs(self) -> dict[str, Any]:
        if self._cost is not None:
            return {"operation.cost": self._cost, "operation.cost_source": REPORTED}
        answered = (self.span.attributes or {}).get("gen_ai.response.model", self._model)
        cost = prices.estimate(self._provider, describe(answered), self._tokens) if self._tokens else None
        return {} if cost is None else {"operation.cost": cost, "operation.cost_source": ESTIMATED}

    def _measure(self, seconds: float, attributes: dict[str, Any]) -> None:
        model = self._model
        if model not in _models:
            if len(_models) >= _MOST_MODELS:
                model = "other"
            _models.add(model)
        labels = (self._operation, self._provider, model)
        names = ("gen_ai_operation_name", "gen_ai_provider_name", "gen_ai_request_model")
        tokens = metrics.histogram(
            "gen_ai_client_token_usage", "Tokens used by a call.", (*names, "gen_ai_token_type"), buckets=TOKEN_BUCKETS
        )
        for kind in ("input", "output"):
            if kind in self._tokens:
                tokens.labels(*labels, kind).observe(self._tokens[kind])
        error = (self.span.attributes or {}).get("error.type", "")
        metrics.histogram(
            "gen_ai_client_operation_duration_seconds", "Duration of calls.", (*names, "error_type"),
            buckets=SECOND_BUCKETS,
        ).labels(*labels, error).observe(seconds)  # fmt: skip
        if self._first_s is not None:
            metrics.histogram(
                "gen_ai_client_time_to_first_chunk_seconds", "Time until a response began.", names,
                buckets=SECOND_BUCKETS,
            ).labels(*labels).observe(self._first_s)  # fmt: skip
        if "operation.cost" in attributes:
            metrics.counter("gen_ai_client_cost_usd", "Cost of calls in US dollars.", (*names, "source")).labels(
                *labels, attributes["operation.cost_source"]
            ).inc(attributes["operation.cost"])


class Retrieval(_Operation):
    """One search for sources."""

    def documents(self, found: Iterable[Any], *, cached: bool | None = None) -> None:
        """
        Note what was found.

        Args:
            found: ids, or mappings such as ``{"id": "a", "score": 0.9}``; the documents themselves are not recorded.
            cached: whether the answer came from a cache.
        """
        told = [
            {key: one[key] for key in ("id", "score", "source") if key in one} if isinstance(one, dict) else
            {"id": describe(one)}
            for one in found
        ]  # fmt: skip
        self.span.set_attribute("gen_ai.retrieval.documents", told[:100])
        self.span.set_attribute("sightline.llm.source_count", len(told))
        if cached is not None:
            self.span.set_attribute("sightline.llm.cached", cached)


class Tool(_Operation):
    """One call of a tool that a model asked for."""


def generation(
    model: str, /, provider: str = "", *, operation: str = "chat", conversation_id: str | None = None, **parameters: Any
) -> Generation:
    """
    Record a call of a model; use what is given in a ``with`` block, and note there what comes.

    Args:
        model: that is asked for.
        provider: such as ``openai``; the price table looks there.
        operation: ``chat``, ``text_completion``, ``embeddings``, ….
        conversation_id: of the conversation that the call belongs to.
        parameters: of the request, recorded as ``gen_ai.request.<name>``.
    """
    made = Generation(operation, model, provider, parameters)
    if conversation_id is not None:
        made.span.set_attribute("gen_ai.conversation.id", conversation_id)
    return made


def retrieval(source: str, /, *, top_k: int | None = None, **attributes: Any) -> Retrieval:
    """
    Record a search for sources, such as the handbook's; the question itself is not recorded.

    Args:
        source: where is searched, such as a collection's name.
        top_k: how many are asked for.
        attributes: more, under names of your own.
    """
    told = {"gen_ai.operation.name": "retrieval", "gen_ai.data_source.id": source, "gen_ai.request.top_k": top_k}
    return Retrieval(f"retrieval {source}", CLIENT, told | attributes)


def tool(name: str, /, *, call_id: str | None = None, **attributes: Any) -> Tool:
    """Record the run of a tool that a model asked for; its arguments are not recorded."""
    told = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": name, "gen_ai.tool.call.id": call_id}
    return Tool(f"execute_tool {name}", INTERNAL, told | attributes)


def feedback(
    score: float,
    /,
    *,
    name: str = "user_feedback",
    label: str | None = None,
    explanation: str | None = None,
    response_id: str | None = None,
    **data: Any,
) -> None:
    """
    Record what somebody, or a check, thinks of an answer, as the event ``gen_ai.evaluation.result``.

    It belongs to the current trace. For a trace that is over, say *response_id*, and the trace's id among *data*.

    Args:
        score: such as 1 and 0 for thumbs up and down, or an accuracy from 0 to 1.
        name: of what was judged.
        label: the score in words.
        explanation: why.
        response_id: of the response that is judged, as the provider gave it.
        data: more, under names of your own.
    """
    told = {
        "gen_ai.evaluation.name": name,
        "gen_ai.evaluation.score.value": score,
        "gen_ai.evaluation.score.label": label,
        "gen_ai.evaluation.explanation": explanation,
        "gen_ai.response.id": response_id,
    }
    event("gen_ai.evaluation.result", **{key: value for key, value in told.items() if value is not None}, **data)
