"""Broken input for decoders: many mutations of valid bodies, the same ones in every run."""

import os
import random
from collections.abc import Callable, Sequence
from typing import Any

from sightline.base.errors import BodyTooLarge, DecodeError

MUTATIONS = int(os.environ.get("SIGHTLINE_FUZZ", "100000"))
"""Mutations of one decoder's input in one test."""

TELLING = (0x00, 0x01, 0x0A, 0x20, 0x22, 0x5B, 0x5D, 0x7B, 0x7D, 0x7F, 0x80, 0x90, 0xC0, 0xC1, 0xDF, 0xFF)
"""Bytes that mean something in JSON, MessagePack, Protobuf or lines of text."""


def mutate(rng: random.Random, body: bytes) -> bytes:
    """Change *body* in one to four places: a bit or a byte, a piece cut out, doubled, moved or made up."""
    changed = bytearray(body)
    for _ in range(rng.randint(1, 4)):
        _change(rng, changed)
    return bytes(changed)


def _change(rng: random.Random, body: bytearray) -> None:
    start = rng.randrange(len(body) + 1)
    end = min(len(body), start + rng.randrange(1, 17))
    kind = rng.randrange(7)
    if kind == 0 and start < len(body):
        body[start] ^= 1 << rng.randrange(8)
    elif kind == 1 and start < len(body):
        body[start] = rng.choice(TELLING)
    elif kind == 2:
        del body[start:end]
    elif kind == 3:
        body[start:start] = body[start:end]
    elif kind == 4:
        body[start:end] = rng.randbytes(rng.randrange(9))
    elif kind == 5:
        body[start:start] = bytes([rng.choice(TELLING)]) * rng.choice((1, 2, 8, 64))
    else:
        del body[start:]


def fuzz(decode: Callable[[bytes], Any], bodies: Sequence[bytes], *, seed: int = 1, count: int = MUTATIONS) -> int:
    """
    Decode *count* mutations of *bodies* and a hundredth as many random bytes; give how many were decoded.

    Anything raised but DecodeError and BodyTooLarge fails, with the input that did it.
    """
    rng = random.Random(seed)
    decoded = 0
    for number in range(count):
        body = rng.randbytes(rng.randrange(64)) if number % 100 == 0 else mutate(rng, rng.choice(bodies))
        try:
            decode(body)
            decoded += 1
        except (DecodeError, BodyTooLarge):
            continue
        except Exception as error:
            raise AssertionError(f"{body!r} gave {error!r}") from error
    return decoded
