"""The HTTP transport against a real server on the loopback that misbehaves on demand."""

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from customer_sync.connect.port import HttpCall
from customer_sync.connect.transport.http import HttpTransport
from customer_sync.kernel.errors import (
    ConfigurationError,
    PushUnconfirmedError,
    SystemDownError,
)


class Server(ThreadingHTTPServer):
    """Counts what arrived; the path says how to misbehave."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Behaviour)
        self.arrived: list[str] = []
        self.connections: set[int] = set()
        self.cookies: list[str | None] = []
        self.release = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Behaviour(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def log_message(self, *_: object) -> None:
        """Stay silent."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("content-length", 0)))
        self.do_GET()

    def do_GET(self) -> None:
        self.server.arrived.append(self.path)
        self.server.connections.add(self.client_address[1])
        self.server.cookies.append(self.headers.get("cookie"))
        name = self.path.strip("/").split("/")[0]
        getattr(self, f"_{name}")()

    def _answer(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for key, value in headers.items():
            self.send_header(key, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _echo(self) -> None:
        self._answer(200, self.path.encode(), **{"set-cookie": "a=b"})

    def _slow_echo(self) -> None:
        time.sleep(0.3)
        self._echo()

    def _status(self) -> None:
        self._answer(int(self.path.rsplit("/", 1)[1]), b"", **{"retry-after": "7"})

    def _silence(self) -> None:
        self.server.release.wait(10)

    def _lost(self) -> None:
        """The request was acted on (it is in `arrived`); its answer never leaves."""
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def _lost_once(self) -> None:
        if self.server.arrived.count(self.path) == 1:
            self._lost()
        else:
            self._echo()

    def _torn(self) -> None:
        self.send_response(200)
        self.send_header("content-length", "1000")
        self.end_headers()
        self.wfile.write(b"half")
        self._lost()

    def _drip(self) -> None:
        self.send_response(200)
        self.send_header("content-length", "1000")
        self.end_headers()
        while not self.server.release.wait(0.02):
            self.wfile.write(b"x")

    def _large(self) -> None:
        self._answer(200, b"x" * 5_000)

    def _near(self) -> None:
        self._answer(302, b"", location="/echo/near")

    def _far(self) -> None:
        self._answer(302, b"", location=f"http://localhost:{self.server.server_address[1]}/echo")

    def _round(self) -> None:
        self._answer(302, b"", location="/round")


@pytest.fixture
def server() -> Iterator[Server]:
    running = Server()
    thread = threading.Thread(target=running.serve_forever, args=(0.01,))
    thread.start()
    yield running
    running.release.set()
    running.shutdown()
    thread.join()
    running.server_close()


@pytest.fixture
def transport() -> Iterator[HttpTransport]:
    with HttpTransport(silence_s=0.5, deadline_s=0.4, content_bytes_max=4_000) as made:
        yield made


def read(server: Server, path: str) -> HttpCall:
    return HttpCall(method="GET", url=f"{server.url}/{path}")


def push(server: Server, path: str) -> HttpCall:
    return HttpCall(method="POST", url=f"{server.url}/{path}", json={"a": 1}, is_write=True)


def test_replies_come_in_the_order_of_the_calls(server, transport):
    calls = [read(server, "slow_echo/1"), *(read(server, f"echo/{i}") for i in range(2, 9))]

    replies = transport.perform(calls)

    assert [reply.content.decode()[-1] for reply in replies] == list("12345678")


def test_one_connection_serves_many_calls(server, transport):
    for i in range(5):
        transport.perform([read(server, f"echo/{i}")])

    assert len(server.connections) == 1


@pytest.mark.parametrize("status", [401, 403, 404, 429, 503])
def test_any_status_is_a_reply(server, transport, status):
    (reply,) = transport.perform([push(server, f"status/{status}")])

    assert (reply.status, reply.headers["retry-after"]) == (status, "7")


def test_a_refused_connection_means_nothing_was_done(transport):
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    call = HttpCall(method="POST", url=f"http://127.0.0.1:{port}/", is_write=True)

    with pytest.raises(SystemDownError):
        transport.perform([call])


def test_an_unknown_host_means_nothing_was_done(transport):
    with pytest.raises(SystemDownError):
        transport.perform([HttpCall(method="POST", url="http://no-such.invalid/", is_write=True)])


@pytest.mark.parametrize("path", ["lost", "torn", "silence", "drip", "large"])
def test_a_write_whose_answer_is_lost_is_doubtful_and_sent_once(server, transport, path):
    with pytest.raises(PushUnconfirmedError):
        transport.perform([push(server, path)])

    assert server.arrived == [f"/{path}"]


@pytest.mark.parametrize("path", ["lost", "torn", "silence", "drip"])
def test_a_read_whose_answer_is_lost_may_be_repeated(server, transport, path):
    with pytest.raises(SystemDownError):
        transport.perform([read(server, path)])


def test_a_read_on_a_connection_that_was_closed_is_sent_again_silently(server, transport):
    transport.perform([read(server, "echo/1")])

    (reply,) = transport.perform([read(server, "lost_once")])

    assert reply.status == 200
    assert server.arrived == ["/echo/1", "/lost_once", "/lost_once"]


def test_a_reply_without_end_is_not_held_in_memory(server, transport):
    with pytest.raises(ConfigurationError) as raised:
        transport.perform([read(server, "large")])

    assert raised.value.context["bytes_max"] == 4_000


def test_a_redirect_within_the_origin_is_followed(server, transport):
    (reply,) = transport.perform([read(server, "near")])

    assert reply.content == b"/echo/near"


def test_a_redirect_to_another_origin_is_not_followed(server, transport):
    (reply,) = transport.perform([read(server, "far")])

    assert reply.status == 302
    assert server.arrived == ["/far"]


def test_a_write_is_never_redirected(server, transport):
    (reply,) = transport.perform([push(server, "near")])

    assert reply.status == 302
    assert server.arrived == ["/near"]


def test_redirects_in_a_circle_end(server, transport):
    (reply,) = transport.perform([read(server, "round")])

    assert reply.status == 302
    assert len(server.arrived) < 10


def test_no_cookie_is_kept(server, transport):
    transport.perform([read(server, "echo/1")])
    transport.perform([read(server, "echo/2")])

    assert server.cookies == [None, None]


def test_several_writes_of_which_one_was_answered_are_doubtful_when_one_was_not(server, transport):
    """A `SystemDownError` would promise that nothing was done, and both would be sent again."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    nowhere = HttpCall(method="POST", url=f"http://127.0.0.1:{port}/", is_write=True)

    with pytest.raises(PushUnconfirmedError):
        transport.perform([push(server, "echo"), nowhere])


def test_an_address_that_cannot_be_called_is_the_operators(transport):
    with pytest.raises(ConfigurationError):
        transport.perform([HttpCall(method="GET", url="ftp://127.0.0.1/")])


def test_neither_path_nor_body_gets_into_an_error(server, transport):
    call = HttpCall(
        method="POST",
        url=f"{server.url}/lost/ada@example.com?q=ada",
        json={"name": "Ada"},
        is_write=True,
    )

    with pytest.raises(PushUnconfirmedError) as raised:
        transport.perform([call])

    assert "ada" not in f"{raised.value} {raised.value.context} {raised.value.hint}".lower()


def test_an_encrypted_call_never_falls_back_to_plain(transport, server):
    with pytest.raises(SystemDownError):
        transport.perform([HttpCall(method="GET", url=server.url.replace("http:", "https:"))])

    assert server.arrived == []


def test_a_certificate_that_nobody_vouches_for_is_refused(transport, server, tmp_path):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(self_signed(tmp_path))
    server.socket = context.wrap_socket(server.socket, server_side=True)

    with pytest.raises(ConfigurationError, match="certificate"):
        transport.perform([HttpCall(method="GET", url=server.url.replace("http:", "https:"))])

    assert server.arrived == []


def self_signed(folder: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    today = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), False
        )
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "pair.pem").write_bytes(private + certificate.public_bytes(pem))
    return folder / "pair.pem"
