"""OTLP: requests as bytes become rows as Arrow, answers become bytes. Nothing here does any input or output."""
