"""Flame graphs and their differences."""

import json
from collections.abc import Iterator

import pytest
from tests.support.records import NS, SERVICE, now_ns

from sightline.query.profiles import ProfileFilter, flame_difference, flame_graph
from sightline.query.timerange import TimeRange
from sightline.store.connect import Store

NOW = now_ns()
BEFORE, AFTER = TimeRange(NOW - 200 * NS, NOW - 100 * NS), TimeRange(NOW - 100 * NS, NOW)


def profile(time_ns: int, *stacks: tuple[str, int]) -> bytes:
    """Encode a profile of stacks and the milliseconds of CPU that they took."""
    told = [
        {"stack": stack, "samples": 1, "wall": 2 * ms, "cpu": ms, "thread": "MainThread",
         "trace": "1" * 32, "span": "2" * 16, "name": stack.split(";")[1] if ";" in stack else ""}
        for stack, ms in stacks
    ]  # fmt: skip
    found = {"kind": "profile", "time": time_ns, "instance": "a" * 16, "duration": NS, "stacks": told}
    return json.dumps(found, separators=(",", ":")).encode() + b"\n"


@pytest.fixture(scope="module")
def store(address, tmp_path_factory) -> Iterator[Store]:
    """Open a store that holds two profiles: what ``pay`` takes grows, ``list`` stays."""
    store = Store.open(address(tmp_path_factory.mktemp("profiles")), memory_bytes=512 * 1024 * 1024)
    deep = ";".join(f"f{at}" for at in range(600))
    lines = profile(NOW - 150 * NS, ("main;pay;sql", 10), ("main;pay", 10), ("main;list", 20), (deep, 1))
    lines += profile(NOW - 50 * NS, ("main;pay;sql", 70), ("main;pay", 10), ("main;list", 20))
    store.insert_lines([lines], {"a" * 16: SERVICE}, "one")
    yield store
    store.close()


def names(nodes):
    """Give each node with its callers' names."""
    paths: list[str] = []
    for node in nodes:
        paths.append(f"{paths[node.parent]}/{node.name}" if node.parent >= 0 else node.name)
    return paths


def test_stacks_become_a_tree(store):
    """A node has its own weight and that of all it called; the heaviest child comes first."""
    found = flame_graph(store, AFTER, ProfileFilter())

    assert names(found.nodes) == ["all", "all/main", "all/main/pay", "all/main/pay/sql", "all/main/list"]
    assert [(node.total, node.own) for node in found.nodes] == [(100, 0), (100, 0), (80, 10), (70, 70), (20, 20)]
    assert (found.total, found.left_out, found.samples, found.weight) == (100, 0, 3, "cpu")


@pytest.mark.parametrize(
    ("which", "weight", "total"),
    [
        (ProfileFilter(service="shop", span="list"), "cpu", 20),
        (ProfileFilter(trace="1" * 32, thread="MainThread"), "wall", 200),
        (ProfileFilter(span="pay"), "samples", 2),
        (ProfileFilter(service="other"), "cpu", 0),
    ],
)
def test_a_flame_graph_is_of_a_service_a_span_a_trace_or_a_thread(store, which, weight, total):
    """Filters narrow it, and the weight is CPU, wall time or samples."""
    found = flame_graph(store, AFTER, which, weight=weight)

    assert (found.total, found.nodes[0].total) == (total, total)


def test_a_flame_graph_is_bounded(store):
    """The heaviest nodes are drawn; what is not drawn is told. Stacks are cut at a depth."""
    small, deep = flame_graph(store, AFTER, ProfileFilter(), max_nodes=3), flame_graph(store, BEFORE, ProfileFilter())

    assert (names(small.nodes), small.left_out) == (["all", "all/main", "all/main/pay"], 90)
    assert len(deep.nodes) == 1 + 512 + 4
    assert (deep.total, deep.left_out) == (41, 0)


def test_a_difference_tells_what_grew(store):
    """The share of each function is compared, the one that changed most comes first."""
    found = flame_difference(store, BEFORE, AFTER, ProfileFilter())

    assert (found.before_total, found.after_total) == (41, 100)
    assert names(found.nodes)[:4] == ["all", "all/main", "all/main/pay", "all/main/pay/sql"]
    sql = found.nodes[3]
    assert (sql.before, sql.after, sql.own_after) == (10, 70, 70)
    assert sql.change == pytest.approx(0.7 - 10 / 41, abs=1e-5)
