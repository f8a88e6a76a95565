"""Our own OpenTelemetry ``MeterProvider``: what libraries measure by its API is recorded with our metrics."""

from __future__ import annotations

from types import GeneratorType
from typing import TYPE_CHECKING, Any, Final

from opentelemetry import metrics as otel
from opentelemetry.metrics import CallbackOptions

from sightline.sdk import guard
from sightline.sdk.families import Family, families
from sightline.sdk.metrics import BUCKETS
from sightline.sdk.recorder import recorder
from sightline.wire.metric_names import metric_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from opentelemetry.context import Context
    from opentelemetry.metrics import CallbackT, Observation
    from opentelemetry.util.types import Attributes

_DEFAULT_BOUNDS: Final = (0, 5, 10, 25, 50, 75, 100, 250, 500, 750, 1000, 2500, 5000, 7500, 10000)
"""Upper bounds of buckets where none are advised, as OpenTelemetry specifies; values in seconds get ours."""

_CALLBACK_MS: Final = 10_000.0
"""Milliseconds that a callback is told that it may take."""


class _Instrument:
    """What all instruments have: the family that they record to."""

    def __init__(self, family: Family) -> None:
        self._family = family


class _Adding(_Instrument):
    def add(self, amount: float, attributes: Attributes = None, context: Context | None = None) -> None:  # noqa: ARG002
        """Add *amount*; a counter takes none below zero."""
        if not recorder.enabled:
            return
        try:
            if amount < 0 and self._family.type == "counter":
                raise ValueError(f"The counter {self._family.name!r} cannot go down by {amount}.")  # noqa: TRY301
            self._family.add(amount, attributes)
        except Exception as error:
            guard.failed("metrics", error)


class Counter(_Adding, otel.Counter):
    """A value that goes up."""


class UpDownCounter(_Adding, otel.UpDownCounter):
    """A value that goes up and down by steps; Prometheus's gauge."""


class Histogram(_Instrument, otel.Histogram):
    """Counts values by size."""

    def record(self, amount: float, attributes: Attributes = None, context: Context | None = None) -> None:  # noqa: ARG002
        """Count *amount*."""
        if recorder.enabled:
            try:
                self._family.observe(amount, attributes)
            except Exception as error:
                guard.failed("metrics", error)


class Gauge(_Instrument, otel._Gauge):  # noqa: SLF001 - the API's, which keeps it half public
    """A value that is what was said last."""

    def set(self, amount: float, attributes: Attributes = None, context: Context | None = None) -> None:  # noqa: ARG002
        """Say what it is now."""
        if recorder.enabled:
            try:
                self._family.set(amount, attributes)
            except Exception as error:
                guard.failed("metrics", error)


class _Observed(_Instrument):
    """Its values are asked for whenever metrics are written down or read."""

    def __init__(self, family: Family, callbacks: Iterable[CallbackT] | None) -> None:
        super().__init__(family)
        family.callbacks += [_asking(callback) for callback in callbacks or ()]


class ObservableCounter(_Observed, otel.ObservableCounter):
    """A value that goes up, asked for when it is needed."""


class ObservableUpDownCounter(_Observed, otel.ObservableUpDownCounter):
    """A value that goes up and down, asked for when it is needed."""


class ObservableGauge(_Observed, otel.ObservableGauge):
    """A value that is what it is, asked for when it is needed."""


def _asking(callback: CallbackT) -> Callable[[], Iterator[tuple[float, Mapping[str, Any] | None]]]:
    """Make one kind of callback of the two that OpenTelemetry knows, functions and generators."""
    begun = False

    def ask() -> Iterator[tuple[float, Mapping[str, Any] | None]]:
        nonlocal begun
        options = CallbackOptions(timeout_millis=_CALLBACK_MS)
        found: Iterable[Observation]
        if isinstance(callback, GeneratorType):
            found, begun = callback.send(options if begun else None), True
        else:
            found = callback(options)  # type: ignore[operator]
        for observation in found:
            yield observation.value, observation.attributes

    return ask


class Meter(otel.Meter):
    """Makes the instruments of one instrumentation scope; instruments of one name share their series."""

    def create_counter(self, name: str, unit: str = "", description: str = "") -> Counter:
        """Make a counter."""
        return Counter(_family(name, "counter", unit, description))

    def create_up_down_counter(self, name: str, unit: str = "", description: str = "") -> UpDownCounter:
        """Make a counter that goes down, too."""
        return UpDownCounter(_family(name, "gauge", unit, description))

    def create_histogram(
        self,
        name: str,
        unit: str = "",
        description: str = "",
        *,
        explicit_bucket_boundaries_advisory: Sequence[float] | None = None,
    ) -> Histogram:
        """Make a histogram, with the bounds that are advised."""
        bounds = explicit_bucket_boundaries_advisory
        if bounds is None:
            bounds = BUCKETS if unit == "s" else _DEFAULT_BOUNDS
        return Histogram(_family(name, "histogram", unit, description, bounds))

    def create_gauge(self, name: str, unit: str = "", description: str = "") -> Gauge:
        """Make a gauge."""
        return Gauge(_family(name, "gauge", unit, description, ratio=True))

    def create_observable_counter(
        self, name: str, callbacks: Sequence[CallbackT] | None = None, unit: str = "", description: str = ""
    ) -> ObservableCounter:
        """Make a counter that is asked for its values."""
        return ObservableCounter(_family(name, "counter", unit, description), callbacks)

    def create_observable_up_down_counter(
        self, name: str, callbacks: Sequence[CallbackT] | None = None, unit: str = "", description: str = ""
    ) -> ObservableUpDownCounter:
        """Make a counter that goes down, too, and is asked for its values."""
        return ObservableUpDownCounter(_family(name, "gauge", unit, description), callbacks)

    def create_observable_gauge(
        self, name: str, callbacks: Sequence[CallbackT] | None = None, unit: str = "", description: str = ""
    ) -> ObservableGauge:
        """Make a gauge that is asked for its values."""
        return ObservableGauge(_family(name, "gauge", unit, description, ratio=True), callbacks)


def _family(
    name: str, kind: str, unit: str, description: str, bounds: Sequence[float] = (), *, ratio: bool = False
) -> Family:
    told = metric_name(name, unit or "", monotonic=kind == "counter", gauge=ratio).removesuffix("_total")
    return families.get(Family(told, kind, unit or "", description or "", bounds))


class MeterProvider(otel.MeterProvider):
    """Gives out meters that record through Sightline."""

    def get_meter(
        self,
        name: str,
        version: str | None = None,
        schema_url: str | None = None,
        attributes: Attributes = None,  # noqa: ARG002 - OpenTelemetry's signature
    ) -> Meter:
        """Give the meter of an instrumentation scope."""
        return Meter(name, version, schema_url)


_provider: Final = MeterProvider()


def meter_provider() -> MeterProvider:
    """Give the meter provider of this process; also the entry point that OpenTelemetry loads by name."""
    return _provider


def take_over() -> None:
    """Become OpenTelemetry's meter provider, unless it has one; instruments that exist already record here then."""
    from opentelemetry.metrics import _internal

    present = _internal._METER_PROVIDER  # noqa: SLF001 - asking publicly would load one from the environment
    if present is None:
        otel.set_meter_provider(_provider)
    elif not isinstance(present, MeterProvider):
        guard.failed(
            "metrics",
            RuntimeError(
                f"OpenTelemetry already has a {type(present).__name__}; metrics of its API go there. "
                "Call sightline.configure() before it is set."
            ),
        )
