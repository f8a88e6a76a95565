"""
Which SQL statements users may run: the engine parses, this file decides.

The embedded engine has no users and no grants, and its readonly mode does not cover all that reaches the machine (the
function ``file``, files as tables of the database ``default``, ``INTO OUTFILE``). So the engine's own parser gives
the statement's tree without running it, and only what is listed here may stand in the tree. docs/reference/sql.md.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sightline.base.errors import QueryInvalid

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_STATEMENT_LENGTH: Final = 64 * 1024
"""Longest statement, in characters."""


SAFE_CATEGORIES: Final = (
    "Aggregate Functions", "Arithmetic", "Arrays", "Bit", "Bitmap", "Comparison", "Conditional", "Dates and Times",
    "Distance", "Encoding", "Geo", "Hash", "IP Address", "JSON", "Logical", "Map", "Mathematical", "Null",
    "Random Number", "Rounding", "String", "String Replacement", "String Search", "String Splitting", "Time Window",
    "Tuple", "Type Conversion", "URL", "UUID",
)  # fmt: skip
"""Kinds of functions, as the engine's manual sorts them, that compute from their arguments alone."""

_SAFE_OTHERS: Final = frozenset({
    "bar", "bytesize", "casewithexpression", "currentdatabase", "finalizeaggregation", "formatreadabledecimalsize",
    "formatreadablequantity", "formatreadablesize", "formatreadabletimedelta", "grouping", "identity", "ignore",
    "isconstant", "lambda", "materialize",
    "rownumberinallblocks", "rownumberinblock", "runningaccumulate", "runningdifference", "totypename", "transform",
    "variantelement", "varianttype", "version", "exists",
})  # fmt: skip
"""Functions of the manual's rest that are harmless. The rest has also ``file``, ``sleep`` and the settings' values."""

_COMBINATOR: Final = re.compile(
    r"(?:if|array|map|distinct|ornull|ordefault|state|simplestate|merge|mergestate|foreach|resample|argmin|argmax)$"
)

SAFE_TABLE_FUNCTIONS: Final = frozenset({
    "numbers", "numbers_mt", "zeros", "zeros_mt", "generateseries", "generate_series", "values", "view", "null",
})  # fmt: skip
"""Table functions that read neither files nor addresses."""

SAFE_SYSTEM_TABLES: Final = frozenset({
    "asynchronous_metrics", "columns", "data_skipping_indices", "databases", "events", "functions", "merges", "metrics",
    "mutations", "numbers", "one", "parts", "parts_columns", "tables", "zeros",
})  # fmt: skip
"""Tables of the database ``system`` that hold nothing but what the engine knows of its own tables and work."""

_NODES: Final = frozenset({
    "ArrayJoin", "Asterisk", "ColumnsApplyTransformer", "ColumnsExceptTransformer", "ColumnsListMatcher",
    "ColumnsRegexpMatcher", "ColumnsReplaceTransformer", "ColumnsReplaceTransformerReplacement",
    "ColumnsTransformerList", "ExplainQuery", "ExpressionList", "Function", "Identifier", "InterpolateElement",
    "Literal", "OrderByElement", "QualifiedAsterisk", "QueryParameter", "SampleRatio", "SelectIntersectExceptQuery",
    "SelectQuery", "SelectWithUnionQuery", "ShowTablesQuery", "StorageOrderByElement", "Subquery", "TableExpression",
    "TableIdentifier", "TableJoin", "TablesInSelectQuery", "TablesInSelectQueryElement", "WindowDefinition",
    "WindowListElement", "WithElement",
})  # fmt: skip

_ROOTS: Final = frozenset({
    "SelectWithUnionQuery", "SelectIntersectExceptQuery", "ShowTablesQuery", "ExplainQuery"
})  # fmt: skip

_EXPLAIN_OPTIONS: Final = frozenset({
    "actions", "compact", "description", "header", "indexes", "json", "keep_logical_steps", "projections", "sorting",
})  # fmt: skip

_EXPLAINED: Final = frozenset({"EXPLAIN", "EXPLAIN AST", "EXPLAIN SYNTAX", "EXPLAIN PIPELINE", "EXPLAIN ESTIMATE"})

ONLY_READS: Final = (
    "Only SELECT, WITH, SHOW TABLES, DESCRIBE and EXPLAIN of a SELECT may run here; it reads, it never changes."
)

_IN: Final = re.compile(r"(?:global)?(?:not)?(?:null)?in(?:ignoreset)?")


class Allowed(NamedTuple):
    """What a statement may name: functions, in lower case, and the database whose tables it reads."""

    functions: frozenset[str]
    database: str


def check_statement(tree: dict[str, Any], allowed: Allowed) -> None:
    """
    Refuse a statement that does anything but read Sightline's tables.

    Args:
        tree: the engine's parse, as ``parseQueryToJSON`` writes it.
        allowed: what it may name.

    Raises:
        QueryInvalid: naming what is not allowed.
    """
    if tree.get("type") not in _ROOTS:
        raise QueryInvalid(ONLY_READS)
    for node in _nodes(tree):
        kind = node["type"]
        if kind == "SetQuery":
            raise QueryInvalid("SETTINGS are not allowed; the server sets the limits.")
        if kind not in _NODES:
            raise QueryInvalid(f"{ONLY_READS} Found {kind}.")
        _CHECKS.get(kind, _nothing)(node, allowed)


def _nodes(value: Any) -> Iterator[dict[str, Any]]:
    """Give all nodes, without recursion: a statement may be nested as deep as it likes."""
    rest = [value]
    while rest:
        found = rest.pop()
        if isinstance(found, dict):
            if "type" in found:
                yield found
            rest.extend(found.values())
        elif isinstance(found, list):
            rest.extend(found)


def _nothing(node: dict[str, Any], allowed: Allowed) -> None:
    """Most nodes are harmless by themselves."""


def _check_output(node: dict[str, Any], allowed: Allowed) -> None:  # noqa: ARG001 - one shape for all checks
    if node.keys() & {"out_file", "format_ast", "compression", "compression_level"}:
        raise QueryInvalid(
            "INTO OUTFILE and FORMAT are not allowed; the answer's form is asked for beside the statement: "
            "--format, ?format= or Accept."
        )


def _check_explain(node: dict[str, Any], allowed: Allowed) -> None:
    _check_output(node, allowed)
    options = node.get("settings") or {}
    if any(change.get("name") not in _EXPLAIN_OPTIONS for change in options.get("changes", ())):
        raise QueryInvalid(f"EXPLAIN may have the options {', '.join(sorted(_EXPLAIN_OPTIONS))}.")
    options["type"] = "ExpressionList"  # checked
    if node.get("kind") not in _EXPLAINED or (node.get("query") or {}).get("type") != "SelectWithUnionQuery":
        raise QueryInvalid(ONLY_READS)


def _check_show(node: dict[str, Any], allowed: Allowed) -> None:
    _check_output(node, allowed)
    known = {"type", "like", "not_like", "case_insensitive_like"}
    if any(value for key, value in node.items() if key not in known):
        raise QueryInvalid("SHOW TABLES may have LIKE and nothing else.")


def _check_function(node: dict[str, Any], allowed: Allowed) -> None:
    name = str(node.get("name", "")).lower()
    _check_called(name, allowed)
    if _IN.fullmatch(name):
        arguments = ((node.get("arguments") or {}).get("children")) or []
        if len(arguments) > 1 and arguments[1].get("type") == "Identifier":
            raise QueryInvalid("To the right of IN stands a list, or (SELECT … FROM …), not a name.")


def _check_apply(node: dict[str, Any], allowed: Allowed) -> None:
    if "func_name" in node:
        _check_called(str(node["func_name"]).lower(), allowed)


def _check_called(name: str, allowed: Allowed) -> None:
    bare = name
    while bare not in allowed.functions and bare not in _SAFE_OTHERS:
        shorter = _COMBINATOR.sub("", bare)
        if shorter == bare:
            raise QueryInvalid(f"The function {name} is not allowed, or there is none of this name.")
        bare = shorter


def _check_table_expression(node: dict[str, Any], allowed: Allowed) -> None:  # noqa: ARG001
    if "table_function" not in node:
        return
    called = node["table_function"]
    name = str(called.get("name", "")).lower()
    if name not in SAFE_TABLE_FUNCTIONS:
        raise QueryInvalid(f"The table function {name} is not allowed: it may reach files or other machines.")
    called["type"] = "ExpressionList"  # checked: what remains are its arguments


def _check_table(node: dict[str, Any], allowed: Allowed) -> None:
    if node.get("children") or not node.get("name"):
        raise QueryInvalid("A table's name cannot be a parameter.")
    parts = node.get("name_parts") or [node["name"]]
    if len(parts) == 1 or (len(parts) == 2 and parts[0] == allowed.database):
        return
    if len(parts) == 2 and parts[0] == "system" and parts[1] in SAFE_SYSTEM_TABLES:
        return
    raise QueryInvalid(
        f"The table {'.'.join(map(str, parts))} is not one that may be read; SHOW TABLES names those that may."
    )


def _check_parameter(node: dict[str, Any], allowed: Allowed) -> None:  # noqa: ARG001
    if node.get("param_type") == "Identifier":
        raise QueryInvalid("A parameter stands for a value, not for a name.")


_CHECKS: Final = {
    "SelectWithUnionQuery": _check_output,
    "SelectIntersectExceptQuery": _check_output,
    "SelectQuery": _check_output,
    "ExplainQuery": _check_explain,
    "ShowTablesQuery": _check_show,
    "Function": _check_function,
    "ColumnsApplyTransformer": _check_apply,
    "TableExpression": _check_table_expression,
    "TableIdentifier": _check_table,
    "QueryParameter": _check_parameter,
}
