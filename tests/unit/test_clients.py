"""
Clients of databases and web servers, each recorded after one call of ``instrument``.

Each program runs by itself, since instrumentations change their libraries for good.
"""

from __future__ import annotations

import shutil

import pytest
from tests.support.peers import postgres, postgres_programs, redis_server, web_server
from tests.support.program import run_python
from tests.support.spool import read_spool

BEFORE = "import sightline; sightline.configure(); sightline.instrument(); sightline.instrument()\n"
AFTER = "import sightline; sightline.configure()\n"
SECRET = "hunter2"


def run(tmp_path, libraries, body, *, early=True):
    """Run *body* in a span, instrumented before or after the import of *libraries*; give the spans but that one."""
    begin = BEFORE + f"import {libraries}\n" if early else f"{AFTER}import {libraries}\n{BEFORE}"
    inner = "\n".join(f"    {line}" for line in body.strip().splitlines())
    run_python(f"{begin}import asyncio, contextlib, sys\nwith sightline.span('work'):\n{inner}\n", tmp_path)
    recorded = read_spool(tmp_path)
    assert SECRET not in str(recorded.records)
    [work] = recorded.spans("work")
    found = [span for span in recorded.spans() if span is not work]
    assert {span["trace"] for span in found} == {work["trace"]}
    assert {span["span_kind"] for span in found} == {"Client"}
    return found


HTTP = {
    "httpx": """
for path in ("items?token=hunter2", "bad"):
    httpx.get(f"http://user:hunter2@127.0.0.1:{PORT}/{path}", headers={"X-Api-Key": "hunter2"}, trust_env=False)
with contextlib.suppress(httpx.ConnectError):
    httpx.get("http://user:hunter2@127.0.0.1:1/", trust_env=False)
""",
    "requests": """
for path in ("items?token=hunter2", "bad"):
    requests.get(f"http://user:hunter2@127.0.0.1:{PORT}/{path}", headers={"X-Api-Key": "hunter2"})
with contextlib.suppress(requests.ConnectionError):
    requests.get("http://user:hunter2@127.0.0.1:1/")
""",
    "aiohttp": """
async def main():
    async with aiohttp.ClientSession() as session:
        for path in ("items?token=hunter2", "bad"):
            await session.get(f"http://user:hunter2@127.0.0.1:{PORT}/{path}", headers={"X-Api-Key": "hunter2"})
        with contextlib.suppress(aiohttp.ClientError):
            await session.get("http://user:hunter2@127.0.0.1:1/")
asyncio.run(main())
""",
}


@pytest.mark.parametrize("early", [True, False])
@pytest.mark.parametrize("library", HTTP)
def test_requests_are_recorded_and_the_trace_is_sent_on(tmp_path, library, early):
    """Each is one span under the stable names; answers from 500 on and broken connections are errors."""
    with web_server() as (port, seen):
        spans = run(tmp_path, library, HTTP[library].replace("{PORT}", str(port)), early=early)

    assert seen == [f"00-{span['trace']}-{span['span']}-01" for span in spans[:2]]
    assert [span["name"] for span in spans] == ["GET", "GET", "GET"]
    assert [span.get("status") for span in spans] == [None, "Error", "Error"]
    told = [span["attributes"] for span in spans]
    assert [each.get("http.response.status_code") for each in told] == [204, 500, None]
    assert told[0]["http.request.method"] == "GET"
    assert told[0]["url.full"].endswith(f"@127.0.0.1:{port}/items?token=[REDACTED]")
    assert "Connect" in told[2]["error.type"]
    # Whether a connection that was refused has a duration, instrumentations do not agree on.
    assert read_spool(tmp_path).total("http_client_request_duration_seconds_count") in {2, 3}


@pytest.mark.parametrize("early", [True, False])
def test_statements_of_sqlalchemy_are_recorded(tmp_path, early):
    """The statement is told without its parameters, and what the database refused is an error."""
    spans = run(tmp_path, "sqlalchemy", """
with sqlalchemy.create_engine("sqlite://").connect() as connection:
    connection.execute(sqlalchemy.text("SELECT :secret"), {"secret": "hunter2"})
    with contextlib.suppress(sqlalchemy.exc.OperationalError):
        connection.execute(sqlalchemy.text("SELECT :secret FROM nowhere"), {"secret": "hunter2"})
""", early=early)  # fmt: skip

    done, failed = spans[-2:]
    assert (done["name"].lower(), done["attributes"]["db.system.name"]) == ("select", "sqlite")
    assert done["attributes"]["db.query.text"] == "SELECT ?"
    assert (failed["status"], failed["status_message"]) == ("Error", "no such table: nowhere")


@pytest.mark.parametrize("early", [True, False])
@pytest.mark.parametrize("asynchronous", [True, False])
def test_statements_of_psycopg_are_recorded(tmp_path, database, early, asynchronous):
    """Sync and async connections; parameters and the password are not told."""
    body = f"""
with psycopg.connect({database!r}) as connection:
    connection.execute("SELECT %s", ["hunter2"])
    with contextlib.suppress(psycopg.Error):
        connection.execute("SELECT %s FROM nowhere", ["hunter2"])
"""
    if asynchronous:
        body = body.replace("with psycopg.connect", "async with await psycopg.AsyncConnection.connect")
        body = body.replace("connection.execute", "await connection.execute")
        body = "async def main():" + body.replace("\n", "\n    ") + "\nasyncio.run(main())"
    done, failed = run(tmp_path, "psycopg", body, early=early)

    assert (done["name"], done["attributes"]["db.system.name"]) == ("SELECT", "postgresql")
    assert done["attributes"]["db.query.text"] == "SELECT %s"
    assert failed["status"] == "Error"
    assert 'relation "nowhere" does not exist' in failed["status_message"]


@pytest.mark.parametrize("early", [True, False])
def test_commands_of_redis_are_recorded(tmp_path, cache, early):
    """The command is told without keys and values, by sync and async clients; a refused one is an error."""
    spans = run(tmp_path, "redis.asyncio, redis", f"""
with redis.Redis.from_url({cache!r}) as client:
    client.set("card", "hunter2")
    with contextlib.suppress(redis.ResponseError):
        client.incr("card")
async def main():
    async with redis.asyncio.Redis.from_url({cache!r}) as client:
        await client.get("card")
asyncio.run(main())
""", early=early)  # fmt: skip

    assert [span["name"] for span in spans if span["name"] not in {"HELLO", "AUTH", "CLIENT"}] == [
        "SET",
        "INCRBY",
        "GET",
    ]
    told = {span["name"]: span for span in spans}
    assert told["SET"]["attributes"]["db.system.name"] == "redis"
    assert told["SET"]["attributes"]["db.query.text"] == "SET ? ?"
    assert told["INCRBY"]["status"] == "Error"


@pytest.fixture(scope="module")
def database():
    """Run a PostgreSQL."""
    programs = postgres_programs()
    if programs is None:
        pytest.skip("PostgreSQL is not installed")
    with postgres(programs) as address:
        yield f"{address} password=hunter2"


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    """Run a Redis."""
    if shutil.which("redis-server") is None:
        pytest.skip("Redis is not installed")
    with redis_server(tmp_path_factory.mktemp("redis")) as address:
        yield address


@pytest.mark.parametrize("library", ["aiohttp", "httpx", "psycopg", "redis", "requests", "sqlalchemy"])
def test_an_instrumentation_that_is_absent_is_named(tmp_path, library):
    """Where a library is imported and its instrumentation is not installed, ``doctor`` tells what to install."""
    printed = run_python(
        "import importlib.metadata as metadata\n"
        "metadata.entry_points = lambda **_: ()\n"
        f"{BEFORE}import {library}\n"
        "from sightline.sdk.presence import presence\n"
        "print(*[entry.reason for entry in presence.known()], sep='\\n')",
        tmp_path,
    )

    assert f'its instrumentation is not installed: pip install "sightline[{library}]"' in printed


def test_chroma_that_is_absent_is_named(tmp_path):
    """Asked for by hand, the integration says what to install."""
    printed = run_python(
        "import sys; sys.modules['chromadb'] = None\n"
        "try:\n    import sightline.integrations.chroma\n"
        "except Exception as error:\n    print(type(error).__name__, error)",
        tmp_path,
    )

    assert printed == 'PackageMissing Chroma is not installed: pip install "sightline[chroma]"\n'
