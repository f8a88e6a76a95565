"""Profiles as flame graphs: of one range, or what changed from one to another."""

# ruff: noqa: S608 - statements are put together from this file's own text; values are bound
from __future__ import annotations

import heapq
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

import msgspec

from sightline.query.timerange import IN_RANGE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from sightline.query.timerange import TimeRange
    from sightline.store.connect import Store

MAX_STACKS: Final = 50_000
"""Most different stacks that are read, the heaviest; the others are counted as left out."""

MAX_NODES: Final = 20_000
"""Most nodes of a flame graph; more than any screen has pixels in a row."""

MAX_DEPTH: Final = 512
"""Frames of a stack that are drawn; what lies deeper counts for the last one."""

Weight = Literal["cpu", "wall", "samples"]

_WEIGHTS: Final[dict[Weight, str]] = {"cpu": "CpuNanoseconds", "wall": "WallNanoseconds", "samples": "Samples"}


class ProfileFilter(msgspec.Struct, frozen=True):
    """Which profiles; empty is any. *span* is a span's name, as of an endpoint: ``GET /orders/{id}``."""

    service: str = ""
    span: str = ""
    trace: str = ""
    thread: str = ""


class FlameNode(msgspec.Struct):
    """
    A function, as called by its parent.

    Attributes:
        name: module and function.
        parent: place of the caller in the list, which comes before; -1 for the root.
        total: of the function and all that it called.
        own: of the function alone.
    """

    name: str
    parent: int
    total: int
    own: int


class FlameGraph(msgspec.Struct):
    """
    A tree of calls, parents before their children, the heaviest child first.

    Attributes:
        weight: what is counted: nanoseconds of CPU, nanoseconds of wall time, or samples.
        total: of all stacks.
        nodes: the tree; the first one is the root and stands for all.
        left_out: the weight of stacks and nodes that are not drawn by themselves; it is in their callers' totals.
        samples: how often was looked.
    """

    weight: Weight
    total: int
    nodes: list[FlameNode]
    left_out: int
    samples: int
    elapsed_ms: float


class ChangedNode(msgspec.Struct):
    """
    A function, as called by its parent, in two ranges.

    Attributes:
        name: module and function.
        parent: place of the caller in the list; -1 for the root.
        before: weight in the first range, with all that it called.
        after: weight in the second one.
        own_before: of the function alone.
        own_after: likewise.
        change: of its share of all, from -1 to 1; ranges may be of different length.
    """

    name: str
    parent: int
    before: int
    after: int
    own_before: int
    own_after: int
    change: float


class FlameDifference(msgspec.Struct):
    """Two ranges as one tree, the node that changed most first among its siblings."""

    weight: Weight
    before_total: int
    after_total: int
    nodes: list[ChangedNode]
    elapsed_ms: float


class _Node:
    """A node while the tree is made; two weights, of which a single graph uses the first."""

    __slots__ = ("children", "name", "own", "total")

    def __init__(self, name: str) -> None:
        self.name = name
        self.total = [0, 0]
        self.own = [0, 0]
        self.children: dict[str, _Node] = {}


class _Stacks(NamedTuple):
    rows: list[tuple[list[str], int]]
    total: int
    samples: int
    elapsed_ms: float


def flame_graph(
    store: Store, range_: TimeRange, which: ProfileFilter, *, weight: Weight = "cpu", max_nodes: int = 5000
) -> FlameGraph:
    """
    Put the stacks of a range together.

    Raises:
        QueryTooExpensive: if it takes too long.
    """
    found = _stacks(store, range_, which, weight)
    root = _Node("all")
    _grow(root, found.rows, 0)
    root.total[0] = found.total
    nodes = [
        FlameNode(node.name, parent, node.total[0], node.own[0])
        for node, parent in _drawn(root, _bounded(max_nodes), lambda node: -node.total[0])
    ]
    left_out = found.total - sum(node.own for node in nodes)
    return FlameGraph(weight, found.total, nodes, left_out, found.samples, found.elapsed_ms)


def flame_difference(
    store: Store,
    before: TimeRange,
    after: TimeRange,
    which: ProfileFilter,
    *,
    weight: Weight = "cpu",
    max_nodes: int = 5000,
) -> FlameDifference:
    """
    Tell which functions take more, or less, of the time than before.

    Raises:
        QueryTooExpensive: if it takes too long.
    """
    first, second = _stacks(store, before, which, weight), _stacks(store, after, which, weight)
    root = _Node("all")
    _grow(root, first.rows, 0)
    _grow(root, second.rows, 1)
    root.total = [first.total, second.total]

    def change(node: _Node) -> float:
        return node.total[1] / max(1, second.total) - node.total[0] / max(1, first.total)

    nodes = [
        ChangedNode(
            name=node.name,
            parent=parent,
            before=node.total[0],
            after=node.total[1],
            own_before=node.own[0],
            own_after=node.own[1],
            change=round(change(node), 6),
        )
        for node, parent in _drawn(root, _bounded(max_nodes), lambda node: -abs(change(node)))
    ]
    return FlameDifference(weight, first.total, second.total, nodes, first.elapsed_ms + second.elapsed_ms)


def _bounded(max_nodes: int) -> int:
    return min(max(1, max_nodes), MAX_NODES)


def _stacks(store: Store, range_: TimeRange, which: ProfileFilter, weight: Weight) -> _Stacks:
    columns = {"service": "ServiceName", "span": "SpanName", "trace": "TraceId", "thread": "ThreadName"}
    given = {name: value for name, value in msgspec.structs.asdict(which).items() if value}
    only = "".join(f" AND {columns[name]} = {{{name}:String}}" for name in given)
    found = store.query(
        f"SELECT Stack, sum({_WEIGHTS[weight]}) AS weight, sum(sum({_WEIGHTS[weight]})) OVER () AS total, "
        "sum(sum(Samples)) OVER () AS samples "
        f"FROM profiles WHERE {IN_RANGE}{only} GROUP BY Stack ORDER BY weight DESC, Stack LIMIT {MAX_STACKS}",
        {**range_.parameters, **given},
    )
    total, samples = found.rows[0][2:] if found.rows else (0, 0)
    rows = [(stack, count) for stack, count, *_ in found.rows if count]
    return _Stacks(rows, total, samples, found.elapsed_ms)


def _grow(root: _Node, stacks: Iterable[tuple[list[str], int]], side: int) -> None:
    for stack, weight in stacks:
        node = root
        node.total[side] += weight
        for name in stack[:MAX_DEPTH]:
            following = node.children.get(name)
            if following is None:
                following = node.children[name] = _Node(name)
            node = following
            node.total[side] += weight
        node.own[side] += weight


def _drawn(root: _Node, most: int, rank: Callable[[_Node], float]) -> Iterator[tuple[_Node, int]]:
    """Give the *most* heaviest nodes, parents first, each with its parent's place; siblings in the order of *rank*."""
    kept: set[int] = set()
    heaviest = [(-max(root.total), 0, root)]
    pushed = 0
    while heaviest and len(kept) < most:
        _, _, node = heapq.heappop(heaviest)
        kept.add(id(node))
        for child in node.children.values():
            pushed += 1
            heapq.heappush(heaviest, (-max(child.total), pushed, child))
    waiting = [(root, -1)]
    place = 0
    while waiting:
        node, parent = waiting.pop()
        yield node, parent
        children = [child for child in node.children.values() if id(child) in kept]
        waiting += [(child, place) for child in sorted(children, key=lambda one: (rank(one), one.name), reverse=True)]
        place += 1
