"""What lines have in common: masks, templates, and searches that find a template's lines."""

import pytest
import re2
from hypothesis import given, settings
from hypothesis import strategies as st

from sightline.query.analyses.templates import MASKS, WILD, group, search_of
from sightline.query.search import LOGS
from sightline.query.search.match import matcher


def masked(line: str) -> str:
    """Mask as the engine does."""
    return re2.sub(MASKS, WILD, line)


def templates(*lines: str) -> list[str]:
    """Give the templates of lines."""
    return sorted(template for template, _ in group(map(masked, lines)))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("Order 7 was paid", "Order <*> was paid"),
        ("took 12.5ms, 80% of -3", "took <*>, <*> of <*>"),
        ("at 2026-11-20T19:00:00.123+01:00", "at <*>"),
        ("peer 10.0.0.1:8080 closed", "peer <*> closed"),
        ("job 0af76519-16cd-43dd-8448-eb211c80319c done", "job <*> done"),
        ("commit deadbeefdeadbeefdead is bad", "commit <*> is bad"),
        ("0x7fff at user42@example.org", "<*> at <*>"),
        ("GET https://shop.example/a?b=1 failed", "GET <*> failed"),
        ("open /var/log/app-12/x.log", "open <*>"),
        ("open /var/log/app.log", "open /var/log/app.log"),
        ("user='bob' isn't \"known\"", "user=<*> isn't <*>"),
        ("GET / HTTP refused", "GET / HTTP refused"),
    ],
)
def test_what_varies_by_its_look_is_masked(line, expected):
    """Numbers, times, addresses, ids and quoted words are masked; words and apostrophes are not."""
    assert masked(line) == expected


def test_few_words_in_a_place_are_messages_of_their_own():
    """A machine that was started, paused or resumed is three messages."""
    assert templates("VM 1 started now", "VM 1 paused now", "VM 2 resumed now") == [
        "VM <*> paused now", "VM <*> resumed now", "VM <*> started now",
    ]  # fmt: skip


def test_many_words_in_a_place_are_a_variable():
    """Names of many people are one message, with what they are set into."""
    names = ("ada", "alan", "grace", "edsger", "barbara")

    found = group(f"user={name}! has logged in" for name in names)

    assert [(template, len(lines)) for template, lines in found] == [("user=<*>! has logged in", 5)]


def test_lines_that_share_little_stay_apart():
    """Where most of the words differ, nothing is made one."""
    lines = ("alpha beta", "gamma delta", "epsilon zeta", "eta theta", "iota kappa")

    assert templates(*lines) == sorted(lines)


def test_the_order_of_lines_is_of_no_account():
    """The same lines give the same templates however they come."""
    lines = [f"{verb} {name} of shop" for verb in ("add", "drop") for name in "abcdef"]

    assert templates(*lines) == templates(*reversed(lines)) == ["add <*> of shop", "drop <*> of shop"]


LINES = st.lists(
    st.text(st.sampled_from("abé1 0='\"/(.*)\\\t~") | st.characters(codec="utf-8"), max_size=30), max_size=12
)


@settings(max_examples=200)
@given(LINES)
def test_a_template_finds_its_lines(lines):
    """Whatever the lines, each belongs to one template, and its template's search finds it."""
    by_mask = {masked(line): line for line in (" ".join(line.split()) for line in lines)}

    found = group(by_mask)

    assert sorted(text for _, texts in found for text in texts) == sorted(by_mask)
    for template, texts in found:
        matches = matcher(search_of(template), LOGS)
        assert all(matches({"body": by_mask[text]}) for text in texts), (template, search_of(template))


def test_the_search_of_a_long_template_is_short_enough_to_be_asked():
    """A pattern is cut at a word where it would grow too long; it finds the line all the same."""
    line = " ".join(["something", "went", "wrong"] * 100)

    search = search_of(line)

    assert len(search) < 1024
    assert matcher(search, LOGS)({"body": line})
