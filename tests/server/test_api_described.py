"""The description of the API is whole: OpenAPI, its examples, and the page docs/reference/http.md."""

import re
from pathlib import Path

import jsonschema
import pytest

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "http.md"


@pytest.fixture(scope="module")
def operations(server):
    """Give every operation of our own API: method, path, description."""
    paths = server.get("/openapi.json")["paths"]
    return [
        (method.upper(), path, operation)
        for path, methods in paths.items()
        for method, operation in methods.items()
        if path.startswith("/api/v1/")
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


def test_every_parameter_is_on_the_page(operations):
    """The reference page has each operation, with each of its parameters."""
    text = PAGE.read_text(encoding="utf-8")
    sections = dict(re.findall(r"^## `(\w+ /[^`]*)`\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL))

    for method, path, operation in operations:
        section = sections.pop(f"{method} {path}")
        assert operation["summary"] in section
        for parameter in operation.get("parameters", []):
            assert f"`{parameter['name']}`" in section, f"{method} {path} {parameter['name']}"

    others = {"GET /health", "POST /v1/traces", "POST /v1/logs", "POST /v1/metrics", "GET /openapi.json"}
    assert sections.keys() == others
