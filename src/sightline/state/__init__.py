"""Relational state of the server: reader offsets, intents."""
