"""``/api/v1/search``: what helps to write a search and to read its result, for logs, traces and events alike."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from fastapi import APIRouter, Depends, Query, Request, Response

from sightline.base.limits import MAX_QUERY_LENGTH
from sightline.query.analyses.compare import MAX_DIFFERENCES, Comparison, compare
from sightline.query.completion import Completion, complete
from sightline.query.facets import MAX_VALUES, Facets, FieldNames, count_values, field_names, signal_named
from sightline.server.answers import Range, answer, ask, described, known_parameters

router = APIRouter(prefix="/api/v1/search", tags=["Search"], dependencies=[Depends(known_parameters())])

Named = Annotated[
    Literal["logs", "traces", "events"], Query(alias="signal", description="What is searched.", examples=["logs"])
]
Search = Annotated[str, Query(description="A search that the records must match.", examples=["service:shop"])]
Prefix = Annotated[str, Query(max_length=256, description="Only what begins so, in any case.", examples=["user"])]

_FIELDS: Final = {
    "fields": [{"name": "level", "count": 5120}, {"name": "user_id", "count": 311}],
    "records": 5120,
    "sampled": False,
    "elapsed_ms": 8.1,
}

_FACETS: Final = {
    "facets": [
        {"field": "level", "values": [{"value": "info", "count": 4800}, {"value": "error", "count": 320}], "missing": 0}
    ],
    "records": 5120,
    "sampled": False,
    "elapsed_ms": 9.3,
}

_COMPLETION: Final = {
    "start": 8,
    "end": 10,
    "suggestions": [{"text": "shop", "kind": "value", "count": 5120}],
    "elapsed_ms": 6.6,
}


@router.get("/fields", summary="Names of fields", responses=described(FieldNames, _FIELDS), response_class=Response)
async def fields(
    request: Request, range_: Range, signal: Named = "logs", query: Search = "", prefix: Prefix = ""
) -> Response:
    """Name the fields of the newest records that match: the signal's own, then attributes, the commonest first."""
    store = request.app.state.sightline.store
    return answer(await ask(field_names, store, signal_named(signal), query, range_, prefix=prefix))


@router.get("/facets", summary="Values of fields", responses=described(Facets, _FACETS), response_class=Response)
async def facets(
    request: Request,
    range_: Range,
    signal: Named = "logs",
    query: Search = "",
    fields: Annotated[
        str,
        Query(
            description="Names with commas between them. Default: those by which a search is narrowed best.",
            examples=["level,service"],
        ),
    ] = "",
    prefix: Prefix = "",
    limit: Annotated[int, Query(ge=1, le=MAX_VALUES, description="Most values of each field.")] = 10,
) -> Response:
    """Count the values of fields among the newest records that match."""
    store = request.app.state.sightline.store
    names = [name.strip() for name in fields.split(",") if name.strip()]
    found = await ask(
        count_values, store, signal_named(signal), query, range_, fields=names, prefix=prefix, limit=limit
    )
    return answer(found)


@router.get(
    "/complete", summary="Complete a search", responses=described(Completion, _COMPLETION), response_class=Response
)
async def completion(
    request: Request,
    range_: Range,
    signal: Named = "logs",
    text: Annotated[
        str, Query(max_length=MAX_QUERY_LENGTH, description="The search so far.", examples=["service:sh"])
    ] = "",
    position: Annotated[int | None, Query(ge=0, description="Offset of the cursor. Default: the end.")] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_VALUES, description="Most suggestions.")] = 20,
) -> Response:
    """Suggest names of fields, and behind a colon values, from the data; what is written so far need not be whole."""
    store = request.app.state.sightline.store
    at = len(text) if position is None else position
    return answer(await ask(complete, store, signal_named(signal), text, at, range_, limit=limit))


_COMPARISON: Final = {
    "selected": 40,
    "others": 5080,
    "sampled": False,
    "differences": [
        {
            "field": "service.version",
            "value": "1.3.0",
            "selected": 38,
            "selected_share": 0.95,
            "others": 254,
            "others_share": 0.05,
            "score": 0.9,
        }
    ],
    "elapsed_ms": 21.0,
}


@router.get(
    "/compare",
    summary="What tells records apart",
    responses=described(Comparison, _COMPARISON),
    response_class=Response,
)
async def comparison(
    request: Request,
    range_: Range,
    selection: Annotated[str, Query(description="The search that selects some.", examples=["status:error"])],
    signal: Named = "traces",
    among: Annotated[str, Query(description="A search that all must match.", examples=["service:shop"])] = "",
    limit: Annotated[int, Query(ge=1, le=MAX_DIFFERENCES, description="Most differences.")] = 20,
) -> Response:
    """Find the attributes that the selected records have more, or less, often than the others, ranked."""
    store = request.app.state.sightline.store
    return answer(await ask(compare, store, signal_named(signal), selection, range_, among=among, limit=limit))
