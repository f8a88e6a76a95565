"""A request finds its route by its path, or as ever."""

from starlette.routing import Match, Route
from starlette.testclient import TestClient

from sightline.server.app import create_app
from sightline.server.straight import Straight


def test_each_path_leads_to_its_own_route():
    """To the first with this path and method, though one with parameters may stand before it."""
    straight, *routes = create_app(None).router.routes
    assert isinstance(straight, Straight)
    known = [route for route in routes if isinstance(route, Route) and not route.param_convertors]

    for route in known:
        for method in route.methods or ():
            found, child = straight.matches({"type": "http", "method": method, "path": route.path})

            assert found is Match.FULL
            assert child["sightline.route"] is next(
                one for one in known if one.path == route.path and method in (one.methods or ())
            )
    assert len(known) > 50


def test_what_is_not_known_is_answered_as_ever():
    """Another method, one that is nowhere, and a path with parameters."""
    client = TestClient(create_app(None), "http://127.0.0.1", follow_redirects=False)

    assert client.delete("/v1/traces").status_code == 405
    assert client.get("/v1/nowhere").status_code == 404
    assert client.get("/elasticsearch/_license").status_code == 200
