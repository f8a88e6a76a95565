"""
Remote write 1.0: ``prometheus.WriteRequest`` as rows.

Nearly every series comes with one sample, at its end and of one of two lengths, and came before, behind the same
series. So what follows each other as before is read in runs. Of the others, the labels in front of the sample are
looked up as bytes, and numpy reads the samples of all. That a series' bytes up to there were read before as labels and
nothing else is what makes both exact; whatever else there is, Protobuf reads.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from google.protobuf.message import DecodeError as ProtobufError

from sightline.base.errors import DecodeError
from sightline.wire import protobuf_fields
from sightline.wire.prometheus.known import UNKNOWN, About
from sightline.wire.prometheus.layouts import LEAST_SERIES, VALUE_BYTES, ZERO_BYTES, Layout
from sightline.wire.prometheus.messages import TYPES, Family, Request, Series
from sightline.wire.prometheus.repeated import content_start, take
from sightline.wire.prometheus.rows import Rows, Written

if TYPE_CHECKING:
    from sightline.wire.prometheus.known import KnownSeries, Memory
    from sightline.wire.prometheus.layouts import Run

MAX_HELP: Final = 1024
"""Characters of a family's help that are kept."""

MAX_UNIT: Final = 64
"""Characters of a family's unit that are kept."""

MAX_FIELDS: Final = 2_000_000
"""Series and families of one request, or parts of one long series."""

_LABEL, _TIME = 0x0A, 0x10
"""First bytes of the fields: number and kind of what follows."""

_VALUE_TAIL: Final = np.frombuffer(bytes([0x12, 16, 0x09]), np.uint8)
_ZERO_TAIL: Final = np.frombuffer(bytes([0x12, 7]), np.uint8)
"""How a sample begins: with a value of eight bytes and a time of six, or without its value, which is then 0."""

_TIME_BYTES: Final = 6

_NOTHING: Final[dict[int, Any]] = {}

_SEVENS: Final = np.arange(0, 42, 7)


def decode_v1(body: bytes, received_ns: int, known: KnownSeries) -> Written:
    """
    Decode a ``prometheus.WriteRequest``, uncompressed.

    Raises:
        DecodeError: if *body* is no such message.
        BodyTooLarge: if it holds too many series, or describes too much.
    """
    protobuf_fields.check(body, _NOTHING, MAX_FIELDS)
    memory = known.memory
    taken = take(body, memory)
    request = _parse(Request, taken.rest)
    families, series = list(request.metadata), list(request.timeseries)
    rows = Rows(received_ns)
    if families:
        known.describe(dict(map(_family, families)))
    for run in taken.runs:
        series += _add_run(rows, run, body, memory)
    if series:
        for place in _add_known(rows, series, known, learn=taken.is_new):
            _add(rows, series[place], known)
    return rows.written()


def _add_run(rows: Rows, run: Run, body: bytes, memory: Memory) -> list[bytes]:
    """Add the samples of a run, and give the series that are to be described again."""
    told = memory.is_told(run.slots, rows.received_ns / 1e9)
    numbers = memory.numbers[run.slots]
    if told.all():
        rows.add(numbers, run.times, run.values)
        return []
    rows.add(numbers[told], run.times[told], run.values[told])
    starts = [run.start, *run.ends[:-1].tolist()]
    return [body[content_start(body, starts[at]) : run.ends[at]] for at in np.flatnonzero(~told).tolist()]


def _long(body: bytes, place: int) -> tuple[int, int]:
    """Read a length of three bytes or four."""
    length = 0
    for count in range(4):
        byte = body[place + count]
        length |= (byte & 0x7F) << (7 * count)
        if byte < 0x80:
            return length, place + count + 1
    raise DecodeError("The body is no Protobuf of WriteRequest: a field is longer than the body.")


def _add_known(rows: Rows, series: list[bytes], known: KnownSeries, *, learn: bool) -> list[int]:
    """Add the samples of series that are known, and give the places of the others; may *learn* their order."""
    tails = np.frombuffer(b"".join([one[-VALUE_BYTES:].rjust(VALUE_BYTES, b"\0") for one in series]), np.uint8)
    tails = tails.reshape(-1, VALUE_BYTES)
    more = tails[:, -_TIME_BYTES:] >= 0x80
    timed = (tails[:, -_TIME_BYTES - 1] == _TIME) & more[:, :-1].all(1) & ~more[:, -1]
    with_value = timed & (tails[:, :3] == _VALUE_TAIL).all(1)
    without = timed & ~with_value & (tails[:, -ZERO_BYTES : -ZERO_BYTES + 2] == _ZERO_TAIL).all(1)
    memory, now_s = known.memory, rows.received_ns / 1e9
    slots = memory.find(_keys(series, with_value, without))
    in_memory = (slots != UNKNOWN) & (with_value | without)
    if learn and in_memory.sum() >= LEAST_SERIES:
        chosen = [one for one, found in zip(series, in_memory.tolist(), strict=True) if found]
        known.learn(memory, Layout.of(chosen, with_value[in_memory], slots[in_memory]), now_s)
    numbers, is_known = memory.numbers[slots], memory.is_told(slots, now_s) & in_memory
    values = np.where(with_value, np.ascontiguousarray(tails[:, 3:11]).view(np.float64)[:, 0], 0.0)
    times = ((tails[:, -_TIME_BYTES:].astype(np.int64) & 0x7F) << _SEVENS).sum(1)
    if is_known.all():
        rows.add(numbers, times, values)
        return []
    rows.add(numbers[is_known], times[is_known], values[is_known])
    unknown: list[int] = np.flatnonzero(~is_known).tolist()
    return unknown


def _keys(series: list[bytes], with_value: np.ndarray, without: np.ndarray) -> list[bytes]:
    """Give what stands before the sample of each series: its labels, where they were read as such before."""
    if with_value.all():
        return [one[:-VALUE_BYTES] for one in series]
    sizes = np.where(with_value, VALUE_BYTES, np.where(without, ZERO_BYTES, 0)).tolist()
    return [one[: len(one) - size] for one, size in zip(series, sizes, strict=True)]


def _add(rows: Rows, content: bytes, known: KnownSeries) -> None:
    """Add one series by reading all of it."""
    protobuf_fields.check(content, _NOTHING, MAX_FIELDS)
    series = _parse(Series, content)
    if series.exemplars:
        told = ((_pairs(one.labels), one.value, one.timestamp) for one in series.exemplars)
        rows.add_exemplars(_pairs(series.labels), told)
    if not series.samples and not series.histograms:
        return
    key = content[: _labels_end(content)]
    numbers, is_known = known.find([key], rows.received_ns / 1e9)
    if is_known[0] and not series.histograms:
        rows.add_series(int(numbers[0]), series.samples)
        return
    labels = _pairs(series.labels)
    family, about = known.family(next((value for name, value in labels if name == "__name__"), ""))
    if series.histograms:
        rows.add_histograms(labels, family, about, series.histograms)
    if series.samples:
        number = rows.describe(key, labels, family, about)
        if number is None:
            rows.rejected += len(series.samples)
        else:
            rows.add_series(number, series.samples)


def _pairs(labels: Any) -> list[tuple[str, str]]:
    return [(label.name, label.value) for label in labels]


def _labels_end(content: bytes) -> int:
    """Find where the labels end that a series begins with."""
    place = 0
    while place < len(content) and content[place] == _LABEL:
        length, place = _long(content, place + 1)
        place += length
    return place


def _family(content: bytes) -> tuple[str, About]:
    family = _parse(Family, content)
    kind = TYPES[family.type] if 0 <= family.type < len(TYPES) else ""
    return family.name, About(kind, family.unit[:MAX_UNIT], family.help[:MAX_HELP])


def _parse(kind: Any, content: bytes) -> Any:
    try:
        return kind.FromString(content)
    except ProtobufError as error:
        raise DecodeError(f"The body is no Protobuf of WriteRequest: {error}.") from None
