"""
Expressions for JSON, of which a statement's rows are made as text.

The engine's own writer looks at every letter, 7 ns each: most of the time that a page of spans takes. Maps, which are
most of a span, hardly ever have a letter that must be escaped, so their text is put together of what is there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def json_object(fields: Mapping[str, str]) -> str:
    """Write the expression for an object, of the expressions for the JSON of its fields by their names."""
    said = ", ',', ".join(f"""'"{name}":', {text}""" for name, text in fields.items())
    return f"concat('{{', {said}, '}}')"


def json_value(value: str) -> str:
    """Write the expression for the JSON of a value of any type."""
    return f"toJSONString({value})"


def json_map(column: str) -> str:
    """
    Write the expression for the JSON of a column of the type ``Map(…, String)``.

    Keys and values without a quote and a backslash may stand between quotes as they are, unless one has a control
    character or is no UTF-8: then the text is no JSON. It is none of an empty map, either.
    """
    keys, values = f"mapKeys({column})", f"mapValues({column})"
    special = " + ".join(f"position({text}, '{sign}')" for text in "kv" for sign in ('"', r"\\"))
    pairs = f"""arrayStringConcat(arrayMap((k, v) -> concat(k, '":"', v), {keys}, {values}), '","')"""
    return (
        f"""if(NOT arrayExists((k, v) -> {special} > 0, {keys}, {values}) """
        f"""AND isValidJSON(concat('{{"', {pairs}, '"}}') AS {column}Text), {column}Text, {json_value(column)})"""
    )


def json_list(element: str, arrays: Sequence[str]) -> str:
    """Write the expression for the JSON of arrays of the same length, side by side; *element* is a type with names."""
    zipped = f"CAST(arrayZip({', '.join(arrays)}), 'Array({element})')"
    return f"if(empty({arrays[0]}), '[]', {json_value(zipped)})"
