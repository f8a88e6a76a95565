"""
Language models: calls, retrievals, tools and feedback, in OpenTelemetry's GenAI names.

``sightline.instrument()`` records the clients of OpenAI and Anthropic by itself; docs/howto/llm.md shows the rest.
"""

from sightline.sdk.llm import Generation, Retrieval, Tool, feedback, generation, retrieval, tool

__all__ = ["Generation", "Retrieval", "Tool", "feedback", "generation", "retrieval", "tool"]
