"""The faces of a running node: what peers push, officers send, hands carry and witnesses answer.

Two nodes on one line, ``us`` and ``ru``, on a disk in memory. ``us`` is asked; no request may bring
it to an error that it did not foresee.
"""

import asyncio
import json
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import msgspec

from bench.fuzz.readers import Read, body_of, lenient, signed
from bench.fuzz.thirds import LETTER, URL, WITNESS, letter_by, sealed, witness, witnessed
from bench.simulation.disk import Kind, StillClock, Template, Templates
from bench.simulation.face import serve
from detente.api.app import build
from detente.errors import DetenteError, InputError
from detente.node import Node
from detente.node.keys import read_signing_key
from detente.node.views import WitnessCall
from detente.node.wire import UnreachableError
from detente.node.witness_calls import Caller
from detente.node.witness_wire import Answer
from detente.record import Checkpoint, Entry, Envelope, read_entry, tree
from detente.record.checkpoint import origin, sign_checkpoint
from detente.record.header import HEADER_TYPE

BYTES_MAX = 1_000_000
HELLO = {"precedence": "routine", "reply_to": None, "conflict": None}
NOT_ASKED = ("/api/v1/events", "/api/v1/log", "/api/v1/account", "/api/v1/officers/fuzz")
"""A stream without an end, passwords that cost time on purpose, and the end of who asks."""


class RefusedError(DetenteError):
    """What a face answered, as a reader would have refused it."""


def _name_witness(template: Template) -> None:
    """Have all parties sign terms that name the witness, and ``us`` hold their signatures."""
    nodes = {
        party: Node.open(template.folder / party, clock=StillClock())
        for party in template.terms["members"]
    }
    named = {"version": 2, "witnesses": [msgspec.to_builtins(witness())]}
    for party, node in nodes.items():
        node.sign_terms(template.line, template.terms | named, officer="fuzz")
        page = node.read_log(template.line, party, 0, "us")
        if party != "us":
            nodes["us"].receive(template.line, party, 0, page.entries, page.checkpoint, party)
    for node in nodes.values():
        node.close()


class _Writer:
    """Whoever holds the keys of a party, and writes on in its log."""

    def __init__(self, us: Node, template: Template, party: str) -> None:
        self._us, self._line, self._party = us, template.line, party
        self.key = read_signing_key(template.folder / party / "keys", None)
        entries = self._read(0)
        self._leaves = [entry.leaf for entry in entries]
        # Nobody who has seen something has seen less of it later.
        self._seen = json.loads(entries[-1].envelope.payload)["seen"]

    def _read(self, start: int) -> list[Entry]:
        page = self._us.read_log(self._line, self._party, start, "us")
        return [read_entry(bundle, lambda _: self.key.public) for bundle in page.entries]

    def read_on(self) -> None:
        """Read what has been taken. Raises RuntimeError if that is not what is said to be held."""
        held = self._us.heads(self._line, "us")[self._party].size
        self._leaves += [entry.leaf for entry in self._read(len(self._leaves))]
        if len(self._leaves) != held:
            raise RuntimeError(f"{held} entries are held, and {len(self._leaves)} can be read")

    def pushed(self, said: dict[str, Any]) -> str:
        """The body of a push, as ``Faces.push`` says it."""
        held, leaves, bundles = len(self._leaves), list(self._leaves), []
        given, skipped = said.get("entries"), said.get("skip")
        skipped = skipped if isinstance(skipped, int) and 0 <= skipped < 99 else 0
        for one in (given if isinstance(given, list) else [])[:20]:
            said_now = {"seen": self._seen} | (one if isinstance(one, dict) else {})
            body = body_of(said_now.get("body", {"text": "hello", "language": "en"}))
            if "about" not in said_now:
                said_now = said_now | {"about": HELLO}
            index = len(leaves) + skipped
            bundle = signed(self.key, self._line, self._party, index, said_now, body)
            envelope = Envelope.from_wire(
                bundle["envelope"], payload_type=HEADER_TYPE, limit_bytes=BYTES_MAX
            )
            leaves.append(envelope.pae)
            bundles.append(bundle)
        less, start = (said.get(name) for name in ("note", "from"))
        size = len(leaves) - (less if isinstance(less, int) else 0)
        root = tree.root_of(map(tree.leaf_hash, leaves[: max(0, size)]))
        note, name = None, origin(self._line, self._party)
        if 0 < size < 2**53:
            note = sign_checkpoint(self.key, Checkpoint(name, size, root))
        request = {
            "from": held + skipped + (start if isinstance(start, int) else 0),
            "entries": bundles,
            "checkpoint": note,
        }
        more = said.get("with")
        return json.dumps(request | (more if isinstance(more, dict) else {}))


class _Answers:
    """A wire to a witness that gives these answers, and then again and again the last one."""

    def __init__(self, answers: list[Any]) -> None:
        self._answers = answers
        self._note = ""
        self.asked = 0

    def ask(self, method: str, path: str, content: bytes | None) -> Answer:
        """The next answer."""
        if content is not None:
            self._note = content.decode().partition("\n\n")[2]
        if not self._answers:
            raise UnreachableError("did not answer in time")
        given = self._answers[min(self.asked, len(self._answers) - 1)]
        self.asked += 1
        said = given if isinstance(given, dict) else {}
        status, kind, body = (said.get(name) for name in ("status", "kind", "body"))
        text = body if isinstance(body, str) else json.dumps(body)
        if self._note:
            lines = witnessed(self._note).decode()
            text = text.replace("$note", self._note + lines).replace("$cosigned", lines)
        return Answer(
            status if isinstance(status, int) else 200,
            kind if isinstance(kind, str) else "text/plain",
            text.encode("utf-8", "surrogatepass"),
        )

    def close(self) -> None:
        """There is no connection."""


class Faces:
    """The node that is asked, and whoever holds the keys of ``ru`` and ``tj``."""

    def __init__(self, folder: Path) -> None:
        template = Templates(folder).line_of(Kind(parties=4, met=True))
        self.line = template.line
        _name_witness(template)
        self.us = Node.open(template.folder / "us", clock=StillClock())
        self._ru, self._tj = (_Writer(self.us, template, party) for party in ("ru", "tj"))
        self._loop = asyncio.new_event_loop()
        headers = {"Authorization": f"Bearer {self.us.add_officer('fuzz', 'senior')}"}
        office = self.us.add_officer("fuzz admin", "admin")
        self._tokens = (headers, {"Authorization": f"Bearer {office}"})
        transport = httpx.ASGITransport(build(self.us), raise_app_exceptions=True)
        self._client = httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1")
        entry = self.us.send(self.line, text="hello", officer="fuzz")
        fixed = self.us.commit(self.line, text="so", officer="fuzz")
        self._names = {
            "$commitment": fixed.id,
            "$entry": entry.id,
            "$line-id": self.line,
            "$line": "northern-watch",
        }

    def close(self) -> None:
        """Close the node."""
        self._loop.run_until_complete(self._client.aclose())
        self._loop.close()
        self.us.close()

    def readers(self) -> dict[str, Read]:
        """Both faces by the name of their corpus."""
        return {
            "carried": self.carried,
            "push": self.push,
            "request": self.request,
            "witness-call": self.called,
        }

    # --- peers ------------------------------------------------------------------------------------

    def push(self, data: bytes) -> None:
        """``{"entries":[{"type","about","body"}],"from":0,"note":0,"with":{…},"path":"…"}``.

        ``entries`` are signed and numbered from what is held on, ``from`` counts from there too,
        the checkpoint covers all but ``note`` of them, ``with`` replaces fields of the request, and
        ``raw`` is sent as it is. With ``skip`` they leave a gap.
        """
        said = lenient(data, "push", dict)
        path = said.get("path")
        content = said["raw"] if isinstance(said.get("raw"), str) else self._ru.pushed(said)
        status, answer = serve(
            self.us,
            self.line,
            "ru",
            "POST",
            path if isinstance(path, str) else "/logs/ru",
            content.encode("utf-8", "surrogatepass"),
        )
        self._check(status, answer)
        self._ru.read_on()

    # --- by hand ----------------------------------------------------------------------------------

    def carried(self, data: bytes) -> str:
        """``{"letter":{…},"rotations":[],"spans":[…],"last":{…},"cut":0}``: a parcel by ``tj``.

        ``spans`` are as in ``push``; ``last`` is the last chunk, and ``letter`` replaces fields of
        the letter. ``cut`` bytes are missing at its end.
        """
        said = lenient(data, "parcel", dict)
        given, cut, spans = said.get("letter"), said.get("cut"), said.get("spans")
        pushes = [
            one for one in (spans if isinstance(spans, list) else []) if isinstance(one, dict)
        ]
        chunks = [
            json.dumps({"log": "tj"} | json.loads(self._tj.pushed(one))) for one in pushes[:4]
        ]
        chunks.append(json.dumps(said.get("last")))

        def letter(digest: str) -> bytes:
            fields = LETTER | {"line": self.line, "from": "tj", "label": digest}
            fields |= given if isinstance(given, dict) else {}
            return letter_by(self._tj.key, fields, said.get("rotations"))

        own = self.us._core.opening_keys[0].public
        whole = sealed("us", own, letter, [one.encode() for one in chunks])
        end = len(whole) - (cut if isinstance(cut, int) and cut > 0 else 0)
        view = self.us.unpack(BytesIO(whole[: max(0, end)]), officer="fuzz")
        self._tj.read_on()
        return f"read: {view.whole}, {sorted({one.error for one in view.problems})}"

    # --- witnesses --------------------------------------------------------------------------------

    def called(self, data: bytes) -> str:
        """``[{"status","kind","body"}]``: what a witness answers, one after the other.

        A body ``$cosigned`` is its cosignature of what was submitted, ``$note`` that under all of
        it.
        """
        # Such a one passes while the line is suspended, which requests may have done.
        self.us.send(self.line, text="hello", precedence="urgent-safety", officer="fuzz")
        wire = _Answers(lenient(data, "list", list))
        call = WitnessCall(line=self.line, name=WITNESS, url=URL, ca=None)
        Caller(self.us, call, wire).run()
        return f"read: {wire.asked} asked"

    # --- officers ---------------------------------------------------------------------------------

    def request(self, data: bytes) -> None:
        """``{"method","path","body","as"}``: a request by an officer, 0 or 1 of two."""
        said = lenient(data, "request", dict)
        method, body, who = (said.get(name) for name in ("method", "body", "as"))
        path = str(said.get("path"))
        for name, text in self._names.items():
            path = path.replace(name, text)
        content = body if isinstance(body, str) else json.dumps(body)
        if content == "null":
            content = ""
        self._loop.run_until_complete(
            self._ask(
                method if method in ("GET", "POST", "PUT", "PATCH", "DELETE") else "POST",
                quote(path[:500].encode("utf-8", "replace"), safe="/?&=%"),
                content.encode("utf-8", "surrogatepass"),
                self._tokens[who is True or who == 1],
            )
        )

    async def _ask(self, method: str, path: str, content: bytes, headers: dict[str, str]) -> None:
        if not path.startswith("/") or path.startswith(("//", *NOT_ASKED)):
            raise InputError("not asked", remedy="ask for a path", where="request")
        headers = headers | {"Content-Type": "application/json", "Host": "127.0.0.1"}
        answer = await self._client.request(method, path, content=content, headers=headers)
        self._check(answer.status_code, answer.content)

    def _check(self, status: int, answer: bytes) -> None:
        """Raise what a refusal says; a 5xx or one without its shape is a defect."""
        if status < 400:
            return
        problem = json.loads(answer)
        if status >= 500 or problem["error"] == "internal" or not problem["message"]:
            raise RuntimeError(f"{status} {answer[:500]!r}")
        raise RefusedError(
            problem["message"], remedy=problem.get("remedy", ""), where=problem["error"]
        )
