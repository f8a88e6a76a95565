"""Requests of Prometheus remote write, as clients encode them."""

import struct

import pyarrow as pa

SNAPPY = pa.Codec("snappy")
STALE = struct.unpack("<d", (0x7FF0000000000002).to_bytes(8, "little"))[0]
"""The value that says: this series has ended."""


def varint(number: int) -> bytes:
    """Encode a number in groups of seven bits."""
    encoded = bytearray()
    number &= (1 << 64) - 1
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*encoded, number])


def field(number: int, content: bytes) -> bytes:
    """Encode a field of bytes."""
    return varint(number << 3 | 2) + varint(len(content)) + content


def sample(time_ms: int, value: float) -> bytes:
    """Encode a sample; a value of zero is left out, as every client does."""
    written = b"" if struct.pack("<d", value) == bytes(8) else b"\x09" + struct.pack("<d", value)
    return written + b"\x10" + varint(time_ms)


def series_1(labels: dict[str, str], *samples: tuple[int, float], more: bytes = b"") -> bytes:
    """Encode a series of version 1."""
    named = b"".join(field(1, field(1, k.encode()) + field(2, v.encode())) for k, v in sorted(labels.items()))
    return field(1, named + b"".join(field(2, sample(*one)) for one in samples) + more)


def family_1(name: str, kind: int, help_text: str, unit: str) -> bytes:
    """Encode what version 1 says of a family."""
    content = field(2, name.encode()) + field(4, help_text.encode()) + field(5, unit.encode())
    return field(3, b"\x08" + varint(kind) + content)


def request_2(*series: tuple[dict[str, str], list[tuple[int, float]]], kind: int = 0, help_text: str = "") -> bytes:
    """Encode a request of version 2: a table of strings, and series that point into it."""
    symbols = [""]

    def ref(text: str) -> bytes:
        if text not in symbols:
            symbols.append(text)
        return varint(symbols.index(text))

    encoded = b""
    for labels, samples in series:
        refs = b"".join(ref(k) + ref(v) for k, v in sorted(labels.items()))
        about = field(5, b"\x08" + varint(kind) + b"\x18" + ref(help_text))
        encoded += field(5, field(1, refs) + b"".join(field(2, sample(*one)) for one in samples) + about)
    return b"".join(field(4, symbol.encode()) for symbol in symbols) + encoded


def compress(body: bytes) -> bytes:
    """Compress a request as the protocol asks."""
    compressed: bytes = SNAPPY.compress(body, asbytes=True)
    return compressed
