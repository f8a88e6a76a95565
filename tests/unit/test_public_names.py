"""The public names are a promise: they change on purpose, with the changelog."""

import sightline


def test_the_public_names_are_these():
    """``sightline.__all__`` is sorted, and every name in it exists."""
    assert sightline.__all__ == [
        "__version__", "bind", "clear", "configure", "context", "counter", "event", "gauge", "get_logger", "histogram",
        "instrument", "shutdown", "span", "trace_function", "unbind",
    ]  # fmt: skip
    assert all(hasattr(sightline, name) for name in sightline.__all__)
