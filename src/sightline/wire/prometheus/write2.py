"""
Remote write 2.0: ``io.prometheus.write.v2.Request`` as rows.

Labels are indices into the request's own table of strings. The strings get numbers that hold in every request; the
numbers of a series' labels, as bytes, are what it is looked up by.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from google.protobuf.message import DecodeError as ProtobufError

from sightline.base.errors import DecodeError
from sightline.wire import protobuf_fields
from sightline.wire.prometheus.known import About
from sightline.wire.prometheus.messages import SYMBOL_REQUESTS, TYPES, Histogram, SymbolExemplar
from sightline.wire.prometheus.rows import Rows, Written
from sightline.wire.prometheus.write1 import MAX_FIELDS, MAX_HELP, MAX_UNIT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sightline.wire.prometheus.known import KnownSeries

_SERIES: Final[dict[int, Any]] = {5: {2: {}}}
"""The field of series, into which one looks, and one of theirs."""

_ABOUT: Final = 4
"""Numbers before those of the labels: generation, type, help, unit. A series described anew has another key."""


def decode_v2(body: bytes, received_ns: int, known: KnownSeries) -> Written:
    """
    Decode an ``io.prometheus.write.v2.Request``, uncompressed.

    Raises:
        DecodeError: if *body* is no such message, or points to strings that it has not.
        BodyTooLarge: if it holds too many series or samples, or describes too much.
    """
    protobuf_fields.check(body, _SERIES, MAX_FIELDS)
    try:
        batch = SYMBOL_REQUESTS.list_to_record_batch([body])
    except ValueError as error:
        raise DecodeError(f"The body is no Protobuf of io.prometheus.write.v2.Request: {error}.") from None
    rows = Rows(received_ns)
    request = _Request(batch.column("symbols").flatten().to_pylist(), batch.column("timeseries").flatten())
    if len(request.series):
        request.add(rows, known)
    return rows.written()


class _Request:
    def __init__(self, symbols: list[str], series: pa.StructArray) -> None:
        self.symbols = symbols
        self.series = series
        about = series.field("metadata")
        parts = [pc.fill_null(about.field(name), 0).to_numpy() for name in ("type", "help_ref", "unit_ref")]
        self.about = np.stack(parts, 1).astype(np.int64)
        self.label_counts = _lengths(series.field("labels_refs"))
        self.label_ends = np.cumsum(self.label_counts)
        self.labels = series.field("labels_refs").flatten().to_numpy().astype(np.int64)
        self._check()

    def _check(self) -> None:
        limit = len(self.symbols)
        highest = max(self.labels.max(initial=0), self.about[:, 1:].max(initial=0))
        if highest >= max(limit, 1):
            raise DecodeError(f"The body points to string {highest} of {limit}. Expected an index below that.")
        if (self.label_counts % 2).any():
            raise DecodeError("A series has a label without a value: labels_refs must be pairs.")

    def add(self, rows: Rows, known: KnownSeries) -> None:
        for place in np.flatnonzero(_lengths(self.series.field("exemplars"))).tolist():
            rows.add_exemplars(self._labels(place), self._exemplars(place))
        keys = self._keys(known)
        numbers, wanted = known.find(keys, rows.received_ns / 1e9)
        counts = _lengths(self.series.field("samples"))
        histogram_counts = _lengths(self.series.field("histograms"))
        for place in np.flatnonzero((~wanted & (counts > 0)) | (histogram_counts > 0)).tolist():
            labels, about = self._labels(place), self._about(place)
            if histogram_counts[place]:
                self._add_histograms(rows, place, labels, about)
            if counts[place] and not wanted[place]:
                number = rows.describe(keys[place], labels, *about)
                wanted[place] = number is not None
                numbers[place] = number or 0
        self._add_samples(rows, counts, numbers, wanted)

    def _add_samples(self, rows: Rows, counts: np.ndarray, numbers: np.ndarray, wanted: np.ndarray) -> None:
        samples = self.series.field("samples").flatten()
        each = np.repeat(wanted, counts)
        rows.rejected += int((~each).sum())
        times, values = samples.field("timestamp").to_numpy(), samples.field("value").to_numpy()
        rows.add(np.repeat(numbers, counts)[each], times[each], values[each])

    def _keys(self, known: KnownSeries) -> list[bytes]:
        """Write for each series the numbers of its strings, four bytes each."""
        generation, numbers = known.symbols(self.symbols)
        table = np.array(numbers or [0], np.uint32)
        sizes = self.label_counts + _ABOUT
        ends = np.cumsum(sizes)
        starts = ends - sizes
        written = np.zeros(int(ends[-1]), np.uint32)
        in_front = (starts[:, None] + np.arange(_ABOUT)).ravel()
        is_label = np.ones(len(written), bool)
        is_label[in_front] = False
        written[is_label] = table[self.labels]
        written[starts] = generation
        written[starts + 1] = self.about[:, 0]
        written[starts + 2] = table[self.about[:, 1]]
        written[starts + 3] = table[self.about[:, 2]]
        content = written.tobytes()
        return [content[start:end] for start, end in zip((starts * 4).tolist(), (ends * 4).tolist(), strict=True)]

    def _labels(self, place: int) -> list[tuple[str, str]]:
        end = int(self.label_ends[place])
        texts = [self.symbols[ref] for ref in self.labels[end - int(self.label_counts[place]) : end]]
        return list(zip(texts[::2], texts[1::2], strict=True))

    def _about(self, place: int) -> tuple[str, About]:
        kind, text, unit = self.about[place].tolist()
        name = dict(self._labels(place)).get("__name__", "")
        about = About(
            TYPES[kind] if 0 <= kind < len(TYPES) else "", self.symbols[unit][:MAX_UNIT] if self.symbols else "",
            self.symbols[text][:MAX_HELP] if self.symbols else "",
        )  # fmt: skip
        return _family_name(name, about.type), about

    def _exemplars(self, place: int) -> Iterator[tuple[list[tuple[str, str]], float, int]]:
        for content in self.series.field("exemplars")[place].as_py():
            try:
                found = SymbolExemplar.FromString(content)
            except ProtobufError as error:
                raise DecodeError(f"An exemplar is no Protobuf: {error}.") from None
            refs = list(found.labels_refs)
            if len(refs) % 2 or max(refs, default=0) >= max(len(self.symbols), 1):
                raise DecodeError("An exemplar's labels_refs must be pairs of indices into the strings.")
            texts = [self.symbols[ref] for ref in refs]
            yield list(zip(texts[::2], texts[1::2], strict=True)), found.value, found.timestamp

    def _add_histograms(self, rows: Rows, place: int, labels: list[tuple[str, str]], about: tuple[str, About]) -> None:
        contents = self.series.field("histograms")[place].as_py()
        try:
            found: list[Any] = [Histogram.FromString(content) for content in contents]
        except ProtobufError as error:
            raise DecodeError(f"A native histogram is no Protobuf: {error}.") from None
        rows.add_histograms(labels, *about, found)


def _lengths(lists: pa.ListArray) -> np.ndarray:
    found: np.ndarray = pc.fill_null(pc.list_value_length(lists), 0).to_numpy().astype(np.int64)
    return found


def _family_name(name: str, kind: str) -> str:
    """Take off what a histogram's or summary's series have behind their family's name."""
    if kind not in {"histogram", "summary"}:
        return name
    for suffix in ("_bucket", "_sum", "_count"):
        if name.endswith(suffix):
            return name.removesuffix(suffix)
    return name
