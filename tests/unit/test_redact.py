"""Redaction by the names of fields."""

from __future__ import annotations

import dataclasses

import pytest

from sightline.model.secrets import REDACTED
from sightline.wire.redact import Redactor


@pytest.mark.parametrize(
    "name",
    ["password", "PASSWORD", "user_password", "userPassword", "api_key", "X-API-Key", "apikey", "token", "access_token",
     "accessToken", "secret", "client-secret", "Authorization", "http.request.header.authorization", "credit_card",
     "creditCard", "ssn", "social_security", "social-security-number", "private_key", "cookie", "Set-Cookie",
     "passwd", "DB_PWD"],
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


def test_own_names_are_added():
    """The user's names count as words like ours."""
    redactor = Redactor(["maiden_name"])

    assert redactor.clean({"mothersMaidenName": "x"}) == {"mothersMaidenName": REDACTED}


def test_a_cycle_ends():
    """A mapping that holds itself is cut at a depth."""
    fields = {}
    fields["self"] = fields

    assert "…" in str(Redactor().clean(fields))
