"""Whether a directory that is named can be written: found out before the work begins, not after it."""

from __future__ import annotations

from tempfile import TemporaryFile
from typing import TYPE_CHECKING

from sightline.base.errors import SettingInvalid

if TYPE_CHECKING:
    from pathlib import Path


def check_new(path: Path) -> None:
    """
    Make sure that the directory *path* is not there and can be made; those above it are.

    Raises:
        SettingInvalid: if not, with the reason.
    """
    try:
        path.mkdir(parents=True)
        path.rmdir()
    except FileExistsError:
        raise SettingInvalid(f"{path} exists. Name a directory that does not.") from None
    except OSError as error:
        raise _refused(path, error) from None


def check_written(path: Path) -> None:
    """
    Make the directory *path* where it is not there, and make sure that files can be written in it.

    Raises:
        SettingInvalid: if not, with the reason.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=path):
            pass
    except OSError as error:
        raise _refused(path, error) from None


def _refused(path: Path, error: OSError) -> SettingInvalid:
    return SettingInvalid(
        f"{path} cannot be written: {error.strerror}. Name another directory, or run the command as a user who may."
    )
