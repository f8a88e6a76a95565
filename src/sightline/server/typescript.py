"""The description of the API as TypeScript: a type for every answer, and what each question takes and gives."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

OWN: Final = ("/api/v1/", "/health")
"""How paths begin that are described: those of other systems' protocols have clients of their own."""

_HEAD: Final = """\
/**
 * What the server takes and answers, for TypeScript. Written by `make docs` from the server's OpenAPI description: do
 * not edit. Times are RFC 3339 text in UTC with nanoseconds.
 */
"""

_API: Final = """\
type Nothing = Record<never, never>;

/** Every question, by method and path. */
export interface Api {"""

_PLAIN: Final = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*")
_SCALARS: Final = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean", "null": "null"}


def typescript(description: Mapping[str, Any]) -> str:
    """
    Write the types of all questions that take and give JSON.

    Args:
        description: the API's, as OpenAPI 3.1.
    """
    named: dict[str, str] = {}
    questions: dict[str, list[str]] = {}
    for path, methods in sorted(description["paths"].items()):
        for method, told in methods.items():
            if path.startswith(OWN) and (shape := _question(told, named)):
                line = f"{_comment(told['summary'], 4)}    {json.dumps(path)}: {shape};"
                questions.setdefault(method.upper(), []).append(line)
    lines = [_HEAD, *(f"{named[name]}\n" for name in sorted(named)), _API]
    for method, found in sorted(questions.items()):
        lines += [f"  {method}: {{", *found, "  };"]
    return "\n".join([*lines, "}"])


def _question(told: Mapping[str, Any], named: dict[str, str]) -> str:
    """Write what a question takes and gives; empty where it is not JSON."""
    answer = told["responses"].get("200", {}).get("content", {}).get("application/json", {}).get("schema")
    body = told.get("requestBody", {}).get("content", {})
    if not answer or (body and set(body) != {"application/json"}):
        return ""
    parts = [
        f"path: {_parameters(told, 'path', named)}",
        f"query: {_parameters(told, 'query', named)}",
        f"body: {_type(body['application/json']['schema'], named) if body else 'never'}",
        f"answer: {_type(answer, named)}",
    ]
    return f"{{ {'; '.join(parts)} }}"


def _parameters(told: Mapping[str, Any], place: str, named: dict[str, str]) -> str:
    found = [each for each in told.get("parameters", ()) if each["in"] == place]
    shown = [f"{_key(each['name'])}{_mark(each.get('required'))}: {_type(each['schema'], named)}" for each in found]
    return f"{{ {'; '.join(shown)} }}" if shown else "Nothing"


def _type(schema: Mapping[str, Any], named: dict[str, str]) -> str:
    """Write a schema's type; objects with a title become interfaces of that name in *named*."""
    if "enum" in schema:
        return " | ".join(json.dumps(value) for value in schema["enum"])
    if "anyOf" in schema:
        return " | ".join(dict.fromkeys(_type(each, named) for each in schema["anyOf"]))
    if "prefixItems" in schema:
        return f"[{', '.join(_type(each, named) for each in schema['prefixItems'])}]"
    kind = schema.get("type")
    if kind == "array":
        inner = _type(schema.get("items", {}), named)
        return f"({inner})[]" if " " in inner else f"{inner}[]"
    if kind == "object":
        return _object(schema, named)
    return _SCALARS.get(str(kind), "unknown")


def _object(schema: Mapping[str, Any], named: dict[str, str]) -> str:
    if "properties" not in schema:
        others = schema.get("additionalProperties")
        return f"Record<string, {_type(others if isinstance(others, dict) else {}, named)}>"
    name = str(schema.get("title", ""))
    body = "\n".join(_fields(schema, named))
    if not _PLAIN.fullmatch(name):
        return f"{{ {' '.join(line.strip() for line in body.splitlines())} }}"
    written = f"{_comment(schema.get('description', ''), 0)}export interface {name} {{\n{body}\n}}"
    if named.setdefault(name, written) != written:
        raise ValueError(f"Two answers have parts named {name} that differ; rename one of the classes.")
    return name


def _fields(schema: Mapping[str, Any], named: dict[str, str]) -> Iterator[str]:
    needed = schema.get("required", ())
    for name, of in schema["properties"].items():
        yield f"  {_key(name)}{_mark(name in needed)}: {_type(of, named)};"


def _comment(text: str, indent: int) -> str:
    """Write a description above what it describes."""
    lines = text.replace("*/", "* /").strip().splitlines()
    space = " " * indent
    if not lines:
        return ""
    if len(lines) == 1:
        return f"{space}/** {lines[0]} */\n"
    shown = "\n".join(f"{space} * {line}".rstrip() for line in lines)
    return f"{space}/**\n{shown}\n{space} */\n"


def _key(name: str) -> str:
    return name if _PLAIN.fullmatch(name) else json.dumps(name)


def _mark(required: object) -> str:
    return "" if required else "?"
