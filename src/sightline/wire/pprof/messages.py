"""The messages of pprof and of Pyroscope's push, described here as far as they are read."""

from __future__ import annotations

from typing import Any, Final

from sightline.wire.protobuf import message_classes

_MESSAGES: Final = {
    "ValueType": "int64 type 1, int64 unit 2",
    "Label": "int64 key 1, int64 str 2, int64 num 3",
    "Sample": "uint64* location_id 1, int64* value 2, Label* label 3",
    "Line": "uint64 function_id 1",
    "Location": "uint64 id 1, uint64 mapping_id 2, uint64 address 3, Line* line 4",
    "Function": "uint64 id 1, int64 name 2, int64 system_name 3, int64 filename 4",
    "Profile": (
        "ValueType* sample_type 1, Sample* sample 2, Location* location 4, Function* function 5, "
        "bytes* string_table 6, int64 time_nanos 9, int64 duration_nanos 10, ValueType period_type 11, int64 period 12"
    ),
    "Pair": "string name 1, string value 2",
    "Raw": "bytes profile 1",
    "Series": "Pair* labels 1, Raw* samples 2",
    "Push": "Series* series 1",
}
"""Fields as ``type name number``, repeated ones with a star. ``Push`` is ``push.v1.PushRequest``."""


_CLASSES: Final = message_classes("pprof", _MESSAGES)

Profile: Final[Any] = _CLASSES["Profile"]
Push: Final[Any] = _CLASSES["Push"]
