"""
Logs: recording them, showing them on a console and in files, and keeping secrets out of both.

``setup_logging()`` shows, ``sightline.configure()`` records; what ``get_logger(name).info("paid", order=7)`` and
Python's own ``logging`` say goes both ways. docs/howto/logging.md has an example of each name.
"""

from sightline.sdk.files import LogFileHandler
from sightline.sdk.fluentd import FluentdHandler
from sightline.sdk.json_format import JSONFormatter
from sightline.sdk.log_calls import log_function_call
from sightline.sdk.log_kinds import (
    log_business_event,
    log_error,
    log_rag_operation,
    log_request,
)
from sightline.sdk.log_setup import LIBRARY_LEVELS, reset_logging, setup_logging
from sightline.sdk.logging import Logger, get_logger
from sightline.sdk.security_log import SecurityLogger, log_security_event
from sightline.sdk.structured import StructuredLogger
from sightline.sdk.text_format import ColourFormatter, FieldsFormatter, TextFormatter

__all__ = [
    "LIBRARY_LEVELS",
    "ColourFormatter",
    "FieldsFormatter",
    "FluentdHandler",
    "JSONFormatter",
    "LogFileHandler",
    "Logger",
    "SecurityLogger",
    "StructuredLogger",
    "TextFormatter",
    "get_logger",
    "log_business_event",
    "log_error",
    "log_function_call",
    "log_rag_operation",
    "log_request",
    "log_security_event",
    "reset_logging",
    "setup_logging",
]
