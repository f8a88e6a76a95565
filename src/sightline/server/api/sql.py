"""``/api/v1/sql``: SQL that reads."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from fastapi import APIRouter, Depends, HTTPException, Request, Response

from sightline.base.errors import BodyTooLarge, DecodeError
from sightline.query.sql import DEFAULT_ROWS, MAX_ROWS, SqlAnswer, run_sql
from sightline.server.answers import answer, ask, described, known_parameters, schema_of

MAX_BODY: Final = 256 * 1024
"""Largest request, in bytes: the longest statement and its parameters."""

router = APIRouter(prefix="/api/v1/sql", tags=["SQL"], dependencies=[Depends(known_parameters())])


class SqlQuestion(msgspec.Struct, forbid_unknown_fields=True):
    """A statement, the values of its parameters, and how many rows at most."""

    query: str
    parameters: dict[str, Any] = {}
    limit: int = DEFAULT_ROWS


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
    "elapsed_ms": 5.1,
}

_decode: Final = msgspec.json.Decoder(SqlQuestion).decode


@router.post(
    "",
    summary="Run SQL that reads",
    responses=described(SqlAnswer, _ANSWER, 413, 415),
    response_class=Response,
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": schema_of(SqlQuestion), "example": _QUESTION}},
        }
    },
)
async def sql(request: Request) -> Response:
    """Run one statement (SELECT, WITH, SHOW TABLES, DESCRIBE, EXPLAIN) within limits of time, memory and rows."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise HTTPException(415, "The body must be JSON: Content-Type application/json.")
    try:
        question = _decode(await _body(request))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise DecodeError(f"The body is not a question: {error}.") from None
    if not 1 <= question.limit <= MAX_ROWS:
        raise DecodeError(f"limit is {question.limit}; expected 1 to {MAX_ROWS}.")
    store = request.app.state.sightline.store
    return answer(await ask(run_sql, store, question.query, question.parameters, limit=question.limit))


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY:
            raise BodyTooLarge(f"The body has more than {MAX_BODY:,} bytes.")
    return bytes(body)
