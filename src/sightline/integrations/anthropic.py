"""Records the calls of Anthropic's client, streamed or not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sightline.base.errors import PackageMissing
from sightline.sdk.llm import generation
from sightline.sdk.llm_clients import watch
from sightline.sdk.presence import Instrumented, presence

try:
    import anthropic
except ImportError:
    raise PackageMissing("Anthropic's client is not installed: pip install anthropic") from None

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sightline.sdk.llm import Generation

_PATH: Final = "/v1/messages"
_PARAMETERS: Final = ("temperature", "top_p", "top_k", "max_tokens", "stream")


def instrument() -> None:
    """Record the calls of every client from now on, those that exist included, but for parts of them already in use."""
    watch(anthropic.Anthropic, _Reader())
    watch(anthropic.AsyncAnthropic, _Reader())
    presence.note(Instrumented("anthropic", "sightline", anthropic.__version__))


class _Reader:
    """Knows Anthropic's requests and responses."""

    def begin(self, path: str, body: Mapping[str, Any]) -> Generation | None:
        """Make the record of a request."""
        # The beta's path carries a query.
        if path.partition("?")[0] != _PATH:
            return None
        parameters = {name: body[name] for name in _PARAMETERS if isinstance(body.get(name), int | float)}
        call = generation(str(body.get("model", "")), "anthropic", **parameters)
        call.content(input=body.get("messages"))
        return call

    def note(self, call: Generation, response: Any) -> None:
        """Note a whole message."""
        reason = getattr(response, "stop_reason", None)
        call.response(
            id=getattr(response, "id", None),
            model=getattr(response, "model", None),
            finish_reasons=[reason] if reason else None,
        )
        self._note_usage(call, getattr(response, "usage", None))
        call.content(output=getattr(response, "content", None))

    def note_chunk(self, call: Generation, chunk: Any) -> None:
        """Count and note one event of a stream."""
        kind = getattr(chunk, "type", "")
        call.chunk(output=kind == "content_block_delta")
        if kind == "message_start":
            message = chunk.message
            call.response(id=message.id, model=message.model)
            # The tokens of the answer are not known yet; what stands here is of its beginning.
            self._note_input(call, message.usage)
        elif kind == "message_delta":
            reason = getattr(chunk.delta, "stop_reason", None)
            call.response(finish_reasons=[reason] if reason else None)
            call.usage(output_tokens=getattr(chunk.usage, "output_tokens", None))

    def _note_usage(self, call: Generation, usage: Any) -> None:
        if usage is not None:
            self._note_input(call, usage)
            call.usage(output_tokens=usage.output_tokens)

    def _note_input(self, call: Generation, usage: Any) -> None:
        read = getattr(usage, "cache_read_input_tokens", None) or 0
        written = getattr(usage, "cache_creation_input_tokens", None) or 0
        # Anthropic counts what it reads from and writes to the cache apart; the conventions want all of it.
        call.usage(usage.input_tokens + read + written, cache_read=read or None, cache_creation=written or None)
