"""What a fingerprint does not depend on, and what it does."""

from __future__ import annotations

import asyncio
import json
import linecache
import string
from pathlib import Path
from types import TracebackType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.model.fingerprint import message_template
from sightline.sdk.fingerprint import fingerprint

GOLDEN = Path(__file__).parent.parent / "golden" / "fingerprints.json"

ORDERS = """
def pay(order):
    return charge(order)

def charge(order):
    total = sum([price(item) for item in order])
    raise LookupError("no card %s for order 0x%x of %r" % (total, id(order), order))

def price(item):
    return 2 * item

def refund(order):
    raise LookupError("no card")

def retry(order, left):
    return retry(order, left - 1) if left else charge(order)

def wrap(order):
    try:
        charge(order)
    except LookupError as error:
        raise RuntimeError("payment failed") from error

def both(order):
    failed = []
    for one in (charge, refund, charge):
        try:
            one(order)
        except LookupError as error:
            failed.append(error)
    raise ExceptionGroup("several", failed)

async def pay_later(order):
    return await charge_later(order)

async def charge_later(order):
    charge(order)
"""


def load(source, name="shop.orders", path="/srv/app/shop/orders.py"):
    """Make a module of *source*, as though it lay in a file of the application."""
    linecache.cache[path] = (len(source), None, source.splitlines(keepends=True), path)
    module = {"__name__": name}
    exec(compile(source, path, "exec"), module)
    return module


def named(source, function, *arguments, **where):
    """Give the fingerprint of what a function of the application raises."""
    try:
        load(source, **where)[function](*arguments)
    except Exception as error:
        return strip_own(error)
    raise AssertionError("nothing was raised")


lines = st.lists(st.sampled_from(["", "# a comment", "LIMIT = 3", "def other():\n    return 4"]), max_size=8)
orders = st.lists(st.integers(), max_size=20)


@given(above=lines, order=orders, path=st.sampled_from(["/srv/app/orders.py", "/home/me/shop/orders.py"]))
def test_moved_lines_other_values_and_another_directory_change_nothing(above, order, path):
    """Lines that come in above, ids, numbers and addresses in the message, another checkout: the same error."""
    moved = "\n".join(above) + ORDERS

    assert named(moved, "pay", order, path=path) == named(ORDERS, "pay", [1])


@given(depth=st.integers(0, 200))
def test_the_depth_of_a_recursion_changes_nothing(depth):
    """A recursion that went deeper before it failed is the same error, but for one that did not recur at all."""
    assert named(ORDERS, "retry", [1], depth) == named(ORDERS, "retry", [1], 1)


@pytest.mark.parametrize("other", ["refund", "charge", "wrap", "both"])
def test_other_functions_make_other_errors(other):
    """The way that an error took through the application tells it apart."""
    assert named(ORDERS, other, [1]) != named(ORDERS, "pay", [1])


def test_frames_of_event_loops_and_frameworks_change_nothing():
    """Awaited directly, in a task, or with another library around it: the same error."""
    module = load(ORDERS)

    async def in_task():
        return await asyncio.create_task(module["pay_later"]([1]))

    def in_runner(coroutine):
        with asyncio.Runner() as runner:
            runner.run(coroutine)

    found = set()
    for run in (asyncio.run, in_runner):
        with pytest.raises(LookupError) as raised:
            run(module["pay_later"]([1]))
        found.add(strip_own(raised.value))
    with pytest.raises(LookupError) as raised:
        asyncio.run(in_task())
    found.add(strip_own(raised.value))
    library = load("def call(function, *arguments):\n    return function(*arguments)\n", "web",
                   "/venv/lib/python3.11/site-packages/web/call.py")  # fmt: skip
    with pytest.raises(LookupError) as raised:
        library["call"](asyncio.run, module["pay_later"]([1]))
    found.add(strip_own(raised.value))

    assert len(found) == 1


def strip_own(error):
    """Give the fingerprint without the frames of this test, which are of another application."""
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename == __file__:
        trace = trace.tb_next
    return fingerprint(error.with_traceback(_without_own(trace)))


def _without_own(trace):
    if trace is None:
        return None
    rest = _without_own(trace.tb_next)
    if trace.tb_frame.f_code.co_filename == __file__:
        return rest
    return TracebackType(rest, trace.tb_frame, trace.tb_lasti, trace.tb_lineno)


@given(number=st.integers(), address=st.integers(0, 2**63), text=st.text(string.ascii_letters, max_size=30))
def test_messages_without_a_place_are_told_by_their_template(number, address, text):
    """Without a frame of the application the message counts, but not its ids, numbers, addresses and quoted words."""
    one = ValueError(f"order {number} at {address:#x} of '{text}' failed")

    assert fingerprint(one) == fingerprint(ValueError("order 1 at 0x1 of 'a' failed"))
    assert fingerprint(one) != fingerprint(ValueError("no order at all"))


@given(st.lists(st.sampled_from(["charge", "refund", "wrap"]), min_size=1, max_size=12), st.randoms())
def test_the_order_of_a_group_changes_nothing(names, random):
    """Tasks that failed in another order, or one more of the same kind, make the same error."""
    module = load(ORDERS)

    def group(chosen):
        members = []
        for name in chosen:
            try:
                module[name]([1])
            except Exception as error:
                members.append(error)
        return fingerprint(ExceptionGroup("several", members))

    shuffled = [*names, names[0]]
    random.shuffle(shuffled)

    assert group(shuffled) == group(names)


@given(st.text())
def test_templates_are_made_of_any_message(message):
    """Whatever a message is, its template is one bounded line."""
    template = message_template(message)

    assert len(template) <= 3000
    assert "\n" not in template


def test_fingerprints_stay_what_they_were():
    """A golden file holds fingerprints and templates: changing them would open every known issue anew."""
    golden = json.loads(GOLDEN.read_text(encoding="utf-8"))
    functions = golden["functions"]

    assert {name: named(ORDERS, name, [1, 2], *([3] if name == "retry" else [])) for name in functions} == functions
    assert {message: message_template(message) for message in golden["templates"]} == golden["templates"]
