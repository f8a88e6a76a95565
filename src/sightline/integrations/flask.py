"""Instruments Flask applications."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from sightline.base.errors import PackageMissing
from sightline.integrations.wsgi import ENVIRON_KEY, SightlineWSGI
from sightline.sdk import guard
from sightline.sdk.presence import Instrumented, presence

try:
    from flask import got_request_exception, request, request_started
except ImportError:
    raise PackageMissing("Flask is not installed: pip install flask") from None

if TYPE_CHECKING:
    from flask import Flask


def instrument(app: Flask, *, namespace: str = "http") -> Flask:
    """
    Record each request of *app*: a server span and request metrics.

    Done twice, it counts once.

    Args:
        app: may get routes later.
        namespace: what the names of the request metrics begin with.
    """
    if isinstance(app.wsgi_app, SightlineWSGI):
        return app
    app.wsgi_app = SightlineWSGI(  # type: ignore[method-assign]
        app.wsgi_app,
        namespace=namespace,
        owns=lambda path: any(rule.rule == path for rule in app.url_map.iter_rules()),
    )
    # Signals hold on to functions of modules only; bound here, these live as long as the application.
    request_started.connect(_note_route, app)
    got_request_exception.connect(_note_exception, app)
    presence.note(Instrumented("flask", "sightline", version("flask")))
    return app


def _note_route(_: Flask, **__: Any) -> None:
    """Take the route, once Flask has found it: it is gone when the response leaves the application."""
    try:
        exchange = request.environ.get(ENVIRON_KEY)
        if exchange is not None and request.url_rule is not None:
            exchange.route = request.url_rule.rule
    except Exception as error:
        guard.failed("flask", error)


def _note_exception(_: Flask, exception: BaseException, **__: Any) -> None:
    """Take an exception that Flask answers with its error page."""
    try:
        exchange = request.environ.get(ENVIRON_KEY)
        if exchange is not None:
            exchange.fail(exception)
    except Exception as error:
        guard.failed("flask", error)
