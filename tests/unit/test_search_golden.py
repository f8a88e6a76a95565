"""The search language against tests/golden/search.txt: each search with its SQL and parameters, or its error."""

import json
from pathlib import Path

import pytest

from sightline.base.errors import QueryInvalid
from sightline.query.search import EVENTS, LOGS, TRACES, compile_search

GOLDEN = Path(__file__).parents[1] / "golden" / "search.txt"
SIGNALS = {"logs": LOGS, "traces": TRACES, "events": EVENTS}


def cases():
    """Read the golden file: blocks with blank lines between, comments with #."""
    for block in GOLDEN.read_text(encoding="utf-8").split("\n\n"):
        lines = [line for line in block.splitlines() if line and not line.startswith("#")]
        if lines:
            signal, _, query = lines[0].partition("> ")
            yield pytest.param(signal, query, lines[1:], id=lines[0])


def outcome(signal: str, query: str) -> list[str]:
    """Write what becomes of a search, as the golden file has it."""
    try:
        condition = compile_search(query, SIGNALS[signal])
    except QueryInvalid as error:
        return [f"error at {error.position}: {error}"]
    parameters = [f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in condition.parameters.items()]
    return [condition.sql, *parameters]


@pytest.mark.parametrize(("signal", "query", "expected"), list(cases()))
def test_a_search_compiles_as_the_golden_file_says(signal, query, expected):
    """A search gives the SQL and the parameters, or the error and its position, that are written down."""
    assert outcome(signal, query) == expected
