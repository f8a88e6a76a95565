"""The messages of Prometheus remote write, described here as far as they are read."""

from __future__ import annotations

from typing import Any, Final

from ptars import HandlerPool

from sightline.wire.protobuf import message_classes

_MESSAGES: Final = {
    "Label": "string name 1, string value 2",
    "Sample": "double value 1, int64 timestamp 2",
    "Span": "sint32 offset 1, uint32 length 2",
    "Histogram": (
        "uint64 count_int 1, double count_float 2, double sum 3, sint32 schema 4, double zero_threshold 5, "
        "uint64 zero_count_int 6, double zero_count_float 7, Span* negative_spans 8, sint64* negative_deltas 9, "
        "double* negative_counts 10, Span* positive_spans 11, sint64* positive_deltas 12, "
        "double* positive_counts 13, int64 timestamp 15, double* custom_values 16"
    ),
    "Request": "bytes* timeseries 1, bytes* metadata 3",
    "Exemplar": "Label* labels 1, double value 2, int64 timestamp 3",
    "Series": "Label* labels 1, Sample* samples 2, Exemplar* exemplars 3, Histogram* histograms 4",
    "Family": "int32 type 1, string name 2, string help 4, string unit 5",
    "Description": "int32 type 1, uint32 help_ref 3, uint32 unit_ref 4",
    "SymbolExemplar": "uint32* labels_refs 1, double value 2, int64 timestamp 3",
    "SymbolSeries": (
        "uint32* labels_refs 1, Sample* samples 2, bytes* histograms 3, bytes* exemplars 4, Description metadata 5"
    ),
    "SymbolRequest": "string* symbols 4, SymbolSeries* timeseries 5",
}
"""
Fields as ``type name number``, repeated ones with a star.

``SymbolRequest`` is ``io.prometheus.write.v2.Request``; ``Request`` is ``prometheus.WriteRequest``, whose parts
``Series`` and ``Family`` are read one by one, where they have to be.
"""

TYPES: Final = ("", "counter", "gauge", "histogram", "gaugehistogram", "summary", "info", "stateset")
"""Types of metrics by their number, the same in both versions."""


_CLASSES: Final = message_classes("prometheus", _MESSAGES)

Request: Final[Any] = _CLASSES["Request"]
Series: Final[Any] = _CLASSES["Series"]
Family: Final[Any] = _CLASSES["Family"]
Histogram: Final[Any] = _CLASSES["Histogram"]
SymbolExemplar: Final[Any] = _CLASSES["SymbolExemplar"]
SymbolRequest: Final[Any] = _CLASSES["SymbolRequest"]

SYMBOL_REQUESTS: Final = HandlerPool([SymbolRequest.DESCRIPTOR.file]).get_for_message(SymbolRequest.DESCRIPTOR)
"""Reads a request of version 2 into Arrow."""
