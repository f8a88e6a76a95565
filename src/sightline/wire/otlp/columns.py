"""Nested Arrow laid flat: identifiers as hex, attributes as maps, times, a parent's words repeated for each record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sightline.base.limits import MAX_AHEAD_NS, MAX_ATTRIBUTES
from sightline.wire.log_rows import DROPPED_ATTRIBUTES, TIME
from sightline.wire.otlp.values import to_strings

if TYPE_CHECKING:
    from sightline.wire.room import Room

_HEX: Final = np.frombuffer(b"".join(b"%02x" % byte for byte in range(256)), dtype=np.uint16)


def hex_ids(ids: pa.BinaryArray) -> pa.StringArray:
    """Write binary identifiers as lower-case hex; an empty one stays empty."""
    offsets = offsets_of(pc.binary_length(ids))
    joined = b"".join(ids.to_pylist()) if ids.null_count or ids.offset else _content(ids)
    text = _HEX[np.frombuffer(joined, dtype=np.uint8)[: offsets[-1]]]
    return pa.StringArray.from_buffers(len(ids), pa.py_buffer((offsets * 2).astype(np.int32)), pa.py_buffer(text))


def has_number(points: pa.StructArray) -> np.ndarray:
    """Say for each point or exemplar whether it has a value."""
    return mask(pc.or_(points.field("as_double").is_valid(), points.field("as_int").is_valid()))


def numbers(points: pa.StructArray) -> pa.Array:
    """Give the values of points or exemplars, whole numbers too, as floating-point numbers."""
    return pc.coalesce(points.field("as_double"), points.field("as_int").cast(pa.float64(), safe=False))


def _content(ids: pa.BinaryArray) -> bytes | memoryview:
    content = ids.buffers()[2]
    return memoryview(content) if content is not None else b""


def valid_ids(ids: pa.BinaryArray, size: int) -> np.ndarray:
    """Say for each identifier whether it has *size* bytes and one of them is not zero."""
    right_size = pc.equal(pc.binary_length(ids), size)
    return mask(pc.and_(right_size, pc.not_equal(ids, bytes(size))))


def mask(array: pa.Array) -> np.ndarray:
    """Give a boolean array to numpy; what is null is false."""
    found: np.ndarray = pc.fill_null(array, fill_value=False).to_numpy(zero_copy_only=False)
    return found


def offsets_of(lengths: pa.Array | np.ndarray) -> np.ndarray:
    """Add up lengths to offsets, one more than there are lengths."""
    counts = lengths if isinstance(lengths, np.ndarray) else lengths.to_numpy(zero_copy_only=False)
    offsets = np.zeros(len(counts) + 1, dtype=np.int64)
    np.cumsum(counts, out=offsets[1:])
    return offsets


def parents(children: pa.ListArray) -> np.ndarray:
    """Find the row that each element of the flattened list came from."""
    return np.repeat(np.arange(len(children)), pc.list_value_length(children).to_numpy(zero_copy_only=False))


def attribute_maps(attributes: pa.ListArray) -> pa.MapArray:
    """
    Turn lists of ``KeyValue`` into maps of strings.

    A record with more than ``MAX_ATTRIBUTES`` keeps the first ones and says in its last how many it lost.
    """
    lengths = pc.list_value_length(attributes).to_numpy(zero_copy_only=False)
    pairs = attributes.flatten()
    keys, texts = pairs.field("key"), to_strings(pairs.field("value"))
    if lengths.size and lengths.max() > MAX_ATTRIBUTES:
        keys, texts, lengths = _shortened(keys, texts, lengths)
    return _maps(lengths, keys, texts)


def _maps(lengths: np.ndarray, keys: pa.Array, texts: pa.Array) -> pa.MapArray:
    offsets = pa.array(offsets_of(lengths).astype(np.int32))
    return pa.MapArray.from_arrays(offsets, keys, texts)


def _shortened(keys: pa.Array, texts: pa.Array, lengths: np.ndarray) -> tuple[pa.Array, pa.Array, np.ndarray]:
    starts = offsets_of(lengths)[:-1]
    place = np.arange(len(keys)) - np.repeat(starts, lengths)
    over = np.repeat(lengths > MAX_ATTRIBUTES, lengths)
    last = over & (place == MAX_ATTRIBUTES - 1)
    dropped = np.repeat(lengths - MAX_ATTRIBUTES + 1, lengths)[last]
    keys = pc.replace_with_mask(keys, pa.array(last), pa.array([DROPPED_ATTRIBUTES] * len(dropped), pa.string()))
    texts = pc.replace_with_mask(texts, pa.array(last), pc.cast(pa.array(dropped), pa.string()))
    kept = pa.array(place < MAX_ATTRIBUTES)
    return keys.filter(kept), texts.filter(kept), np.minimum(lengths, MAX_ATTRIBUTES)


def lookup(maps: pa.MapArray, key: str) -> pa.StringArray:
    """Take one attribute of each map, the empty string where it is absent."""
    return pc.fill_null(pc.map_lookup(maps, key, "first"), "")


def repeat(column: pa.Array, rows: np.ndarray, room: Room) -> pa.Array:
    """
    Repeat a parent's column for each of its records.

    Raises:
        BodyTooLarge: if there is no room for the result.
    """
    room.take(int(row_bytes(column)[rows].sum()))
    return column.take(pa.array(rows))


def row_bytes(column: pa.Array) -> np.ndarray:
    """Count the bytes of text in each row of strings or maps."""
    if not pa.types.is_map(column.type):
        lengths: np.ndarray = pc.binary_length(column).to_numpy(zero_copy_only=False)
        return lengths
    texts = pc.add(pc.binary_length(column.keys), pc.binary_length(column.items))
    ends = offsets_of(texts)
    offsets = column.offsets.to_numpy()
    offsets = offsets - offsets[0] if len(offsets) else offsets
    sizes: np.ndarray = ends[offsets[1:]] - ends[offsets[:-1]]
    return sizes


def times(nanoseconds: pa.Array) -> pa.Array:
    """Read unsigned nanoseconds since the epoch as times; check them with ``valid_times`` before."""
    return nanoseconds.view(TIME)


def times_or(nanoseconds: pa.Array, otherwise: pa.Array | np.ndarray) -> pa.Array:
    """Read times, and where one is 0, which stands for unknown, take *otherwise*, nanoseconds too."""
    given = nanoseconds.to_numpy()
    return pa.array(np.where(given == 0, otherwise, given).astype(np.uint64)).view(TIME)


def valid_times(nanoseconds: pa.Array, received_ns: int) -> np.ndarray:
    """Say for each time whether it is no more than ``MAX_AHEAD_NS`` after *received_ns*."""
    valid: np.ndarray = nanoseconds.to_numpy() <= np.uint64(received_ns + MAX_AHEAD_NS)
    return valid


def names(codes: pa.Array, table: tuple[str, ...], unknown: str) -> pa.DictionaryArray:
    """Name the members of an enumeration; a number that the protocol does not know becomes *unknown*."""
    numbers = codes.to_numpy()
    known = np.where((numbers >= 0) & (numbers < len(table)), numbers, table.index(unknown))
    return pa.DictionaryArray.from_arrays(pa.array(known.astype(np.int8)), pa.array(table))
