"""Redaction by the names of fields."""

from __future__ import annotations

import dataclasses
from typing import NamedTuple

import pytest

from sightline.model.redacted import REDACTED
from sightline.wire.redact import Redactor


@pytest.mark.parametrize(
    "name",
    ["password", "PASSWORD", "user_password", "userPassword", "api_key", "X-API-Key", "apikey", "token", "access_token",
     "accessToken", "secret", "client-secret", "Authorization", "http.request.header.authorization", "credit_card",
     "creditCard", "ssn", "social_security", "social-security-number", "private_key", "cookie", "Set-Cookie",
     "passwd", "DB_PWD", "PassWord", "pass-word", "aPi_kEy", "password1", "newpassword", "accesstoken", "clientsecret"],
)  # fmt: skip
def test_secret_names_are_known_however_they_are_written(name):
    """Case, separators, prefixes and suffixes do not matter."""
    assert Redactor().is_secret(name)


@pytest.mark.parametrize(
    "name",
    ["user", "author", "authorized", "tokens", "max_tokens", "gen_ai.usage.input_tokens", "token_count", "tokenizer",
     "secretary", "session_id", "cookiecutter", "key", "api", "passenger", "compass"],
)  # fmt: skip
def test_harmless_names_stay(name):
    """Names that merely contain a secret's letters, or count tokens, are left alone."""
    assert not Redactor().is_secret(name)


def test_fields_without_secrets_are_given_back_as_they_are():
    """The common case copies nothing."""
    redactor = Redactor()
    fields = {"order": 7, "name": "x"}
    redactor.clean(fields)

    assert redactor.clean(fields) is fields


def test_nothing_is_changed_in_place():
    """The caller's own structures keep their secrets."""
    fields = {"user": {"password": "x", "name": "n"}, "list": [{"token": "t"}]}

    cleaned = Redactor().clean(fields)

    assert cleaned == {"user": {"password": REDACTED, "name": "n"}, "list": [{"token": REDACTED}]}
    assert fields["user"]["password"] == "x"


def test_named_fields_of_objects_are_cleaned():
    """A dataclass is taken apart like a mapping."""

    @dataclasses.dataclass
    class Login:
        user: str
        password: str

    assert Redactor().clean({"login": Login("u", "p")}) == {"login": {"user": "u", "password": REDACTED}}


def test_a_secret_structure_goes_as_a_whole():
    """A mapping under a secret name is replaced, not searched."""
    assert Redactor().clean({"credentials": {"any": "thing"}}) == {"credentials": REDACTED}


class Login(NamedTuple):
    """A pair with names."""

    user: str
    password: str


@pytest.mark.parametrize(
    ("value", "cleaned"),
    [
        (Login("u", "x"), ["u", REDACTED]),
        (("X-Api-Key", "x"), ["X-Api-Key", REDACTED]),
        ([(b"cookie", b"x"), (b"host", b"h")], [[b"cookie", REDACTED], [b"host", b"h"]]),
        ([["token", "x"], ["n", 1]], [["token", REDACTED], ["n", 1]]),
        (["run", "--password", "x", "--fast"], ["run", "--password", REDACTED, "--fast"]),
        ({"sk-abcdefghijklmnop1234": 1}, {REDACTED: 1}),
        (["password", "user"], ["password", "user"]),
    ],
)
def test_lists_are_cleaned_by_the_names_in_them(value, cleaned):
    """Named tuples, pairs such as headers, a command's flags, and names that are secrets themselves."""
    assert Redactor().clean({"field": value}) == {"field": cleaned}


def test_names_in_any_alphabet_are_added():
    """The user's language is the user's."""
    redactor = Redactor(["пароль"])

    assert redactor.clean({"Пароль_базы": "x", "user": "u"}) == {"Пароль_базы": REDACTED, "user": "u"}
    assert redactor.text('{"\\u043f\\u0430\\u0440\\u043e\\u043b\\u044c": "x"}') == f'{{"пароль":"{REDACTED}"}}'


def test_own_names_are_added():
    """The user's names count as words like ours."""
    redactor = Redactor(["maiden_name"])

    assert redactor.clean({"mothersMaidenName": "x"}) == {"mothersMaidenName": REDACTED}


def test_a_cycle_ends():
    """A mapping that holds itself is cut at a depth."""
    fields = {}
    fields["self"] = fields

    assert "…" in str(Redactor().clean(fields))
