"""The API's description as TypeScript: named types, what a question needs, and no two parts of one name."""

import pytest

from sightline.server.typescript import typescript


def described(answer, *parameters, path="/api/v1/things"):
    """Describe an API of one question."""
    content = {"content": {"application/json": {"schema": answer}}}
    return {"paths": {path: {"get": {"summary": "Things", "parameters": parameters, "responses": {"200": content}}}}}


THING = {
    "title": "Thing",
    "description": "A thing.",
    "type": "object",
    "properties": {"name": {"type": "string"}, "at": {"anyOf": [{"type": "number"}, {"type": "null"}]}},
    "required": ["name"],
}


def test_an_object_with_a_title_is_an_interface():
    """What is optional or null in the description is so in the type, and descriptions stay beside it."""
    written = typescript(described({"type": "array", "items": THING}))

    assert "/** A thing. */\nexport interface Thing {\n  name: string;\n  at?: number | null;\n}" in written
    assert "answer: Thing[] }" in written


def test_a_question_names_what_it_takes():
    """Parameters of path and query are told apart, required ones have no question mark, choices are named."""
    path = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
    order = {"name": "order", "in": "query", "schema": {"enum": ["asc", "desc"]}}

    assert 'path: { id: string }; query: { order?: "asc" | "desc" }' in typescript(described(THING, path, order))


def test_protocols_of_others_are_left_out():
    """What is not under our own paths has clients of its own."""
    assert "Thing" not in typescript(described(THING, path="/loki/api/v1/push"))


def test_parts_of_one_name_that_differ_are_refused():
    """Two shapes of the same title would be one type, so that is said instead."""
    other = {**THING, "properties": {"name": {"type": "integer"}}}
    pair = {"type": "array", "prefixItems": [THING, other]}

    with pytest.raises(ValueError, match="parts named Thing that differ"):
        typescript(described(pair))
