"""Segments on disk: their format, the writer in the application, the reader in the server."""
