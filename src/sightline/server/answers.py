"""How the API's handlers ask the store and answer: off the event loop, as JSON, described for OpenAPI."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager
from difflib import get_close_matches
from typing import TYPE_CHECKING, Annotated, Any, Final, ParamSpec, TypeVar
from uuid import uuid4

import msgspec
from fastapi import Depends, Query, Request
from starlette.responses import Response

from sightline.base.errors import QueryInvalid
from sightline.query.timerange import TimeRange, parse_range
from sightline.server import leaving
from sightline.server.problems import EXAMPLE, MAX_TOLD, MEDIA_TYPE, SCHEMA
from sightline.server.threads import Threads
from sightline.store.limits import asking

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from fastapi.dependencies.models import Dependant
    from starlette.datastructures import QueryParams

QUESTIONS_AT_ONCE: Final = 8
"""Handlers that wait for the store at once, twice what it works on; more would hold threads and gain nothing."""

HEADERS: Final = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
"""Headers of every answer: it is of this moment, and is nothing but what its type says."""

P = ParamSpec("P")
T = TypeVar("T")

_questions: Final = Threads("questions", QUESTIONS_AT_ONCE)


async def ask(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call a blocking *function* in a thread. Its queries are stopped when the client that asked leaves."""
    async with stopped_when_left(uuid4().hex):
        return await _questions.run(function, *args, **kwargs)


@asynccontextmanager
async def stopped_when_left(asker: str) -> AsyncIterator[asyncio.Event]:
    """Ask in the name of *asker*: those queries are stopped when the client leaves, which the event tells."""
    left = asyncio.Event()
    watching = leaving.watch(asker, left)
    try:
        with asking(asker):
            yield left
    finally:
        if watching is not None:
            watching.cancel()


def answer(found: msgspec.Struct) -> Response:
    """Answer a struct as JSON."""
    return Response(msgspec.json.encode(found), headers=HEADERS, media_type="application/json")


def described(kind: type[msgspec.Struct], example: dict[str, Any], *problems: int) -> dict[int | str, dict[str, Any]]:
    """
    Describe a handler's answers for OpenAPI.

    Args:
        kind: what it answers.
        example: one such answer, as JSON.
        problems: statuses of the problems it may answer besides 400, 422 and 503.
    """
    shown = {"application/json": {"schema": schema_of(kind), "example": example}}
    shape = {MEDIA_TYPE: {"schema": SCHEMA, "example": EXAMPLE}}
    words = {
        400: "A parameter is wrong; the problem says which and where.",
        404: "There is none.",
        406: "The header Accept names no form of answers that there is.",
        413: "The body is too large.",
        415: "The body is not JSON, or is compressed.",
        422: "The question takes too much time, memory or rows.",
        503: "The store does not answer; ask again.",
    }
    failures: dict[int | str, dict[str, Any]] = {
        status: {"description": words[status], "content": shape} for status in (400, 422, 503, *problems)
    }
    return {200: {"description": (kind.__doc__ or "").strip(), "content": shown}, **failures}


def schema_of(kind: type[msgspec.Struct]) -> dict[str, Any]:
    """Give a struct's JSON Schema in one piece, as OpenAPI wants it where it stands."""
    (schema,), parts = msgspec.json.schema_components([kind], ref_template="{name}")
    return dict(_inlined(schema, parts))


def _inlined(schema: Any, parts: dict[str, Any]) -> Any:
    if isinstance(schema, dict):
        if "$ref" in schema:
            return _inlined(parts[schema["$ref"]], parts)
        return {key: _inlined(value, parts) for key, value in schema.items()}
    if isinstance(schema, list):
        return [_inlined(value, parts) for value in schema]
    return schema


Start = Annotated[
    str | None,
    Query(description="From here on: RFC 3339, Unix seconds, or relative such as -15m.", examples=["-1h"]),
]
End = Annotated[str | None, Query(description="Up to here, not included; as start. Default: now.", examples=["now"])]


def time_range(start: Start = None, end: End = None) -> TimeRange:
    """Read ``start`` and ``end``; the last 15 minutes where nothing is said."""
    return parse_range(start, end, time.time_ns())


Range = Annotated[TimeRange, Depends(time_range)]
"""A handler's parameters ``start`` and ``end``."""

LABEL: Final = "label."
"""Begins the parameters that name a label of series; ``known_parameters`` is told of it."""


def _labels(request: Request) -> dict[str, str]:
    return {name.removeprefix(LABEL): value for name, value in request.query_params.items() if name.startswith(LABEL)}


Labels = Annotated[dict[str, str], Depends(_labels)]
"""A handler's parameters ``label.<name>``, by their names."""


def known_parameters(
    *prefixes: str, repeated: frozenset[str] = frozenset(), protocol: str = ""
) -> Callable[[Request], Awaitable[None]]:
    """
    Make a dependency that refuses parameters which the route does not have: a typing error must not widen a search.

    Args:
        prefixes: parameters that begin so are the route's own to check.
        repeated: parameters that may be given more than once.
        protocol: where records come in, its name; what is refused is counted for it.
    """

    async def check(request: Request) -> None:
        if not request.query_params:
            return
        known = _query_names(request.scope["route"].dependant)
        try:
            _check_known(request.query_params, known, prefixes)
            _check_single(request.query_params, known - repeated)
        except QueryInvalid as error:
            if protocol:
                request.app.state.sightline.counters.refuse(protocol, str(error))
            raise

    return check


def _check_known(given: QueryParams, known: set[str], prefixes: tuple[str, ...]) -> None:
    for name in given:
        if name not in known and not name.startswith(prefixes):
            near = get_close_matches(name[:MAX_TOLD], known, 1)
            meant = f" Did you mean {near[0]}?" if near else ""
            listed = ", ".join([*sorted(known), *(f"{prefix}…" for prefix in prefixes)])
            there = f"There are: {listed}." if listed else "There is none here."
            raise QueryInvalid(f"There is no parameter {name[:MAX_TOLD]!r}.{meant} {there}")


def _check_single(given: QueryParams, names: set[str]) -> None:
    for name in sorted(names):
        if len(given.getlist(name)) > 1:
            raise QueryInvalid(f"The parameter {name} is given more than once.")


def _query_names(dependant: Dependant) -> set[str]:
    """Name the query parameters of a route and of all that it depends on."""
    names = {field.alias for field in dependant.query_params}
    return names.union(*(_query_names(found) for found in dependant.dependencies))
