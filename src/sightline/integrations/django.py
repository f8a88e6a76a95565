"""
Instruments Django: ``"sightline.integrations.django.Sightline"`` in ``MIDDLEWARE``, or ``instrument(application)``.

Django's handlers are wrapped and not its views, so that a request begins before all middleware, whatever their order,
and ends with the last part of its response.
"""

from __future__ import annotations

import functools
import re
import sys
from typing import TYPE_CHECKING, Any, Final, TypeVar

from sightline.base.errors import PackageMissing
from sightline.integrations.asgi import SCOPE_KEY, SightlineMiddleware
from sightline.integrations.wsgi import ENVIRON_KEY, SightlineWSGI
from sightline.sdk import guard
from sightline.sdk.configure import configure
from sightline.sdk.context import bind, fields
from sightline.sdk.presence import Instrumented, presence
from sightline.sdk.recorder import recorder

try:
    import django
    from django.conf import settings
    from django.core.handlers.base import BaseHandler
    from django.core.signals import got_request_exception
    from django.urls import Resolver404, get_resolver
    from django.utils.decorators import sync_and_async_middleware
    from django.utils.functional import LazyObject, empty
except ImportError:
    raise PackageMissing("Django is not installed: pip install django") from None

if TYPE_CHECKING:
    from collections.abc import Callable

    from sightline.integrations.asgi import Receive, Scope, Send
    from sightline.integrations.wsgi import Environ, StartResponse
    from sightline.sdk.requests import Exchange

Handler = TypeVar("Handler")

_KEY: Final = "_sightline"
"""Attribute of a handler with what records its requests."""

_ANCHORS: Final = re.compile(r"(?<!\\)[\^$]|\\[AZ]")
"""What routes written as regular expressions have at their ends."""


class _Options:
    """What is the same for all handlers: a process has one Django."""

    namespace = "http"


def instrument(app: Handler, *, namespace: str = "http") -> Handler:
    """
    Record each request of this process's Django: a server span, request metrics and logs.

    Done twice, it counts once.

    Args:
        app: what ``get_wsgi_application`` or ``get_asgi_application`` gives. It is given back.
        namespace: what the names of the request metrics begin with.
    """
    _Options.namespace = namespace
    _instrument()
    return app


@sync_and_async_middleware  # type: ignore[untyped-decorator,unused-ignore]
def Sightline(get_response: Callable[..., Any]) -> Callable[..., Any]:  # noqa: N802 - as the other entries of MIDDLEWARE
    """
    Record each request of this process's Django; an entry of ``MIDDLEWARE``.

    Where nothing has called ``sightline.configure`` yet, it is called with the dictionary ``SIGHTLINE`` of Django's
    settings. Nothing is put in the way of the requests: the handlers record them.
    """
    if not recorder.enabled:
        configure(**getattr(settings, "SIGHTLINE", {}))
    _instrument()
    return get_response


def _instrument() -> None:
    # Imported here: each needs only one of them.
    from django.core.handlers.asgi import ASGIHandler
    from django.core.handlers.wsgi import WSGIHandler

    if getattr(WSGIHandler.__call__, "by_sightline", False):
        return
    WSGIHandler.__call__ = _over_wsgi(WSGIHandler.__call__)
    ASGIHandler.__call__ = _over_asgi(ASGIHandler.__call__)
    BaseHandler.get_response = _noting(BaseHandler.get_response)
    BaseHandler.get_response_async = _noting_async(BaseHandler.get_response_async)
    got_request_exception.connect(_note_exception, dispatch_uid="sightline")
    presence.note(Instrumented("django", "sightline", django.__version__))


def _over_wsgi(before: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(before)
    def call(self: Any, environ: Environ, start_response: StartResponse) -> Any:
        recording = vars(self).get(_KEY)
        if recording is None:
            recording = vars(self)[_KEY] = SightlineWSGI(
                functools.partial(before, self), namespace=_Options.namespace, owns=_owns
            )
        return recording(environ, start_response)

    call.by_sightline = True  # type: ignore[attr-defined]
    return call


def _over_asgi(before: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(before)
    async def call(self: Any, scope: Scope, receive: Receive, send: Send) -> None:
        recording = vars(self).get(_KEY)
        if recording is None:

            async def application(scope: Scope, receive: Receive, send: Send) -> None:
                if scope["type"] == "lifespan" and recorder.enabled:
                    await _live(receive, send)
                else:
                    await before(self, scope, receive, send)

            recording = vars(self)[_KEY] = SightlineMiddleware(application, namespace=_Options.namespace, owns=_owns)
        await recording(scope, receive, send)

    return call


async def _live(receive: Receive, send: Send) -> None:
    """Answer the protocol that Django does not know: by it the last metrics are written before a worker ends."""
    while True:
        kind = (await receive())["type"]
        await send({"type": f"{kind}.complete"})
        if kind == "lifespan.shutdown":
            return


def _owns(path: str) -> bool:
    """Tell whether a route is for exactly this path, or for it with the slash that Django appends."""
    try:
        return _is_route(path) or (settings.APPEND_SLASH and _is_route(f"{path}/"))
    except Exception:
        # Django cannot tell, and will say why.
        return True


def _is_route(path: str) -> bool:
    try:
        match = get_resolver().resolve(path)
    except Resolver404:
        return False
    return _template(match.route).replace("\\", "") == path


def _template(route: str) -> str:
    return f"/{_ANCHORS.sub('', route)}"


# What is known of a request when Django has answered it.


def _noting(before: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(before)
    def get_response(self: Any, request: Any) -> Any:
        try:
            return before(self, request)
        finally:
            _note(request)

    return get_response


def _noting_async(before: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(before)
    async def get_response_async(self: Any, request: Any) -> Any:
        try:
            return await before(self, request)
        finally:
            _note(request)

    return get_response_async


def _exchange_of(request: Any) -> Exchange | None:
    scope = getattr(request, "scope", None)
    found: Exchange | None = request.META.get(ENVIRON_KEY) if scope is None else scope.get(SCOPE_KEY)
    return found


def _note(request: Any) -> None:
    """Take the route and the user: they are gone when the response leaves the application."""
    try:
        exchange = _exchange_of(request)
        if exchange is None:
            return
        match = request.resolver_match
        if match is not None and hasattr(request, "scope"):
            request.scope["path_template"] = _template(match.route)
        elif match is not None:
            exchange.route = _template(match.route)  # type: ignore[attr-defined]
        user = _user_id(request)
        if user:
            exchange.span.set_attribute("user_id", user)
    except Exception as error:
        guard.failed("django", error)


def _note_exception(*, request: Any, **_: Any) -> None:
    """Take an exception that Django answers with its error page."""
    error = sys.exc_info()[1]
    try:
        exchange = _exchange_of(request) if request is not None else None
        if exchange is None or error is None:
            return
        user = _user_id(request)
        if user:
            bind(user_id=user)
            exchange.span.set_attribute("user_id", user)
        exchange.fail(error)
    except Exception as failure:
        guard.failed("django", failure)


def _user_id(request: Any) -> str:
    """Give the key of the user, where that is known without asking the database, and nothing else was bound."""
    known = vars(request)
    user = known.get("_cached_user") or known.get("_acached_user") or known.get("user")
    if user is None or "user_id" in (fields.get() or ()):
        return ""
    if isinstance(user, LazyObject) and vars(user).get("_wrapped", empty) is empty:
        return ""
    return str(user.pk) if user.is_authenticated else ""
