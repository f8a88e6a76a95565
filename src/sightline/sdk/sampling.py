"""Which traces are recorded: OpenTelemetry's standard samplers, by their standard names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

_LIMIT: Final = 1 << 64


def make(name: str, share: float) -> Callable[[str, bool | None], bool] | None:
    """
    Make the sampler of this name.

    Args:
        name: a value of ``OTEL_TRACES_SAMPLER``.
        share: traces that the ``traceidratio`` samplers keep, from 0 to 1.

    Returns:
        A function of the trace id and of whether the parent is recorded (None for a root), or None where everything
        is recorded whatever the parent says.
    """
    by_parent = name.startswith("parentbased_")
    bound = {"always_on": _LIMIT, "always_off": 0}.get(
        name.removeprefix("parentbased_"), round(min(max(share, 0.0), 1.0) * _LIMIT)
    )
    if not by_parent and bound == _LIMIT:
        return None

    def sample(trace: str, parent: bool | None) -> bool:  # noqa: FBT001 - three-valued
        if by_parent and parent is not None:
            return parent
        return bound > 0 and int(trace[16:], 16) < bound

    return sample
