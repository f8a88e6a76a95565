"""OTLP: requests as bytes become rows as Arrow, answers become bytes. Nothing here does any input or output."""

from sightline.wire.decoded import Decoded
from sightline.wire.otlp.json_encoding import to_protobuf
from sightline.wire.otlp.logs import decode_logs
from sightline.wire.otlp.metrics import decode_metrics
from sightline.wire.otlp.traces import decode_traces

__all__ = ["Decoded", "decode_logs", "decode_metrics", "decode_traces", "to_protobuf"]
