"""Names and values of fields, completion from the data, and the logs around one."""

from collections.abc import Iterator

import pytest
from tests.support.records import NS, SERVICE, log, now_ns, span

from sightline.base.errors import QueryInvalid
from sightline.query.completion import complete
from sightline.query.context import log_context
from sightline.query.facets import count_values, field_names
from sightline.query.logs import search_logs
from sightline.query.search import LOGS, TRACES
from sightline.query.timerange import TimeRange
from sightline.store.connect import Store

NOW = now_ns()
RANGE = TimeRange(NOW - 3600 * NS, NOW + NS)


def lines() -> bytes:
    """Write thirty logs, of which some share a time, and two spans."""
    logs = [
        log(
            f"record {index}",
            NOW - (30 - index) // 3 * NS,
            level="ERROR" if index % 10 == 0 else "INFO",
            severity=17 if index % 10 == 0 else 9,
            attributes={"user_id": f"u{index % 3}", "path": "/a b", "body": "sent"} if index % 2 else {},
        )
        for index in range(30)
    ]
    spans = [span("GET /", NOW, trace="1" * 32, span=f"{n:016x}", span_kind="Server") for n in (1, 2)]
    return b"".join(logs + spans)


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> Iterator[Store]:
    """Open a store that holds the records."""
    store = Store.open(f"chdb://{tmp_path_factory.mktemp('facets')}/store")
    store.insert_lines([lines()], {"a" * 16: SERVICE}, "one")
    yield store
    store.close()


def test_values_are_counted_by_field(store):
    """Each field gives its commonest values first, and how many records have none."""
    level, user = count_values(store, LOGS, "", RANGE, fields=["level", "user_id"]).facets

    assert [(value.value, value.count) for value in level.values] == [("info", 27), ("error", 3)]
    assert [(value.value, value.count) for value in user.values] == [("u0", 5), ("u1", 5), ("u2", 5)]
    assert (level.missing, user.missing) == (0, 15)


def test_values_are_those_of_the_search(store):
    """Only records that match are counted."""
    (found,) = count_values(store, LOGS, "level:error", RANGE, fields=["service"], limit=1).facets

    assert [(value.value, value.count) for value in found.values] == [("shop", 3)]


def test_fields_are_chosen_where_none_are_named(store):
    """Without names the signal's own fields are counted, then the commonest attributes."""
    names = [facet.field for facet in count_values(store, LOGS, "", RANGE).facets]

    assert names[:3] == ["level", "service", "logger"]
    assert {"user_id", "path"} <= set(names)


def test_attributes_are_named(store):
    """Names come with how many records have them, and can be asked for by their beginning."""
    found = field_names(store, LOGS, "", RANGE, prefix="USER")

    assert [(name.name, name.count) for name in found.fields] == [("user_id", 15)]


def test_an_attribute_that_is_called_like_a_field_is_not_offered_under_its_name(store):
    """A name is given once, as the field that it means; the attribute is counted by its longer name."""
    named = field_names(store, LOGS, "", RANGE, prefix="bo").fields
    text, hidden = count_values(store, LOGS, "", RANGE, fields=["body", "attributes.body"], limit=1).facets
    offered = [facet.field for facet in count_values(store, LOGS, "", RANGE).facets]

    assert [(name.name, name.count) for name in named] == [("body", 30)]
    assert text.values[0].value.startswith("record")
    assert [(value.value, value.count) for value in hidden.values] == [("sent", 15)]
    assert "body" not in offered


def test_too_many_fields_are_refused(store):
    """A question for very many fields is an error, not a slow answer."""
    with pytest.raises(QueryInvalid, match="21 fields are named, at most 20 are counted at once."):
        count_values(store, LOGS, "", RANGE, fields=[f"f{n}" for n in range(21)])


@pytest.mark.parametrize(
    ("signal", "text", "expected"),
    [
        (LOGS, "lev", ["level:"]),
        (LOGS, "bo", ["body:"]),
        (LOGS, "level:", ["info", "error"]),
        (LOGS, "level:error user_id:u", []),
        (LOGS, "user_id:u", ["u0", "u1", "u2"]),
        (LOGS, "path:", ['"/a b"']),
        (LOGS, "user_id:(u1 OR u2", ["u2"]),
        (LOGS, "paid OR level:e", ["error"]),
        (TRACES, "kind:", ["server"]),
        (TRACES, "name:G", ['"GET /"']),
    ],
)
def test_a_search_is_completed_from_the_data(store, signal, text, expected):
    """Names come before a colon and values behind it, written as a search needs them."""
    found = complete(store, signal, text, len(text), RANGE)

    assert [suggestion.text for suggestion in found.suggestions] == expected


def test_the_logs_around_one_are_its_neighbours(store):
    """Before and after come in order, none twice and none left out, also where times are equal."""
    everything = search_logs(store, "", RANGE, order="asc", limit=100).records
    middle = everything[13]

    found = log_context(store, middle.id, before=5, after=5)

    assert found is not None
    assert [*found.before, found.record, *found.after] == everything[8:19]


def test_a_log_that_is_not_there_has_no_neighbours(store):
    """An id of nothing gives nothing, and what is no id is refused."""
    assert log_context(store, f"{NOW:x}-{0:016x}") is None

    with pytest.raises(QueryInvalid, match="'x' is no id of a log"):
        log_context(store, "x")
