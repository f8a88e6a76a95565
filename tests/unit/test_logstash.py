"""The pipeline for Logstash takes apart what ``LOG_FORMAT=fields`` writes. Logstash itself is not run."""

import logging
import re
import sys
from pathlib import Path

import pytest

from sightline.logging import FieldsFormatter

PIPELINE = (Path(__file__).parents[2] / "deploy/logstash/text.conf").read_text()

PATTERNS = {
    "TIMESTAMP_ISO8601": r"\d{4}-\d\d-\d\d[T ]\d\d:?\d\d(?::?\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?",
    "WORD": r"\b\w+\b",
    "DATA": r".*?",
}
"""What the pipeline uses of Logstash's own patterns (logstash-patterns-core, ecs-v1/grok-patterns), in short."""


def regex(grok: str) -> re.Pattern[str]:
    """Translate grok's notation and Oniguruma's, whose ``(?m)`` lets the dot match newlines."""
    named = re.sub(r"%\{(\w+):(\w+)\}", lambda found: f"(?P<{found[2]}>{PATTERNS[found[1]]})", grok)
    return re.compile(named.replace("(?<", "(?P<").replace("(?m)", "(?s)"))


def take_apart(text: str) -> dict[str, str]:
    """Do as the filters ``grok`` and ``kv`` do."""
    match = regex(re.search(r'"message" => "(.+)"', PIPELINE)[1]).search(text)
    assert match is not None, text
    found = {name: value for name, value in match.groupdict().items() if value is not None}
    split = re.search(r'field_split_pattern => "(.+)"', PIPELINE)[1]
    pairs = re.split(split, found.pop("fields", ""))
    return found | dict(pair.split("=", 1) for pair in pairs if pair)


def written(message: str, exc_info=None, **fields) -> str:
    """Format a log as ``LOG_FORMAT=fields`` does."""
    record = logging.LogRecord("shop", logging.INFO, "/srv/orders.py", 3, message, (), exc_info, "pay")
    record.__dict__.update(fields)
    return FieldsFormatter().format(record)


def test_the_documented_line_is_taken_apart():
    """The line of the documentation has all its parts."""
    assert take_apart("2024-01-15T10:30:45.123Z [INFO] [module] [function] message, key=value") == {
        "timestamp": "2024-01-15T10:30:45.123Z", "level": "INFO", "module": "module", "function": "function",
        "text": "message", "key": "value",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("message", "fields"),
    [
        ("paid", {}),
        ("paid, at last", {"order": "7", "note": "a, b", "url": "/x?y=1"}),
        ("[odd] message", {"a.b": "1"}),
        ("paid", {"note": "first\n2024-01-15T10:30:45.123Z [INFO] [forged] [line] x"}),
    ],
)
def test_what_we_write_is_taken_apart(message, fields):
    """Message and fields come back, commas, brackets and all; a value cannot forge a line."""
    found = take_apart(written(message, **fields))

    assert found["text"] == message
    assert {name: found[name] for name in fields} == {name: text.replace("\n", "\\n") for name, text in fields.items()}
    assert (found["level"], found["module"], found["function"]) == ("INFO", "orders", "pay")


def test_a_traceback_belongs_to_its_line():
    """Its lines do not begin as a log does, so they are joined to it, and come back apart from the message."""
    begins = re.compile(re.search(r'pattern => "(.+)"', PIPELINE)[1])
    try:
        raise ValueError("no such order")
    except ValueError:
        first, *rest = written("failed", sys.exc_info(), order="7").split("\n")

    assert begins.search(first)
    assert not any(begins.search(line) for line in rest)
    found = take_apart("\n".join([first, *rest]))
    assert (found["text"], found["order"]) == ("failed", "7")
    assert found["traceback"].endswith("ValueError: no such order")


@pytest.mark.parametrize("name", ["text.conf", "json.conf"])
def test_every_brace_of_a_pipeline_is_closed(name):
    """Outside of texts and comments, braces and brackets come in pairs."""
    text = (Path(__file__).parents[2] / "deploy/logstash" / name).read_text()
    bare = re.sub(r'"[^"\n]*"|#[^\n]*', "", text)

    assert bare.count("{") == bare.count("}")
    assert bare.count("[") == bare.count("]")
