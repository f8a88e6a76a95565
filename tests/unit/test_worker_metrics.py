"""The files by which the workers of a server know each other's figures."""

import shutil
from pathlib import Path

from sightline.sdk.recorder import recorder
from sightline.sdk.worker_metrics import DIRECTORY, Workers
from sightline.testing import capture


def test_a_directory_that_somebody_removed_is_made_anew():
    """Figures are written and asked for as before; nothing fails meanwhile."""
    with capture():
        directory = Path(recorder.settings["home"].value) / DIRECTORY
        workers = Workers()
        workers.write()
        written = len(list(directory.glob("*.metrics")))
        shutil.rmtree(directory)
        workers.write()
        again = len(list(directory.glob("*.metrics")))
        shutil.rmtree(directory)
        asked = workers.records()
        workers.leave()

    assert (written, again, asked) == (1, 1, None)
