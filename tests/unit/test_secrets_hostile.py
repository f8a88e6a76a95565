"""Texts that are made to be slow to search."""

from __future__ import annotations

import time

import pytest

from sightline.model.fingerprint import message_template
from sightline.wire.redact import Redactor

LENGTH = 100_000

BEGINNINGS = ["", "token={", "token='", 'token="', "Cookie: ", "Authorization: a ", "<token>", "Basic ", "://a:b",
              "-----BEGIN ", "%25", "@ :// 123456789 = -- </ , ( bearer token eyj "]  # fmt: skip

REPEATED = ["eyJaaaaa-", "eyJaaaaa.", "a.", "-", "--a", "--aa ", "\\", '"', "'", '\\"', '"\\', "%25", "%", "=", "://", "://a:b",
            "://a:/", "@", "a@a.", "a-", "1 ", "1-", "41 ", "123-45-", "key=", "token=", "token={", "token=[REDACTED]",
            "token=null ", 'token=\\"', "a:", "Bearer ", "Basic aA-", "[", "{", "(", '[["token","', "('aa',", "<aa ",
            "<token>", "</", "&quot;", "\\u0022", "\n", " ", '{"a":', "PRIVATE KEY", "-----BEGIN PRIVATE KEY-----",
            "-----END ", "cookie: ", 'authorization: a="', 'a="b",', "card ", "aA", "+1 ", "(12) ", "AKIA"]  # fmt: skip


def filled(beginning, repeated):
    """Give a text of the length that is measured; the last character ends what began to match."""
    return (beginning + repeated * (LENGTH // len(repeated) + 1))[: LENGTH - 1] + "!"


HOSTILE = [
    *(filled("", repeated) for repeated in REPEATED),
    *(filled(beginning, "eyJaaaaa-") for beginning in BEGINNINGS),
    *(filled(beginning, "\\") for beginning in BEGINNINGS),
    filled("-----BEGIN ", "PRIVATE KEY"),
    *(filled("token={", repeated) for repeated in REPEATED),
    *("token=" + "\\" * 50_000 + quote + "\\" * 50_000 for quote in ('"', "u0022")),
]


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: repr(text[:20] + text[50_000:50_012]))
def test_hostile_text_takes_no_long_time(text):
    """A text made to be slow is done in time that grows with its length alone."""
    redactor = Redactor(personal=True)
    began = time.thread_time()

    redactor.text(text)

    assert time.thread_time() - began < 0.5


@pytest.mark.parametrize("repeated", REPEATED)
def test_a_hostile_message_is_named_quickly(repeated):
    """Of the longest message only the beginning is looked at for its template."""
    message = filled("", repeated)
    began = time.thread_time()

    message_template(message)

    assert time.thread_time() - began < 0.1
