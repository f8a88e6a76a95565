"""The fakes that we give to users' tests."""

import logging
import time
from datetime import UTC, datetime
from pathlib import Path

import msgspec

import sightline
from sightline.testing import CountingIds, FakeClock, capture

GOLDEN = Path(__file__).parents[1] / "golden" / "recorded.jsonl"


def checkout(clock: FakeClock) -> None:
    """Record one of each."""
    log = sightline.get_logger("shop")
    with sightline.context(request_id="r-1"), sightline.span("checkout", order=7):
        clock.advance(0.25)
        log.info("paid", amount=19.9, card_number="4111 1111 1111 1111")
        logging.getLogger("library").warning("slow %s", "answer")
        with sightline.span("charge"):
            clock.advance(1.5)
        sightline.event("balance_charged", user_id="u1", amount=19.9)


def test_with_time_and_ids_held_still_the_lines_are_the_same_each_time():
    """Two runs record what the golden file has, byte for byte but for the lines of this file."""
    for _ in range(2):
        clock = FakeClock(datetime(2026, 1, 1, tzinfo=UTC))
        with capture(clock=clock, ids=CountingIds()) as captured:
            checkout(clock)
            told = [line for line in captured.records if hasattr(line, "attributes")]
            for record in told:
                for name in [name for name in record.attributes or {} if name.startswith(("code.", "thread."))]:
                    del record.attributes[name]

        assert [msgspec.json.encode(record).decode() for record in told] == GOLDEN.read_text().splitlines()


def test_a_clock_goes_on_only_when_it_is_told():
    """Spans last as long as the clock went on, and what follows is later by it."""
    clock = FakeClock()
    with capture(clock=clock) as captured:
        with sightline.span("wait"):
            clock.advance(2)
        logging.getLogger("any").error("late")
        sightline.get_logger("ours").error("late as well")

    [span] = captured.spans
    assert (span.time, span.duration) == (clock.now_ns() - 2_000_000_000, 2_000_000_000)
    assert [log.time for log in captured.logs] == [clock.now_ns()] * 2


def test_after_the_block_time_and_ids_are_the_machine_s_again():
    """The fakes leave nothing behind."""
    with capture(clock=FakeClock(), ids=CountingIds()):
        pass
    with capture() as captured, sightline.span("now"):
        logging.getLogger("any").error("now")

    [span] = captured.spans
    assert abs(span.time - time.time_ns()) < 60e9
    assert abs(captured.logs[0].time - time.time_ns()) < 60e9
    assert span.span > f"{1 << 32:016x}"


def test_ids_count():
    """Every id is one more than the one before; a trace takes two."""
    with capture(ids=CountingIds()) as captured:
        for name in "ab":
            with sightline.span(name):
                pass

    assert [(span.span[-1], span.trace[15], span.trace[-1]) for span in captured.spans] == [
        ("1", "2", "3"),
        ("4", "5", "6"),
    ]
