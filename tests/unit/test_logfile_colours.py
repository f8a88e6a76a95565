"""Colours of terminals in log files: neither formats nor records see them."""

import logging
import random
from pathlib import Path

import pytest
from uvicorn.logging import AccessFormatter, DefaultFormatter

from sightline.wire.logfile.colours import without_colours
from sightline.wire.logfile.formats import FORMATS, cut, decode, recognise
from sightline.wire.logfile.source import Source

GOLDEN = Path(__file__).parent.parent / "golden" / "logfiles"
SOURCE = Source({"service.name": "web"}, 1_795_200_000_000_000_000)
COLOURS = (b"\x1b[0m", b"\x1b[m", b"\x1b[1;31m", b"\x1b[38;5;208m", b"\x1b[38:2::255:0:10m")


def coloured(content: bytes, seed: int) -> bytes:
    """Set colours at random places."""
    chance = random.Random(seed)
    places = sorted(chance.choices(range(len(content) + 1), k=len(content) // 20))
    bounds = zip([0, *places], [*places, len(content)], strict=True)
    return b"".join(content[start:end] + chance.choice(COLOURS) for start, end in bounds)


def rows(content: bytes, name: str) -> tuple[list[dict[str, object]], int]:
    """Decode and give the rows, and how many lines were not of the format."""
    found, unread = decode(content, name, SOURCE)
    return found.tables["otel_logs"].to_pylist(), unread


@pytest.mark.parametrize("name", FORMATS)
def test_colours_change_nothing(name):
    """A file is recognised, cut and read as without colours, wherever in it they are."""
    plain = (GOLDEN / f"{name}.log").read_bytes()
    whole = rows(plain, name)

    for seed in range(20):
        content = coloured(plain, seed)
        assert recognise(content) == name
        assert rows(content, name) == whole
        assert without_colours(content[: cut(content, name)]) == plain[: cut(plain, name)]


def test_uvicorn_on_a_terminal_is_read():
    """What Uvicorn writes in colours is of its format, with nothing of them in the records."""
    told = logging.LogRecord("uvicorn.error", logging.INFO, "", 0, "Started server process [%d]", (4711,), None)
    asked = ("127.0.0.1:50000", "GET", "/items?q=1", "1.1", 404)
    request = logging.LogRecord("uvicorn.access", logging.INFO, "", 0, '%s - "%s %s HTTP/%s" %d', asked, None)
    access = AccessFormatter('%(levelprefix)s %(client_addr)s - "%(request_line)s" %(status_code)s', use_colors=True)
    lines = [DefaultFormatter("%(levelprefix)s %(message)s", use_colors=True).format(told), access.format(request)]
    content = "".join(f"{line}\n" for line in lines).encode()

    found, unread = rows(content, recognise(content))

    assert content.count(b"\x1b[") >= 6
    assert (recognise(content), unread) == ("uvicorn", 0)
    assert [row["Body"] for row in found] == ["Started server process [4711]", "GET /items?q=1"]
    assert dict(found[1]["LogAttributes"])["http.response.status_code"] == "404"


def test_what_sets_no_colour_stays():
    """Sequences that do something else, and halves of one, are kept as they are."""
    kept = b"\x1b[2J \x1b[1;1H \x1b[12 \x1b \x1b]8;;file:///a\x1b\\ [32m\n"

    assert without_colours(kept) == kept
    assert without_colours(b"a\x1b[32mb\x1b[0m\n") == b"ab\n"


def test_a_file_without_colours_is_not_copied():
    """Bytes in which nothing is to be taken out are the same ones."""
    content = b'127.0.0.1 - - "GET /" 200\n' * 1000

    assert without_colours(content) is content
