"""
Access logs of nginx, Apache and Gunicorn, common and combined, as columns of ``otel_logs``.

They are the largest files there are, so no line is taken apart by itself: where quotes and spaces stand is found for a
whole block, and the places cut it into columns. Ten times as fast as one regular expression a line.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sightline.base.limits import MAX_AHEAD_NS
from sightline.wire.log_rows import TIME
from sightline.wire.logfile.access_times import TIME_BYTES, read_times
from sightline.wire.logfile.places import Lines, first_behind

if TYPE_CHECKING:
    from sightline.wire.logfile.source import Source

    Numbers = np.ndarray[Any, np.dtype[Any]]

_NAMES: Final = (
    "server.address", "server.port",
    "client.address", "user.name", "http.request.method", "url.path", "url.query", "network.protocol.version",
    "http.response.status_code", "http.response.body.size", "http.request.header.referer", "user_agent.original",
    "log.rest", "duration_ms",
)  # fmt: skip
"""
The attributes, in the order in which they stand in a line; the last is what the rest is where it is seconds. The first
two are the virtual host's, which few files have: blocks without one have no places for them.
"""

_HOST_NAMES: Final = 2
_LONGEST_PORT: Final = 5

_SECONDS: Final = r"^[0-9]{1,9}\.[0-9]{3,6}$"
"""What nginx writes for ``$request_time`` at the end of a line."""

_LEVELS: Final = ("INFO", "WARNING", "ERROR")
_LEVEL_OF_CLASS: Final = np.array([0, 0, 0, 0, 1, 2], np.int8)
_NUMBER_OF_CLASS: Final = np.array([0, 9, 9, 9, 13, 17], np.uint8)
"""Which level, and which number of severity, statuses have that begin with a digit."""


def decode_access(content: bytes, source: Source) -> tuple[pa.Table, Numbers]:
    """
    Decode a block of lines, which ends with a newline.

    Returns:
        The rows of the lines that are of an access log, and for every line whether it is one.
    """
    lines = Lines(content)
    quotes = lines.quotes
    likely = np.arange(len(lines.starts)) * 6
    first = first_behind(quotes, lines.starts, likely)
    counts = first_behind(quotes, lines.ends, likely + 6) - first
    matched = np.zeros(len(lines.starts), bool)
    tables = []
    for wanted in (6, 2):
        chosen = np.flatnonzero(counts == wanted)
        if len(chosen):
            block = _Block(lines, chosen, [quotes[first[chosen] + number] for number in range(wanted)])
            table, good = block.table(source)
            tables.append(table)
            matched[chosen[good]] = True
    return pa.concat_tables(tables) if tables else pa.table({}), matched


class _Block:
    """Lines with the same number of quotes; places are made good only for lines that ``good`` marks."""

    def __init__(self, lines: Lines, chosen: Numbers, quotes: list[Numbers]) -> None:
        self._lines = lines
        self._bytes = lines.bytes_
        self._starts, self._ends = lines.starts[chosen], lines.ends[chosen]
        self._quotes = quotes
        self._spaces = lines.spaces
        self._space = np.searchsorted(self._spaces, self._starts)
        """For each line the number of the space behind its client."""
        self._client: Numbers = self._spaces[self._space]
        self._hosts = self._read_hosts()

    def _read_hosts(self) -> list[Numbers]:
        """
        Give for each line where its virtual host's name and port begin and end, and set its beginning behind them.

        Nothing where no line has one. A host has one colon, before a port, and no dash behind it: that is a client's
        address with its port. Clients of IPv6 have more colons; hosts of IPv6 are left to those who read single lines.
        """
        odd = np.flatnonzero(~(self._is(self._client + 1, "-") & self._is(self._client + 2, " ")))
        colons = np.flatnonzero(self._bytes == ord(":")) if len(odd) else odd
        starts, ends = self._starts[odd], self._client[odd]
        self._client[odd[self._is(starts, "[")]] = -1  # nowhere: the line is not good
        first = np.searchsorted(colons, starts)
        single = np.searchsorted(colons, ends) - first == 1
        odd, starts, ends, colon = odd[single], starts[single], ends[single], colons[first[single]]
        digits = colon[:, None] + np.arange(1, _LONGEST_PORT + 1)
        numeric = (self._at(digits) - ord("0") <= 9) | (digits >= ends[:, None])
        good = numeric.all(axis=1) & (colon > starts) & (ends - colon - 1 >= 1) & (ends - colon - 1 <= _LONGEST_PORT)
        if not good.any():
            return []
        odd, starts, ends, colon = odd[good], starts[good], ends[good], colon[good]
        hosts = [self._starts.copy() for _ in range(2 * _HOST_NAMES)]
        for column, found in zip(hosts, (starts, colon, colon + 1, ends), strict=True):
            column[odd] = found
        self._starts[odd] = ends + 1
        self._space[odd] += 1
        self._client[odd] = self._after(ends + 1, self._space[odd])
        return hosts

    def table(self, source: Source) -> tuple[pa.Table, Numbers]:
        places = self._places()
        stamps = self._times()
        good = self._good(places) & (stamps > 0) & (stamps <= source.time_ns + MAX_AHEAD_NS)
        places = self._hosts + places
        if not good.all():
            places, stamps = [column[good] for column in places], stamps[good]
        status = self._bytes[places[len(self._hosts) + 12]] - ord("0")
        return _table(self._lines.content, places, len(self._hosts), stamps, status, source), good

    def _places(self) -> list[Numbers]:
        """Give for each line where each of ``_NAMES`` begins and ends; nowhere where they are the same."""
        quote, space = self._quotes, self._space
        client = self._client
        user = self._after(client + 1, space + 1) + 1
        opened, closed = quote[:2]
        method = self._after(opened, space + 5)
        behind = first_behind(self._spaces, closed, space + 7)
        version = self._spaces[np.maximum(behind - 1, 0)]
        version = np.where(version > method, version, closed)  # HTTP/0.9 and broken requests have none
        query = self._question(method, version)
        size = closed + 6
        sized = np.minimum(self._after(size, behind + 2), self._ends)
        columns = [
            self._starts, client,
            user, opened - TIME_BYTES - 4,
            opened + 1, method,
            method + 1, query,
            np.minimum(query + 1, version), version,
            np.minimum(version + 6, closed), closed,
            closed + 2, closed + 5,
            size, sized,
        ]  # fmt: skip
        if len(quote) == 6:
            rest = np.minimum(quote[5] + 2, self._ends)
            columns += [quote[2] + 1, quote[3], quote[4] + 1, quote[5], rest, self._ends]
        else:
            columns += [sized, sized, sized, sized, np.minimum(sized + 1, self._ends), self._ends]
        return columns

    def _after(self, place: Numbers, likely: Numbers) -> Numbers:
        """Find the first space at or behind each place, most likely that with the number *likely*."""
        index = first_behind(self._spaces, place, likely)
        found: Numbers = self._spaces[np.minimum(index, len(self._spaces) - 1)]
        return found

    def _question(self, start: Numbers, end: Numbers) -> Numbers:
        marks = np.append(np.flatnonzero(self._bytes == ord("?")), len(self._bytes)).astype(np.int32)
        found: Numbers = np.minimum(marks[first_behind(marks, start, np.arange(len(start)))], end)
        return found

    def _good(self, places: list[Numbers]) -> Numbers:
        """Tell which lines are as they should be, so that their places are."""
        quote, (opened, closed) = self._quotes, self._quotes[:2]
        good = (places[5] > places[4]) & (places[5] < closed) & (places[15] > places[14])
        for before, behind in pairwise(places):
            good &= before <= behind
        good &= (
            self._is(opened - TIME_BYTES - 4, " ")
            & self._is(opened - 1, " ")
            & self._is(opened - 2, "]")
            & self._is(opened - TIME_BYTES - 3, "[")
        )
        good &= self._is(closed + 1, " ") & self._is(closed + 5, " ")
        protocol = places[9]
        good &= (protocol == closed) | (self._is(protocol + 1, "H") & self._is(protocol + 5, "/"))
        status = self._at(closed + 2) - ord("0")
        good &= (status >= 1) & (status <= 5)
        good &= (self._at(closed + 3) - ord("0") <= 9) & (self._at(closed + 4) - ord("0") <= 9)
        size = self._at(places[14])
        good &= ((size >= ord("0")) & (size <= ord("9"))) | (size == ord("-"))
        if len(quote) == 6:
            good &= (places[15] == quote[2] - 1) & (quote[4] == quote[3] + 2) & self._is(quote[3] + 1, " ")
            good &= (quote[5] + 1 == self._ends) | self._is(quote[5] + 1, " ")
        found: Numbers = good
        return found

    def _at(self, places: Numbers) -> Numbers:
        found: Numbers = self._bytes.take(places, mode="clip")
        return found

    def _is(self, places: Numbers, byte: str) -> Numbers:
        found: Numbers = self._at(places) == ord(byte)
        return found

    def _times(self) -> Numbers:
        """Read the times to nanoseconds since the epoch; 0 for what is none. Those of a second are read once."""
        if len(self._bytes) < TIME_BYTES:
            return np.zeros(len(self._starts), np.int64)
        pieces = np.ndarray(len(self._bytes) - TIME_BYTES + 1, f"V{TIME_BYTES}", self._bytes, strides=(1,))
        text = pieces[np.maximum(self._quotes[0] - 2 - TIME_BYTES, 0)].view(np.uint8).reshape(-1, TIME_BYTES)
        changes = np.flatnonzero((text[1:] != text[:-1]).any(axis=1)) + 1
        bounds = np.concatenate([[0], changes, [len(text)]])
        return np.repeat(read_times(text[bounds[:-1]]), np.diff(bounds))


def _table(
    content: bytes, places: list[Numbers], hosts: int, stamps: Numbers, classes: Numbers, source: Source
) -> pa.Table:
    """
    Make the rows; the first *hosts* of the *places* are those of virtual hosts.

    What is the same in many lines is a dictionary, which the engine reads once and not for each line.
    """
    count = len(stamps)
    empty = _same("", count)
    method_to_query = _offsets(content, [places[hosts + 4], places[hosts + 9]])
    columns = {
        "Timestamp": pa.array(stamps).cast(TIME),
        "TraceId": empty,
        "SpanId": empty,
        "SeverityText": pa.DictionaryArray.from_arrays(_LEVEL_OF_CLASS[classes], _LEVELS),
        "SeverityNumber": pa.array(_NUMBER_OF_CLASS[classes]),
        "ServiceName": _same(str(source.resource.get("service.name", "")), count),
        "Body": _texts(content, method_to_query).take(pa.array(np.arange(count) * 2)),
        "ResourceAttributes": _resources(source, count),
        "ScopeName": _same("access", count),
        "LogAttributes": _attributes(content, places),
        "EventName": empty,
    }
    return pa.table(columns)


def _offsets(content: bytes, places: list[Numbers]) -> Numbers:
    """Put the places of each line behind each other, and the content's end behind all."""
    offsets = np.empty(len(places[0]) * len(places) + 1, np.int32)
    offsets[-1] = len(content)
    for column, found in zip(offsets[:-1].reshape(-1, len(places)).T, places, strict=True):
        column[:] = found
    return offsets


def _texts(content: bytes, offsets: Numbers) -> pa.StringArray:
    """Cut the content at all places, in their order, without copying it."""
    return pa.StringArray.from_buffers(len(offsets) - 1, pa.py_buffer(offsets), pa.py_buffer(content))


def _same(text: str, count: int) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(np.zeros(count, np.int8), [text])


def _resources(source: Source, count: int) -> pa.MapArray:
    names, values = map(str, source.resource), map(str, source.resource.values())
    each = np.tile(np.arange(len(source.resource), dtype=np.int16), count)
    keys = pa.DictionaryArray.from_arrays(each, pa.array(names, pa.string()))
    items = pa.array(values, pa.string()).take(pa.array(each))
    return pa.MapArray.from_arrays(np.arange(count + 1, dtype=np.int32) * len(source.resource), keys, items)


def _attributes(content: bytes, places: list[Numbers]) -> pa.MapArray:
    """Give all that stands between the places as one column of maps, without what is empty or a dash."""
    width = len(places) // 2
    offsets = _offsets(content, places)
    present = _present(content, offsets[:-1].reshape(-1, 2 * width))
    found = _texts(content, offsets)
    chosen = np.flatnonzero(present) * 2
    names = np.broadcast_to(np.arange(-width, 0, dtype=np.int8) + len(_NAMES) - 1, present.shape)[present]
    ends = np.concatenate([[0], np.cumsum(np.count_nonzero(present, axis=1))]).astype(np.int32)
    last = ends[1:][present[:, -1]] - 1
    if len(last):
        rest = found.take(pa.array(chosen[last]))
        timed = pc.match_substring_regex(rest, _SECONDS).to_numpy(zero_copy_only=False)
        chosen[last[timed]] = len(found) + np.arange(timed.sum())
        names[last[timed]] = len(_NAMES) - 1
        seconds = pc.cast(pc.filter(rest, pa.array(timed)), pa.float64())
        found = pa.concat_arrays([found, pc.cast(pc.round(pc.multiply(seconds, 1000.0), 3), pa.string())])
    keys = pa.DictionaryArray.from_arrays(pa.array(names), pa.array(_NAMES))
    return pa.MapArray.from_arrays(pa.array(ends), keys, found.take(pa.array(chosen)))


def _present(content: bytes, places: Numbers) -> Numbers:
    """Tell what is neither empty nor a dash, of places that begin and end in turns."""
    starts, sizes = places[:, ::2], places[:, 1::2] - places[:, ::2]
    present: Numbers = sizes > 1
    single = sizes == 1
    present[single] = np.frombuffer(content, np.uint8)[starts[single]] != ord("-")
    return present
