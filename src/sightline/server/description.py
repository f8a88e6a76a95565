"""What the description of the API says of every operation, so that no handler must: how it refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sightline.server.problems import EXAMPLE, MEDIA_TYPE, SCHEMA

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastapi import FastAPI

OTHERWISE: Final = frozenset({"OTLP", "MCP"})
"""Tags of protocols that have refusals of their own."""

_PROBLEM: Final = {MEDIA_TYPE: {"schema": SCHEMA, "example": EXAMPLE}}

_REFUSED: Final = {
    "400": {"description": "The request cannot be read; the problem says which part and why.", "content": _PROBLEM},
    "403": {"description": "A page of another site asked.", "content": _PROBLEM},
    "421": {"description": "The Host header names another server.", "content": _PROBLEM},
}

_BODY_REFUSED: Final = {
    "415": {"description": "The body is of a type or a compression that is not taken.", "content": _PROBLEM},
}


def describe(app: FastAPI) -> None:
    """Let *app* describe itself by what its handlers say, with the problems that any of them may answer."""
    written = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = written()
            for operation in _operations(schema):
                _complete(operation)
            # FastAPI's own shape of what is wrong with a request, which is never answered here.
            for name in ("HTTPValidationError", "ValidationError"):
                schema.get("components", {}).get("schemas", {}).pop(name, None)
            app.openapi_schema = schema
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def _operations(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for methods in schema["paths"].values():
        yield from methods.values()


def _complete(operation: dict[str, Any]) -> None:
    operation.setdefault("tags", ["Server"])
    responses = operation["responses"]
    if "HTTPValidationError" in str(responses.get("422", "")):
        del responses["422"]
    refused = _REFUSED | (_BODY_REFUSED if "requestBody" in operation else {})
    for status, told in refused.items():
        if status not in {"400", "415"} or not _is_other(operation):
            responses.setdefault(status, told)
    operation["responses"] = dict(sorted(responses.items()))


def _is_other(operation: dict[str, Any]) -> bool:
    return bool(OTHERWISE & set(operation["tags"]))
