"""
Remote write 1.0: ``prometheus.WriteRequest`` as rows.

Nearly every series comes with one sample, at its end and of one of two lengths, and came before. So the labels in
front of the sample are looked up as bytes, and numpy reads the samples of all. That a series' bytes up to there were
read before as labels and nothing else is what makes this exact; whatever else there is, Protobuf reads.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from google.protobuf.message import DecodeError as ProtobufError

from sightline.base.errors import DecodeError
from sightline.wire.prometheus.known import About
from sightline.wire.prometheus.messages import TYPES, Family, Series
from sightline.wire.prometheus.rows import Rows, Written

if TYPE_CHECKING:
    from sightline.wire.prometheus.known import KnownSeries

MAX_HELP: Final = 1024
"""Characters of a family's help that are kept."""

_SERIES, _FAMILY, _LABEL = 0x0A, 0x1A, 0x0A
"""First bytes of the fields: number and kind of what follows."""

_VALUE_TAIL: Final = np.frombuffer(bytes([0x12, 16, 0x09]), np.uint8)
_ZERO_TAIL: Final = np.frombuffer(bytes([0x12, 7, 0x10]), np.uint8)
"""How a sample begins: with a value of eight bytes and a time of six, or without its value, which is then 0."""

_VALUE_BYTES, _ZERO_BYTES = 18, 9

_SEVENS: Final = np.arange(0, 42, 7)


def decode_v1(body: bytes, received_ns: int, known: KnownSeries) -> Written:
    """
    Decode a ``prometheus.WriteRequest``, uncompressed.

    Raises:
        DecodeError: if *body* is no such message.
    """
    series, families = _frames(body)
    rows = Rows(received_ns)
    if families:
        known.describe(dict(map(_family, families)))
    if series:
        bounds = np.array(series, np.int64)
        for start, end in bounds[_add_known(rows, body, bounds, known)].tolist():
            _add(rows, body[start:end], known)
    return rows.written()


def _frames(body: bytes) -> tuple[list[tuple[int, int]], list[bytes]]:
    """Find where each series starts and ends, and give the families' bytes."""
    series: list[tuple[int, int]] = []
    families: list[bytes] = []
    place, size = 0, len(body)
    try:
        while place < size:
            tag, length = body[place], body[place + 1]
            place += 2
            if length > 0x7F:
                length = (length & 0x7F) | body[place] << 7
                place += 1
                if length > 0x3FFF:
                    length, place = _long(body, place - 2)
            if tag == _SERIES:
                series.append((place, place + length))
            elif tag == _FAMILY:
                families.append(body[place : place + length])
            elif tag & 7 != 2:
                raise DecodeError(f"The body is no Protobuf of WriteRequest: field {tag >> 3} is not expected.")
            place += length
    except IndexError:
        place = size + 1
    if place != size:
        raise DecodeError("The body is no Protobuf of WriteRequest: it ends within a field.")
    return series, families


def _long(body: bytes, place: int) -> tuple[int, int]:
    """Read a length of three bytes or four."""
    length = 0
    for count in range(4):
        byte = body[place + count]
        length |= (byte & 0x7F) << (7 * count)
        if byte < 0x80:
            return length, place + count + 1
    raise DecodeError("The body is no Protobuf of WriteRequest: a field is longer than the body.")


def _add_known(rows: Rows, body: bytes, bounds: np.ndarray, known: KnownSeries) -> np.ndarray:
    """Add the samples of series that are known, and give the places of the others."""
    raw = np.frombuffer(body, np.uint8)
    starts, ends = bounds[:, 0], bounds[:, 1]
    with_value = _has_tail(raw, starts, ends, _VALUE_TAIL, _VALUE_BYTES)
    without = ~with_value & _has_tail(raw, starts, ends, _ZERO_TAIL, _ZERO_BYTES)
    label_ends = ends - np.where(with_value, _VALUE_BYTES, np.where(without, _ZERO_BYTES, 0))
    keys = [body[start:end] for start, end in zip(starts.tolist(), label_ends.tolist(), strict=True)]
    numbers, is_known = known.find(keys, rows.received_ns / 1e9)
    is_known &= with_value | without
    hits = np.flatnonzero(is_known)
    values = np.zeros(len(hits))
    valued = with_value[hits]
    places = label_ends[hits[valued], None] + np.arange(3, 11)
    values[valued] = raw[places].view(np.float64)[:, 0]
    times = ((raw[ends[hits, None] + np.arange(-6, 0)].astype(np.int64) & 0x7F) << _SEVENS).sum(1)
    rows.add(numbers[hits], times, values)
    return np.flatnonzero(~is_known)


def _has_tail(raw: np.ndarray, starts: np.ndarray, ends: np.ndarray, tail: np.ndarray, size: int) -> np.ndarray:
    """Tell for each series whether it ends like a sample of *size* bytes."""
    places = ends - size
    found = places >= starts
    places = np.where(found, places, 0)
    if len(raw) < _VALUE_BYTES:
        return np.zeros(len(starts), bool)
    for offset, byte in enumerate(tail):
        found &= raw[places + offset] == byte
    found &= raw[places + size - 7] == 0x10
    more = raw[places[:, None] + np.arange(size - 6, size)] >= 0x80
    ends_right: np.ndarray = found & more[:, :5].all(1) & ~more[:, 5]
    return ends_right


def _add(rows: Rows, content: bytes, known: KnownSeries) -> None:
    """Add one series by reading all of it."""
    series = _parse(Series, content)
    rows.exemplars += len(series.exemplars)
    if not series.samples and not series.histograms:
        return
    key = content[: _labels_end(content)]
    numbers, is_known = known.find([key], rows.received_ns / 1e9)
    if is_known[0] and not series.histograms:
        rows.add_series(int(numbers[0]), series.samples)
        return
    labels = [(label.name, label.value) for label in series.labels]
    family, about = known.family(next((value for name, value in labels if name == "__name__"), ""))
    if series.histograms:
        rows.add_histograms(labels, family, about, series.histograms)
    if series.samples:
        number = rows.describe(key, labels, family, about)
        if number is None:
            rows.rejected += len(series.samples)
        else:
            rows.add_series(number, series.samples)


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
    return family.name, About(kind, family.unit, family.help[:MAX_HELP])


def _parse(kind: Any, content: bytes) -> Any:
    try:
        return kind.FromString(content)
    except ProtobufError as error:
        raise DecodeError(f"The body is no Protobuf of WriteRequest: {error}.") from None
