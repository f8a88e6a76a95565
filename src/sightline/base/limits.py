"""Bounds of every input, with the reason for each."""

from __future__ import annotations

MAX_LINE_BYTES = 1024 * 1024
"""Longest line of a segment. A record above this is shortened by the SDK and marked; the spool refuses it."""

MAX_ATTRIBUTES = 256
"""Attributes kept of one record. More are dropped and counted in the attribute ``sightline.dropped_attributes``."""

MAX_SPAN_EVENTS = 128
"""Events and links kept of one span, OpenTelemetry's default."""

MAX_BODY_BYTES = 64 * 1024 * 1024
"""Largest body of a request after decompression; OpenTelemetry's clients stop at the same size."""

MAX_COMPRESSED_BYTES = 16 * 1024 * 1024
"""Largest body of a request on the wire when it is compressed."""

MAX_QUERY_LENGTH = 4096
"""Longest search text, in characters. Longer ones are programs, for which there is SQL."""

MAX_PAGE = 1000
"""Most records in one answer. More are fetched with the cursor."""

MAX_AHEAD_NS = 366 * 86_400 * 10**9
"""Times further ahead are refused, a year. A day is a partition of the store: made-up times would fill it with them."""

MAX_EXEMPLARS = 200_000
"""Exemplars of one request of metrics, each of which takes some hundred bytes of memory, and two of the request."""
