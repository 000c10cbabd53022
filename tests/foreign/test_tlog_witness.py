"""A line's logs, witnessed by a witness that nobody here wrote; and our witness, asked by others.

The witness is transparency-dev's `omniwitness`, with an Ed25519 and an ML-DSA-44 key; its path is
in ``DETENTE_TLOG_WITNESS``. Its own list of public logs is not asked for anything if it is built
with an empty one, as it should be for this.

What others ask is the exchange that torchwood's `litewitness` publishes as its own test; the path
of that file (`cmd/litewitness/testdata/litewitness.txt`) is in ``DETENTE_TLOG_EXCHANGE``.
"""

import asyncio
import base64
import json
import os
import re
import socket
import subprocess
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from detente.line import Area, standard_terms
from detente.line.witnesses import Witness
from detente.node import Node
from detente.node.settings import Settings
from detente.node.setup import create
from detente.node.views import WitnessCall
from detente.node.witness_calls import Caller
from detente.node.witness_wire import HttpsWire
from detente.record import MlDsaKey, SigningKey, open_card
from detente.record.checkpoint import cosigner_keys, log_keys
from detente.record.note import COSIGNATURE, ED25519, ML_DSA_44, key_id, verifier_key
from detente.record.witness import Submission, encode_submission
from detente.witness import served
from detente.witness.app import WitnessFace
from detente.witness.cosigner import Cosigner
from detente.witness.settings import create as create_witness
from detente.witness.store import FILE, WitnessStore

WITNESS = os.environ.get("DETENTE_TLOG_WITNESS", "")
EXCHANGE = os.environ.get("DETENTE_TLOG_EXCHANGE", "")
NAME = "witness.example/foreign"
START_S_MAX = 20.0


@pytest.fixture
def keys(tmp_path: Path) -> tuple[SigningKey, list[Path]]:
    """A witness's key, and its halves in files as Go's tools for signed notes keep private keys."""
    second = MlDsaKey.generate()
    key = SigningKey.generate(second)
    seeds = {COSIGNATURE: key._key.private_bytes_raw(), ML_DSA_44: second._key.private_bytes_raw()}
    raws = {COSIGNATURE: key.public.raw, ML_DSA_44: second.public.raw}
    files = []
    for kind, seed in seeds.items():
        # An Ed25519 key is kept, and its id computed, as one for plain signatures.
        shown = ED25519 if kind == COSIGNATURE else kind
        typed = base64.b64encode(bytes([shown]) + seed).decode()
        files.append(tmp_path / f"key-{kind}")
        digest = key_id(NAME, shown, raws[kind]).hex()
        files[-1].write_text(f"PRIVATE+KEY+{NAME}+{digest}+{typed}")
    return key, files


@pytest.fixture
def us(tmp_path: Path, keys: tuple[SigningKey, list[Path]]) -> Iterator[Node]:
    """A node on a line whose terms name the witness."""
    nodes = {}
    for party in ("ru", "us"):
        settings = Settings(party=party, name=party, endpoint="https://192.0.2.1:7443")
        create(tmp_path / party, settings)
        nodes[party] = Node.open(tmp_path / party)
    terms = standard_terms(
        ["ru", "us"],
        area=Area(west=65, south=35, east=73, north=40),
        effective_from_s=1_795_334_400.0,
        review_on=date(2027, 11, 22),
    )
    witness = Witness(name=NAME, keys=tuple(cosigner_keys(NAME, keys[0].public)))
    terms = msgspec.structs.replace(terms, witnesses=(witness,))
    founding = nodes["us"].found("north", terms, [nodes["ru"].card()])
    for one, other in (("us", "ru"), ("ru", "us")):
        card = open_card(nodes[other].card())
        nodes[one].join(founding, {other: card.fingerprint})
    line = nodes["us"].line("north").id
    page = nodes["ru"].read_log(line, "ru", 0, "us")
    nodes["us"].receive(line, "ru", 0, page.entries, page.checkpoint, "ru")
    yield nodes["us"]
    for node in nodes.values():
        node.close()


@pytest.fixture
def foreign(us: Node, keys: tuple[SigningKey, list[Path]], tmp_path: Path) -> Iterator[str]:
    """The foreign witness, serving our log; where it answers."""
    line = us.line("north").id
    [log, _] = log_keys(line, "us", open_card(us.card()).public)
    logs = tmp_path / "logs.yaml"
    origin = f"detente.invalid/line/{line}/us"
    served_log = {"Origin": origin, "PublicKey": log, "URL": "http://127.0.0.1:1", "Feeder": "none"}
    logs.write_text(json.dumps({"Logs": [served_log]}))
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    with (tmp_path / "said").open("wb") as said:
        process = subprocess.Popen(
            [WITNESS, f"--listen=127.0.0.1:{port}", "--metrics_listen=",
             f"--db_file={tmp_path}/w.db", f"--additional_logs={logs}",
             *(f"--private_key_path={path}" for path in keys[1])],
            stdout=said, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            deadline_s = time.monotonic() + START_S_MAX
            while time.monotonic() < deadline_s and process.poll() is None:
                try:
                    socket.create_connection(("127.0.0.1", port), 1).close()
                    break
                except OSError:
                    time.sleep(0.05)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.kill()
            process.wait()


@pytest.mark.skipif(not WITNESS, reason="DETENTE_TLOG_WITNESS names no witness")
def test_a_foreign_witness_cosigns_our_log_as_it_grows(us: Node, foreign: str) -> None:
    line = us.line("north").id
    call = WitnessCall(line=line, name=NAME, url=foreign, ca=None)
    wire = HttpsWire(call)
    caller = Caller(us, call, wire)
    for count in (0, 1, 6, 9):
        for n in range(count):
            us.send("north", text=f"test {n}", officer="a")
        caller.run()
        size = us.heads(line, "us")["us"].size
        assert [(one.witness, one.size) for one in us.witnessed(line)] == [(NAME, size)]
    # An answer that was lost: the witness names its size, and is asked from there.
    us.send("north", text="more", officer="a")
    due = us.submission(line, NAME, None)
    assert due is not None
    assert wire.ask("POST", "/add-checkpoint", encode_submission(due)).status == 200
    us.send("north", text="and more", officer="a")
    caller.run()
    [newest] = us.entries("north", "us", us.heads(line, "us")["us"].size - 1)
    assert newest.witnesses[NAME] is not None
    assert us.verify() == []
    # And another history of the same log it refuses.
    us.send("north", text="the last", officer="a")
    due = us.submission(line, NAME, None)
    assert due is not None
    false = (bytes(32), *due.proof[1:])
    forged = encode_submission(Submission(due.old_size, false, due.note))
    assert wire.ask("POST", "/add-checkpoint", forged).status == 422
    wire.close()


@pytest.mark.skipif(not EXCHANGE, reason="DETENTE_TLOG_EXCHANGE names no published exchange")
def test_our_witness_answers_a_published_exchange(tmp_path: Path) -> None:
    """Requests of a Sigsum log, one after the other, with the answers that were published.

    Two differ by intention: an unknown log is 404 since version 1.0.0 of the specification, and
    base64 with bits set that stand for nothing is malformed here before it is a false signature.
    """
    text = Path(EXCHANGE).read_text()
    asked = re.findall(
        r"^POST \S+/add-checkpoint\n```\n(.*?)```\nHTTP (\d+)(.*?)(?=^POST|\Z)", text, re.M | re.S
    )
    assert len(asked) == 9
    key = bytes.fromhex(re.search(r"add-sigsum-log -key=([0-9a-f]{64})", text)[1])  # type: ignore[index]
    origin = asked[0][0].split("\n")[2]
    create_witness(
        tmp_path / "w", "example.com/witness", "https://127.0.0.1:1", "127.0.0.1:1", None
    )
    kept = WitnessStore(tmp_path / "w" / FILE)
    served.allow(kept, verifier_key(origin, ED25519, key))
    kept.close()
    cosigner = Cosigner.open(tmp_path / "w", None, time.time)

    async def ask(body: str) -> httpx.Response:
        transport = httpx.ASGITransport(WitnessFace(cosigner).app())
        async with httpx.AsyncClient(transport=transport, base_url="https://w") as client:
            return await client.post("/add-checkpoint", content=body.encode())

    answers: list[Any] = []
    for body, status, asserts in asked:
        answer = asyncio.run(ask(body))
        unknown = "unknown log" in asserts
        spelling = "invalid signature" in asserts
        assert answer.status_code == (404 if unknown else 400 if spelling else int(status)), body
        if status == "200":
            assert answer.text.startswith("— example.com/witness ")
        if status == "409":
            size = re.search(r'body == "(\d+)\\n"', asserts)
            assert size is not None
            assert answer.text == f"{size[1]}\n"
        answers.append(answer.status_code)
    assert answers.count(200) == 3
    cosigner.close()
