"""A made-up evening at a shop, sent as any OpenTelemetry SDK would send it."""

from typing import Any

from tests.support.records import SERVICE, event
from tests.support.segments import SegmentFile
from tests.support.server import ServerProcess

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
STACK = """Traceback (most recent call last):
  File "/srv/shop/checkout.py", line 88, in checkout
    receipt = charge(order, card)
  File "/srv/shop/payments.py", line 41, in charge
    raise CardDeclined(card)
shop.CardDeclined: card ending 4242 was declined
"""
MS = 1_000_000
HOSTILE = """<img src=x onerror="faults.push('markup ran')"> \u202e &amp; """ + "long " * 2000
LARGE = "5" * 32
LARGE_SPANS = 12_000


def attributes(values: dict[str, Any]) -> list[dict[str, Any]]:
    """Write attributes as OTLP's JSON has them."""
    return [{"key": key, "value": {"stringValue": str(value)}} for key, value in values.items()]


class Shop:
    """
    Sends records to *server*.

    Attributes:
        server: where they go.
    """

    def __init__(self, server: ServerProcess) -> None:
        self.server = server

    def evening(self, now_ns: int) -> None:
        """Send one failed checkout with its logs and event, and a hundred quiet lines of the two minutes before."""
        start = now_ns - 20_000 * MS
        for index in range(100):
            self.log(start - index * 1000 * MS, f"page {index} shown", user_id=f"u{index % 7}")
        self.log(start + 20 * MS, "order received", span="a" * 16, user_id="ada")
        self.log(
            start + 180 * MS,
            "charge failed, card declined",
            level=("ERROR", 17),
            service="payments",
            span="c" * 16,
            **{"exception.type": "shop.CardDeclined", "exception.message": "declined", "exception.stacktrace": STACK},
        )
        self.log(start + 200 * MS, HOSTILE, level=("WARN", 13), service="<b>mail</b>", **{"<i>": HOSTILE})
        for index in range(8):
            self.log(start - index, "stock is low", level=("WARN", 13), service="stock", warehouse="north")
        self.event("order_placed", now_ns, user_id="ada")
        self.spans("shop", [self._span("POST /checkout", "a" * 16, "", start, 250, kind=2, failed=True)])
        self.spans(
            "payments",
            [
                self._span("POST /charge", "b" * 16, "a" * 16, start + 60 * MS, 150, kind=2, failed=True),
                self._span("card.authorise", "c" * 16, "b" * 16, start + 90 * MS, 100, kind=3, failed=True),
            ],
        )

    def log(
        self,
        at_ns: int,
        body: str,
        *,
        level: tuple[str, int] = ("INFO", 9),
        service: str = "shop",
        span: str = "",
        **fields: Any,
    ) -> None:
        """Send one line; a line with a span belongs to the checkout's trace."""
        record = {
            "timeUnixNano": str(at_ns),
            "severityText": level[0],
            "severityNumber": level[1],
            "body": {"stringValue": body},
            "attributes": attributes(fields),
            **({"traceId": TRACE, "spanId": span} if span else {}),
        }
        scope = {"scope": {"name": f"{service}.web"}, "logRecords": [record]}
        self._send("/v1/logs", {"resourceLogs": [{"resource": self._resource(service), "scopeLogs": [scope]}]})

    def event(self, name: str, at_ns: int, **context: Any) -> None:
        """Record a business event, as the SDK writes it."""
        segment = SegmentFile(self.server.home / "spool", resource=SERVICE)
        segment.write(event(name, at_ns, attributes=context, data={"amount": "19.90"}))
        segment.end()

    def large_trace(self, now_ns: int) -> None:
        """Send a trace of more spans than one answer holds: a root, and steps below steps, one in a thousand failed."""
        start = now_ns - 60_000 * MS
        numbers = range(1, LARGE_SPANS + 1)
        spans = [
            self._span(
                "import" if number == 1 else f"step {number}",
                f"{number:016x}",
                f"{(number + 6) // 8:016x}" if number > 1 else "",
                start + number * MS,
                60_000 if number == 1 else 3,
                kind=1,
                failed=number % 1000 == 500,
                trace=LARGE,
            )
            for number in numbers
        ]
        for first in range(0, len(spans), 4000):
            self.spans("shop", spans[first : first + 4000])

    def spans(self, service: str, spans: list[dict[str, Any]]) -> None:
        """Send spans of one service."""
        scope = {"scope": {"name": f"{service}.web"}, "spans": spans}
        self._send("/v1/traces", {"resourceSpans": [{"resource": self._resource(service), "scopeSpans": [scope]}]})

    def _span(
        self,
        name: str,
        span: str,
        parent: str,
        start: int,
        length_ms: int,
        *,
        kind: int,
        failed: bool,
        trace: str = TRACE,
    ) -> dict[str, Any]:
        return {
            "traceId": trace,
            "spanId": span,
            "parentSpanId": parent,
            "name": name,
            "kind": kind,
            "startTimeUnixNano": str(start),
            "endTimeUnixNano": str(start + length_ms * MS),
            "status": {"code": 2, "message": "card declined"} if failed else {},
            "attributes": attributes({"http.route": name.rsplit(maxsplit=1)[-1]}),
        }

    def _resource(self, service: str) -> dict[str, Any]:
        return {"attributes": attributes({"service.name": service, "host.name": "turing"})}

    def _send(self, path: str, content: dict[str, Any]) -> None:
        self.server.http.post(path, json=content).raise_for_status()
