"""A secret that is planted anywhere never comes through; text without one is never altered."""

from __future__ import annotations

import base64
import dataclasses
import html
import json
import logging
import re
import string
from urllib.parse import quote, urlencode

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import sightline
from sightline.errors import track_error
from sightline.events import event
from sightline.logging import FieldsFormatter, JSONFormatter
from sightline.testing import capture
from sightline.wire.lines import encode_fields
from sightline.wire.redact import Redactor

slowly = settings(suppress_health_check=[HealthCheck.too_slow])

PARTS = (
    ("password",), ("pass", "word"), ("passwd",), ("pwd",), ("api", "key"), ("token",), ("secret",), ("authorization",),
    ("credit", "card"), ("ssn",), ("social", "security"), ("private", "key"), ("cookie",), ("tax", "number"),
)  # fmt: skip
"""Names of secrets, the last one the user's own, and where they may be parted."""

letters = st.sampled_from(string.ascii_letters)
others = st.sampled_from(string.ascii_letters + string.digits + "-._~!*^+/$")
secrets = st.lists(st.tuples(letters, others).map("".join), min_size=6, max_size=12).map("".join)
"""Without many digits in a row, which the figures beside them could have by chance."""


@st.composite
def secret_names(draw, between="_-."):
    """Give a secret's name in any case, however it is parted, among other words or alone."""
    parts = draw(st.sampled_from(PARTS))
    separator = draw(st.sampled_from([*between, ""]))
    style = draw(st.sampled_from([str.lower, str.upper, str.title, str.capitalize, str.swapcase]))
    name = separator.join(style(part) for part in parts)
    before = draw(st.sampled_from(["", "user_", "X-", "db.", "my", "http.request.header."]))
    after = draw(st.sampled_from(["", "_2", "-value", "2" if parts[0] == "password" else ""]))
    if before == "my":
        name = "my" + "".join(part.capitalize() for part in parts)
    return before.replace("my", "", before == "my") + name + after


@dataclasses.dataclass
class Account:
    """An object with named fields."""

    user: str
    password: str


WRITTEN = (
    lambda name, value: f"{name}={value}",
    lambda name, value: f"login failed: {name}: {value} for u1",
    lambda name, value: f'failed with "{name}"="{value}", retrying',
    lambda name, value: f"user[{name}]={value}&next=1",
    lambda name, value: f"run --{name} {value} --verbose",
    lambda name, value: f"Command {['run', '--' + name, value]} failed",
    lambda name, value: f"<login><{name}>{value}</{name}></login>",
    lambda name, value: f"https://example.org/a?x=1&{urlencode({name: value})}#top",
    lambda name, value: f"redirect={quote('https://example.org/?' + urlencode({name: value}), safe='')}",
    lambda name, value: quote(quote(f"/?{name}={value}")),
    lambda name, value: repr({"user": "u1", name: [value, value]}),
    lambda name, value: repr([(b"accept", b"*/*"), (name.encode(), value.encode())]),
    lambda name, value: "headers " + json.dumps([["accept", "*"], [name, value]]),
    lambda name, value: json.dumps({"a": [1, {name: {"deep": value}}]}),
    lambda name, value: "body: " + json.dumps({"a": json.dumps({name: value})}),
    lambda name, value: json.dumps(json.dumps(json.dumps({name: value}))),
    lambda name, value: html.escape(json.dumps({name: value})),
    lambda name, value: f"GET / HTTP/1.1\r\nHost: h\r\n{name}: {value}\r\nAccept: */*",
)
"""Ways in which a name and its value stand in text."""

named_texts = st.builds(lambda write, name, value: (write(name, value), value),
                        st.sampled_from(WRITTEN), secret_names(), secrets)  # fmt: skip
words = st.sampled_from(["order", "paid", "42", "at 12:30", "tokens: 5", "author", "done."])
looks = st.one_of(
    st.from_regex(r"AKIA[0-9A-Z]{16}", fullmatch=True), st.from_regex(r"AIza[0-9A-Za-z_-]{35}", fullmatch=True),
    st.from_regex(r"sk-proj-[0-9A-Za-z]{24}", fullmatch=True),
    st.from_regex(r"gh[pousr]_[0-9A-Za-z]{36}", fullmatch=True),
    st.from_regex(r"eyJ[0-9A-Za-z_-]{20}\.eyJ[0-9A-Za-z_-]{20}\.[0-9A-Za-z_-]{20}", fullmatch=True),
    st.from_regex(r"[1-8][0-9]{2}-[1-9][0-9]-[1-9][0-9]{3}", fullmatch=True).filter(lambda text: text[:3] != "666"),
    st.from_regex(r"4[0-9]{14}", fullmatch=True).map(lambda digits: digits + check_digit(digits)),
)  # fmt: skip
AROUND = (
    "it was {}", "Bearer {}", "https://user:{}@example.org/a", "key {}, or so", '{{"note": "{}"}}',
    "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----",
)  # fmt: skip


def check_digit(digits):
    """Give the last digit of a card's number."""
    doubled = (sum(divmod(2 * int(digit), 10)) for digit in digits[::-2])
    return str(-(sum(doubled) + sum(map(int, digits[-2::-2]))) % 10)


def nested(leaf):
    """Put a value anywhere in a structure, beside others."""
    return st.recursive(
        leaf,
        lambda inner: st.one_of(
            st.tuples(inner, words).map(list), st.tuples(words, words, inner),
            inner.map(lambda one: {"a": 1, "b": one}), inner.map(lambda one: Account(one, "x")),
            inner.map(lambda one: {"items": [{"n": 1}, one]}),
        ),
        max_leaves=3,
    )  # fmt: skip


def leaked(secret, *shown):
    """Tell what of a secret came through, as it is or encoded: eight of its characters are too many."""
    out = "\n".join(one if isinstance(one, str) else encode_fields({"": one}).decode() for one in shown)
    forms = [secret, *(base64.b64encode(secret[at:].encode()).decode()[4:-8] for at in range(3))]
    return [form for whole in forms for at in range(len(whole) - 7) if (form := whole[at : at + 8]) in out]


@slowly
@given(st.data(), secret_names(between="_-. "), secrets)
def test_a_named_secret_in_a_structure_never_comes_through(data, name, secret):
    """As a mapping's value, in a pair, or behind a flag, at any depth and of any type."""
    value = data.draw(st.sampled_from([secret, secret.encode(), [secret], {"inner": secret}]))
    planted = data.draw(nested(st.sampled_from(
        [{name: value}, {name.encode(): value}, (name, value), [[name, value]], [(name.encode(), value)],
         ["run", f"--{name}", secret], {"body": {"form": {name: value}}}]
    )))  # fmt: skip

    cleaned = Redactor(["tax_number"]).clean({"field": planted})

    assert leaked(secret, cleaned) == []


@slowly
@given(st.data())
def test_a_named_secret_in_text_never_comes_through(data):
    """However the text writes it, and whatever the text is within."""
    text, secret = data.draw(named_texts)
    planted = data.draw(nested(st.just(f"{data.draw(words)} {text}")))
    redactor = Redactor(["tax_number"])

    assert leaked(secret, redactor.text(text), redactor.clean({"field": planted, "raw": text.encode()})) == []


@slowly
@given(st.data(), looks, st.sampled_from(AROUND))
def test_what_looks_like_a_secret_never_comes_through(data, secret, around):
    """Keys, tokens, cards and numbers are known without a name, as texts, in names of fields, and encoded."""
    text = around.format(secret)
    planted = data.draw(nested(st.sampled_from([text, quote(text), {text: 1}, json.dumps([text])])))

    assert leaked(secret, Redactor().clean({"field": planted}), Redactor().text(text)) == []


def failure(text):
    """Make an exception that has a text in its message, its cause, its traceback and its locals."""
    held = {"note": text, "many": [text]}
    try:
        try:
            raise KeyError(text)
        except KeyError as error:
            raise ValueError(f"{held['note']} is wrong") from error
    except ValueError as error:
        return error


def record_everywhere(text, python):
    """Record a text in every place that there is for one, and an exception that has it."""
    sightline.get_logger("shop").info(text, field=text, nested={"a": [text]})
    python.warning("%s", text, extra={"field": text})
    event("happened", user_id=text, note=text)
    error = failure(text)
    with sightline.span("work", field=text) as span:
        span.add_event("step", {"note": text})
        span.record_exception(error)
        span.mark_failed(str(error))
        track_error(error, context={"field": text})
        python.error("failed", exc_info=error)


@slowly
@given(named_texts)
def test_a_secret_is_in_nothing_that_is_recorded_or_shown(planted):
    """Messages, fields, context, spans, events, exceptions with their causes and locals, JSON and text."""
    shown = []
    python = logging.Logger("redaction")  # noqa: LOG001 - beside the tree, where no handler of pytest's finds it
    for formatter in (JSONFormatter(), FieldsFormatter()):
        handler = logging.StreamHandler()
        handler.emit = lambda record, format_=formatter.format: shown.append(format_(record))
        python.addHandler(handler)
    text, secret = planted
    with capture(redact=["tax_number"], capture_locals=True) as captured, sightline.context(bound=text):
        record_everywhere(text, python)

    assert len(captured.lines) >= 6
    assert leaked(secret, *shown, *(line.decode() for line in captured.lines)) == []


SECRET = re.compile(
    "pass|pwd|secret|token|key|auth|credit|card|ssn|social|private|cookie|credential|cvv|bearer|basic|digest"
)
harmless = st.one_of(
    st.lists(st.sampled_from([
        "order", "paid", "a basic understanding", "Basic authentication failed", "author", "tokens", "secretary",
        "compass", "tokenizer", "passenger", "bearer of bad tidings", "digest mismatch", "keyboard", "v1.2.3",
        "http://host:8080/a?email=a@b.org", "(see above)", "<html>", "it's", "a=b", "x: 1", "[1, 2]", "--verbose", "->",
        "10.0.0.1:5432", "2026-11-20 19:50:53.123", "4bf92f3577b34da6a3ce929d0e0e4736", "max_tokens=5",
        "€ 12.50", "ünï", "50%",
    ])).map(" ".join),
    st.text(string.ascii_lowercase + " .,:=()", max_size=40).filter(lambda text: not SECRET.search(text)),
    st.uuids().map(str), st.datetimes().map(str), st.integers(-(10**12), 10**12), st.floats(allow_nan=False),
    st.booleans(), st.none(),
)  # fmt: skip
harmless_names = st.sampled_from(
    ["order", "user_id", "tokens", "max_tokens", "token_count", "author", "gen_ai.usage.input_tokens", "passenger", "n"]
)


@slowly
@given(st.dictionaries(harmless_names, st.recursive(
    harmless, lambda inner: st.lists(inner) | st.dictionaries(harmless_names, inner), max_leaves=8
)))  # fmt: skip
def test_what_holds_no_secret_is_never_altered(fields):
    """Prose, numbers, ids, times and addresses stay as they are."""
    assert Redactor().clean(fields) == fields
    assert Redactor().text(json.dumps(fields)) == json.dumps(fields)
