"""Records the calls of OpenAI's client: chats, responses, completions and embeddings, streamed or not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sightline.base.errors import PackageMissing
from sightline.sdk.llm import generation
from sightline.sdk.llm_clients import watch
from sightline.sdk.presence import Instrumented, presence

try:
    import openai
except ImportError:
    raise PackageMissing("OpenAI's client is not installed: pip install openai") from None

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sightline.sdk.llm import Generation

_OPERATIONS: Final = {
    "/chat/completions": "chat",
    "/responses": "chat",
    "/completions": "text_completion",
    "/embeddings": "embeddings",
}
_PARAMETERS: Final = {
    "temperature": "temperature",
    "top_p": "top_p",
    "max_tokens": "max_tokens",
    "max_completion_tokens": "max_tokens",
    "max_output_tokens": "max_tokens",
    "frequency_penalty": "frequency_penalty",
    "presence_penalty": "presence_penalty",
    "seed": "seed",
    "n": "choice.count",
    "stream": "stream",
}


def instrument() -> None:
    """Record the calls of every client from now on, those that exist included, but for parts of them already in use."""
    watch(openai.OpenAI, _Reader())
    watch(openai.AsyncOpenAI, _Reader())
    presence.note(Instrumented("openai", "sightline", openai.__version__))


class _Reader:
    """Knows OpenAI's requests and responses."""

    def begin(self, path: str, body: Mapping[str, Any]) -> Generation | None:
        """Make the record of a request."""
        operation = _OPERATIONS.get(path)
        if operation is None:
            return None
        parameters = {
            told: body[name] for name, told in _PARAMETERS.items() if isinstance(body.get(name), int | float | str)
        }
        call = generation(str(body.get("model", "")), "openai", operation=operation, **parameters)
        call.content(input=body.get("messages", body.get("input", body.get("prompt"))))
        return call

    def note(self, call: Generation, response: Any) -> None:
        """Note a whole response."""
        choices = getattr(response, "choices", None) or ()
        reasons = [choice.finish_reason for choice in choices if getattr(choice, "finish_reason", None)]
        if not reasons and isinstance(getattr(response, "status", None), str):
            reasons = [response.status]
        call.response(
            id=getattr(response, "id", None), model=getattr(response, "model", None), finish_reasons=reasons or None
        )
        self._note_usage(call, getattr(response, "usage", None))
        output = [getattr(choice, "message", None) or getattr(choice, "text", None) for choice in choices]
        call.content(output=output or getattr(response, "output", None))

    def note_chunk(self, call: Generation, chunk: Any) -> None:
        """Count and note one part: of a chat or completion, or an event of a response."""
        kind = getattr(chunk, "type", None)
        if isinstance(kind, str):
            call.chunk(output=kind.endswith(".delta"))
            response = getattr(chunk, "response", None)
            if response is not None and kind in {"response.completed", "response.incomplete", "response.failed"}:
                self.note(call, response)
            return
        choices = getattr(chunk, "choices", None) or ()
        call.chunk(output=any(_carries_output(choice) for choice in choices))
        reasons = [choice.finish_reason for choice in choices if choice.finish_reason]
        call.response(id=chunk.id, model=chunk.model, finish_reasons=reasons or None)
        self._note_usage(call, getattr(chunk, "usage", None))

    def _note_usage(self, call: Generation, usage: Any) -> None:
        if usage is None:
            return
        read = getattr(usage, "prompt_tokens_details", None) or getattr(usage, "input_tokens_details", None)
        made = getattr(usage, "completion_tokens_details", None) or getattr(usage, "output_tokens_details", None)
        call.usage(
            _first(usage, "prompt_tokens", "input_tokens"),
            _first(usage, "completion_tokens", "output_tokens"),
            cache_read=getattr(read, "cached_tokens", None),
            reasoning=getattr(made, "reasoning_tokens", None),
        )
        # Not OpenAI itself but gateways that speak its language say what a call cost.
        cost = getattr(usage, "cost", None)
        if isinstance(cost, int | float):
            call.cost(float(cost))


def _first(usage: Any, *names: str) -> int | None:
    return next((value for name in names if (value := getattr(usage, name, None)) is not None), None)


def _carries_output(choice: Any) -> bool:
    delta = getattr(choice, "delta", None)
    return bool(getattr(choice, "text", None) or getattr(delta, "content", None) or getattr(delta, "tool_calls", None))
