"""Profiles in pprof's format, as bytes, become rows as Arrow. Nothing here does any input or output."""

from sightline.wire.pprof.decode import MAX_PROFILE_BYTES, decode
from sightline.wire.pprof.otlp import Profiles, answer_otlp, decode_otlp
from sightline.wire.pprof.push import decode_push
from sightline.wire.pprof.samples import Origin

__all__ = ["MAX_PROFILE_BYTES", "Origin", "Profiles", "answer_otlp", "decode", "decode_otlp", "decode_push"]
