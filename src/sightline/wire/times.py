"""Times as logs write them, in any common format, to nanoseconds since the epoch."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta, tzinfo
from email.utils import parsedate_to_datetime
from typing import Any, Final

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

LONGEST: Final = 64
"""Characters of the longest text that is tried as a time."""

_UNITS: Final = ((10**11, 10**9), (10**14, 10**6), (10**17, 10**3))
"""A number below the first counts so many nanoseconds: seconds up to the year 5138, then milli- and microseconds."""

_NUMBER: Final = re.compile(r"(\d{1,19})(?:\.(\d{1,18}))?", re.ASCII)
_FRACTION: Final = re.compile(r"[.,]\d{6}(\d{1,3})", re.ASCII)
_GAP: Final = re.compile(r" ?UTC$| (?=[+-]\d\d:?\d\d$|Z$)", re.ASCII)
_ACCESS: Final = re.compile(r"(\d{2})/([A-Z][a-z]{2})/(\d{4}):(\d\d:\d\d:\d\d)(?: ([+-]\d{4}))?", re.ASCII)
_SYSLOG: Final = re.compile(
    r"([A-Z][a-z]{2}) +(\d{1,2}) (?:(\d{4}) )?(\d\d:\d\d:\d\d(?:\.\d{1,6})?)(?: (\d{4}))?", re.ASCII
)

MONTHS: Final = {
    name: number
    for number, name in enumerate("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(), 1)  # noqa: SIM905 - as a calendar has them
}


def parse(value: Any, *, zone: tzinfo | None = UTC, now_ns: int | None = None) -> int | None:
    """
    Read a time: a number of seconds, milli-, micro- or nanoseconds (told by its size), or a text.

    Texts may be ISO 8601, Python's ``2026-11-20 10:30:45,123``, an access log's ``20/Nov/2026:10:30:45 +0000``, a
    mail's date, syslog's ``Nov 20 10:30:45``, or a number.

    Args:
        value: what stands in a log.
        zone: of a text that names none; None for this machine's.
        now_ns: the present, which tells the year where a text has none; None for the clock.

    Returns:
        Nanoseconds since the epoch; None for what is no time, or one before 1970 or after 2262.
    """
    if isinstance(value, str):
        found = _of_text(value.strip(), zone, now_ns) if len(value) <= LONGEST else None
    elif isinstance(value, bool):
        return None
    elif isinstance(value, int):
        found = _of_number(value, "")
    elif isinstance(value, float):
        found = _of_float(value)
    elif isinstance(value, datetime):
        found = nanoseconds(value if value.tzinfo else value.replace(tzinfo=zone))
    else:
        return None
    return found if found is not None and 0 < found < 2**63 else None


def nanoseconds(moment: datetime) -> int:
    """Count the nanoseconds from the epoch to *moment*; one without a zone is in this machine's."""
    since = (moment if moment.tzinfo else moment.astimezone()) - EPOCH
    return ((since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds) * 1_000


def whole(value: Any) -> int | None:
    """Read a whole number of nanoseconds, as a number or as text; None for what is none."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:
        value = int(value)
    return value if type(value) is int and 0 <= value < 2**63 else None


def _of_number(number: int, fraction: str) -> int | None:
    if not 0 < number < 2**63:
        return None
    for bound, unit in _UNITS:
        if number < bound:
            return number * unit + int(fraction.ljust(18, "0")[:18] if fraction else 0) * unit // 10**18
    return number


def _of_float(value: float) -> int | None:
    if not math.isfinite(value) or not 0 < value < 2**63:
        return None
    for bound, unit in _UNITS:
        if value < bound:
            # A float has no more than microseconds of today; its further digits would be made up.
            return round(value * (unit / 1_000)) * 1_000
    return int(value)


def _of_text(text: str, zone: tzinfo | None, now_ns: int | None) -> int | None:
    try:
        # Digits alone are a number here, though ISO 8601 would read some as a date.
        number = None if "-" in text else _NUMBER.fullmatch(text)
        return _of_number(int(number[1]), number[2] or "") if number else _of_iso(text, zone)
    except (ValueError, OverflowError):
        pass
    for form in (_of_access, _of_syslog, _of_mail):
        try:
            moment = form(text, zone, now_ns)
            if moment is not None:
                return nanoseconds(moment if moment.tzinfo else moment.replace(tzinfo=zone))
        except (ValueError, OverflowError, TypeError, LookupError):
            continue
    return None


def _of_iso(text: str, zone: tzinfo | None) -> int:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = datetime.fromisoformat(_GAP.sub(lambda gap: "Z" if "UTC" in gap[0] else "", text.replace("/", "-", 2)))
    finer = 0
    if len(text) > 26 and (digits := _FRACTION.search(text)):
        finer = int(digits[1].ljust(3, "0"))
    return nanoseconds(moment if moment.tzinfo else moment.replace(tzinfo=zone)) + finer


def _of_access(text: str, _zone: tzinfo | None, _now_ns: int | None) -> datetime | None:
    found = _ACCESS.fullmatch(text.strip("[]"))
    if not found:
        return None
    return datetime.fromisoformat(f"{found[3]}-{MONTHS[found[2]]:02}-{found[1]}T{found[4]}{found[5] or ''}")


def _of_syslog(text: str, zone: tzinfo | None, now_ns: int | None) -> datetime | None:
    found = _SYSLOG.fullmatch(text)
    if not found or found[1] not in MONTHS:
        return None
    now = datetime.now(zone) if now_ns is None else EPOCH.astimezone(zone) + timedelta(microseconds=now_ns // 1_000)
    year = found[3] or found[5]
    if year:
        return _moment(int(year), found)
    # The year that brings it nearest: in January, December was last year.
    years = (now.year, now.year - 1, now.year + 1)
    moments = [moment for year in years if (moment := _moment_or_none(year, found))]
    here = now.replace(tzinfo=None)
    return min(moments, key=lambda moment: abs(moment - here), default=None)


def _moment(year: int, found: re.Match[str]) -> datetime:
    return datetime.fromisoformat(f"{year:04}-{MONTHS[found[1]]:02}-{int(found[2]):02}T{found[4]}")


def _moment_or_none(year: int, found: re.Match[str]) -> datetime | None:
    try:
        return _moment(year, found)
    except ValueError:
        return None  # the 29th of February


def _of_mail(text: str, _zone: tzinfo | None, _now_ns: int | None) -> datetime | None:
    return parsedate_to_datetime(text)
