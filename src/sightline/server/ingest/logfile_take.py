"""Stores one block of a log file, once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sightline.base.errors import RowsRefused
from sightline.server.answers import ask
from sightline.wire.logfile.formats import decode

if TYPE_CHECKING:
    from sightline.server.services import Services
    from sightline.state.log_files import KnownFile
    from sightline.wire.decoded import Decoded
    from sightline.wire.logfile.source import Source


@dataclass(frozen=True, slots=True)
class Range:
    """Bytes of a file, from *start* to *end*."""

    file: KnownFile
    start: int
    end: int


async def take(
    services: Services, content: bytes, form: str, source: Source, range_: Range | None
) -> tuple[Decoded, int]:
    """
    Decode and store a block; with a range it is stored once, however often it comes.

    Returns:
        The rows, and how many lines were not of the format.
    """
    decoded, unread = await services.intake.decode(decode, content, form, source)
    if range_ is None:
        await services.intake.store("logfile", decoded)
        return decoded, unread
    files, number = services.offsets.log_files, range_.file.id
    await ask(files.intend, number, range_.start, range_.end)
    token = range_.file.token(range_.start, range_.end)
    try:
        decoded = await services.intake.store("logfile", decoded, token=token)
    except RowsRefused as error:  # they are set aside, and what is behind them is read on
        services.counters.refuse("logfile", str(error))
    await ask(files.fulfil, number, range_.start, range_.end)
    return decoded, unread
