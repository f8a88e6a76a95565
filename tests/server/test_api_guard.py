"""What other web pages can send to a server that is open on loopback: nothing that is answered."""

import pytest


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:4318", "127.0.0.1.evil.example", "localhost.evil.example", "", "[", "10.0.0.1"],
)
def test_a_foreign_host_is_refused(server, host):
    """A request for a name that is not loopback's is not answered: the name may have been pointed here."""
    response = server.http.get("/api/v1/logs", headers={"host": host})

    assert response.status_code in {400, 421}
    assert "records" not in response.text


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost:4318", "LOCALHOST", "[::1]:4318", "127.8.9.1", "shop.localhost"]
)
def test_loopback_is_answered(server, host):
    """Every name of loopback is the server's own."""
    assert server.http.get("/health", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "http://localhost.evil.example"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
@pytest.mark.parametrize("path", ["/api/v1/sql", "/v1/logs"])
def test_a_post_of_another_page_is_refused(server, headers, path):
    """A page of another site can neither ask nor write."""
    response = server.http.post(path, json={"query": "SELECT 1"}, headers=headers)

    assert (response.status_code, response.json()["type"]) == (403, "urn:sightline:problem:cross-site")


def test_a_script_of_another_page_cannot_ask(server):
    """A page of another site can link here, and cannot make its readers' browsers ask questions."""
    foreign = {"sec-fetch-site": "cross-site"}

    asked = server.http.get("/api/v1/logs", headers={**foreign, "sec-fetch-mode": "no-cors"})
    linked = server.http.get("/logs", headers={**foreign, "sec-fetch-mode": "navigate"})

    assert (asked.status_code, linked.status_code) == (403, 200)


@pytest.mark.parametrize("headers", [{}, {"origin": "http://127.0.0.1:4318"}, {"sec-fetch-site": "same-origin"}])
def test_programs_and_own_pages_are_answered(server, headers):
    """Programs, which send no Origin, and the dashboard may ask."""
    assert server.http.post("/api/v1/sql", json={"query": "SELECT 1"}, headers=headers).status_code == 200


@pytest.mark.parametrize("path", ["/", "/logs", "/traces", f"/traces/{'a' * 32}"])
def test_a_page_comes_with_its_policy(server, path):
    """Every view is the one page, under a policy that lets it reach this server alone."""
    response = server.http.get(path)

    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/html")
    policy = response.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["referrer-policy"] == "no-referrer"


def test_assets_are_cached_by_their_name(server):
    """What the page loads is found; files with a hash in their name are kept for ever, the page itself is not."""
    page = server.http.get("/")
    script = next(part.split('"')[0] for part in page.text.split('src="') if part.startswith("/assets/index-"))

    found = server.http.get(script)
    again = server.http.get(script, headers={"if-none-match": found.headers["etag"]})

    assert "immutable" in found.headers["cache-control"]
    assert found.headers["content-encoding"] == "gzip"
    assert (again.status_code, again.content) == (304, b"")
    assert page.headers["cache-control"] == "no-cache"
