"""The line's TLS over real sockets: who gets in, and whom they are taken for."""

import socket
import ssl
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from detente.api import server
from detente.api.server import CONNECTIONS_PER_PEER_MAX, HEAD_BYTES_MAX, Face, bind
from detente.errors import DetenteError, InputError
from detente.node.certificates import make_authority, make_node_certificate, node_host
from detente.node.channel import Trust, check_authorities, client_context, server_context

LINE = "ab" * 32
NOW = datetime.now(UTC)


class Party:
    """A party's keys in a folder, as a node has them."""

    def __init__(self, folder: Path, name: str) -> None:
        self.name = name
        self.keys = folder / name
        self.keys.mkdir()
        key, authority = make_authority(name, NOW)
        node_key, node = make_node_certificate(name, key, authority, NOW)
        (self.keys / "node.pem").write_bytes(node_key)
        (self.keys / "node.crt").write_bytes(node)
        self.authority = authority.decode()


def twin_of(pem: str) -> str:
    """An authority with another key that bears the same name and claims the same key id."""
    old = x509.load_pem_x509_certificate(pem.encode())
    key = ec.generate_private_key(ec.SECP256R1())
    builder = x509.CertificateBuilder(
        issuer_name=old.subject,
        subject_name=old.subject,
        public_key=key.public_key(),
        serial_number=1,
        not_valid_before=old.not_valid_before_utc,
        not_valid_after=old.not_valid_after_utc,
        extensions=list(old.extensions),
    )
    made = builder.sign(key, hashes.SHA256())
    return made.public_bytes(serialization.Encoding.PEM).decode()


@pytest.fixture
def us(tmp_path: Path) -> Party:
    return Party(tmp_path, "us")


@pytest.fixture
def ru(tmp_path: Path) -> Party:
    return Party(tmp_path, "ru")


@pytest.fixture
def face(us: Party, serve: Callable[[Face], Face]) -> tuple[Face, Trust]:
    """The face of ``us``, answering with the party it takes its caller for."""
    tls = server_context(us.keys)
    trust = Trust(tls)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        certificate = Request(scope).scope["state"].get("client_certificate")
        try:
            told = trust.party_on(LINE, trust.caller(certificate)) or "nobody"
        except DetenteError as error:
            told = error.code
        await PlainTextResponse(told)(scope, receive, send)

    return serve(Face(app, bind("127.0.0.1", 0), tls=tls)), trust


def ask(face: Face, context: ssl.SSLContext, name: str = "us") -> str:
    url = "https://{}:{}/".format(*face.address)
    with httpx.Client(verify=context, trust_env=False) as client:
        return client.get(url, extensions={"sni_hostname": node_host(name)}).text


def test_a_member_is_known_by_its_authority(face: tuple[Face, Trust], us: Party, ru: Party) -> None:
    face[1].learn(LINE, "ru", ru.authority)
    assert ask(face[0], client_context(ru.keys, us.authority)) == "ru"


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
def test_strangers_that_say_nothing_do_not_use_up_the_process(
    face: tuple[Face, Trust], us: Party, ru: Party, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "HANDSHAKES_MAX", 4)
    monkeypatch.setattr(server, "HANDSHAKE_SECONDS_MAX", 3.0)
    face[1].learn(LINE, "ru", ru.authority)
    with ExitStack() as stack:
        strangers = [
            stack.enter_context(socket.create_connection(face[0].address, timeout=30))
            for _ in range(12)
        ]
        # All but the first four are turned away at once.
        for stranger in strangers[4:]:
            with suppress(ConnectionError):
                assert stranger.recv(1) == b""
        strangers[0].settimeout(0.1)
        with pytest.raises(TimeoutError):
            strangers[0].recv(1)
        deadline_s = time.monotonic() + 30
        while time.monotonic() < deadline_s:
            with suppress(httpx.TransportError):
                assert ask(face[0], client_context(ru.keys, us.authority)) == "ru"
                return
        raise AssertionError("a member cannot call any more")


def test_a_member_may_call_as_soon_as_its_line_is_joined(
    face: tuple[Face, Trust], us: Party, ru: Party
) -> None:
    context = client_context(ru.keys, us.authority)
    with pytest.raises(httpx.HTTPError):
        ask(face[0], context)
    face[1].learn(LINE, "ru", ru.authority)
    assert ask(face[0], context) == "ru"


def test_a_client_without_a_certificate_learns_of_it_on_its_first_read(
    face: tuple[Face, Trust], us: Party, ru: Party
) -> None:
    face[1].learn(LINE, "ru", ru.authority)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=us.authority)
    with (
        socket.create_connection(face[0].address, timeout=10) as raw,
        context.wrap_socket(raw, server_hostname=node_host("us")) as tls,
    ):
        # In TLS 1.3 the client's side of the handshake ends before the server has refused it.
        assert tls.version() == "TLSv1.3"
        tls.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        # asyncio closes without sending the alert; another server may send it.
        with suppress(ssl.SSLError, ConnectionError):
            assert tls.recv(100) == b""


def test_a_strangers_certificate_is_refused(face: tuple[Face, Trust], us: Party, ru: Party) -> None:
    face[1].learn(LINE, "ru", ru.authority)
    with tempfile.TemporaryDirectory() as folder:
        stranger = Party(Path(folder), "ru")
        with pytest.raises(httpx.TransportError):
            ask(face[0], client_context(stranger.keys, us.authority))


def test_an_authority_that_bears_anothers_name_is_not_learnt(
    face: tuple[Face, Trust], us: Party, ru: Party
) -> None:
    """OpenSSL finds authorities by name: the twin would shut out the one whose name it bears."""
    face[1].learn(LINE, "ru", ru.authority)
    with pytest.raises(InputError, match="bears the name"):
        face[1].learn("cd" * 32, "tj", twin_of(ru.authority))
    assert ask(face[0], client_context(ru.keys, us.authority)) == "ru"


def test_a_line_whose_members_could_not_be_told_apart_is_not_joined(us: Party, ru: Party) -> None:
    check_authorities({"us": us.authority, "ru": ru.authority})
    with pytest.raises(InputError, match="bears the name"):
        check_authorities({"ru": ru.authority, "tj": twin_of(ru.authority)})
    with pytest.raises(InputError, match="also claimed by ru"):
        check_authorities({"ru": ru.authority, "us": ru.authority})
    with pytest.raises(InputError, match="not one PEM certificate"):
        check_authorities({"ru": ru.authority, "us": "junk"})


def test_an_authority_stands_for_one_member_of_a_line(face: tuple[Face, Trust], ru: Party) -> None:
    face[1].learn(LINE, "ru", ru.authority)
    face[1].learn(LINE, "ru", ru.authority)
    with pytest.raises(InputError, match="also claimed by ru"):
        face[1].learn(LINE, "tj", ru.authority)


def test_a_member_of_one_line_is_nobody_on_another(
    face: tuple[Face, Trust], us: Party, ru: Party
) -> None:
    face[1].learn("cd" * 32, "ru", ru.authority)
    assert ask(face[0], client_context(ru.keys, us.authority)) == "nobody"


def test_a_client_trusts_no_server_but_its_peer(
    face: tuple[Face, Trust], us: Party, ru: Party
) -> None:
    face[1].learn(LINE, "ru", ru.authority)
    with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        ask(face[0], client_context(ru.keys, ru.authority))
    with pytest.raises(httpx.ConnectError, match="Hostname mismatch"):
        ask(face[0], client_context(ru.keys, us.authority), name="ru")


def test_tls_below_1_3_is_refused(face: tuple[Face, Trust], us: Party, ru: Party) -> None:
    face[1].learn(LINE, "ru", ru.authority)
    context = client_context(ru.keys, us.authority)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with pytest.raises(httpx.ConnectError):
        ask(face[0], context)


def test_a_request_head_that_does_not_end_is_cut_off(
    face: tuple[Face, Trust], us: Party, ru: Party, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "HEAD_SECONDS_MAX", 0.2)
    face[1].learn(LINE, "ru", ru.authority)
    context = client_context(ru.keys, us.authority)
    with (
        socket.create_connection(face[0].address, timeout=20) as raw,
        context.wrap_socket(raw, server_hostname=node_host("us")) as tls,
    ):
        tls.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        answer = b""
        while not answer.endswith(b"ru"):
            answer += tls.recv(4096)
        tls.sendall(b"GET / HTTP/1.1\r\nX-Slow: ")
        assert tls.recv(4096) == b""


def test_a_request_head_that_is_too_long_is_refused(
    face: tuple[Face, Trust], us: Party, ru: Party
) -> None:
    face[1].learn(LINE, "ru", ru.authority)
    context = client_context(ru.keys, us.authority)
    with (
        socket.create_connection(face[0].address, timeout=20) as raw,
        context.wrap_socket(raw, server_hostname=node_host("us")) as tls,
    ):
        tls.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nX-Long: " + b"x" * (HEAD_BYTES_MAX + 1))
        assert tls.recv(4096).startswith(b"HTTP/1.1 400")


def test_one_peer_holds_a_few_connections_and_no_more(
    face: tuple[Face, Trust], us: Party, ru: Party, tmp_path: Path
) -> None:
    tj = Party(tmp_path, "tj")
    face[1].learn(LINE, "ru", ru.authority)
    face[1].learn(LINE, "tj", tj.authority)

    def greeted(party: Party, stack: ExitStack) -> bool:
        raw = stack.enter_context(socket.create_connection(face[0].address, timeout=20))
        context = client_context(party.keys, us.authority)
        tls = stack.enter_context(context.wrap_socket(raw, server_hostname=node_host("us")))
        with suppress(ConnectionError, ssl.SSLError):
            tls.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            return tls.recv(4096).startswith(b"HTTP/1.1 200")
        return False

    with ExitStack() as stack:
        told = [greeted(ru, stack) for _ in range(CONNECTIONS_PER_PEER_MAX + 2)]
        assert told == [True] * CONNECTIONS_PER_PEER_MAX + [False] * 2
        assert greeted(tj, stack)
