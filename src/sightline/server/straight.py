"""Finds a request's route by its path: of a hundred, tried one after the other, each costs a microsecond and more."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NoReturn

from starlette.routing import BaseRoute, Match, NoMatchFound, Route

if TYPE_CHECKING:
    from collections.abc import Iterable

    from starlette.types import Receive, Scope, Send


class Straight(BaseRoute):
    """
    Stands before all routes, and knows those whose path has no parameters. What it does not know they find themselves.

    So ``/elasticsearch/_bulk`` is no index of this name.

    Args:
        routes: those that stand behind it, in their order.
    """

    def __init__(self, routes: Iterable[BaseRoute]) -> None:
        self._known: defaultdict[str, list[Route]] = defaultdict(list)
        for route in routes:
            if isinstance(route, Route) and not route.param_convertors:
                self._known[route.path].append(route)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Tell whether there is a route of just this path and method."""
        if scope["type"] == "http" and not scope.get("root_path"):
            for route in self._known.get(scope["path"], ()):
                found, child = route.matches(scope)
                if found is Match.FULL:
                    return found, {**child, "sightline.route": route}
        return Match.NONE, {}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the route that was found answer."""
        route: Route = scope["sightline.route"]
        await route.handle(scope, receive, send)

    def url_path_for(self, name: str, /, **path_params: object) -> NoReturn:
        """Name no path: the routes themselves do."""
        raise NoMatchFound(name, path_params)
