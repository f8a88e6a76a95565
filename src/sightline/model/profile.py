"""What the threads of a process did within a few seconds, as stacks with the time spent in each."""

from __future__ import annotations

import msgspec


class Stack(msgspec.Struct, omit_defaults=True):
    """
    One stack of one thread, within one span or outside all.

    Attributes:
        stack: functions as ``module:qualname`` with ``;`` between, the outermost first.
        samples: how often it was seen.
        wall: nanoseconds that it stands for.
        cpu: nanoseconds of processor time among them, 0 where the system does not tell.
        thread: the thread's name.
        trace: 32 hex digits, empty outside a span.
        span: 16 hex digits, empty outside a span.
        name: of the span.
    """

    stack: str
    samples: int = 0
    wall: int = 0
    cpu: int = 0
    thread: str = ""
    trace: str = ""
    span: str = ""
    name: str = ""


class ProfileRecord(msgspec.Struct, tag_field="kind", tag="profile", omit_defaults=True):
    """
    Stacks of one interval, in the order of its line.

    Attributes:
        time: when the interval began, nanoseconds since the epoch.
        instance: the process that was sampled, 16 hex digits.
        duration: nanoseconds of the interval.
        stacks: what was seen. An interval may need several lines.
    """

    time: int
    instance: str
    duration: int = 0
    stacks: list[Stack] = []
