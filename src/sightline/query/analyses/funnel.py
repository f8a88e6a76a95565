"""How many users got from one event to the next."""

# ruff: noqa: S608 - statements are put together from this file's own text; values are bound
from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from sightline.base.errors import QueryInvalid
from sightline.query.binding import binder
from sightline.query.search import EVENTS, compile_search
from sightline.query.timerange import IN_RANGE, TimeRange

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sightline.store.connect import Store

MAX_STEPS: Final = 10
"""Most steps of a funnel."""

MAX_WINDOW_S: Final = 90 * 86_400
"""Longest time that somebody may take, in seconds."""


class FunnelStep(msgspec.Struct):
    """
    One step.

    Attributes:
        query: the search that an event of the step matches.
        users: how many got as far as here.
        share: of those who began.
        share_of_previous: of those who got to the step before.
    """

    query: str
    users: int
    share: float
    share_of_previous: float


class Funnel(msgspec.Struct):
    """The steps in their order; nobody is counted twice."""

    by: str
    window_seconds: int
    steps: list[FunnelStep]
    elapsed_ms: float


def funnel(
    store: Store, steps: Sequence[str], range_: TimeRange, *, by: str = "user_id", window_s: int = 86_400
) -> Funnel:
    """
    Follow users through events that happen in this order, whatever happens between.

    Args:
        store: where.
        steps: a search for each step, such as ``name:user_registered``.
        range_: when.
        by: the field that tells users apart; events without it are left out.
        window_s: longest time from the first step to the last, in seconds.

    Raises:
        QueryInvalid: if there are fewer than two steps, too many, or one cannot be read.
    """
    if not 2 <= len(steps) <= MAX_STEPS:
        raise QueryInvalid(f"A funnel has 2 to {MAX_STEPS} steps; {len(steps)} were given.")
    if not 1 <= window_s <= MAX_WINDOW_S:
        raise QueryInvalid(f"The window is {window_s} seconds; expected 1 to {MAX_WINDOW_S}.")
    conditions = [compile_search(step, EVENTS, f"s{number}_") for number, step in enumerate(steps)]
    parameters: dict[str, object] = dict(range_.parameters)
    for condition in conditions:
        parameters |= condition.parameters
    user = EVENTS.field(by).value(binder(parameters))
    tests = ", ".join(condition.sql for condition in conditions)
    reached = ", ".join(f"countIf(level >= {number})" for number in range(1, len(steps) + 1))
    any_step = " OR ".join(f"({condition.sql})" for condition in conditions)
    # The engine takes the window as a constant of the function, a number of the timestamp's unit: milliseconds.
    found = store.query(
        f"SELECT {reached} FROM (SELECT {user} AS who, "
        f"windowFunnel({int(window_s) * 1000})(toUInt64(toUnixTimestamp64Milli(Timestamp)), {tests}) AS level "
        f"FROM events WHERE {IN_RANGE} AND ({any_step}) AND who != '' GROUP BY who)",
        parameters,
    )
    users = [int(count) for count in found.rows[0]] if found.rows else [0] * len(steps)
    return Funnel(by, window_s, _steps(steps, users), found.elapsed_ms)


def _steps(queries: Sequence[str], users: list[int]) -> list[FunnelStep]:
    first = users[0] or 1
    before = [users[0], *users]
    return [
        FunnelStep(query, count, count / first, count / (previous or 1))
        for query, count, previous in zip(queries, users, before, strict=False)
    ]
