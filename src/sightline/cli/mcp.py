"""``sightline mcp``: what coding assistants ask, over standard input and output."""

from __future__ import annotations

from sightline.cli.options import Home, Server  # noqa: TC001 - Typer reads the annotations


def mcp(server: Server = None, home: Home = None) -> None:
    """
    Answer a coding assistant, which starts this command: the Model Context Protocol on standard input and output.

    Its tools search and read, and change nothing. The server that runs is asked; without one, each question opens the
    store for itself. Where a server runs, assistants can also ask http://127.0.0.1:4318/mcp.
    """
    from sightline.cli.mcp_lines import serve

    serve(server, home)
