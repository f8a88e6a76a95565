"""Profiles in pprof's format, as bytes, become rows as Arrow. Nothing here does any input or output."""

from sightline.wire.pprof.decode import MAX_PROFILE_BYTES, Origin, decode
from sightline.wire.pprof.push import decode_push

__all__ = ["MAX_PROFILE_BYTES", "Origin", "decode", "decode_push"]
