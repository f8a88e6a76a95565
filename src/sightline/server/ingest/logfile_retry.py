"""When files that failed are tried again."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Container

    from sightline.server.ingest.logfile_settle import Inode

RETRY_S: Final = 5.0
"""Seconds until a file is tried again after the first failure; doubled with each that follows."""

MAX_RETRY_S: Final = 60.0
"""Seconds until a file is tried again at the latest. What is mended is followed within a minute."""


@dataclass(frozen=True, slots=True)
class _Retry:
    at: float
    wait_s: float


class Retries:
    """
    Knows which files failed.

    Args:
        first_s: seconds until a file is tried again after the first failure.
    """

    def __init__(self, first_s: float = RETRY_S) -> None:
        self._first_s = first_s
        self._retries: dict[Inode, _Retry] = {}

    def may_try(self, inode: Inode) -> bool:
        """Tell whether a file may be tried, for the first time or again."""
        retry = self._retries.get(inode)
        return retry is None or time.monotonic() >= retry.at

    def failed(self, inode: Inode) -> float:
        """Note that a file failed; gives the seconds until it is tried again."""
        before = self._retries.get(inode)
        wait_s = min(before.wait_s * 2, MAX_RETRY_S) if before else self._first_s
        self._retries[inode] = _Retry(time.monotonic() + wait_s, wait_s)
        return wait_s

    def worked(self, inode: Inode) -> None:
        """Note that a file was read and stored."""
        self._retries.pop(inode, None)

    def keep(self, inodes: Container[Inode]) -> None:
        """Forget the files that are not among *inodes*."""
        self._retries = {inode: retry for inode, retry in self._retries.items() if inode in inodes}
