"""Prometheus remote write: requests as bytes become rows as Arrow. Nothing here does any input or output."""

from sightline.wire.prometheus.known import KnownSeries
from sightline.wire.prometheus.rows import Written
from sightline.wire.prometheus.write1 import decode_v1
from sightline.wire.prometheus.write2 import decode_v2

__all__ = ["KnownSeries", "Written", "decode_v1", "decode_v2"]
