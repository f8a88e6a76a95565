"""Programs send syslog to the server as they do to any other."""

import logging
import shutil
import socket
import ssl
import subprocess
from contextlib import closing
from logging.handlers import SysLogHandler

import pytest
from tests.server.test_loki import rows
from tests.support.server import ServerProcess, eventually


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate for this machine and its key."""
    place = tmp_path_factory.mktemp("certificate")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem", "-out", "cert.pem",
         "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"],
        cwd=place, check=True, capture_output=True,
    )  # fmt: skip
    return place


@pytest.fixture(scope="module")
def server(tmp_path_factory, certificate):
    """A server that takes syslog over UDP, TCP and TLS."""
    environment = {
        "SIGHTLINE_SYSLOG_PORT": "0",
        "SIGHTLINE_SYSLOG_TLS_PORT": "0",
        "SIGHTLINE_SYSLOG_TLS_CERTIFICATE": str(certificate / "cert.pem"),
        "SIGHTLINE_SYSLOG_TLS_KEY": str(certificate / "key.pem"),
        "TZ": "UTC",
    }
    with ServerProcess(tmp_path_factory.mktemp("syslog") / "home", environment=environment) as running:
        yield running


def address(server, name="syslog"):
    """Where the server takes syslog."""
    host, _, port = server.listening[name].rpartition(":")
    return host, int(port)


def stored(server, service, columns="SeverityText, Body"):
    """What is stored of *service*, once there is something."""
    return eventually(lambda: rows(server, service, columns))


@pytest.mark.skipif(not shutil.which("logger"), reason="there is no logger on this machine")
@pytest.mark.parametrize("transport", ["--udp", "--tcp", "--tcp --octet-count"])
@pytest.mark.parametrize("form", ["--rfc3164", "--rfc5424"])
def test_logger(server, transport, form):
    """What ``logger`` sends in each form over each transport is read."""
    host, port = address(server)
    tag = f"t{transport}{form}".replace("-", "").replace(" ", "")
    target = ["--server", host, "--port", str(port), "--tag", tag, "--id=123", "--priority", "local3.err"]
    subprocess.run(["logger", *target, *transport.split(), form, "disk full: [sda]"], check=True)

    ((level, body, attributes, resource),) = stored(
        server, tag, "SeverityText, Body, LogAttributes, ResourceAttributes"
    )
    assert (level, body) == ("ERROR", "disk full: [sda]")
    assert (attributes["syslog.facility"], attributes["syslog.severity"]) == ("local3", "err")
    assert attributes["process.pid"] == "123"
    assert resource == {"service.name": tag, "host.name": socket.gethostname().partition(".")[0]}


@pytest.mark.parametrize("kind", [socket.SOCK_DGRAM, socket.SOCK_STREAM])
def test_python(server, kind):
    """What Python's own handler sends is read; it gives neither time nor host."""
    handler = SysLogHandler(address(server), socktype=kind)
    handler.ident = f"python{int(kind)}[7]: "
    handler.append_nul = kind == socket.SOCK_DGRAM
    if kind == socket.SOCK_STREAM:
        handler.setFormatter(logging.Formatter("%(message)s\n"))
    logger = logging.getLogger("syslog.python")
    logger.addHandler(handler)
    logger.warning("out of stock")
    logger.removeHandler(handler)
    handler.close()

    assert stored(server, f"python{int(kind)}") == [["WARNING", "out of stock"]]


def test_tls(server, certificate):
    """Messages over TLS are read, in both framings on one connection."""
    context = ssl.create_default_context(cafile=certificate / "cert.pem")
    first = b"<11>1 2026-11-20T10:30:45Z host sys-tls - - - first"
    with (
        closing(socket.create_connection(address(server, "syslog_tls"), 10)) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1") as connection,
    ):
        connection.sendall(b"%d %s<11>1 2026-11-20T10:30:46Z host sys-tls - - - second\n" % (len(first), first))
        connection.sendall(b"<11>1 2026-11-20T10:30:47Z host sys-tls - - - third")
        connection.unwrap()  # closed without that, the kernel may throw away what was sent

    assert eventually(lambda: len(rows(server, "sys-tls")) == 3)
    assert [row[0] for row in rows(server, "sys-tls", "Body")] == ["first", "second", "third"]


def test_what_was_received_is_stored_when_the_server_stops(tmp_path):
    """Messages that wait in memory when the server is told to stop are stored."""
    home = tmp_path / "home"
    with (
        ServerProcess(home, environment={"SIGHTLINE_SYSLOG_PORT": "0"}) as server,
        closing(socket.create_connection(address(server), 10)) as connection,
    ):
        connection.sendall(b"".join(b"<14>1 - h sys-stop - - - %d\n" % number for number in range(2000)))
        connection.sendall(b"<14>1 - h sys-last - - - last\n<14>1 - h sys-last - - - half")
        eventually(lambda: rows(server, "sys-last"))
        assert server.stop() == 0

    with ServerProcess(home) as server:
        query = "SELECT count() FROM otel_logs WHERE ServiceName = 'sys-stop'"
        counted = server.http.post("/api/v1/sql", json={"query": query}).json()["rows"]
        assert [int(count) for (count,) in counted] == [2000]
        assert rows(server, "sys-last", "Body") == [["last"], ["half"]]


def test_a_certificate_that_is_not_there(tmp_path):
    """A server without its certificate does not start, and says which setting to change."""
    wanted = {"SIGHTLINE_SYSLOG_TLS_PORT": "0"}
    with pytest.raises(RuntimeError, match="syslog_tls_certificate or syslog_tls_key is not"):
        ServerProcess(tmp_path / "home", environment=wanted)
    wanted |= {"SIGHTLINE_SYSLOG_TLS_CERTIFICATE": f"{tmp_path}/no.pem", "SIGHTLINE_SYSLOG_TLS_KEY": f"{tmp_path}/no"}
    with pytest.raises(RuntimeError, match=r"syslog_tls_certificate \S+/no\.pem .* cannot be used: .*No such file"):
        ServerProcess(tmp_path / "home", environment=wanted)
