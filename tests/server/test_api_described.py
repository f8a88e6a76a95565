"""The description of the API is whole; docs/reference/api.md is written from it."""

import jsonschema
import pytest

from sightline.server.app import create_app
from sightline.server.description import OTHERWISE

FOREIGN = {"OTLP", "Prometheus", "Loki", "Elasticsearch", "Sentry", "Browsers"}
"""Tags of protocols whose messages and answers others describe, some at paths that begin as ours do."""

OPERATIONS = [
    pytest.param(operation, id=f"{method.upper()} {path}")
    for path, methods in create_app(None).openapi()["paths"].items()
    for method, operation in methods.items()
]

BINARY = {"type": "string", "format": "binary"}


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_operation_says_what_it_does(operation):
    """Each has a summary, a description, an answer when all goes well, and words for each parameter."""
    assert operation["summary"]
    assert operation["description"]
    assert any(status.startswith("2") for status in operation["responses"])
    assert all(
        parameter.get("description") or FOREIGN & set(operation["tags"])
        for parameter in operation.get("parameters", [])
    )


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_operation_says_how_it_refuses(operation):
    """Refusals are problems in one shape, but for those of protocols that have their own."""
    refusals = {status: told for status, told in operation["responses"].items() if status[0] in "45"}

    assert {"403", "421"} <= set(refusals)
    if not OTHERWISE & set(operation["tags"]):
        assert "400" in refusals
        assert all("application/problem+json" in told["content"] for told in refusals.values())


@pytest.mark.parametrize("operation", OPERATIONS)
def test_answers_and_bodies_have_a_shape_and_an_example_of_it(operation):
    """What is taken and given has a schema, and an example that is of it; files have none."""
    contents = [
        told.get("content", {}) for told in [*operation["responses"].values(), operation.get("requestBody", {})]
    ]
    described = [content for of in contents for kind, content in of.items() if "protobuf" not in kind]

    for content in described:
        if FOREIGN & set(operation["tags"]) or content.get("schema", BINARY) in [{}, BINARY]:
            continue
        jsonschema.validate(content["example"], content["schema"])


def test_the_description_is_one_of_openapi(server):
    """The server gives the description that the tests look at, without shapes that nothing has."""
    described = server.get("/openapi.json")

    assert described["openapi"].startswith("3.1")
    assert "HTTPValidationError" not in str(described)
    assert len(described["paths"]) == len(create_app(None).openapi()["paths"])
