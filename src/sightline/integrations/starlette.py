"""Instruments Starlette applications, and whatever is built on Starlette."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sightline.base.errors import PackageMissing
from sightline.integrations.asgi import SightlineMiddleware
from sightline.sdk.presence import Instrumented, presence

try:
    import starlette
except ImportError:
    raise PackageMissing("Starlette is not installed: pip install starlette") from None

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from starlette.applications import Starlette

    from sightline.integrations.asgi import Application, Scope

_MOST_REMEMBERED: Final = 10_000
"""Endpoints whose template is kept. Applications that make endpoints while they run must not fill the memory."""

_DEEPEST: Final = 20
"""Applications mounted within each other that are looked into."""


def instrument(app: Starlette, *, namespace: str = "http") -> Starlette:
    """
    Record each request of *app*: a server span and request metrics.

    The recording lies around everything else, error pages and other middleware included. Done twice, it counts once.

    Args:
        app: may have served already, and may get routes and middleware later.
        namespace: what the names of the request metrics begin with.
    """
    if wrap(app, namespace):
        presence.note(Instrumented("starlette", "sightline", starlette.__version__))
    return app


def wrap(app: Starlette, namespace: str, marks: Mapping[str, Any] | None = None) -> bool:
    """Put the middleware around *app*'s own; False where it is there already. *marks* go into each scope."""
    if "build_middleware_stack" in vars(app) and getattr(app.build_middleware_stack, "by_sightline", False):
        return False
    build = app.build_middleware_stack
    template = Routes(app)

    def build_middleware_stack() -> Application:
        return SightlineMiddleware(build(), route=template, namespace=namespace, marks=marks, owns=template.owns)

    build_middleware_stack.by_sightline = True  # type: ignore[attr-defined]
    app.build_middleware_stack = build_middleware_stack  # type: ignore[method-assign]
    if app.middleware_stack is not None:
        app.middleware_stack = SightlineMiddleware(
            app.middleware_stack, route=template, namespace=namespace, marks=marks, owns=template.owns
        )
    return True


class Routes:
    """Finds the template of the route that a request took: ``/orders/{id}``, never the path itself."""

    def __init__(self, app: Starlette) -> None:
        self._app = app
        self._known: dict[int, tuple[Any, str | None]] = {}

    def __call__(self, scope: Scope) -> str | None:
        """Give the template, or None where no route took the request."""
        if "app_root_path" in scope:
            # It went through a mount, whose template no longer stands in the scope.
            return self._search(scope)
        route = scope.get("route")
        if route is not None:
            # FastAPI. A route of an included router knows its path without the prefix; the context knows it with it.
            found = scope.get("fastapi")
            context = found.get("effective_route_context") if found else None
            return getattr(context, "path_format", None) or getattr(route, "path_format", None)
        endpoint = scope.get("endpoint")
        return None if endpoint is None else self._of_endpoint(endpoint, scope)

    def owns(self, path: str) -> bool:
        """Tell whether a route is for exactly this path, or something is mounted at a part of it."""
        return _has(self._app.routes, path, 0)

    def _of_endpoint(self, endpoint: Any, scope: Scope) -> str | None:
        known = self._known.get(id(endpoint))
        if known is None or known[0] is not endpoint:
            paths = {getattr(route, "path_format", None) for route in self._app.routes if _endpoint(route) is endpoint}
            # Where one function serves several routes, only the path tells them apart.
            known = (endpoint, paths.pop() if len(paths) == 1 else None)
            if len(self._known) < _MOST_REMEMBERED:
                self._known[id(endpoint)] = known
        return known[1] or self._search(scope)

    def _search(self, scope: Scope) -> str | None:
        root = scope.get("app_root_path", scope.get("root_path", ""))
        return _find(self._app.routes, scope["path"].removeprefix(root), scope, 0)


def _endpoint(route: Any) -> Any:
    return getattr(route, "endpoint", None)


def _has(routes: Iterable[Any], path: str, depth: int) -> bool:
    for route in routes:
        if hasattr(route, "effective_route_contexts"):
            if _has(route.effective_route_contexts(), path, depth + 1):
                return True
            continue
        if hasattr(route, "host_regex"):
            if depth < _DEEPEST and _has(route.routes or (), path, depth + 1):
                return True
            continue
        own = getattr(route, "path", None)
        if own == path:
            return True
        if _endpoint(route) is None and own and path.startswith(f"{own}/"):
            return True
    return False


def _find(routes: Iterable[Any], path: str, scope: Scope, depth: int) -> str | None:
    """Go the way of the path through routes, mounts and included routers, and put the templates together."""
    partly = None
    for route in routes:
        if hasattr(route, "effective_route_contexts"):
            found = _find(route.effective_route_contexts(), path, scope, depth + 1)
            if found is not None:
                return found
            continue
        if hasattr(route, "host_regex"):
            found = _find(route.routes or (), path, scope, depth + 1) if depth < _DEEPEST else None
            if found is not None:
                return found
            continue
        pattern = getattr(route, "path_regex", None)
        match = pattern.match(path) if pattern is not None else None
        if match is None:
            continue
        if _endpoint(route) is None and "path" in match.groupdict():
            return _through_mount(route, "/" + match["path"], scope, depth)
        methods = getattr(route, "methods", None)
        if not methods or scope.get("method") in methods:
            return getattr(route, "path_format", None)
        partly = partly or getattr(route, "path_format", None)
    return partly


def _through_mount(mount: Any, rest: str, scope: Scope, depth: int) -> str:
    inner = _find(getattr(mount, "routes", None) or (), rest, scope, depth + 1) if depth < _DEEPEST else None
    return f"{mount.path}{inner or '/{path}'}"
