"""
Elasticsearch's bulk API: ``POST /_bulk``, so that its clients and its log shippers can send here.

Shippers first ask what they talk to, at the root, where the dashboard is: they are given ``/elasticsearch`` for theirs.
"""

from __future__ import annotations

import time
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

import msgspec
from fastapi import APIRouter, Request, Response
from starlette.requests import ClientDisconnect

from sightline.base.errors import SightlineError
from sightline.server.problems import advice, of_error
from sightline.wire.elasticsearch import decode_bulk

if TYPE_CHECKING:
    from sightline.server.services import Services

router = APIRouter(tags=["Elasticsearch"])

VERSION: Final = "8.17.0"
"""The version that is told. Shippers ask for one that is not older than themselves by a major version."""

_PRODUCT: Final = {"X-Elastic-Product": "Elasticsearch"}
"""Without this header Elasticsearch's own clients refuse to go on."""

_ROOTS: Final = ("/elasticsearch", "/insert/elasticsearch")

_BODY: Final[dict[str, Any]] = {
    "requestBody": {"required": True, "content": {"application/x-ndjson": {"schema": {"type": "string"}}}}
}

_ABOUT: Final[dict[str, dict[str, Any]]] = {
    "": {
        "name": "sightline",
        "cluster_name": "sightline",
        "cluster_uuid": "sightline",
        "version": {
            "number": VERSION,
            "build_flavor": "default",
            "build_type": "tar",
            "lucene_version": "9.12.0",
            "minimum_wire_compatibility_version": "7.17.0",
            "minimum_index_compatibility_version": "7.0.0",
        },
        "tagline": "You Know, for Search",
    },
    "_license": {"license": {"status": "active", "uid": "sightline", "type": "basic", "mode": "basic"}},
    "_xpack": {"license": {"status": "active", "uid": "sightline", "type": "basic", "mode": "basic"}, "features": {}},
    "_cluster/health": {
        "cluster_name": "sightline",
        "status": "green",
        "timed_out": False,
        "number_of_nodes": 1,
        "number_of_data_nodes": 1,
    },
}
"""What is asked before the first document, by its path."""


async def bulk(request: Request, index: str = "") -> Response:
    """Take documents as log records; answered when they are stored, with a result for each."""
    services: Services = request.app.state.sightline
    started_s = time.monotonic()
    try:
        with services.intake.pending.request() as hold:
            content = await services.intake.body(request, hold)
            found = await services.intake.decode(decode_bulk, content, time.time_ns(), index)
            token = sha256(index.encode() + b"\0" + content).hexdigest() if found.named else None
            await services.intake.store("elasticsearch", found.decoded, token=token)
    except SightlineError as error:
        services.counters.refuse("elasticsearch", str(error))
        return _failed(error)
    except ClientDisconnect:
        return Response(status_code=400)
    took = int((time.monotonic() - started_s) * 1000)
    return _answer({"took": took, "errors": found.decoded.rejected > 0, "items": found.items})


async def about(path: str = "") -> Response:
    """Answer what shippers ask first; what is asked for and is not here has Elasticsearch's 404."""
    found = _ABOUT.get(path.strip("/"))
    return _answer(found) if found is not None else _answer({"error": "Not found", "status": 404}, 404)


def _failed(error: SightlineError) -> Response:
    """Answer an error as Elasticsearch has it, and as a problem at the same time."""
    answer = of_error(error)
    members = msgspec.json.decode(answer.body)
    reason = {"type": members["type"].rpartition(":")[2].replace("-", "_"), "reason": str(error)}
    return _answer(members | {"error": reason | {"root_cause": [reason]}}, answer.status_code, advice(answer))


def _answer(content: dict[str, Any], status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(msgspec.json.encode(content), status, {**_PRODUCT, **(headers or {})}, "application/json")


for _root in ("", *_ROOTS):
    _told: dict[str, Any] = {"openapi_extra": _BODY} if not _root else {"include_in_schema": False}
    for _path in ("/_bulk", "/{index}/_bulk"):
        _named = "Take documents as Elasticsearch does"
        router.add_api_route(f"{_root}{_path}", bulk, methods=["POST"], summary=_named, **_told)
        router.add_api_route(f"{_root}{_path}", bulk, methods=["PUT"], include_in_schema=False)
for _root in _ROOTS:
    router.add_api_route(_root, about, methods=["GET", "HEAD"], include_in_schema=False)
    router.add_api_route(f"{_root}/{{path:path}}", about, methods=["GET", "HEAD"], include_in_schema=False)
