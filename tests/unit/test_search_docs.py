"""docs/reference/search.md tells the truth: each of its examples finds what is said beside it."""

import json
import re
from pathlib import Path

import pytest

from sightline.base.errors import QueryInvalid
from sightline.query.search import EVENTS, LOGS, TRACES, compile_search, matcher

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "search.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| `(.+?)` \| (.*?) ?\|$", re.MULTILINE)


def records(text: str) -> list[dict]:
    """Read the records of a block of JSON."""
    return [json.loads(line) for line in re.search(r"```json\n(.*?)```", text, re.DOTALL)[1].splitlines()]


def shown(part: str) -> list[tuple[str, str]]:
    """Give the rows of a part's tables; in them a pipe is written with a backslash before."""
    return [(query.replace("\\|", "|"), finds) for query, finds in ROW.findall(part)]


LOGS_PART, TRACES_PART, EVENTS_PART, ERRORS_PART = re.split(r"^## (?:Traces|Events|Errors)$", PAGE, flags=re.MULTILINE)
EXAMPLES = [
    pytest.param(signal, records(part), query, finds, id=query)
    for signal, part in ((LOGS, LOGS_PART), (TRACES, TRACES_PART), (EVENTS, EVENTS_PART))
    for query, finds in shown(part)
]


@pytest.mark.parametrize(("signal", "given", "query", "finds"), EXAMPLES)
def test_an_example_finds_what_is_said(signal, given, query, finds):
    """An example's search compiles, and holds for the records whose numbers stand beside it."""
    assert compile_search(query, signal).sql

    match = matcher(query, signal)
    assert [number for number, record in enumerate(given, 1) if match(record)] == json.loads(f"[{finds}]")


@pytest.mark.parametrize(("query", "said"), ROW.findall(ERRORS_PART))
def test_an_example_of_an_error_gives_it(query, said):
    """An example's error has the position and the message that stand beside it."""
    with pytest.raises(QueryInvalid) as raised:
        compile_search(query, LOGS)

    assert f"{raised.value.position}: {raised.value}" == said


def test_the_page_has_examples():
    """The page's tables are found at all."""
    assert len(EXAMPLES) > 30
