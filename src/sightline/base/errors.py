"""
Everything Sightline raises on purpose.

    SightlineError
    ├── SettingInvalid          a setting has a value that is not allowed
    ├── PackageMissing          an optional package is needed and absent
    ├── MetricConflict          a metric is asked for under a name that another one has
    ├── SpoolError
    │   ├── SpoolUnwritable     the spool's directory cannot be written
    │   ├── SpoolFull           the spool holds its limit and nothing in it may be dropped
    │   ├── RecordTooLarge      one encoded record is longer than a line may be
    │   └── SegmentBroken       a segment's header or lines cannot be read
    ├── DecodeError             bytes of a protocol are not what they claim to be
    │   └── EncodingUnknown     a body is compressed in a way that is not taken
    ├── BodyTooLarge            a request is over its limit, before or after decompression
    ├── StoreError
    │   ├── StoreLocked         another process holds the data directory
    │   ├── StoreUnavailable    the store does not answer, or refuses for now
    │   └── RowsRefused         the engine refused rows that were offered
    └── QueryError
        ├── QueryInvalid        the text of a search or SQL statement is wrong, with its position
        └── QueryTooExpensive   a query went over its time, memory or row limit
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class SightlineError(Exception):
    """The root of every error that Sightline raises on purpose."""


class SettingInvalid(SightlineError):
    """A setting has a value that is not allowed; the message names it, its value and what is allowed."""


class PackageMissing(SightlineError):
    """An optional package is needed and absent; the message gives the install line."""


class MetricConflict(SightlineError):
    """A metric is asked for under a name that another one has; the message names both."""


class SpoolError(SightlineError):
    """Something is wrong with the spool on this machine."""


class SpoolUnwritable(SpoolError):
    """The spool's directory cannot be written."""


class SpoolFull(SpoolError):
    """The spool holds as much as it may, and nothing in it may be dropped."""


class RecordTooLarge(SpoolError):
    """One encoded record is longer than a line may be."""


class SegmentBroken(SpoolError):
    """A segment's header or lines cannot be read."""


class DecodeError(SightlineError):
    """Bytes of a protocol are not what they claim to be; the message says where."""


class EncodingUnknown(DecodeError):
    """
    A body is compressed in a way that is not taken.

    Attributes:
        taken: the names of those that are.
    """

    def __init__(self, encoding: str, taken: Iterable[str]) -> None:
        self.taken = tuple(taken)
        super().__init__(f"Content-Encoding is {encoding!r}; expected {', '.join(self.taken)}.")


class BodyTooLarge(SightlineError):
    """A request is over its limit, before or after decompression."""


class StoreError(SightlineError):
    """Something is wrong with the store."""


class StoreLocked(StoreError):
    """Another process holds the data directory."""


class StoreUnavailable(StoreError):
    """The store does not answer, or refuses for now."""


class RowsRefused(StoreError):
    """
    The engine refused rows that were offered.

    Attributes:
        partly: one of several tables refused them, so that others may have them.
    """

    def __init__(self, message: str, *, partly: bool = False) -> None:
        super().__init__(message)
        self.partly = partly


class QueryError(SightlineError):
    """A question cannot be answered as it was put."""


class QueryInvalid(QueryError):
    """
    The text of a search or of an SQL statement is wrong.

    Attributes:
        position: offset of the character at fault, counted from 0, or None where it is not known.
    """

    def __init__(self, message: str, position: int | None = None) -> None:
        super().__init__(message)
        self.position = position


class QueryTooExpensive(QueryError):
    """A query went over its limit of time, memory or rows."""
