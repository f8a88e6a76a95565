"""Events of Sentry, errors and messages, as log records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sightline.model.fingerprint import digest
from sightline.wire import foreign_errors
from sightline.wire.reading import hex_id, listed, mapping, string, time_ns, without_values
from sightline.wire.sentry.exceptions import links, variables

if TYPE_CHECKING:
    from sightline.wire.redact import Redactor
    from sightline.wire.sentry.exceptions import Link
    from sightline.wire.sentry.rows import Collected

MOST_BREADCRUMBS: Final = 100
LONGEST_JSON: Final = 64 * 1024
"""Characters kept of what is stored as JSON: breadcrumbs, a request, a context."""

_MOST_NAMED: Final = 100
"""Tags, contexts and extra values kept, of each."""

_DEFAULT: Final = ("{{ default }}", "{{default}}")
_TRACE: Final = ("trace", "profile")
"""Contexts that go elsewhere than into attributes."""


def add_event(rows: Collected, event: dict[str, Any], redactor: Redactor, attachments: list[Any]) -> None:
    """Add one event of type ``error`` or ``default``; *attachments* tells of the files that came with it."""
    # Ids are read, and the error is named, before redaction: digits of an id can look like a card's number.
    outermost = links(event)
    fingerprint = _named(event, outermost)
    trace = mapping(mapping(event.get("contexts")).get("trace"))
    clean = redactor.clean(paired(event))
    level = string(event.get("level"), 20) or ("error" if outermost else "info")
    about = shared(clean)
    if attachments:
        about["sentry.attachments"] = redactor.clean({"files": attachments})["files"]
    found = links(clean)
    if found is not None:
        body, about = _of_error(clean, found, fingerprint, level, about)
    else:
        body = _message(clean)
    rows.logs.add(
        body,
        time_ns=time_ns(event.get("timestamp"), rows.received_ns),
        level=level,
        attributes=about,
        resource=resource(rows, clean),
        logger=foreign_errors.LOGGER if found else string(clean.get("logger"), 200) or "sentry",
        trace=hex_id(trace.get("trace_id"), 32),
        span=hex_id(trace.get("span_id"), 16),
    )


def resource(rows: Collected, event: dict[str, Any]) -> dict[str, str]:
    """Describe who sent an event."""
    tags = mapping(event.get("tags"))
    service = tags.get("service.name") or tags.get("service")
    return rows.sender.resource(event.get("release"), event.get("environment"), event.get("server_name"), service)


def paired(event: dict[str, Any]) -> dict[str, Any]:
    """Give an event with objects where SDKs may send lists of pairs, so that their names are seen."""
    request = mapping(event.get("request"))
    parts = {name: _object(request[name]) for name in ("headers", "cookies", "query_string", "env") if name in request}
    found = {**event, "tags": mapping(_object(event.get("tags")))}
    return {**found, "request": {**request, **parts}} if request else found


def shared(event: dict[str, Any]) -> dict[str, Any]:
    """Give what errors, messages and transactions say alike."""
    user, request = mapping(event.get("user")), mapping(event.get("request"))
    about: dict[str, Any] = {
        "sentry.event_id": string(event.get("event_id"), 64),
        "sentry.transaction": string(event.get("transaction") or event.get("culprit")),
        "sentry.logger": string(event.get("logger"), 200),
        "sentry.platform": string(event.get("platform"), 50),
        "sentry.dist": string(event.get("dist"), 200),
        "user_id": string(user.get("id")),
        "user.name": string(user.get("username")),
        "user.email": string(user.get("email")),
        "client.address": string(user.get("ip_address"), 64),
        "http.request.method": string(request.get("method"), 20),
        "url.full": without_values(string(request.get("url"), 4096)),
    }
    if request:
        about["sentry.request"] = string(request, LONGEST_JSON)
    if crumbs := listed(event.get("breadcrumbs"), 10_000)[-MOST_BREADCRUMBS:]:
        while len(told := string(crumbs, 2 * LONGEST_JSON)) > LONGEST_JSON:
            crumbs = crumbs[len(crumbs) // 2 + 1 :]
        about["sentry.breadcrumbs"] = told
    for name, context in _some(event.get("contexts")):
        if name not in _TRACE and context:
            about[f"sentry.context.{name[:100]}"] = string(context, LONGEST_JSON)
    for name, value in _some(event.get("extra")):
        about[f"sentry.extra.{name[:100]}"] = string(value, LONGEST_JSON)
    about = {name: value for name, value in about.items() if value not in ("", None)}
    return {**{name[:100]: string(value) for name, value in _some(event.get("tags"))}, **about}


def _of_error(
    event: dict[str, Any], link: Link, fingerprint: str, level: str, about: dict[str, Any]
) -> tuple[str, dict[str, Any]]:
    mechanism = mapping(link.told.get("mechanism"))
    handled = mechanism.get("handled") is not False
    told = foreign_errors.told(
        link.kind,
        link.message,
        link.stack(),
        fingerprint=fingerprint,
        level=level,
        handled=handled,
        mechanism="" if handled else string(mechanism.get("type"), 100) or "unhandled",
    )
    if link.chain:
        told["error.chain"] = [
            {"type": one.kind, "message": one.message[:500], "relation": one.relation or "raised"}
            for one in (link, *link.chain)
        ]
    if link.members:
        told["error.members"] = [{"type": one.kind, "message": one.message[:500]} for one in link.members]
    if frames := link.own_frames() or link.frames:
        told["code.file.path"] = string(frames[-1].get("abs_path") or frames[-1].get("filename"))
        told["code.function.name"] = string(frames[-1].get("function"), 300)
        told["code.line.number"] = string(frames[-1].get("lineno"), 12)
    if told_locals := variables(link):
        told["error.locals"] = told_locals
    threads = [mapping(thread) for thread in listed(event.get("threads"), 1000)]
    if name := next((thread.get("name") for thread in threads if thread.get("crashed")), None):
        told["thread.name"] = string(name, 200)
    return foreign_errors.body_of(link.kind, link.message), {**about, **told}


def _named(event: dict[str, Any], link: Link | None) -> str:
    """Give the error's fingerprint: the user's own where the event brings one."""
    usual = link.fingerprint() if link else ""
    own = [string(part) for part in listed(event.get("fingerprint"), 50)]
    if not own or (len(own) == 1 and own[0] in _DEFAULT):
        return usual
    return digest(usual if part in _DEFAULT else part for part in own)


def _message(event: dict[str, Any]) -> str:
    entry = event.get("logentry") or event.get("message")
    if isinstance(entry, dict):
        entry = entry.get("formatted") or _formatted(entry)
    return string(entry, 1024 * 1024)


def _formatted(entry: dict[str, Any]) -> str:
    message, given = string(entry.get("message"), LONGEST_JSON), entry.get("params")
    try:
        # A width in the text could ask for a gigabyte of spaces: only plain places are filled.
        plain = given and message.count("%") == message.count("%s") + message.count("%r")
        return message % (tuple(given) if isinstance(given, list) else given) if plain else message
    except (TypeError, ValueError, KeyError):
        return message


def _some(value: Any) -> list[tuple[str, Any]]:
    return list(mapping(value).items())[:_MOST_NAMED]


def _object(value: Any) -> Any:
    if not isinstance(value, list):
        return value
    pairs = [pair for pair in value[: 10 * _MOST_NAMED] if isinstance(pair, list) and len(pair) == 2]
    return {string(name, 200): item for name, item in pairs}
