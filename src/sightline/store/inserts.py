"""How rows get in: what a line is to the engine, the statement that takes lines in, and the settings of inserts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from sightline.store.parameters import literal

if TYPE_CHECKING:
    from collections.abc import Mapping

ONE_BLOCK: Final = 1 << 40
"""Rows and bytes of a block that no range reaches."""

LINE_STRUCTURE: Final = (
    "kind String, time Int64, instance String, trace String, span String, severity UInt8, "
    "level String, logger String, body String, parent String, name String, "
    "span_kind String, duration UInt64, status String, status_message String, "
    "scope String, scope_version String, trace_state String, "
    "type String, unit String, description String, "
    "samples Array(Tuple(name String, attributes Map(String, String), value Float64)), "
    "attributes Map(String, String), data Map(String, String), "
    "events Array(Tuple(time Int64, name String, attributes Map(String, String))), "
    "links Array(Tuple(trace String, span String, state String, attributes Map(String, String))), "
    "stacks Array(Tuple(stack String, samples UInt64, wall UInt64, cpu UInt64, thread String, trace String, "
    "span String, name String))"
)
"""
What the keys of a line are to the engine; docs/formats/line.md.

No LowCardinality here, though the tables have it: parsing one value at a time into a dictionary costs half of all
parsing, turning a whole column into one costs nearly nothing.
"""

ENTRY: Final = "entry"
"""The door for lines of any kind."""

RECORD_ENTRY: Final = "record_entry"
"""The door for lines of which all are logs or spans: fewer views are planned behind it."""

CHECK_LINES: Final = f"INSERT INTO FUNCTION null({literal(LINE_STRUCTURE)}) SELECT * FROM {{source}}"  # noqa: S608 - a constant
CHECK_SETTINGS: Final = {"max_threads": 1, "input_format_null_as_default": 1}
"""The statement that reads lines and keeps nothing, and its settings."""

STATEMENT_BYTES: Final = 1024 * 1024
"""Longest statement that takes lines in: what a batch's resources take at most, four times over."""

_RESOURCES_TYPE: Final = "Map(String, Map(LowCardinality(String), String))"


def select_lines(resources: Mapping[str, Mapping[str, str]], door: str) -> str:
    """Write the statement that gives each line its instance's resource; ``{source}`` stands for the lines."""
    return (
        f"INSERT INTO {door} SELECT *, CAST({_resources(resources)}, '{_RESOURCES_TYPE}')[instance] AS resource "  # noqa: S608 - quoted by literal
        "FROM {source}"
    )


def lines_settings(token: str) -> dict[str, Any]:
    """Give the settings of an insert of lines."""
    return {
        **insert_settings(token),
        # One thread each: two inserts side by side use two cores better than one insert does, and cost less together.
        "max_threads": 1,
        "max_insert_threads": 1,
        "max_query_size": STATEMENT_BYTES,
        "input_format_parallel_parsing": 0,
        "input_format_null_as_default": 1,
        # All rows in one block: either everything was parsed and goes on to the tables, or nothing does.
        "min_insert_block_size_rows": ONE_BLOCK,
        "min_insert_block_size_bytes": ONE_BLOCK,
    }


def _resources(resources: Mapping[str, Mapping[str, str]]) -> str:
    """Write the resources as a constant map of maps, in which the engine looks up each line's instance."""
    return f"map({', '.join(written(instance, found) for instance, found in resources.items())})"


def written(instance: str, resource: Mapping[str, str]) -> str:
    """Write what a statement says of one instance: its name and its resource."""
    attributes = ", ".join(f"{literal(key)}, {literal(value)}" for key, value in resource.items())
    return f"{literal(instance)}, map({attributes})"


def insert_settings(token: str | None) -> dict[str, Any]:
    """Give the settings of any insert; with a token, what was stored with it is not stored again."""
    settings: dict[str, Any] = {
        "async_insert": 0,
        "max_threads": 2,
        # A wrong clock, or years of old logs taken in at once, must not stop the ingest.
        "throw_on_max_partitions_per_insert_block": 0,
        "deduplicate_blocks_in_dependent_materialized_views": 1,
        # The first merge makes it: until then a part is so small that it is read as fast without.
        "exclude_materialize_skip_indexes_on_insert": "idx_attributes",
    }
    if token:
        settings |= {"insert_deduplication_token": token, "deduplicate_insert_select": "force_enable"}
    else:
        # By itself the engine drops a block that equals one before it: two clients may well send the same.
        settings["deduplicate_insert"] = "disable"
    return settings


def arrow_body(rows: pa.Table | pa.RecordBatch) -> tuple[str, memoryview]:
    """Write a block as the engine reads it: the names of its columns, and the bytes."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, rows.schema) as writer:
        writer.write(rows)
    return ", ".join(f"`{name}`" for name in rows.schema.names), memoryview(sink.getvalue())
