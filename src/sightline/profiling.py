"""
Profiles of this process: ``with profile() as found: …`` samples all threads, and ``found.folded()`` is a flame graph.

The setting ``profile`` samples all the time, or for half a minute after each SIGUSR2; see docs/howto/profile.md.
"""

from sightline.model.profile import Stack
from sightline.sdk.profiler import Profile, profile

__all__ = ["Profile", "Stack", "profile"]
