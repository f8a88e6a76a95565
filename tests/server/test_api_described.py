"""The description of the API is whole; docs/reference/api.md is written from it."""

import jsonschema
import pytest

FOREIGN = {"OTLP", "Prometheus"}
"""Tags of protocols whose messages and answers others describe, some at paths that begin as ours do."""


@pytest.fixture(scope="module")
def operations(server):
    """Give every question that can be asked: method, path, description."""
    paths = server.get("/openapi.json")["paths"]
    return [
        (method.upper(), path, operation)
        for path, methods in paths.items()
        for method, operation in methods.items()
        if path.startswith("/api/v1/") and not FOREIGN & set(operation["tags"])
    ]


def test_every_operation_is_described(operations):
    """Each has a summary, a description, an answer with its shape and an example, and its problems."""
    assert len(operations) >= 11
    for method, path, operation in operations:
        name = f"{method} {path}"
        assert operation["summary"], name
        assert operation["description"], name
        (content,) = operation["responses"]["200"]["content"].values()
        assert content["schema"], name
        assert content["example"], name
        assert "application/problem+json" in operation["responses"]["400"]["content"], name


def test_every_example_is_of_its_shape(operations):
    """An example validates against the schema beside it."""
    for _, _, operation in operations:
        for answer in operation["responses"].values():
            for content in answer.get("content", {}).values():
                if "example" in content and "schema" in content:
                    jsonschema.validate(content["example"], content["schema"])
