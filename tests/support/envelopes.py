"""Sentry's envelopes as its SDKs make them, and a browser's beacon, with something of everything."""

import json
from typing import Any

TRACE, SPAN, EVENT_ID = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331", "9ec79c33ec9942ab8353589fcb2e04dc"

_FRAME = {
    "function": "pay", "module": "shop.orders", "filename": "shop/orders.py", "abs_path": "/srv/shop/orders.py",
    "lineno": 12, "context_line": "    raise LookupError(card)", "in_app": True,
    "vars": {"password": "'hunter2'", "card": "7"},
}  # fmt: skip

ERROR: dict[str, Any] = {
    "event_id": EVENT_ID, "timestamp": 1_790_000_000.5, "platform": "python", "level": "error", "release": "1.2",
    "environment": "test", "server_name": "web-1", "transaction": "/pay", "user": {"id": 5, "ip_address": "10.0.0.1"},
    "tags": [["customer", "acme"]], "extra": {"attempt": 2},
    "contexts": {"trace": {"trace_id": TRACE, "span_id": SPAN}, "runtime": {"name": "CPython"}},
    "request": {
        "url": "http://shop/pay?card=1", "method": "POST", "query_string": [["token", "hunter2"]],
        "headers": [["Authorization", "Bearer hunter2hunter2"], ["Accept", "*/*"]], "data": "password=hunter2",
    },
    "breadcrumbs": {"values": [{"category": "query", "message": "login with password=hunter2"}]},
    "exception": {"values": [
        {"type": "KeyError", "value": "'card'", "stacktrace": {"frames": [_FRAME]}},
        {"type": "LookupError", "value": "no card 12", "stacktrace": {"frames": [_FRAME]},
         "mechanism": {"type": "wsgi", "handled": False}},
    ]},
}  # fmt: skip

EVENT = json.dumps(ERROR).encode()

TRANSACTION: dict[str, Any] = {
    "type": "transaction", "transaction": "GET /pay", "start_timestamp": 1_790_000_000.0, "timestamp": 1_790_000_001.5,
    "contexts": {"trace": {"trace_id": TRACE, "span_id": SPAN, "op": "http.server", "status": "not_found"}},
    "spans": [{
        "span_id": "c" * 16, "parent_span_id": SPAN, "op": "db", "description": "SELECT 1", "status": "internal_error",
        "start_timestamp": 1_790_000_000.1, "timestamp": 1_790_000_000.3, "data": {"db.system": "postgresql"},
    }],
}  # fmt: skip

_ATTRIBUTES = {"shop": {"value": "a", "type": "string"}}

PROFILE = {
    "version": "1", "timestamp": "2026-09-21T13:33:20Z", "platform": "python",
    "transactions": [{"trace_id": TRACE, "name": "GET /pay", "active_thread_id": "1"}],
    "profile": {
        "frames": [{"function": "inner", "module": "shop"}, {"function": "outer", "module": "shop"}],
        "stacks": [[0, 1], [1]], "thread_metadata": {"1": {"name": "MainThread"}},
        "samples": [
            {"elapsed_since_start_ns": str(at), "thread_id": "1", "stack_id": stack}
            for at, stack in ((0, 0), (10_000_000, 0), (20_000_000, 1), (30_000_000, 1))
        ],
    },
}  # fmt: skip

ITEMS: dict[str, Any] = {
    "event": ERROR,
    "transaction": TRANSACTION,
    "log": {"items": [{"timestamp": 1_790_000_000.1, "trace_id": TRACE, "level": "warn", "body": "low password=hunter2",
                       "attributes": _ATTRIBUTES}]},
    "trace_metric": {"items": [
        {"timestamp": 1_790_000_000.1, "name": "orders", "type": "counter", "value": value, "attributes": _ATTRIBUTES}
        for value in (1, 2)
    ] + [{"name": "took", "type": "distribution", "unit": "second", "value": value} for value in (0.5, 2.0, -1, 0)]},
    "span": {"items": [{
        "trace_id": TRACE, "span_id": "d" * 16, "name": "alone", "status": "error", "start_timestamp": 1_790_000_000.1,
        "end_timestamp": 1_790_000_000.2, "attributes": {"sentry.op": {"value": "http.client", "type": "string"}},
    }]},
    "session": {"sid": "7c7b6585-f901-4351-bf8d-02711b721929", "did": "5", "status": "exited",
                "attrs": {"release": "1"}},
    "sessions": {"aggregates": [{"started": "2026-09-21T13:33:20Z", "exited": 3}], "attrs": {"release": "1"}},
    "check_in": {"check_in_id": "a" * 32, "monitor_slug": "nightly", "status": "ok", "duration": 3},
    "client_report": {"discarded_events": [{"reason": "sample_rate", "category": "transaction", "quantity": 7}]},
    "user_report": {"event_id": EVENT_ID, "comments": "it broke", "email": "a@b.example"},
    "profile": PROFILE,
}  # fmt: skip

BEACON: dict[str, Any] = {
    "app": "shop-web", "release": "1.2", "session": TRACE, "user": "u5", "page": "http://shop/orders?token=hunter2#top",
    "sent": 1_790_000_000_000,
    "events": [
        {"k": "page", "t": 1_789_999_990_000, "load": 812.5, "dcl": 400, "ttfb": 90, "int": 350, "nav": "navigate"},
        {"k": "vital", "t": 1_789_999_991_000, "n": "LCP", "v": 1200.5, "r": "good", "el": "img.hero"},
        {"k": "error", "t": 1_789_999_992_000, "type": "TypeError", "message": "x is undefined",
         "stack": "TypeError: x\n    at pay (http://shop/assets/shop-4f3a91bc.js:1:2)\n    at http://shop/a.js:3:4"},
        {"k": "click", "t": 1_789_999_993_000, "el": "button#buy"},
        {"k": "submit", "t": 1_789_999_993_500, "el": "form#pay"},
        {"k": "request", "t": 1_789_999_994_000, "m": "post", "to": "/api/pay?card=4111", "s": 500, "ms": 81,
         "trace": TRACE, "span": SPAN},
        {"k": "route", "t": 1_789_999_995_000, "from": "/orders", "to": "/orders/7?key=1"},
    ],
}  # fmt: skip


def envelope(*items: tuple[str, Any], **header: Any) -> bytes:
    """Make an envelope of items: their types and contents."""
    lines = [json.dumps(header)]
    for kind, content in items:
        text = content if isinstance(content, str) else json.dumps(content)
        lines += [json.dumps({"type": kind, "length": len(text.encode())}), text]
    return "\n".join(lines).encode()


def envelope_of_all() -> bytes:
    """Make an envelope with an item of each type."""
    return envelope(
        *ITEMS.items(), ("attachment", "x"), ("replay_event", {}), event_id=EVENT_ID, sdk={"name": "sentry.python"}
    )
