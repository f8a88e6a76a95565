"""Whatever is written into a search: a result or QueryInvalid, and nothing of it in the SQL."""

import re

from hypothesis import given
from hypothesis import strategies as st

from sightline.base.errors import QueryInvalid
from sightline.query.cursor import decode_cursor
from sightline.query.logs import _Position
from sightline.query.search import EVENTS, LOGS, TRACES, compile_search, matcher
from sightline.query.timerange import parse_range, parse_time

PIECES = st.sampled_from(
    [
        "(",
        ")",
        "[",
        "]",
        "{",
        " TO ",
        "~",
        '"',
        ":",
        "*",
        "-",
        "!",
        " ",
        "\\",
        "OR",
        "AND",
        "NOT",
        ">",
        "<=",
        "level:",
        "a",
        "'",
    ]
)
SEARCHES = st.one_of(
    st.text(max_size=80), st.lists(PIECES, max_size=40).map("".join), st.text(alphabet="()-!\" a:*\\'")
)
MARK = "zqx7"
SAFE = re.compile(r"[A-Za-z0-9_ (){}\[\]:,.'=!<>-]*", re.ASCII)


@given(query=SEARCHES)
def test_any_search_gives_sql_or_query_invalid(query):
    """No search makes the compiler or the matcher raise anything but QueryInvalid, with a position inside of it."""
    within: list[bool] = []
    for signal in (LOGS, TRACES, EVENTS):
        try:
            condition = compile_search(query, signal)
        except QueryInvalid as error:
            within.append(error.position is not None and 0 <= error.position <= len(query))
            continue
        assert SAFE.fullmatch(condition.sql)
        matcher(query, signal)({"body": "a", "name": "a"})
    assert all(within)


@given(query=SEARCHES, before=SEARCHES)
def test_nothing_of_a_search_is_in_the_sql(query, before):
    """A mark put into words, phrases, names and values appears among the parameters only."""
    for shape in (
        f"{before} {MARK}",
        f'"{MARK}{query}"',
        f"{MARK}:{query}",
        f"a:{MARK}",
        f'"{MARK}":{MARK}*',
        f"{MARK}*",
        f"~{MARK}",
        f"a:~{MARK}",
        f"{MARK}:(a OR {MARK})",
        f'a:["{MARK}" TO {MARK}]',
    ):
        try:
            condition = compile_search(shape, LOGS)
        except QueryInvalid:
            continue
        assert MARK not in condition.sql.lower()


@given(query=SEARCHES)
def test_the_sql_is_balanced(query):
    """Parentheses of the condition close, so that it cannot reach what stands beside it."""
    try:
        sql = compile_search(query, TRACES).sql
    except QueryInvalid:
        return

    depth = 0
    for character in sql:
        depth += (character == "(") - (character == ")")
        assert depth >= 0
    assert depth == 0


@given(text=st.text(max_size=60))
def test_any_cursor_gives_a_position_or_query_invalid(text):
    """A cursor that we did not make is refused, or is read as one that we might have made."""
    try:
        position = decode_cursor(text, _Position)
    except QueryInvalid:
        return

    assert isinstance(position.time_ns, int)


@given(start=st.text(max_size=40), end=st.text(max_size=40))
def test_any_time_gives_a_range_or_query_invalid(start, end):
    """A range that is given has its start before its end and both within the years that the engine knows."""
    now = 1_800_000_000 * 10**9
    try:
        found = parse_range(start, end, now)
    except QueryInvalid:
        return

    assert 0 <= found.start_ns < found.end_ns <= 4_102_444_800 * 10**9


@given(seconds=st.integers(0, 4_102_444_799), fraction=st.integers(0, 999_999_999))
def test_unix_seconds_keep_their_nanoseconds(seconds, fraction):
    """Unix seconds with up to nine digits behind the point lose nothing."""
    assert parse_time(f"{seconds}.{fraction:09d}", 0) == seconds * 10**9 + fraction
