"""The exceptions of an event: how they hang together, what they are named, and their stack traces."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Final

from sightline.model import fingerprint as naming
from sightline.wire.foreign_errors import MOST_IN_CHAIN, MOST_IN_GROUP, javascript_stack
from sightline.wire.reading import listed, mapping, string

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_EXCEPTIONS: Final = 100
"""Exceptions of one event, those of groups included."""

MOST_FRAMES: Final = 250
"""Frames kept of one stack trace, the innermost ones."""

MOST_LOCALS: Final = 25
_MOST_WITH_LOCALS: Final = 10

_LIBRARIES: Final = ("/site-packages/", "/dist-packages/", "/node_modules/", "<frozen")
_RELATIONS: Final = {"__context__": "context"}
_PROGRAM: Final = ("__main__", "__mp_main__", "")


@dataclass(slots=True)
class Link:
    """
    One exception.

    Attributes:
        told: what the SDK said of it.
        platform: of the program, such as ``python``.
        relation: to the one before it in the chain: ``""``, ``cause`` or ``context``.
        chain: the exceptions behind it, nearest first.
        members: of a group.
    """

    told: dict[str, Any]
    platform: str
    relation: str = ""
    chain: list[Link] = field(default_factory=list)
    members: list[Link] = field(default_factory=list)

    @property
    def kind(self) -> str:
        """The type, with its module unless it is the language's own."""
        module, name = string(self.told.get("module"), 300), string(self.told.get("type"), 300) or "Error"
        return f"{module}.{name}" if module and module != "builtins" else name

    @property
    def message(self) -> str:
        """What it says."""
        return string(self.told.get("value"), 64 * 1024)

    @property
    def frames(self) -> list[dict[str, Any]]:
        """The frames of its stack trace, outermost first."""
        frames = mapping(self.told.get("stacktrace")).get("frames")
        return [mapping(frame) for frame in frames[-MOST_FRAMES:]] if isinstance(frames, list) else []

    def own_frames(self) -> list[dict[str, Any]]:
        """Give the frames of the application itself."""
        return [frame for frame in self.frames if is_application(frame)]

    def raised(self) -> Iterator[naming.Raised]:
        """Say what counts for the fingerprint, of this and of those behind it."""
        for one in (self, *self.chain):
            own = one.own_frames()
            named = "." in one.kind or one.platform != "python"
            yield naming.Raised(
                one.kind if named else f"builtins.{one.kind}",
                one.relation,
                [naming.place(module_of(frame), string(frame.get("function"), 300)) for frame in own],
                string(own[-1].get("context_line")) if own else "",
                one.message,
                [member.raised() for member in one.members[:MOST_IN_GROUP]],
            )

    def fingerprint(self) -> str:
        """Give the name of all such errors, the same as our own SDK gives."""
        return naming.fingerprint(self.raised())

    def stack(self) -> str:
        """Write the stack traces of the whole chain, as the language does."""
        if self.platform in {"javascript", "node"}:
            return "\n".join(_javascript(one) for one in (self, *self.chain))
        behind_first = [self, *self.chain][::-1]
        parts = [_python(behind_first[0])]
        for inner, outer in pairwise(behind_first):
            parts += [_BETWEEN.get(inner.relation, _BETWEEN["cause"]), _python(outer)]
        return "\n".join(parts)


def links(event: dict[str, Any]) -> Link | None:
    """Give the outermost exception of an event, with all others behind it; None where it has none."""
    platform = string(event.get("platform"), 50) or "python"
    found = [Link(mapping(value), platform) for value in listed(event.get("exception"), MOST_EXCEPTIONS)]
    found = [link for link in found if link.told]
    if not found:
        return None
    if not any("parent_id" in _mechanism(link) for link in found):
        outermost, *behind = reversed(found)
        for link in behind:
            link.relation = "cause"  # these SDKs do not say which; most chains are meant
        outermost.chain = behind[: MOST_IN_CHAIN - 1]
        return outermost
    children: dict[Any, list[Link]] = {}
    for link in reversed(found[:-1]):
        children.setdefault(_identity(link, "parent_id"), []).append(link)
    _hang(found[-1], children)
    return found[-1]


def is_application(frame: dict[str, Any]) -> bool:
    """Tell whether a frame is of the application itself: as the SDK says, else by its path."""
    said = frame.get("in_app")
    if isinstance(said, bool):
        return said
    path = string(frame.get("abs_path") or frame.get("filename"))
    return not any(part in path for part in _LIBRARIES)


def module_of(frame: dict[str, Any]) -> str:
    """Name a frame's module: its file where it is the program itself, or has no module."""
    name = string(frame.get("module"), 300)
    return PurePosixPath(string(frame.get("abs_path") or frame.get("filename"))).stem if name in _PROGRAM else name


def variables(link: Link) -> list[dict[str, Any]]:
    """Give the local variables of the application's innermost frames, where the SDK sent them."""
    return [
        {
            "file": string(frame.get("abs_path") or frame.get("filename")),
            "line": frame.get("lineno"),
            "function": string(frame.get("function"), 300),
            "locals": {name: _short(value) for name, value in list(mapping(frame["vars"]).items())[:MOST_LOCALS]},
        }
        for frame in link.own_frames()[-_MOST_WITH_LOCALS:]
        if frame.get("vars")
    ]


def _short(value: Any) -> Any:
    return value if value is None or isinstance(value, bool | int | float) else string(value, 300)


def _hang(link: Link, children: dict[Any, list[Link]]) -> None:
    """Find what is behind *link*; whoever is found is taken out, so that no circle holds us."""
    at = link
    while len(link.chain) < MOST_IN_CHAIN - 1:
        following = None
        for child in children.pop(_identity(at, "exception_id"), []):
            source = string(_mechanism(child).get("source"), 50)
            if _mechanism(at).get("is_exception_group") and "[" in source:
                at.members.append(child)
            elif following is None:
                child.relation, following = _RELATIONS.get(source, "cause"), child
        for member in at.members:
            _hang(member, children)
        if following is None:
            return
        link.chain.append(following)
        at = following


def _mechanism(link: Link) -> dict[str, Any]:
    return mapping(link.told.get("mechanism"))


def _identity(link: Link, name: str) -> str:
    return string(_mechanism(link).get(name), 20)


_BETWEEN: Final = {
    "cause": "\nThe above exception was the direct cause of the following exception:\n",
    "context": "\nDuring handling of the above exception, another exception occurred:\n",
}


def _python(link: Link) -> str:
    head = f"{link.kind}: {link.message}" if link.message else link.kind
    lines = ["Traceback (most recent call last):"] if link.frames else []
    for frame in link.frames:
        path = string(frame.get("abs_path") or frame.get("filename"))
        lines.append(
            f'  File "{path}", line {string(frame.get("lineno"), 12)}, in {string(frame.get("function"), 300)}'
        )
        source = string(frame.get("context_line")).strip()
        lines += [f"    {source}"] if source else []
    members = [f"\nMember {count} of the group:\n{member.stack()}" for count, member in enumerate(link.members, 1)]
    return "\n".join([*lines, head, *members])


def _javascript(link: Link) -> str:
    frames = [
        f"{string(frame.get('function'), 300) or '<anonymous>'} ({string(frame.get('filename'))}:"
        f"{string(frame.get('lineno'), 12)}:{string(frame.get('colno'), 12)})"
        for frame in reversed(link.frames)
    ]
    return javascript_stack(f"{link.relation and 'Caused by: '}{link.kind}: {link.message}", frames)
