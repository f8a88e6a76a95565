"""Any value that Python has gives exactly one valid line."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from sightline.base.errors import DecodeError
from sightline.base.limits import MAX_LINE_BYTES
from sightline.model.log import LogRecord
from sightline.model.redacted import REDACTED
from sightline.wire.lines import decode, encode
from sightline.wire.redact import Redactor

surrogates = st.text(st.characters(categories=("L", "N", "P", "Cs", "Cc", "Zs")))
scalars = st.none() | st.booleans() | st.integers() | st.floats() | surrogates | st.binary() | st.complex_numbers()
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner) | st.dictionaries(surrogates | st.integers() | st.none(), inner) | st.tuples(inner),
    max_leaves=20,
)


@given(body=surrogates, attributes=st.dictionaries(surrogates, values, max_size=6))
def test_any_value_gives_one_valid_line(body, attributes):
    """The line is JSON of bounded length, without raw newline or NUL, and reads back as a log record."""
    line = encode(LogRecord(1, "0" * 16, body=body, attributes=attributes))

    assert b"\n" not in line
    assert b"\0" not in line
    assert len(line) <= MAX_LINE_BYTES
    assert json.loads(line)["kind"] == "log"
    assert isinstance(decode(line), LogRecord)


@given(st.binary())
def test_random_bytes_are_a_record_or_an_error(line):
    """No bytes crash the decoder."""
    try:
        decode(line)
    except DecodeError:
        return


secret_names = st.sampled_from(
    ["password", "Password", "user_password", "X-Api-Key", "apiKey", "accessToken", "SECRET", "clientSecret", "ssn",
     "http.request.header.authorization", "Set-Cookie", "credit_card", "social security", "privateKey", "DB_PASSWORD"]
)  # fmt: skip
clean_names = st.sampled_from(["name", "author", "tokens_in", "max_tokens", "session_id", "cookielaw", "path", "key"])
SECRET = "s3cr3t-planted"
clean_values = st.recursive(
    st.integers() | st.text(alphabet="abc "),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(clean_names, inner, max_size=3),
    max_leaves=8,
)
dirty_values = st.recursive(
    st.dictionaries(secret_names, st.just(SECRET) | st.just([SECRET]) | st.just({"inner": SECRET}), min_size=1),
    lambda inner: st.lists(inner, min_size=1, max_size=3) | st.dictionaries(clean_names, inner, min_size=1, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(clean_names, dirty_values, min_size=1))
def test_no_planted_secret_comes_through(fields):
    """However deep it lies and however its name is written, a secret's value is gone."""
    cleaned = json.dumps(Redactor().clean(fields))

    assert SECRET not in cleaned
    assert REDACTED in cleaned


@given(st.dictionaries(clean_names, clean_values))
def test_clean_fields_are_not_changed(fields):
    """What holds no secret comes out as it went in."""
    assert Redactor().clean(fields) == fields
