"""``/openapi.json``: the description of the API, which changes with the server's version only."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import msgspec
from fastapi import APIRouter, Request, Response

from sightline.server.tags import sent

if TYPE_CHECKING:
    from fastapi import FastAPI

router = APIRouter(include_in_schema=False)

_written: WeakKeyDictionary[FastAPI, bytes] = WeakKeyDictionary()


@router.get("/openapi.json")
async def openapi(request: Request) -> Response:
    """Give the description, written once."""
    app = request.app
    if app not in _written:
        _written[app] = msgspec.json.encode(app.openapi())
    return sent(request, _written[app])
