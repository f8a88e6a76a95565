"""The pages: files of the built dashboard, with a policy under which they reach this server and nothing else."""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from fastapi import APIRouter, HTTPException, Request
from starlette.responses import Response

from sightline.server.tags import has

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "font-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'none'"
)
"""Content-Security-Policy of every page: no other host, no inline script, no frame around it."""

HEADERS: Final = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Vary": "Accept-Encoding",
}

FOR_EVER: Final = "public, max-age=31536000, immutable"
"""For files whose name changes with what is in them."""

_HASHED: Final = re.compile(r".+-[A-Za-z0-9_-]{8}\.[a-z0-9]+")
_NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
_COMPRESSIBLE: Final = re.compile(r"text/|application/(?:javascript|json)|image/svg")

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Asset:
    """A file of the dashboard, read and compressed once."""

    content: bytes
    compressed: bytes | None
    media_type: str
    tag: str
    cache: str


@router.get("/")
@router.get("/logs")
@router.get("/traces")
@router.get("/traces/{trace_id}")
@router.get("/errors")
@router.get("/events")
def page(request: Request) -> Response:
    """Give the one page; which view it shows is the browser's to see from the address."""
    return _served(request, "index.html")


@router.get("/assets/{name}")
def asset(request: Request, name: str) -> Response:
    """Give a script, a style sheet, a font or a picture."""
    return _served(request, f"assets/{name}")


@router.get("/favicon.ico")
def favicon(request: Request) -> Response:
    """Give the picture that browsers ask for by themselves."""
    return _served(request, "assets/sightline.svg")


def _served(request: Request, path: str) -> Response:
    found = _read(path)
    if found is None:
        raise HTTPException(404, f"There is no {path[:128]} among the dashboard's files.")
    headers = {**HEADERS, "Cache-Control": found.cache, "ETag": found.tag}
    if has(request, found.tag):
        return Response(status_code=304, headers=headers)
    if found.compressed is not None and "gzip" in request.headers.get("accept-encoding", ""):
        return Response(found.compressed, headers={**headers, "Content-Encoding": "gzip"}, media_type=found.media_type)
    return Response(found.content, headers=headers, media_type=found.media_type)


def _read(path: str) -> Asset | None:
    *folder, name = path.split("/")
    if not _NAME.fullmatch(name):
        return None
    place: Traversable = files("sightline") / "web"
    for part in folder:
        place /= part
    return _asset(str(place / name)) if (place / name).is_file() else None


@cache
def _asset(path: str) -> Asset:
    """Read a file once for the life of the server: an upgrade comes with a restart."""
    from pathlib import Path

    file = Path(path)
    content = file.read_bytes()
    media_type = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    compressed = gzip.compress(content, 6, mtime=0) if _COMPRESSIBLE.match(media_type) else None
    hashed = file.parent.name == "assets" and _HASHED.fullmatch(file.name)
    tag = f'"{hashlib.sha256(content).hexdigest()[:16]}"'
    return Asset(content, compressed, media_type, tag, FOR_EVER if hashed else "no-cache")
