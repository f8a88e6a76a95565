"""What each endpoint of the application did: requests, times, errors; at hand in the process."""

from __future__ import annotations

import threading
from typing import Any, Final

from sightline.sdk import request_metrics
from sightline.sdk.manual_traces import add_span, end_trace, start_trace
from sightline.sdk.rings import Ring, describe_values

_MOST_ENDPOINTS: Final = 300
"""Endpoints that are told apart, 19 MiB if all are busy; further ones count as one."""

_MINUTE_S: Final = 60.0


class _Endpoint:
    """What is kept of one endpoint."""

    __slots__ = ("errors", "highest", "lowest", "ring")

    def __init__(self) -> None:
        self.ring = Ring()
        self.errors = 0
        self.lowest = float("inf")
        self.highest = 0.0


class PerformanceTracker:
    """
    Statistics of requests by endpoint, and traces that are timed by hand.

    ``start()`` takes every request that an instrumented application answers; ``record_request`` takes others.
    """

    start_trace = staticmethod(start_trace)
    add_span = staticmethod(add_span)
    end_trace = staticmethod(end_trace)

    def __init__(self) -> None:
        # Guards the endpoints.
        self._lock = threading.Lock()
        self._endpoints: dict[str, _Endpoint] = {}

    def start(self) -> None:
        """Take the requests of instrumented applications from now on."""
        request_metrics.observe(self._observe)

    def stop(self) -> None:
        """Take them no longer."""
        request_metrics.forget_observer(self._observe)

    def _observe(
        self, method: str, endpoint: str, status: int, seconds: float, error_type: str, _: tuple[int, int]
    ) -> None:
        self.record_request(f"{method} {endpoint}", seconds, status, error=bool(error_type))

    def record_request(
        self, endpoint: str, response_time: float, status_code: int = 200, *, error: bool = False
    ) -> None:
        """
        Count a request.

        Args:
            endpoint: such as ``GET /orders/{id}``: a template, not the path itself.
            response_time: in seconds.
            status_code: of the response; from 500 on it counts as an error.
            error: whether it failed in another way.
        """
        with self._lock:
            known = self._endpoints.get(endpoint)
            if known is None:
                if len(self._endpoints) >= _MOST_ENDPOINTS:
                    endpoint = request_metrics.OVERFLOW
                known = self._endpoints.setdefault(endpoint, _Endpoint())
            known.errors += error or status_code >= 500
            known.lowest, known.highest = min(known.lowest, response_time), max(known.highest, response_time)
        known.ring.add(response_time)

    def get_endpoint_statistics(self, endpoint: str) -> dict[str, Any] | None:
        """
        Describe one endpoint; None where it had no request.

        Returns:
            ``total_requests``, ``avg_``, ``min_`` and ``max_response_time`` since the start, in seconds,
            ``p95_response_time`` of the last 4096 requests, ``error_rate`` from 0 to 1, and ``requests_per_minute``
            of the last five minutes.
        """
        with self._lock:
            known = self._endpoints.get(endpoint)
            if known is None:
                return None
            errors, lowest, highest = known.errors, known.lowest, known.highest
        total = max(known.ring.count, 1)
        return {
            "total_requests": known.ring.count,
            "avg_response_time": known.ring.total / total,
            "min_response_time": lowest,
            "max_response_time": highest,
            "p95_response_time": describe_values(known.ring.within(float("inf")))["p95"],
            "error_rate": errors / total,
            "requests_per_minute": self._rate(known.ring),
        }

    def _rate(self, ring: Ring) -> float:
        window_s = 5 * _MINUTE_S
        return len(ring.within(window_s)) / (window_s / _MINUTE_S)

    def get_all_endpoint_statistics(self) -> dict[str, dict[str, Any]]:
        """Describe every endpoint, by its name."""
        with self._lock:
            names = list(self._endpoints)
        found = {name: self.get_endpoint_statistics(name) for name in names}
        return {name: statistics for name, statistics in found.items() if statistics is not None}
