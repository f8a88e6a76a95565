"""
Sends Python's log records to Fluentd or Fluent Bit, by the forward protocol.

https://github.com/fluent/fluentd/wiki/Forward-Protocol-Specification-v1, its PackedForward mode.
"""

from __future__ import annotations

import logging
import os
import socket
from typing import Any, Final

import msgspec

from sightline.base.errors import SightlineError
from sightline.sdk import guard
from sightline.sdk.json_format import JSONFormatter
from sightline.sdk.outbox import Outbox

_EVENT_TIME: Final = 0
"""Number of the extension type that holds seconds and nanoseconds."""

_FIRST: Final = ("level", "message", "timestamp", "module", "function", "line")
"""What a record begins with."""


class NotAcknowledged(SightlineError):
    """Fluentd did not say that it has what was sent."""


class FluentdHandler(logging.Handler):
    """
    Sends each record to Fluentd, without waiting for it.

    Records wait in a bounded buffer while Fluentd cannot be reached, and are sent again where it did not acknowledge
    them: it may then get one twice, and loses none unless the buffer overflows. What is shed is counted and told.
    """

    def __init__(
        self,
        tag: str,
        host: str = "127.0.0.1",
        port: int = 24224,
        *,
        level: int | str = logging.NOTSET,
        buffer: int = 1000,
        timeout_s: float = 3.0,
        acknowledge: bool = True,
        fields: dict[str, Any] | None = None,
    ) -> None:
        """
        Make a handler; it connects when the first record comes.

        Args:
            tag: by which Fluentd routes the records, such as ``shop.web``.
            host: of Fluentd.
            port: its ``forward`` input.
            level: lowest level that is sent.
            buffer: records that may wait.
            timeout_s: longest wait for a connection and for each answer.
            acknowledge: whether to wait for Fluentd's word; False for receivers that do not give it.
            fields: what stands on every record.
        """
        super().__init__(level)
        self.formatter = JSONFormatter(fields=fields)
        self.outbox = Outbox("fluentd", self._deliver, most=buffer, report=self._tell_shed)
        self._tag = tag
        self._address = (host, port)
        self._timeout_s = timeout_s
        self._acknowledge = acknowledge
        self._socket: socket.socket | None = None
        self._pid = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Encode the record and put it into the buffer; never raises."""
        try:
            self.outbox.put(self._entry(record))
        except Exception as error:
            guard.failed("fluentd", error)

    def flush(self) -> None:
        """Wait until Fluentd has what was logged so far, for two seconds at most."""
        self.outbox.flush()

    def close(self) -> None:
        """Send what waits, and leave."""
        self.outbox.close()
        self._disconnect()
        super().close()

    @property
    def shed(self) -> int:
        """Records that found the buffer full, in this process."""
        return self.outbox.shed

    def _entry(self, record: logging.LogRecord) -> bytes:
        # By way of JSON: it holds nothing that MessagePack cannot, whatever was logged.
        told = msgspec.json.decode(self.format(record))
        ordered = {name: told[name] for name in _FIRST if name in told} | told
        seconds, rest = divmod(int(record.created * 1e9), 1_000_000_000)
        time = msgspec.msgpack.Ext(_EVENT_TIME, seconds.to_bytes(4, "big") + rest.to_bytes(4, "big"))
        return msgspec.msgpack.encode([time, ordered])

    def _deliver(self, entries: list[bytes]) -> None:
        chunk = os.urandom(16).hex()
        options: dict[str, Any] = {"size": len(entries)}
        if self._acknowledge:
            options["chunk"] = chunk
        try:
            connection = self._connect()
            connection.sendall(msgspec.msgpack.encode([self._tag, b"".join(entries), options]))
            if self._acknowledge:
                self._await(connection, chunk)
        except BaseException:
            self._disconnect()
            raise

    def _connect(self) -> socket.socket:
        if self._pid != os.getpid():
            # The parent's connection stays the parent's.
            self._disconnect()
        if self._socket is None:
            self._socket = socket.create_connection(self._address, self._timeout_s)
            self._pid = os.getpid()
        return self._socket

    def _disconnect(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _await(self, connection: socket.socket, chunk: str) -> None:
        answer = b""
        while len(answer) < 1024:
            part = connection.recv(1024)
            answer += part
            try:
                if msgspec.msgpack.decode(answer).get("ack") == chunk:
                    return
                break
            except msgspec.DecodeError:
                if not part:
                    break
        host, port = self._address
        raise NotAcknowledged(f"Fluentd at {host}:{port} did not acknowledge what was sent; it is sent again.")

    def _tell_shed(self, count: int) -> bytes:
        message = "%d log records were shed: the buffer for Fluentd was full"
        return self._entry(
            logging.LogRecord("sightline.fluentd", logging.WARNING, __file__, 0, message, (count,), None)
        )
