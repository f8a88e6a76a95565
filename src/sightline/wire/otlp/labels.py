"""Labels of series: attributes under Prometheus's names, and one more label in front."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sightline.wire.metric_names import label_name
from sightline.wire.otlp.columns import attribute_maps, offsets_of, row_bytes

if TYPE_CHECKING:
    from collections.abc import Callable

    from sightline.wire.room import Room


def label_maps(attributes: pa.ListArray) -> pa.MapArray:
    """Turn lists of ``KeyValue`` into maps of labels."""
    maps = attribute_maps(attributes)
    return pa.MapArray.from_arrays(maps.offsets, each_distinct(maps.keys, label_name), maps.items)


def each_distinct(column: pa.Array, convert: Callable[[object], str]) -> pa.Array:
    """Convert a column by its distinct values, which are few."""
    encoded = column.dictionary_encode()
    converted = pa.array([convert(value) for value in encoded.dictionary.to_pylist()], pa.string())
    return converted.take(encoded.indices)


def with_label(maps: pa.MapArray, rows: np.ndarray, name: str, values: pa.Array, room: Room) -> pa.MapArray:
    """
    Take the labels in *rows* and put label *name* in front of each.

    Raises:
        BodyTooLarge: if there is no room for the result.
    """
    room.take(int(row_bytes(maps)[rows].sum()) + int(pc.sum(pc.binary_length(values)).as_py() or 0))
    offsets = maps.offsets.to_numpy()
    lengths = np.diff(offsets)[rows]
    ends = offsets_of(lengths + 1)
    firsts = ends[:-1]
    source = np.arange(ends[-1]) + np.repeat(offsets[:-1][rows] - firsts - 1, lengths + 1)
    key_source, item_source = source, source.copy()
    key_source[firsts] = len(maps.keys)
    item_source[firsts] = len(maps.items) + np.arange(len(rows))
    keys = pa.concat_arrays([maps.keys, pa.array([name])]).take(pa.array(key_source))
    items = pa.concat_arrays([maps.items, values]).take(pa.array(item_source))
    return pa.MapArray.from_arrays(pa.array(ends.astype(np.int32)), keys, items)
