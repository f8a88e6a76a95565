"""One tool: its name, what it is for, the arguments it takes, and what it does with them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Generic, TypeVar

import msgspec

from sightline.server.json_bodies import with_choices
from sightline.server.mcp.asking import Ask, ToolFailed
from sightline.server.mcp.fitting import MAX_CHARACTERS, fitting, shortened, written

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

A = TypeVar("A", bound=msgspec.Struct)

Search = Annotated[
    str,
    msgspec.Meta(
        max_length=4096,
        description='A search: words, "phrases", field:value, field:>=value, -not, AND, OR, (…). '
        "Examples: level:>=error service:shop; status:error duration:>500ms. Empty: everything.",
    ),
]
Start = Annotated[
    str, msgspec.Meta(max_length=64, description="From here on: -15m, -24h, -7d, RFC 3339, or Unix seconds.")
]
End = Annotated[str, msgspec.Meta(max_length=64, description="Up to here, as start. Default: now.")]
Cursor = Annotated[str, msgspec.Meta(max_length=4096, description="next_cursor of the answer before, to go on.")]
Limit = Annotated[int, msgspec.Meta(ge=1, le=200, description="Most entries of the answer.")]


@dataclass(frozen=True, slots=True)
class Tool(Generic[A]):
    """
    A tool that reads and changes nothing.

    Attributes:
        name: what it is called by.
        title: for people.
        about: what it is for, for the assistant.
        arguments: their shape; a ``msgspec.Struct`` whose fields are described.
        run: does it.
    """

    name: str
    title: str
    about: str
    arguments: type[A]
    run: Callable[[Ask, A], Awaitable[dict[str, Any]]]

    def described(self) -> dict[str, Any]:
        """Describe it as the protocol has it."""
        (schema,), _ = msgspec.json.schema_components([self.arguments], ref_template="{name}")
        found = msgspec.json.schema(self.arguments)["$defs"][self.arguments.__name__] if "$ref" in schema else schema
        shape = {"type": "object", "properties": found.get("properties", {}), "additionalProperties": False}
        if found.get("required"):
            shape["required"] = found["required"]
        return {
            "name": self.name,
            "title": self.title,
            "description": self.about,
            "inputSchema": shape,
            "annotations": {
                "readOnlyHint": True, "destructiveHint": False, "idempotentHint": True, "openWorldHint": False,
            },
        }  # fmt: skip

    async def call(self, ask: Ask, arguments: dict[str, Any]) -> str:
        """
        Do it, and give what the assistant reads.

        Raises:
            ToolFailed: if the arguments are wrong, or the API refuses.
        """
        try:
            found = msgspec.convert(arguments, type=self.arguments)
        except (msgspec.ValidationError, RecursionError) as error:
            raise ToolFailed(
                f"The arguments of {self.name} are wrong: {with_choices(error, self.arguments)}. It takes: "
                f"{', '.join(self.arguments.__struct_fields__) or 'none'}."
            ) from None
        text = written(await self.run(ask, found))
        if len(text) > 2 * MAX_CHARACTERS:
            text = f"{text[: 2 * MAX_CHARACTERS]}… (cut: {len(text)} characters in all. Ask for less at a time.)"
        return text


async def listed(
    ask: Ask,
    path: str,
    parameters: dict[str, Any],
    key: str,
    shape: Callable[[dict[str, Any]], dict[str, Any]],
) -> dict[str, Any]:
    """Ask for a list that has cursors; where its entries are too long for one answer, ask again for fewer of them."""
    page = await ask(path, parameters)
    found = [shortened(shape(entry)) for entry in page[key]]
    count = fitting(found)
    if count < len(found):
        page = await ask(path, {**parameters, "limit": count})
        found = [shortened(shape(entry)) for entry in page[key]][:count]
    answer: dict[str, Any] = {key: found, "count": len(found)}
    if page.get("next_cursor"):
        answer |= {
            "more": f"There are more. Call again with the same arguments and cursor, or search for less: {len(found)} "
            "are shown.",
            "next_cursor": page["next_cursor"],
        }
    elif not found:
        answer["hint"] = "Nothing was found. Look further back with start, such as -24h, or search for less."
    return answer
