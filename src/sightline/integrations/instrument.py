"""``instrument``: records what applications and libraries do, each by the integration that fits it."""

from __future__ import annotations

import functools
import importlib
from typing import TYPE_CHECKING, Any, Final, TypeVar

from sightline.base.errors import SightlineError
from sightline.sdk import guard
from sightline.sdk.imports import when_imported

if TYPE_CHECKING:
    from collections.abc import Iterable

Application = TypeVar("Application")

FRAMEWORKS: Final[dict[str, tuple[str, str]]] = {
    "fastapi.applications.FastAPI": ("sightline.integrations.fastapi", "fastapi"),
    "starlette.applications.Starlette": ("sightline.integrations.starlette", "starlette"),
    "flask.app.Flask": ("sightline.integrations.flask", "flask"),
    "django.core.handlers.wsgi.WSGIHandler": ("sightline.integrations.django", "django"),
    "django.core.handlers.asgi.ASGIHandler": ("sightline.integrations.django", "django"),
    "celery.app.base.Celery": ("sightline.integrations.celery", "celery"),
}
"""The class of an application, the module that instruments it, and the library's name. Subclasses count, too."""


LIBRARIES: Final = {
    "anthropic": "sightline.integrations.anthropic",
    "celery": "sightline.integrations.celery",
    "chromadb": "sightline.integrations.chroma",
    "loguru": "sightline.integrations.loguru",
    "openai": "sightline.integrations.openai",
    "structlog": "sightline.integrations.structlog",
}
"""Libraries that Sightline instruments itself, and the modules that do it."""


def instrument(app: Application | None = None, *, namespace: str = "http") -> Application | None:
    """
    Record the requests of *app*; or, without one, what the libraries in this process do.

    Args:
        app: a FastAPI, Starlette, Flask, Django or Celery application. It is given back, so that
            ``app = sightline.instrument(FastAPI())`` may be written. Or the name of one library, such as ``"celery"``
            or ``"redis"``, which is instrumented once it is imported; of a framework, each application made from then
            on.
        namespace: what the names of the request metrics begin with.

    Without *app*, OpenTelemetry's instrumentations that are installed are turned on, each when its library is
    imported: SQLAlchemy, psycopg, redis, requests, httpx, aiohttp and so on record through Sightline. Chroma and the
    clients of OpenAI and Anthropic are recorded by Sightline itself.

    Raises:
        SightlineError: if *app* is none of these. Other applications are wrapped by hand, see docs/howto.
    """
    if app is None:
        _instrument_libraries()
        return None
    if isinstance(app, str):
        _instrument_named(app)
        return None
    for kind in type(app).__mro__:
        found = FRAMEWORKS.get(f"{kind.__module__}.{kind.__qualname__}")
        if found is not None:
            instrumented: Application = importlib.import_module(found[0]).instrument(app, namespace=namespace)
            return instrumented
    raise SightlineError(
        f"A {type(app).__module__}.{type(app).__qualname__} cannot be instrumented; expected an application of "
        f"{', '.join(dict.fromkeys(name for _, name in FRAMEWORKS.values()))}. Wrap others yourself: "
        "app = sightline.integrations.asgi.SightlineMiddleware(app), or …wsgi.SightlineWSGI(app)."
    )


def instrument_everything() -> None:
    """Instrument each application that is made from now on, and all libraries: what ``sightline run`` does."""
    _instrument_frameworks(FRAMEWORKS)
    _instrument_libraries()


def _instrument_libraries() -> None:
    # Imported when it is asked for: looking through the installed packages takes milliseconds.
    from sightline.integrations import opentelemetry

    opentelemetry.instrument()
    for name, module in LIBRARIES.items():
        when_imported(name, functools.partial(_turn_on, module))


def _instrument_named(name: str) -> None:
    from sightline.integrations import opentelemetry

    kinds = [path for path, (_, framework) in FRAMEWORKS.items() if framework == name]
    if name in LIBRARIES:
        when_imported(name, functools.partial(_turn_on, LIBRARIES[name]))
    elif kinds:
        _instrument_frameworks(kinds)
    elif not opentelemetry.instrument(name):
        known = sorted({*LIBRARIES, *(framework for _, framework in FRAMEWORKS.values())})
        raise SightlineError(
            f"There is no instrumentation of {name!r}; expected one of {', '.join(known)}, or the name of an "
            f"instrumentation of OpenTelemetry's that is installed: pip install opentelemetry-instrumentation-{name}."
        )


def _instrument_frameworks(paths: Iterable[str]) -> None:
    for path in paths:
        module, _, name = path.rpartition(".")
        when_imported(module, _patching(module, name))


def _turn_on(module: str) -> None:
    importlib.import_module(module).instrument()


def _patching(module: str, name: str) -> Any:
    def patch() -> None:
        _instrument_at_birth(getattr(importlib.import_module(module), name))

    return patch


def _instrument_at_birth(kind: Any) -> None:
    """Let a framework's class instrument each application once it is made."""
    init = kind.__init__

    @functools.wraps(init)
    def init_and_instrument(self: Any, *args: Any, **kwargs: Any) -> None:
        init(self, *args, **kwargs)
        try:
            instrument(self)
        except Exception as error:
            guard.failed(f"instrumenting {kind.__name__}", error)

    kind.__init__ = init_and_instrument
