"""``/api/v1/schema``: the tables that SQL may read."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Depends, Request, Response

from sightline.query.tables import Schema, read_schema
from sightline.server.answers import ask, described, known_parameters
from sightline.server.tags import NOT_MODIFIED, tagged

router = APIRouter(prefix="/api/v1/schema", tags=["SQL"], dependencies=[Depends(known_parameters())])

_SCHEMA: Final = {
    "tables": [
        {
            "name": "metric_samples",
            "row": "A sample of a series.",
            "columns": [{"name": "Value", "type": "Float64", "meaning": "The value."}],
            "examples": [{"title": "How many there are", "sql": "SELECT count() FROM metric_samples"}],
        }
    ]
}


@router.get(
    "", summary="Tables and columns", responses=described(Schema, _SCHEMA) | NOT_MODIFIED, response_class=Response
)
async def schema(request: Request) -> Response:
    """Name the tables that SQL may read: what a row is, what each column means, and statements to begin with."""
    return tagged(request, await ask(read_schema, request.app.state.sightline.store))
