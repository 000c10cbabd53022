"""A line whose terms name a witness: what is submitted, what of the answers counts, who is shown.

The witness is the one of this house behind its own HTTP application. ``tests/foreign`` puts another
in its place, and ``tests/stories`` real processes.
"""

import asyncio
import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from detente.errors import (
    DetenteError,
    InputError,
    LimitError,
    RecordError,
    SignatureError,
    StateError,
)
from detente.line import Terms, encode_terms, terms_from_wire, terms_to_wire
from detente.line.witnesses import Witness
from detente.node import Node
from detente.node.views import WitnessCall
from detente.node.wire import UnreachableError
from detente.node.witness_calls import Caller
from detente.node.witness_wire import ANSWER_BYTES_MAX, Answer, HttpsWire
from detente.record import MlDsaKey, SigningKey
from detente.record.checkpoint import cosign, cosignatures_of, cosigner_keys
from detente.record.note import verifier_key
from detente.record.witness import SIZE_TYPE, decode_submission, encode_submission
from detente.witness import served, store
from detente.witness.app import WitnessFace
from detente.witness.cosigner import Cosigner
from detente.witness.settings import as_in_terms, create
from detente.witness.store import FILE, WitnessStore

Pair = Any
NAME = "witness.example/w1"
LINE = "northern-watch"
NOW_S = 1_795_334_400.0


class Face:
    """A witness reached through its HTTP application, and a wire that can be cut."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.witness: Witness = as_in_terms(directory)
        self.cosigner = Cosigner.open(directory, None, lambda: NOW_S)
        self.asked: list[tuple[str, str, bytes | None]] = []
        self.down = False

    def allow(self, founding: bytes) -> None:
        kept = WitnessStore(self.directory / FILE)
        served.allow_line(kept, founding)
        kept.close()

    def ask(self, method: str, path: str, content: bytes | None) -> Answer:
        self.asked.append((method, path, content))
        if self.down:
            raise UnreachableError("is down", where=NAME)
        response = asyncio.run(self._called(method, path, content))
        kind = response.headers.get("content-type", "").partition(";")[0]
        return Answer(response.status_code, kind, response.content)

    async def _called(self, method: str, path: str, content: bytes | None) -> httpx.Response:
        transport = httpx.ASGITransport(WitnessFace(self.cosigner).app())
        async with httpx.AsyncClient(transport=transport, base_url="https://w.example") as client:
            return await client.request(method, path, content=content)

    def close(self) -> None:
        self.cosigner.close()


class Scripted:
    """A witness that answers what it is told to."""

    def __init__(self, *answers: Answer | Callable[[bytes], Answer]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    def ask(self, method: str, path: str, content: bytes | None) -> Answer:
        self.asked.append(f"{method} {path}")
        if method == "GET":
            return Answer(404, "", b"")
        answer = self.answers.pop(0)
        return answer if isinstance(answer, Answer) else answer(content or b"")

    def close(self) -> None:
        pass


@pytest.fixture(scope="module")
def template(
    make_template: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Path]:
    """Folders of two nodes on a line with a witness, and of the witness, which serves it."""
    folder = tmp_path_factory.mktemp("witness") / "w"
    create(folder, NAME, "https://127.0.0.1:7450", "127.0.0.1:7450", None)
    face = Face(folder)

    def fill(pair: Pair) -> None:
        terms = msgspec.structs.replace(pair.terms(), witnesses=(face.witness,))
        us, ru = pair.nodes["us"], pair.nodes["ru"]
        founding = us.found(LINE, terms, [ru.card()])
        face.allow(founding)
        for node in (us, ru):
            node.join(founding, pair.confirm(node))
        pair.sync()

    nodes = make_template(fill, joined=False)
    face.close()
    return nodes, folder


@pytest.fixture
def line(
    template: tuple[Path, Path], copy_of: Callable[[Path], Pair], tmp_path: Path
) -> Iterator[Any]:
    """Two nodes, joined, with a witness that has seen nothing yet."""
    pair = copy_of(template[0])
    shutil.copytree(template[1], tmp_path / "w")
    pair.face = Face(tmp_path / "w")
    pair.id = pair.nodes["us"].line(LINE).id
    yield pair
    pair.face.close()


def caller(pair: Pair, party: str, wire: Any = None) -> Caller:
    node = pair.nodes[party]
    (call,) = node.witnesses_to_call()
    return Caller(node, call, pair.face if wire is None else wire)


def say(pair: Pair, text: str = "radio check") -> None:
    pair.nodes["us"].send(LINE, text=text, officer="a")


def newest(node: Node, party: str) -> Any:
    return node.entries(
        LINE, party, start=node.heads(node.line(LINE).id, node.party)[party].size - 1
    )[0]


# --- terms --------------------------------------------------------------------------------------


def test_terms_without_witnesses_are_the_bytes_they_were(pair: Pair) -> None:
    terms: Terms = pair.terms()
    assert b"witness" not in encode_terms(terms)
    assert terms_from_wire(terms_to_wire(terms)) == terms


def keys_of(name: str = NAME, *, hybrid: bool = True) -> list[str]:
    key = SigningKey.generate(MlDsaKey.generate() if hybrid else None)
    return cosigner_keys(name, key.public)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": "witness"}, "name is not one like"),
        ({"name": "detente.invalid/party/us"}, "name is not one like"),
        ({"name": "other.example"}, "under another name"),
        ({"keys": []}, "not one for Ed25519"),
        ({"keys": ["x"]}, "not a verifier key"),
        ({"keys": keys_of()[::-1]}, "not one for Ed25519"),
        ({"keys": keys_of()[1:]}, "not one for Ed25519"),
        ({"url": "http://w.example"}, "url is not one"),
        ({"url": "https://user@w.example"}, "url is not one"),
        ({"url": "https://w.example/?x"}, "url is not one"),
        ({"ca": "x"}, "one certificate"),
        ({"more": 1}, "fields"),
    ],
)
def test_a_witness_that_could_not_be_used_is_refused(
    pair: Pair, change: dict[str, Any], said: str
) -> None:
    wire = terms_to_wire(pair.terms())
    wire["witnesses"] = [{"name": NAME, "keys": keys_of(), "url": "https://w.example"} | change]
    with pytest.raises(InputError, match=said):
        terms_from_wire(wire)


def test_two_witnesses_are_two(pair: Pair) -> None:
    one = {"name": NAME, "keys": keys_of()}
    wire = terms_to_wire(pair.terms())
    with pytest.raises(InputError, match="one name or one key"):
        terms_from_wire(wire | {"witnesses": [one, one]})
    many = [
        {"name": f"w{n}.example", "keys": keys_of(f"w{n}.example", hybrid=False)} for n in range(5)
    ]
    assert len(terms_from_wire(wire | {"witnesses": many[:4]}).witnesses) == 4
    with pytest.raises(InputError, match="at most 4"):
        terms_from_wire(wire | {"witnesses": many})


def test_a_party_is_no_witness(strangers: Pair) -> None:
    us, ru = strangers.nodes["us"], strangers.nodes["ru"]
    key = us._core.card.public
    witness = Witness(name=NAME, keys=tuple(cosigner_keys(NAME, key)))
    terms = msgspec.structs.replace(strangers.terms(), witnesses=(witness,))
    with pytest.raises(InputError, match="same signing key"):
        us.found(LINE, terms, [ru.card()])


# --- submitting ---------------------------------------------------------------------------------


def test_an_entry_is_joint_only_when_the_witness_has_signed_too(line: Any) -> None:
    say(line)
    line.sync()
    us, ru = line.nodes["us"], line.nodes["ru"]
    before = newest(us, "us")
    assert before.receipts["ru"] is not None
    assert before.witnesses == {NAME: None}
    assert before.joint is None
    caller(line, "us").run()
    after = newest(us, "us")
    assert after.witnesses[NAME] == "2026-11-22T08:00:00Z"
    assert after.joint == max(after.witnesses[NAME], after.receipts["ru"])
    # The other side shows it once it has been delivered there, or has looked by itself.
    assert newest(ru, "us").joint is None
    (told,) = us.witnessed(line.id)
    ru.receive_cosignatures(line.id, "us", told.note, "us")
    assert newest(ru, "us").witnesses == after.witnesses
    assert [node.verify() for node in (us, ru)] == [[], []]


def test_a_witness_is_shown_checkpoints_and_nothing_else(line: Any) -> None:
    say(line, "SECRET WORDS")
    caller(line, "us").run()
    origin = f"detente.invalid/line/{line.id}/us"
    bodies = [body for method, _, body in line.face.asked if method == "POST"]
    assert len(bodies) == 1
    submission = decode_submission(bodies[0] or b"")
    text, _, signatures = submission.note.partition("\n\n")
    assert text.split("\n")[:2] == [origin, "2"]
    assert len(text.split("\n")) == 3
    assert all(one.startswith(f"— {origin} ") for one in signatures.rstrip("\n").split("\n"))


def test_what_is_cosigned_is_not_submitted_again(line: Any) -> None:
    one = caller(line, "us")
    one.run()
    one.run()
    posts = [path for method, path, _ in line.face.asked if method == "POST"]
    assert posts == ["/add-checkpoint"]
    say(line)
    one.run()
    (old,) = [decode_submission(body).old_size for _, _, body in line.face.asked[-1:]]
    assert old == 1


def test_a_lost_answer_is_caught_up_with(line: Any) -> None:
    """The witness signed and we never heard: it names its size, and is asked once more."""
    us = line.nodes["us"]
    due = us.submission(line.id, NAME, None)
    assert due is not None
    line.face.ask("POST", "/add-checkpoint", encode_submission(due))
    say(line)
    caller(line, "us").run()
    assert newest(us, "us").witnesses[NAME] is not None
    assert [p for m, p, _ in line.face.asked if m == "POST"] == ["/add-checkpoint"] * 3


def test_a_witness_that_is_down_delays_what_is_joint_and_nothing_else(line: Any) -> None:
    line.face.down = True
    us = line.nodes["us"]
    with pytest.raises(UnreachableError):
        caller(line, "us").run()
    us.failed(line.id, NAME, "is down")
    us.send(LINE, text="two tracks below you", precedence="urgent-safety", officer="a")
    line.sync()
    entry = newest(us, "us")
    assert entry.receipts["ru"] is not None
    assert entry.joint is None
    (shown,) = us.witnesses(LINE)
    assert (shown.state, shown.last_error) == ("down", "is down")
    assert (shown.own_size, shown.own_witnessed) == (2, 0)
    line.face.down = False
    caller(line, "us").run()
    us.heard(line.id, NAME, {})
    (shown,) = us.witnesses(LINE)
    assert (shown.state, shown.own_witnessed, shown.last_error) == ("up", 2, None)
    assert newest(us, "us").joint is not None


def test_a_witness_that_does_not_know_the_log_is_said_to(line: Any) -> None:
    kept = WitnessStore(line.face.directory / FILE)
    for party in ("us", "ru"):
        for key in kept_keys(kept, line.id, party):
            served.forbid(kept, key)
    kept.close()
    with pytest.raises(StateError, match="does not know our log"):
        caller(line, "us").run()


def kept_keys(kept: WitnessStore, line: str, party: str) -> list[str]:
    with kept.read() as tx:
        found = store.keys_of(tx, f"detente.invalid/line/{line}/{party}")
    return [verifier_key(key.name, key.type, key.raw) for key in found]


# --- forks --------------------------------------------------------------------------------------


def test_a_log_that_was_forked_is_refused_and_shown_with_proof(line: Any, tmp_path: Path) -> None:
    """The same node twice, from a copy of its folder: the witness has seen one of the two."""
    us, ru = line.nodes["us"], line.nodes["ru"]
    us.close()
    copy = tmp_path / "twin"
    shutil.copytree(line.directory / "us", copy)
    us = line.open("us")
    twin = Node.open(copy, clock=line.clock)
    try:
        twin.send(LINE, text="one thing", officer="a")
        (call,) = twin.witnesses_to_call()
        Caller(twin, call, line.face).run()
        us.send(LINE, text="another", officer="a")
        with pytest.raises(StateError, match="refused our checkpoint"):
            Caller(us, call, line.face).run()
        # The witness has both, each signed by the party.
        kept = WitnessStore(line.face.directory / FILE)
        with kept.read() as tx:
            (refused,) = store.all_refused(tx)
        kept.close()
        assert refused.why == "another root for one size"
        # Our node shows what the witness showed it: its own signature under another history.
        (shown,) = us.witnesses(LINE)
        (fork,) = shown.forks
        assert (fork.party, fork.offered_by) == ("us", NAME)
        (proof,) = us.proofs(LINE)
        assert proof.proof is not None
        # And so does the other side, which had only what we told it.
        page = us.read_log(line.id, "us", 1, "ru")
        ru.receive(line.id, "us", 1, page.entries, page.checkpoint, "us")
        caller(line, "ru").run()
        (link,) = ru.links(LINE)
        assert [(one.party, one.offered_by) for one in link.forks] == [("us", NAME)]
        with pytest.raises(StateError, match="nothing is submitted"):
            us.submission(line.id, NAME, None)
    finally:
        twin.close()


def test_a_restored_store_learns_from_the_witness_what_it_forgot(line: Any, tmp_path: Path) -> None:
    """Folder and marks are both old: nothing here knows, and the witness has our signature."""
    line.nodes["us"].close()
    shutil.copytree(line.directory / "us", tmp_path / "backup")
    line.open("us")
    say(line)
    say(line)
    caller(line, "us").run()
    line.nodes["us"].close()
    shutil.rmtree(line.directory / "us")
    shutil.copytree(tmp_path / "backup", line.directory / "us")
    us = line.open("us")
    with pytest.raises(StateError, match="restored"):
        caller(line, "us").run()
    with pytest.raises(StateError, match="signed 3 entries"):
        us.send(LINE, text="a second history", officer="a")


def test_what_a_witness_has_seen_of_a_peer_is_taken(line: Any) -> None:
    caller(line, "us").run()
    ru = line.nodes["ru"]
    caller(line, "ru").run()
    (shown,) = ru.witnesses(LINE)
    assert shown.witnessed == {"ru": 1, "us": 1}


# --- hostile witnesses --------------------------------------------------------------------------


def ok(body: bytes) -> Answer:
    return Answer(200, "text/plain", body)


def size(body: bytes, kind: str = SIZE_TYPE) -> Answer:
    return Answer(409, kind, body)


@pytest.mark.parametrize(
    ("answers", "error"),
    [
        ([ok(b"")], RecordError),
        ([ok(b"nonsense\n")], RecordError),
        ([ok(b"\xff")], RecordError),
        ([ok(b"\n" * 200)], RecordError),
        ([size(b"0\n")], RecordError),
        ([size(b"1\n"), size(b"1\n")], RecordError),
        ([size(b"1\n"), size(b"0\n")], RecordError),
        ([size(b"999999\n")], StateError),
        ([size(b"1\n", "text/plain")], RecordError),
        ([size(b"1")], RecordError),
        ([size(b"-1\n")], RecordError),
        ([size(b"01\n")], RecordError),
        ([size(b"9" * 40 + b"\n")], RecordError),
        ([Answer(422, "", b"")], StateError),
        ([Answer(403, "", b"")], StateError),
        ([Answer(429, "", b"")], StateError),
        ([Answer(500, "", b"x" * 100)], StateError),
        ([Answer(302, "", b"")], StateError),
    ],
)
def test_a_witness_that_answers_nonsense_is_refused(
    line: Any, answers: list[Answer], error: type[DetenteError]
) -> None:
    with pytest.raises(error):
        caller(line, "us", Scripted(*answers)).run()
    assert newest(line.nodes["us"], "us").witnesses == {NAME: None}


def test_a_signature_by_another_key_does_not_count(line: Any) -> None:
    thief = SigningKey.generate(MlDsaKey.generate())

    def forged(body: bytes) -> Answer:
        note = decode_submission(body).note
        return ok(f"{cosign(thief, NAME, note, int(NOW_S))}\n".encode())

    with pytest.raises(SignatureError):
        caller(line, "us", Scripted(forged)).run()


def test_a_signature_under_another_checkpoint_does_not_count(line: Any) -> None:
    face = line.face
    us = line.nodes["us"]
    first = us.submission(line.id, NAME, None)
    answer = face.ask("POST", "/add-checkpoint", encode_submission(first))
    say(line)
    with pytest.raises(SignatureError):
        caller(line, "us", Scripted(answer)).run()
    assert newest(us, "us").joint is None


def test_half_a_signature_does_not_count(line: Any) -> None:
    due = line.nodes["us"].submission(line.id, NAME, None)
    answer = line.face.ask("POST", "/add-checkpoint", encode_submission(due))
    half = answer.body.split(b"\n")[0] + b"\n"
    with pytest.raises(SignatureError):
        caller(line, "us", Scripted(ok(half))).run()


def test_a_witness_that_lacks_signatures_of_a_log_still_cosigns_what_is_held(line: Any) -> None:
    us, ru = line.nodes["us"], line.nodes["ru"]
    due = us.submission(line.id, NAME, None)
    answer = line.face.ask("POST", "/add-checkpoint", encode_submission(due))
    text = due.note.split("\n\n")[0]
    assert ru.heads(line.id, "ru")["us"].checkpoint.startswith(f"{text}\n\n")
    ru.receive_seen(line.id, NAME, "us", f"{text}\n\n{answer.body.decode()}")
    assert newest(ru, "us").witnesses[NAME] is not None
    other = text.replace("\n" + text.split("\n")[2], "\n" + "A" * 43 + "=")
    with pytest.raises(SignatureError):
        ru.receive_seen(line.id, NAME, "us", f"{other}\n\n{answer.body.decode()}")


def test_a_signature_from_the_future_does_not_count(line: Any) -> None:
    later = Cosigner.open(line.face.directory, None, lambda: NOW_S + 400)
    due = line.nodes["us"].submission(line.id, NAME, None)
    body = later.add_checkpoint(encode_submission(due)).encode()
    later.close()
    with pytest.raises(RecordError, match="future"):
        caller(line, "us", Scripted(ok(body))).run()


def test_a_peer_cannot_bring_a_forged_witness(line: Any) -> None:
    us, ru = line.nodes["us"], line.nodes["ru"]
    note = us.heads(line.id, "us")["us"].checkpoint
    forged = cosign(SigningKey.generate(MlDsaKey.generate()), NAME, note, int(NOW_S))
    with pytest.raises(SignatureError):
        ru.receive_cosignatures(line.id, "us", f"{note}{forged}\n", "us")
    stranger = cosign(SigningKey.generate(), "other.example", note, int(NOW_S))
    ru.receive_cosignatures(line.id, "us", f"{note}{stranger}\n", "us")
    kept = ru.heads(line.id, "ru")["us"].checkpoint
    assert "other.example" not in kept
    assert len(cosignatures_of(kept)) == 1


# --- the wire -----------------------------------------------------------------------------------


@pytest.fixture
def serve() -> Iterator[Callable[[Callable[[socket.socket], None]], str]]:
    """A server that treats its one caller as a function says."""
    listening: list[socket.socket] = []
    threads: list[threading.Thread] = []

    def start(treat: Callable[[socket.socket], None]) -> str:
        bound = socket.create_server(("127.0.0.1", 0))
        listening.append(bound)

        def run() -> None:
            try:
                caller, _ = bound.accept()
                with caller:
                    asked = b""
                    # What is left unread when a connection is closed resets it.
                    while not asked.endswith(b"\r\n\r\nx"):
                        asked += caller.recv(65536)
                    treat(caller)
            except OSError:
                return

        threads.append(threading.Thread(target=run, daemon=True))
        threads[-1].start()
        return f"http://127.0.0.1:{bound.getsockname()[1]}"

    yield start
    for one in listening:
        one.close()
    for thread in threads:
        thread.join(10)


def wire_to(url: str, seconds: float = 20.0) -> HttpsWire:
    return HttpsWire(WitnessCall(line="", name=NAME, url=url, ca=None), seconds_max=seconds)


def drip(head: bytes) -> Callable[[socket.socket], None]:
    done = threading.Event()

    def treat(caller: socket.socket) -> None:
        caller.sendall(head)
        for _ in range(200):
            if done.wait(0.1):
                return
            caller.sendall(b"x")

    return treat


@pytest.mark.parametrize(
    "head",
    [b"HTTP/1.1 200 OK\r\nX-", b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"],
    ids=["head", "body"],
)
def test_an_answer_that_drips_is_ended(serve: Callable[..., str], head: bytes) -> None:
    wire = wire_to(serve(drip(head)), seconds=0.5)
    with pytest.raises(UnreachableError, match="in time"):
        wire.ask("POST", "/add-checkpoint", b"x")
    wire.close()


def test_an_answer_that_is_too_long_is_cut(serve: Callable[..., str]) -> None:
    def flood(caller: socket.socket) -> None:
        caller.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        for _ in range(10):
            caller.sendall(b"x" * ANSWER_BYTES_MAX)

    wire = wire_to(serve(flood))
    with pytest.raises(LimitError, match="larger"):
        wire.ask("POST", "/add-checkpoint", b"x")
    wire.close()


@pytest.mark.parametrize(
    "answer", [b"", b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx"]
)
def test_what_is_no_answer_is_none(serve: Callable[..., str], answer: bytes) -> None:
    wire = wire_to(serve(lambda caller: caller.sendall(answer)))
    with pytest.raises(UnreachableError):
        wire.ask("POST", "/add-checkpoint", b"x")
    wire.close()


def test_a_certificate_that_is_none_is_named() -> None:
    with pytest.raises(InputError, match="certificate"):
        HttpsWire(WitnessCall(line="", name=NAME, url="https://w.example", ca="x"))
