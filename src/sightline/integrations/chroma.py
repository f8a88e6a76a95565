"""Records the calls of Chroma's collections: searches as retrievals in GenAI's names, others as a database's."""

from __future__ import annotations

import functools
import inspect
from typing import TYPE_CHECKING, Any, Final, Self

from sightline.base.errors import PackageMissing
from sightline.model.span import CLIENT
from sightline.sdk import guard
from sightline.sdk.presence import Instrumented, presence
from sightline.sdk.recorder import recorder
from sightline.sdk.tracing import Span

try:
    import chromadb
    from chromadb.api.models.AsyncCollection import AsyncCollection
    from chromadb.api.models.Collection import Collection
except ImportError:
    raise PackageMissing('Chroma is not installed: pip install "sightline[chroma]"') from None

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

_SEARCHES: Final = ("query", "search")
_OTHERS: Final = ("add", "upsert", "update", "delete", "get", "peek", "count")

_MOST_DOCUMENTS: Final = 100
"""Documents of one answer that are noted by their ids; how many there were is always said."""


def instrument() -> None:
    """Record the calls of every collection from now on, those that exist included; doing it twice changes nothing."""
    for kind in (Collection, AsyncCollection):
        for name in (*_SEARCHES, *_OTHERS):
            method = getattr(kind, name, None)
            if method is not None and not getattr(method, "by_sightline", False):
                setattr(kind, name, _recording(name, method))
    presence.note(Instrumented("chromadb", "sightline", chromadb.__version__))


def _recording(name: str, method: Callable[..., Any]) -> Any:
    signature = inspect.signature(method)

    @functools.wraps(method)
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        if not recorder.enabled:
            return method(self, *args, **kwargs)
        with _Call(name, self, signature, args, kwargs) as noted:
            return noted.take(method(self, *args, **kwargs))

    @functools.wraps(method)
    async def call_async(self: Any, *args: Any, **kwargs: Any) -> Any:
        if not recorder.enabled:
            return await method(self, *args, **kwargs)
        with _Call(name, self, signature, args, kwargs) as noted:
            return noted.take(await method(self, *args, **kwargs))

    made: Any = call_async if inspect.iscoroutinefunction(method) else call
    made.by_sightline = True
    return made


class _Call:
    """One call of a collection's method, whose span is current within the ``with`` block."""

    def __init__(
        self, name: str, collection: Any, signature: inspect.Signature, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        where = str(collection.name)
        told: dict[str, Any] = {"db.system.name": "chroma", "db.operation.name": name, "db.collection.name": where}
        self._searches = name in _SEARCHES
        self._with_content = bool(recorder.settings["capture_llm_content"].value)
        try:
            asked = signature.bind(collection, *args, **kwargs)
            asked.apply_defaults()
            told |= self._asked(where, asked.arguments)
        except Exception as error:
            # Wrong arguments are the method's to refuse.
            if not isinstance(error, TypeError):
                guard.failed("chroma", error)
        self._span = Span(f"{'retrieval' if self._searches else name} {where}", CLIENT, told)

    def _asked(self, where: str, arguments: dict[str, Any]) -> dict[str, Any]:
        if not self._searches:
            ids = arguments.get("ids")
            return {} if ids is None or isinstance(ids, str) else {"db.operation.batch.size": len(ids)}
        told: dict[str, Any] = {"gen_ai.operation.name": "retrieval", "gen_ai.data_source.id": where}
        if "n_results" in arguments:
            told["gen_ai.request.top_k"] = arguments["n_results"]
        texts = arguments.get("query_texts")
        if texts is not None and self._with_content:
            told["gen_ai.retrieval.query.text"] = texts
        return told

    def take(self, answer: Any) -> Any:
        """Note what was found, and give it on as it is."""
        try:
            if isinstance(answer, int):
                return answer
            ids = answer.get("ids") if hasattr(answer, "get") else None
            if ids is not None:
                self._found(answer, ids)
        except Exception as error:
            guard.failed("chroma", error)
        return answer

    def _found(self, answer: Any, ids: list[Any]) -> None:
        if not self._searches:
            self._span.set_attribute("db.response.returned_rows", len(ids))
            return
        # One list of ids for each question that was asked.
        flat = [each for one in ids for each in one or ()]
        documents: list[dict[str, Any]] = [{"id": each} for each in flat[:_MOST_DOCUMENTS]]
        _put(documents, "score", answer.get("distances") or answer.get("scores"))
        if self._with_content:
            _put(documents, "content", answer.get("documents"))
        self._span.set_attributes({
            "db.response.returned_rows": len(flat),
            "sightline.llm.source_count": len(flat),
            "gen_ai.retrieval.documents": documents,
        })  # fmt: skip

    def __enter__(self) -> Self:
        self._span.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
            self._span.set_attribute("error.type", name)
        self._span.__exit__(kind, error, trace)


def _put(documents: list[dict[str, Any]], name: str, lists: Any) -> None:
    flat = [each for one in lists or () for each in one or ()]
    for document, value in zip(documents, flat, strict=False):
        if value is not None:
            document[name] = float(value) if name == "score" else value
