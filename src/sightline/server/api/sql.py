"""``/api/v1/sql``: SQL that reads."""

from __future__ import annotations

import functools
from operator import itemgetter
from typing import Annotated, Any, Final, Literal

import msgspec
from fastapi import APIRouter, Depends, HTTPException, Query, Request, Response

from sightline.base.errors import DecodeError
from sightline.query.sql_answer import FORMS, MAX_ROWS, Form, SqlAnswer, pour_sql
from sightline.query.told import Told
from sightline.server.answers import described, known_parameters
from sightline.server.json_bodies import body_described, read_json
from sightline.server.pouring import poured

MAX_BODY: Final = 256 * 1024
"""Largest request, in bytes: the longest statement and its parameters."""

router = APIRouter(prefix="/api/v1/sql", tags=["SQL"], dependencies=[Depends(known_parameters())])


class SqlQuestion(msgspec.Struct, forbid_unknown_fields=True):
    """A statement, the values of its parameters, and how many rows at most: in JSON 1,000 unless said."""

    query: str
    parameters: dict[str, Any] = {}
    limit: int | None = None


_QUESTION: Final = {
    "query": "SELECT ServiceName, count() AS logs FROM otel_logs WHERE SeverityText = {level:String} GROUP BY 1",
    "parameters": {"level": "ERROR"},
    "limit": 100,
}

_ANSWER: Final = {
    "columns": [{"name": "ServiceName", "type": "LowCardinality(String)"}, {"name": "logs", "type": "UInt64"}],
    "rows": [["shop", 12]],
    "row_count": 1,
    "truncated": False,
    "truncated_by": None,
    "elapsed_ms": 5.1,
}

_HEADERS: Final = {
    "Sightline-Row-Limit": {"schema": {"type": "integer"}, "description": "Most rows of the answer."},
    "Sightline-Rows": {
        "schema": {"type": "integer"},
        "description": "Rows of the answer, where that was known when it began: it is short.",
    },
    "Sightline-Truncated": {
        "schema": {"enum": ["no", "rows", "bytes"]},
        "description": "Which limit cut the answer off, where that was known when it began.",
    },
}


def _described() -> dict[int | str, dict[str, Any]]:
    found = described(SqlAnswer, _ANSWER, 406, 413, 415)
    found[200]["headers"] = _HEADERS
    text = {"schema": {"type": "string"}, "example": '"ServiceName","logs"\n"shop",12\n'}
    file = {"schema": {"type": "string", "format": "binary"}}
    media = {form.name: form.media_type.partition(";")[0] for form in FORMS.values()}
    found[200]["content"] |= {media["csv"]: text, media["arrow"]: file, media["parquet"]: file}
    return found


@router.post(
    "",
    summary="Run SQL that reads",
    responses=_described(),
    response_class=Response,
    openapi_extra=body_described(SqlQuestion, _QUESTION),
)
async def sql(
    request: Request,
    wanted: Annotated[
        Literal["json", "csv", "arrow", "parquet"] | None,
        Query(alias="format", description="Form of the answer. Default: what the header Accept asks for, or JSON."),
    ] = None,
) -> Response:
    """
    Run one statement (SELECT, WITH, SHOW TABLES, DESCRIBE, EXPLAIN) within limits of time, memory, rows and bytes.

    The answer is given while it is made. JSON has at most 1,000 rows unless *limit* says otherwise, files a million,
    which is the most; one GiB at most. A statement may run for 10 seconds, for a file 60. Where the answer was cut,
    JSON says so in ``truncated``, Arrow and Parquet in the metadata ``sightline.truncated_by``; short answers of
    every form in the header ``Sightline-Truncated``. An answer that fails on the way ends without its end.
    """
    form = FORMS[wanted] if wanted else _accepted(request.headers.get("accept", ""))
    question = await read_json(request, SqlQuestion, most=MAX_BODY)
    limit = form.rows if question.limit is None else question.limit
    if not 1 <= limit <= MAX_ROWS:
        raise DecodeError(f"limit is {limit}; expected 1 to {MAX_ROWS}.")
    told = Told(limit)
    store = request.app.state.sightline.store
    begin = functools.partial(pour_sql, store, question.query, question.parameters, form=form, told=told)
    return await poured(begin, told, form.media_type, _file(form))


def _accepted(header: str) -> Form:
    """Find the form that a client wants most; JSON where it takes anything."""
    asked = [_weighed(part) for part in header.split(",")[:32] if part.strip()]
    for _, media in sorted((found for found in asked if found[0] < 0), key=itemgetter(0)):
        for form in FORMS.values():
            kind = form.media_type.partition(";")[0]
            if media in {kind, f"{kind.partition('/')[0]}/*", "*/*"}:
                return form
    if not asked:
        return FORMS["json"]
    known = ", ".join(form.media_type.partition(";")[0] for form in FORMS.values())
    raise HTTPException(406, f"The header Accept names none of the forms that there are: {known}.")


def _weighed(part: str) -> tuple[float, str]:
    """Read a part of Accept: its weight, negative so that the heaviest comes first, and the media type."""
    media, *more = (word.strip() for word in part.lower().split(";"))
    weight = next((word[2:] for word in more if word.startswith("q=")), "1")
    try:
        return -float(weight), media
    except ValueError:
        return -1.0, media


def _file(form: Form) -> dict[str, str]:
    """Let a browser save what it cannot show."""
    named = {"Content-Disposition": f'attachment; filename="sightline.{form.name}"'}
    return {"Vary": "Accept"} | ({} if form.name == "json" else named)
