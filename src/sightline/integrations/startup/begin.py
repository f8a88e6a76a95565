"""Records and instruments in an interpreter that ``sightline run`` started."""

from __future__ import annotations

import sys

from sightline.base.errors import SightlineError


def begin() -> None:
    """Configure from the environment, and instrument what the program will import. Never raises."""
    try:
        from sightline.integrations.instrument import instrument_everything
        from sightline.sdk.configure import configure

        configure()
        instrument_everything()
    except SightlineError as error:
        sys.stderr.write(f"sightline: nothing is recorded: {error}\n")
    except Exception as error:
        sys.stderr.write(f"sightline: not everything is recorded: {type(error).__name__}: {error}\n")
