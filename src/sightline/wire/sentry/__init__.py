"""What Sentry's SDKs send, as rows; docs/formats/sentry.md says what becomes of what."""

from sightline.wire.sentry.decode import Taken, decode_envelope, decode_event
from sightline.wire.sentry.sender import Sender

__all__ = ["Sender", "Taken", "decode_envelope", "decode_event"]
