"""A whole program that uses the clients of language models."""

from __future__ import annotations

from tests.support.llm_server import llm_server
from tests.support.program import run_python
from tests.support.spool import read_spool

PROGRAM = """
import sightline
sightline.configure(service="docrag")
sightline.instrument()

import anthropic, openai

question = [{{"role": "user", "content": "hello"}}]
with sightline.span("answer"):
    openai.OpenAI(api_key="k", base_url="{address}").chat.completions.create(model="gpt-4o", messages=question)
    claude = anthropic.Anthropic(api_key="k", base_url="{address}")
    claude.messages.create(model="claude-sonnet-4-6", max_tokens=5, messages=question)
"""


def test_clients_that_are_imported_later_are_recorded(tmp_path):
    """``instrument()`` before the imports is enough: calls are recorded, with the requests over HTTP below them."""
    with llm_server() as (address, headers):
        run_python(PROGRAM.format(address=address), tmp_path, SIGHTLINE_RAISE="1")

    found = read_spool(tmp_path)
    [answer], [chat], [claude] = (found.spans(name) for name in ("answer", "chat gpt-4o", "chat claude-sonnet-4-6"))
    assert chat["parent"] == claude["parent"] == answer["span"]
    assert [post["parent"] for post in found.spans("POST")] == [chat["span"], claude["span"]]
    assert {sent["traceparent"][3:35] for sent in headers} == {answer["trace"]}
