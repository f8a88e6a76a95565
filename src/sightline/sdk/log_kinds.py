"""Logs that many programs write, each with the same message and fields everywhere."""

from __future__ import annotations

from typing import Any, Final

from sightline.model.error import ErrorCategory, ErrorSeverity
from sightline.sdk import request_log
from sightline.sdk.errors import track_error
from sightline.sdk.events import log_business_event
from sightline.sdk.logging import caller, tell

__all__ = ["log_business_event", "log_error", "log_rag_operation", "log_request"]

RAG_LOGGER: Final = "sightline.rag"


def log_request(method: str, path: str, status_code: int, duration_ms: float, **fields: Any) -> None:
    """
    Log a request that was answered, as the middleware does for those that it sees.

    The message is ``HTTP_REQUEST_COMPLETE``; its level WARNING from status 400 on, ERROR from 500 on.

    Args:
        method: such as ``GET``.
        path: without query.
        status_code: of the response.
        duration_ms: milliseconds from its first to its last byte.
        fields: more, such as ``user_id``, ``client_ip``, ``response_size``; secrets are taken out.
    """
    told = {"method": method, "path": path, "status_code": status_code, "duration_ms": duration_ms, **fields}
    severity, level = (17, "ERROR") if status_code >= 500 else (13, "WARNING") if status_code >= 400 else (9, "INFO")
    tell(request_log.LOGGER, severity, level, "HTTP_REQUEST_COMPLETE", told, caller(0))


def log_rag_operation(
    query_length: int,
    response_time: float,
    source_count: int,
    cached: bool = False,  # noqa: FBT001, FBT002 - the signature that callers know
    *,
    query: str | None = None,
    **fields: Any,
) -> None:
    """
    Log one question that was answered from documents; the message is ``RAG_OPERATION``.

    Args:
        query_length: characters of the question.
        response_time: seconds until the answer was there.
        source_count: documents that the answer rests on.
        cached: whether the answer was there already.
        query: the question itself. It is logged only where it is given here.
        fields: more, such as ``model``; secrets are taken out.
    """
    told = {
        "query_length": query_length, "response_time": response_time, "source_count": source_count, "cached": cached,
        **fields,
    }  # fmt: skip
    if query is not None:
        told["query"] = query
    tell(RAG_LOGGER, 9, "INFO", "RAG_OPERATION", told, caller(0))


def log_error(
    error: BaseException,
    message: str = "",
    *,
    category: ErrorCategory | str = ErrorCategory.SYSTEM,
    severity: ErrorSeverity | str = ErrorSeverity.MEDIUM,
    **context: Any,
) -> str:
    """
    Log an error that was caught, with its traceback; ``track_error`` with fields as keywords.

    Args:
        error: the exception.
        message: what was being done, as the field ``error.context``.
        category: what it is about.
        severity: how bad it is.
        context: more fields; secrets are taken out.

    Returns:
        The error's fingerprint.
    """
    told = {"error.context": message, **context} if message else context
    return track_error(error, category, severity, told)
