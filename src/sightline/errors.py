"""
Errors: ``track_error(error, category=ErrorCategory.DATABASE, severity=ErrorSeverity.HIGH)``.

What nobody handles is recorded without being asked; docs/howto/errors.md says where, and how errors are told apart.
"""

from sightline.model.error import ErrorCategory, ErrorSeverity
from sightline.sdk.errors import error_counts, track_error
from sightline.sdk.fingerprint import fingerprint

__all__ = ["ErrorCategory", "ErrorSeverity", "error_counts", "fingerprint", "track_error"]
