"""``sightline run`` records what a program logs, whichever library it logs with."""

from __future__ import annotations

import subprocess
import sys

from tests.support.program import PATIENCE_S, environment
from tests.support.spool import read_spool

PROGRAM = """
import logging
import sys

import structlog
from loguru import logger

logger.remove()
logger.add(sys.stdout, format="{message}")
structlog.configure(processors=[structlog.processors.JSONRenderer()])
logger.bind(order=1).info("by loguru")
structlog.get_logger().info("by structlog", order=2)
logging.getLogger("shop").info("by logging", extra={"order": 3})
"""


def test_a_program_that_knows_nothing_of_us_is_recorded(tmp_path):
    """loguru, structlog and Python's logging: each log with its field, once; what the program shows stays."""
    script = tmp_path / "program.py"
    script.write_text(PROGRAM)
    command = [sys.executable, "-m", "sightline", "run", str(script)]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=PATIENCE_S, env=environment(tmp_path / "home")
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["by loguru", '{"order": 2, "event": "by structlog"}']
    found = {log["body"]: log["attributes"]["order"] for log in read_spool(tmp_path / "home").logs("by ")}
    assert found == {"by loguru": 1, "by structlog": 2, "by logging": 3}
    assert len(read_spool(tmp_path / "home").logs("by ")) == 3
