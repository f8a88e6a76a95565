"""Sentry's sampled profiles, of a transaction (version 1) or in chunks (version 2), as rows of ``profiles``."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from sightline.wire.reading import hex_id, listed, mapping, number, string, time_ns

if TYPE_CHECKING:
    from sightline.wire.redact import Redactor
    from sightline.wire.sentry.rows import Collected

MOST_SAMPLES: Final = 100_000
MOST_STACKS: Final = 20_000
MOST_FRAMES: Final = 20_000
DEEPEST: Final = 256
"""Frames kept of one stack, the innermost ones."""

LONGEST_GAP_NS: Final = 1_000_000_000
"""Longest time that one sample stands for; after a longer gap nothing was sampled."""

_Samples = list[tuple[int, int]]


_LONGEST_SEARCHED: Final = 4096
"""Characters of a name that are searched for secrets, before it is cut to its length."""


def add_profile(rows: Collected, content: Any, redactor: Redactor) -> None:
    """Add one row for each stack of each thread, with the time until the thread's next samples."""
    told = mapping(content)
    profile = mapping(told.get("profile"))
    stacks = _stacks(profile, redactor)
    threads = _threads(told, profile, rows.received_ns)
    if not stacks or not threads:
        rows.reject("a profile without samples")
        return
    sizes = [sum(map(len, stack)) for stack in stacks]
    sent_by = rows.sender.resource(*(_name(told.get(name), 200, redactor) for name in ("release", "environment")))
    of = mapping(next(iter(listed(told.get("transactions"), 1)), told.get("transaction")))
    names = mapping(profile.get("thread_metadata"))
    start = min(samples[0][0] for samples in threads.values())
    end = max(samples[-1][0] for samples in threads.values())
    active = string(of.get("active_thread_id"), 32)
    for thread, samples in threads.items():
        mine = of if thread == active else {}
        for stack, (count, wall) in _added_up(samples).items():
            if stack < len(stacks) and rows.stack_room(sizes[stack]):
                rows.add(
                    "profiles",
                    sent_by,
                    start,
                    Duration=end - start,
                    ThreadName=_name(mapping(names.get(thread)).get("name"), 200, redactor) or thread,
                    TraceId=hex_id(mine.get("trace_id"), 32),
                    SpanName=_name(mine.get("name"), 300, redactor),
                    Stack=stacks[stack],
                    Samples=count,
                    WallNanoseconds=wall,
                )


def _name(value: Any, longest: int, redactor: Redactor) -> str:
    return redactor.text(string(value, _LONGEST_SEARCHED))[:longest]


def _stacks(profile: dict[str, Any], redactor: Redactor) -> list[list[str]]:
    """Give every stack as functions, the outermost first; Sentry's begin with the innermost."""
    names = [_function(mapping(frame), redactor) for frame in listed(profile.get("frames"), MOST_FRAMES)]
    return [
        [
            names[index]
            for index in reversed(listed(stack, DEEPEST))
            if isinstance(index, int) and 0 <= index < len(names)
        ]
        for stack in listed(profile.get("stacks"), MOST_STACKS)
    ]


def _function(frame: dict[str, Any], redactor: Redactor) -> str:
    place = _name(frame.get("module") or frame.get("filename") or frame.get("abs_path"), 300, redactor)
    return f"{place}:{_name(frame.get('function'), 300, redactor) or '?'}"


def _threads(told: dict[str, Any], profile: dict[str, Any], received_ns: int) -> dict[str, _Samples]:
    """Give each thread's samples in order of time: when, nanoseconds since the epoch, and the number of the stack."""
    start = time_ns(told.get("timestamp"), received_ns)
    found: dict[str, _Samples] = defaultdict(list)
    for one in listed(profile.get("samples"), MOST_SAMPLES):
        sample = mapping(one)
        stack = sample.get("stack_id")
        if not isinstance(stack, int) or stack < 0:
            continue
        since = sample.get("elapsed_since_start_ns")
        since = number(
            int(since) if isinstance(since, str) and since.isascii() and since.isdigit() and len(since) < 19 else since
        )
        moment = time_ns(sample.get("timestamp"), start)
        at = moment if since is None else start + max(0, min(int(since), 10**15))
        found[string(sample.get("thread_id"), 32)].append((at, stack))
    for samples in found.values():
        samples.sort()
    return found


def _added_up(samples: _Samples) -> dict[int, list[int]]:
    """Count how often each stack was seen, and the nanoseconds that it stands for."""
    gaps = [min(after[0] - before[0], LONGEST_GAP_NS) for before, after in pairwise(samples)]
    gaps.append(sorted(gaps)[len(gaps) // 2] if gaps else 0)  # the last one lasted about as long as the others
    found: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    for (_, stack), gap in zip(samples, gaps, strict=True):
        found[stack][0] += 1
        found[stack][1] += gap
    return found
