"""Whatever lies in a log file gives records, and no line is lost."""

from pathlib import Path

import pytest
from tests.support.fuzz import MUTATIONS, fuzz

from sightline.wire.logfile.colours import without_colours
from sightline.wire.logfile.formats import FORMATS, cut, decode, recognise
from sightline.wire.logfile.source import Source

GOLDEN = Path(__file__).parent.parent / "golden" / "logfiles"
SOURCE = Source({"service.name": "web"}, 1_795_200_000_000_000_000)


def decoded(content: bytes, name: str) -> None:
    """Decode, and check what must hold of any content."""
    found, _ = decode(content, name, SOURCE)
    table = found.tables.get("otel_logs")
    if table is not None:
        table.validate(full=True)
    assert any(line.removesuffix(b"\r").strip(b" \t") for line in without_colours(content).split(b"\n")) == (
        table is not None
    )
    assert 0 <= cut(content, name) <= len(content)


@pytest.mark.parametrize("name", FORMATS)
def test_mutations(name):
    """Each mutation of a file gives records, in its own format and as it is recognised."""
    lines = (GOLDEN / f"{name}.log").read_bytes().splitlines(keepends=True)
    bodies = [*lines, b"".join(lines[:4])]
    count = MUTATIONS // len(FORMATS)

    assert fuzz(lambda body: decoded(body, name), bodies, count=count) == count
    assert fuzz(lambda body: decoded(body, recognise(body)), bodies, count=count // 20) == count // 20
