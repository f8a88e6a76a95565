"""Secrets in free text, by what they look like."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.model.redacted import REDACTED
from sightline.wire.redact import Redactor

CARD = "4111 1111 1111 1111"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abc-def_1"

CAUGHT = {
    "login password=hunter2 ok": f"login password={REDACTED} ok",
    "PASSWORD : hunter2": f"PASSWORD : {REDACTED}",
    '{"user":"u","apiKey":"a b","n":1}': f'{{"user":"u","apiKey":"{REDACTED}","n":1}}',
    '{"a":{"Password":["x"]}}': f'{{"a":{{"Password":"{REDACTED}"}}}}',
    'body {\\"password\\":\\"x y\\"}': f'body {{\\"password\\":\\"{REDACTED}\\"}}',
    "{'token': 'abc'}": f"{{'token': '{REDACTED}'}}",
    "error in call: password: hunter2": f"error in call: password: {REDACTED}",
    "line\\npassword=hunter2": f"line\\npassword={REDACTED}",
    "token=b'abc' end": f"token=b'{REDACTED}' end",
    'headers="token=abc"': f'headers="token={REDACTED}"',
    "q=1&access_token=abc&x=2": f"q=1&access_token={REDACTED}&x=2",
    "q=1&token%3Dabc": f"q=1&token={REDACTED}",
    "password=x1&next=%2F%253Ftoken%253Dabc": f"password={REDACTED}&next=/?token={REDACTED}",
    "user[password]=abc&n=1": f"user[password]={REDACTED}&n=1",
    "PassWord=abc aPi-KeY: abc": f"PassWord={REDACTED} aPi-KeY: {REDACTED}",
    "password2=abc newpassword=abc": f"password2={REDACTED} newpassword={REDACTED}",
    "your API key: abc": f"your API key: {REDACTED}",
    "run --db-password abc --token=abc": f"run --db-password {REDACTED} --token={REDACTED}",
    "['run', '--password', 'abc']": f"['run', '--password', '{REDACTED}']",
    "[(b'x-api-key', b'abc')]": f"[(b'x-api-key', b'{REDACTED}')]",
    '[["token", "abc"], ["n", "1"]]': f'[["token","{REDACTED}"],["n","1"]]',
    'got [["n", 1], ["token", "abc"]]': f'got [["n", 1], ["token", "{REDACTED}"]]',
    "<ns:password a='1'>abc</ns:password>": f"<ns:password a='1'>{REDACTED}</ns:password>",
    "{'token': ['abc', ('d',)], 'n': 1}": f"{{'token': {REDACTED}, 'n': 1}}",
    "&quot;token&quot;:&quot;abc&quot;": f"&quot;token&quot;:&quot;{REDACTED}&quot;",
    "password=a(b]c!d, then": f"password={REDACTED}, then",
    "Cookie: a=1; b=2\nHost: h": f"Cookie: {REDACTED}\nHost: h",
    'Authorization: Digest username="u", response="abc"': f"Authorization: {REDACTED}",
    "Authorization: ApiKey abc for u": f"Authorization: {REDACTED} for u",
    "postgres://user:p@ss#w@host/db": f"postgres://user:{REDACTED}@host/db",
    "postgres://u:p/w@h/db": f"postgres://u:{REDACTED}@h/db",
    "postgres://u:/p+w=@h/db": f"postgres://u:{REDACTED}@h/db",
    "https://user:p@ss/word@host/x": f"https://user:{REDACTED}@host/x",
    "https://user:pw@host/x?mail=a@b": f"https://user:{REDACTED}@host/x?mail=a@b",
    "redis://u:p/1@h1/0,redis://u:p2@h2/0": f"redis://u:{REDACTED}@h1/0,redis://u:{REDACTED}@h2/0",
    '{"u":"x://u:pw@h","mail":"a@b"}': f'{{"u":"x://u:{REDACTED}@h","mail":"a@b"}}',
    '{"password":"x1234567","n":4111111111111111}': f'{{"password":"{REDACTED}","n":"{REDACTED}"}}',
    '{"n": [4111111111111111, -5555555555554444, 1.5]}': f'{{"n":["{REDACTED}","{REDACTED}",1.5]}}',
    '{"s":"{\\"n\\":4111111111111111}"}': f'{{"s":"{{\\"n\\":\\"{REDACTED}\\"}}"}}',
    '{\\"password\\":\\"x \\\\\\" y\\"}': f'{{\\"password\\":\\"{REDACTED}\\"}}',
    "p%61ssword=abc": f"password={REDACTED}",
    "Authorization: Bearer abcdef123456": f"Authorization: {REDACTED}",
    "sent bearer abcdef123456 on": f"sent bearer {REDACTED} on",
    "Basic dXNlcjpwYXNz": f"Basic {REDACTED}",
    "postgres://user:p%40w@host/db": f"postgres://user:{REDACTED}@host/db",
    f"paid with {CARD}.": f"paid with {REDACTED}.",
    "378282246310005": REDACTED,
    "5555-5555-5555-4444": REDACTED,
    "ssn 123-45-6789": f"ssn {REDACTED}",
    f"jwt {JWT} end": f"jwt {REDACTED} end",
    "AKIAIOSFODNN7EXAMPLE": REDACTED,
    "use sk-proj-abcdefghijklmnop1234": f"use {REDACTED}",
    "AIza" + "x" * 35: REDACTED,
    "ghp_" + "a1" * 18: REDACTED,
    "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----": REDACTED,
    "-----BEGIN PRIVATE KEY-----\nMIIE cut": REDACTED,
}

LEFT = [
    "tokens=500 max_tokens: 20 token_count=3",
    "order 1795202514076453453 done",
    "2026-11-20 19:50:53.123 took 12.5 ms",
    "4111 1111 1111 1112",
    "trace 4bf92f3577b34da6a3ce929d0e0e4736",
    "see http://host:8080/path?x=1",
    "secret=None token: null, password=",
    "000-45-6789",
    "author: somebody",
    "50% of users",
    "a basic idea",
    'missing: ["token", "user"]',
    "Basic authentication failed: a basic understanding, digest mismatch",
    "http://host:8080?mail=a@b.org",
    "https://host/path?mail=a@b",
    "http://[::1]:8080/x?mail=a@b",
    "mongodb://h1:27017,h2:27017/db?authSource=a@b",
    "file://C:/app/node_modules/@babel/core",
    '{"url":"http://host:80","mail":"a@b"}',
    '{"n": 4111111111111112, "at": 1795202514076453453}',
    "took 5589851884045802.0 s",
    "{not json: at all",
]


@pytest.mark.parametrize(("text", "expected"), CAUGHT.items())
def test_secrets_in_text_are_taken_out(text, expected):
    """What looks like a secret is gone, and the rest can still be read."""
    assert Redactor().text(text) == expected


@pytest.mark.parametrize("text", LEFT)
def test_harmless_text_stays(text):
    """Ids, times, counts and plain words are left alone, and the same object is given back."""
    assert Redactor().text(text) is text


def test_secrets_in_values_of_fields_are_taken_out():
    """Texts in fields, lists, objects and bytes are searched like messages."""

    class Address:
        def __str__(self):
            return "https://u:pw@host"

    fields = {"note": "password=x1", "list": ["token=abc", 3], "raw": b"pwd=abcdef", "url": Address(), "n": 7}

    assert Redactor().clean(fields) == {
        "note": f"password={REDACTED}",
        "list": [f"token={REDACTED}", 3],
        "raw": f"pwd={REDACTED}",
        "url": f"https://u:{REDACTED}@host",
        "n": 7,
    }


def test_personal_data_is_an_option():
    """E-mail addresses and phone numbers go only where that is asked for."""
    text = "mail jo@example.org or call +49 30 1234 5678"

    assert Redactor().text(text) == text
    assert Redactor(personal=True).text(text) == f"mail {REDACTED} or call {REDACTED}"


def test_own_names_count_in_text_too():
    """The user's names are looked for like ours."""
    assert Redactor(["maiden_name"]).text("maidenName: Smith") == f"maidenName: {REDACTED}"


def test_known_texts_are_bounded():
    """Texts that never come again do not fill the memory."""
    redactor = Redactor()

    for n in range(20_000):
        redactor.text(f"harmless text number {n}")

    assert len(redactor._clean_texts) <= 4096


@given(st.text(alphabet="abc =:\"'\\{}[],%0123456789-@/.ptokenswrd", max_size=300))
def test_any_text_is_scrubbed_without_error(text):
    """No text raises, and what was scrubbed once stays as it is."""
    redactor = Redactor()

    found = redactor.text(text)

    assert redactor.text(found) == found or REDACTED in found


planted = st.sampled_from(["hunter2-planted", "s3cr3t.planted"])
names = st.sampled_from(["password", "Api-Key", "access_token", "CLIENT_SECRET", "authorization", "privateKey"])
around = st.sampled_from(["", "done ", "GET /x?", "{'a': 1, ", "error in call: "])
forms = st.sampled_from(["{n}={v}", "{n}: {v}", '"{n}": "{v}"', "'{n}': '{v}'", "{n}%3D{v}", '\\"{n}\\":\\"{v}\\"'])


@given(around, names, forms, planted, around)
def test_a_planted_secret_never_comes_through(before, name, form, value, after):
    """However it is written, a named secret in text is gone."""
    text = before + form.format(n=name, v=value) + " " + after

    assert value not in Redactor().text(text)
    assert value not in json.dumps(Redactor().clean({"field": {"inner": [text]}}))
