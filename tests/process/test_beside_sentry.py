"""Sentry's SDK beside us: each records what it would alone, whichever came first."""

import json

import pytest
from tests.support.program import run_python
from tests.support.spool import read_spool

PROGRAM = """
import json, logging, threading
import sentry_sdk, sightline
from sentry_sdk.transport import Transport

class Kept(Transport):
    events = []
    def capture_envelope(self, envelope):
        event = envelope.get_event()
        if event is not None:
            self.events.append(event)

def fail():
    raise ValueError("in a thread")

beginnings = [lambda: sentry_sdk.init(dsn="http://key@127.0.0.1:9/1", transport=Kept),
              lambda: sightline.configure(service="shop")]
for begin in beginnings[::{step}]:
    begin()
thread = threading.Thread(target=fail)
thread.start()
thread.join()
logging.getLogger("shop").error("by a log", extra={{"order": 7}})
try:
    raise KeyError("caught")
except KeyError as error:
    sentry_sdk.capture_exception(error)
    sightline.get_logger("shop").exception("caught")
logging.getLogger("shop").info("a breadcrumb at most")
def told(event):
    raised = event.get("exception", {{}}).get("values", [])
    return [event.get("logentry", {{}}).get("message"), [one["type"] for one in raised]]

print(json.dumps([told(event) for event in Kept.events]))
"""


@pytest.mark.parametrize("step", [1, -1], ids=["Sentry first", "Sightline first"])
def test_both_record_the_same_errors(tmp_path, step):
    """An exception of a thread, a log and a caught exception are told once by each."""
    sentry = json.loads(run_python(PROGRAM.format(step=step), tmp_path))
    ours = [
        (log["logger"], log["body"], log["attributes"].get("exception.type"))
        for log in read_spool(tmp_path).of_kind("log")
    ]

    assert sentry == [[None, ["ValueError"]], ["by a log", []], [None, ["KeyError"]]]
    assert [told for told in ours if told[0] in {"shop", "sightline.errors"}] == [
        ("sightline.errors", "ValueError: in a thread", "ValueError"),
        ("shop", "by a log", None),
        ("shop", "caught", "KeyError"),
        ("shop", "a breadcrumb at most", None),
    ]
