"""What becomes of each item of an envelope."""

import json

import pytest
from tests.support.envelopes import ERROR, EVENT_ID, ITEMS, PROFILE, SPAN, TRACE, TRANSACTION, envelope, envelope_of_all

from sightline.base.errors import DecodeError
from sightline.sdk.fingerprint import fingerprint
from sightline.wire.redact import Redactor
from sightline.wire.sentry import Sender, decode_envelope, decode_event

NOW_NS = 1_790_000_000_000_000_000


def rows(table, *items, sender=None):
    """Decode an envelope of items, and give one table's rows."""
    taken = decode_envelope(envelope(*items), sender or Sender("7", "shop"), NOW_NS, Redactor())
    return taken.decoded.tables[table].to_pylist(maps_as_pydicts="strict")


def test_an_error():
    """An error is a record of our own errors' kind, with what Sentry knows of it."""
    (log,) = rows("otel_logs", ("event", ERROR))
    about = log["LogAttributes"]

    assert (log["Body"], log["SeverityText"], log["ScopeName"]) == (
        "LookupError: no card 12",
        "ERROR",
        "sightline.errors",
    )
    assert (log["TraceId"], log["SpanId"], log["ServiceName"]) == (TRACE, SPAN, "shop")
    assert log["ResourceAttributes"]["service.version"] == "1.2"
    assert log["ResourceAttributes"]["deployment.environment.name"] == "test"
    assert about["exception.type"] == "LookupError"
    assert about["exception.stacktrace"].endswith("LookupError: no card 12")
    assert (about["error.severity"], about["error.mechanism"], about["error.handled"]) == ("high", "wsgi", "false")
    assert [link["type"] for link in json.loads(about["error.chain"])] == ["LookupError", "KeyError"]
    assert (about["user_id"], about["customer"], about["sentry.event_id"]) == ("5", "acme", EVENT_ID)


def test_no_secret_is_left():
    """Secrets in variables, headers, queries, bodies, breadcrumbs and logs are taken out."""
    taken = decode_envelope(envelope_of_all(), Sender("7"), NOW_NS, Redactor())

    assert "hunter2" not in str([table.to_pylist() for table in taken.decoded.tables.values()])


def test_the_fingerprint_is_our_own_sdks(tmp_path, monkeypatch):
    """The same error has the same fingerprint, whether our SDK or Sentry's tells it."""
    from sentry_sdk.utils import event_from_exception, set_in_app_in_frames

    (tmp_path / "orders.py").write_text("def pay(card):\n    raise LookupError(f'no card {card}')\n")
    monkeypatch.syspath_prepend(tmp_path)
    import orders

    try:
        orders.pay(7)
    except LookupError as error:
        error.__traceback__ = error.__traceback__.tb_next
        ours = fingerprint(error)
        event, _ = event_from_exception(error, {**OPTIONS})
    for value in event["exception"]["values"]:
        set_in_app_in_frames(value["stacktrace"]["frames"], [], None, str(tmp_path))

    (log,) = rows("otel_logs", ("event", {"platform": "python", **event}))

    assert log["LogAttributes"]["error.fingerprint"] == ours


OPTIONS = {"include_local_variables": True, "include_source_context": True, "max_value_length": None}


@pytest.mark.parametrize(
    ("own", "same"), [(["{{ default }}"], True), (["pay"], False), (["{{ default }}", "x"], False)]
)
def test_a_fingerprint_of_the_user(own, same):
    """A fingerprint that the user gave decides, and may hold the usual one."""
    usual, given, again = (
        rows("otel_logs", ("event", event))[0]["LogAttributes"]["error.fingerprint"]
        for event in (ERROR, {**ERROR, "fingerprint": own}, {**ERROR, "fingerprint": own})
    )

    assert given == again
    assert (given == usual) is same


def test_a_group_of_exceptions():
    """The members of a group are told, and one that is its own parent ends nothing."""
    values = [
        {
            "type": "ValueError",
            "value": "a",
            "mechanism": {"exception_id": 1, "parent_id": 0, "source": "exceptions[0]"},
        },
        {"type": "Loop", "value": "b", "mechanism": {"exception_id": 9, "parent_id": 9, "source": "__cause__"}},
        {"type": "ExceptionGroup", "value": "several", "mechanism": {"exception_id": 0, "is_exception_group": True}},
    ]
    (log,) = rows("otel_logs", ("event", {"exception": {"values": values}}))

    assert json.loads(log["LogAttributes"]["error.members"]) == [{"type": "ValueError", "message": "a"}]
    assert "Member 1 of the group:\nValueError: a" in log["LogAttributes"]["exception.stacktrace"]


def test_a_message():
    """A message is a log of its logger; a width in its text is not filled in."""
    (plain,) = rows("otel_logs", ("event", {"logentry": {"message": "paid %s", "params": [7]}, "logger": "shop"}))
    (wide,) = rows("otel_logs", ("event", {"logentry": {"message": "%999999999s", "params": [7]}}))

    assert (plain["Body"], plain["ScopeName"], plain["SeverityText"]) == ("paid 7", "shop", "INFO")
    assert wide["Body"] == "%999999999s"


def test_a_transaction():
    """A transaction is a span with its spans below; what a caller did wrong is no error of a server."""
    root, child = rows("otel_traces", ("transaction", TRANSACTION))

    assert (root["SpanName"], root["SpanKind"], root["StatusCode"]) == ("GET /pay", "Server", "Unset")
    assert (root["TraceId"], root["SpanId"], root["Duration"]) == (TRACE, SPAN, 1_500_000_000)
    assert (child["SpanName"], child["SpanKind"], child["StatusCode"]) == ("SELECT 1", "Client", "Error")
    assert (child["TraceId"], child["ParentSpanId"]) == (TRACE, SPAN)
    assert child["SpanAttributes"]["db.system"] == "postgresql"


def test_every_type_of_item():
    """All items of an envelope become rows; attachments are told of, replays counted."""
    taken = decode_envelope(envelope_of_all(), Sender("7", "shop"), NOW_NS, Redactor())
    counts = {name: table.num_rows for name, table in taken.decoded.tables.items()}

    assert counts == {
        "otel_logs": 2, "otel_traces": 3, "events": 5, "profiles": 2, "metric_points": 3, "histogram_points": 1,
    }  # fmt: skip
    assert (taken.event_id, taken.decoded.rejected) == (EVENT_ID, 1)
    assert "replay_event" in taken.decoded.reason


def test_metrics_are_added_up():
    """Counts of one series are one sample; a distribution is a histogram with all that was measured."""
    points = rows("metric_points", ("trace_metric", ITEMS["trace_metric"]))
    (histogram,) = rows("histogram_points", ("trace_metric", ITEMS["trace_metric"]))

    assert [(p["MetricName"], p["Value"], p["Labels"]) for p in points if p["MetricType"] == "counter"] == [
        ("orders_total", 3.0, {"shop": "a"})
    ]
    assert (histogram["MetricName"], histogram["Count"], histogram["Sum"]) == ("took_seconds", 4, 1.5)
    assert sum(histogram["PositiveBuckets"]) == 2
    assert (histogram["NegativeBuckets"], histogram["ZeroCount"]) == ([1], 1)


def test_a_profile():
    """A sample stands for the time until the next; stacks begin with the outermost function."""
    outer, both = sorted(rows("profiles", ("profile", ITEMS["profile"])), key=lambda row: len(row["Stack"]))

    assert (both["Stack"], both["Samples"], both["WallNanoseconds"]) == (["shop:outer", "shop:inner"], 2, 20_000_000)
    assert (outer["Stack"], outer["TraceId"], outer["ThreadName"]) == (["shop:outer"], TRACE, "MainThread")


def test_no_secret_is_left_in_a_profile():
    """Names of spans, threads, functions and releases are searched, each to its end before it is cut."""
    secret = "/" * 190 + " token=hunter2hunter2"
    profile = json.loads(json.dumps(PROFILE))
    profile |= {"release": secret}
    profile["transactions"][0]["name"] = "GET /reset?token=hunter2"
    profile["profile"]["thread_metadata"]["1"]["name"] = secret
    profile["profile"]["frames"] = [{"function": secret, "filename": secret}] * 2

    found = rows("profiles", ("profile", profile))

    assert {row["SpanName"] for row in found} == {"GET /reset?token=[REDACTED]"}
    assert "hunter" not in str(found)


def test_the_users_names_are_secret():
    """What the user calls secret is taken out of users and extra values, personal data of texts."""
    event = {"message": "ask ada@shop.example", "user": {"email": "ada"}, "extra": {"iban": "DE89"}}
    redactor = Redactor(["email", "iban"], personal=True)

    taken = decode_envelope(envelope(("event", event)), Sender("7"), NOW_NS, redactor)

    (log,) = taken.decoded.tables["otel_logs"].to_pylist(maps_as_pydicts="strict")
    assert log["Body"] == "ask [REDACTED]"
    assert log["LogAttributes"] == {"user.email": "[REDACTED]", "sentry.extra.iban": "[REDACTED]"}


def test_a_profile_of_long_stacks():
    """What a small profile repeats in very many rows is bounded; the rows that have no room are rejected."""
    frame = {"module": "m" * 299, "function": "f" * 300}
    samples = [{"stack_id": 0, "thread_id": str(number), "elapsed_since_start_ns": 0} for number in range(4000)]
    profile = {"profile": {"frames": [frame], "stacks": [[0] * 256], "samples": samples}}

    taken = decode_envelope(envelope(("profile", profile)), Sender("7"), NOW_NS, Redactor()).decoded

    kept = 64 * 1024 * 1024 // (600 * 256)
    assert (taken.accepted, taken.rejected) == (kept, 4000 - kept)
    assert taken.tables["profiles"].nbytes < 80 * 1024 * 1024
    assert "67,108,864 characters of stacks" in taken.reason


@pytest.mark.parametrize(("key", "service"), [("shop", "shop"), ("a" * 32, "sentry-7"), ("", "sentry-7")])
def test_the_service(key, service):
    """The DSN's public key names the service where somebody chose it, else its project does."""
    (log,) = rows("otel_logs", ("event", {"message": "x"}), sender=Sender("7", key))

    assert log["ServiceName"] == service


@pytest.mark.parametrize("body", [b"", b"x", b"[]", b'{}\n{"type":"event","length":9}\n{}', b"{}\n{}\n" * 300])
def test_what_is_no_envelope(body):
    """What is no envelope is refused as a whole."""
    with pytest.raises(DecodeError):
        decode_envelope(body, Sender("7"), NOW_NS, Redactor())


def test_an_event_that_is_too_large():
    """An event above its limit is rejected by itself, and an old SDK's refused."""
    large = {"message": "x" * (2 * 1024 * 1024)}

    assert decode_envelope(envelope(("event", large)), Sender("7"), NOW_NS, Redactor()).decoded.rejected == 1
    with pytest.raises(DecodeError, match=r"The body has 2,097,\d+ bytes"):
        decode_event(json.dumps(large).encode(), Sender("7"), NOW_NS, Redactor())
