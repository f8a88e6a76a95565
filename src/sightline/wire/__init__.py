"""Bytes to model or Arrow and back; pure functions, one file a format."""
