"""The two faces of a running node: what peers push, and what officers send.

Two nodes on one line, ``us`` and ``ru``, on a disk in memory. ``us`` is asked; no request may bring
it to an error that it did not foresee.
"""

import asyncio
import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx

from bench.fuzz.readers import Read, body_of, lenient, signed
from bench.simulation.disk import Kind, StillClock, Templates
from bench.simulation.face import serve
from detente.api.app import build
from detente.errors import DetenteError, InputError
from detente.node import Node
from detente.node.keys import read_signing_key
from detente.record import Checkpoint, Envelope, read_entry, tree
from detente.record.checkpoint import origin, sign_checkpoint
from detente.record.header import HEADER_TYPE

BYTES_MAX = 1_000_000
HELLO = {"precedence": "routine", "reply_to": None, "conflict": None}
NOT_ASKED = ("/api/v1/events", "/api/v1/log", "/api/v1/account", "/api/v1/officers/fuzz")
"""A stream without an end, passwords that cost time on purpose, and the end of who asks."""


class RefusedError(DetenteError):
    """What a face answered, as a reader would have refused it."""


class Faces:
    """The node that is asked, and whoever holds the keys of ``ru``."""

    def __init__(self, folder: Path) -> None:
        template = Templates(folder).line_of(Kind(parties=4, met=True))
        self.line = template.line
        self.us = Node.open(template.folder / "us", clock=StillClock())
        self._key = read_signing_key(template.folder / "ru" / "keys", None)
        self._public = self._key.public
        page = self.us.read_log(self.line, "ru", 0, "us")
        self._leaves = [read_entry(b, lambda _: self._public).leaf for b in page.entries]
        self._loop = asyncio.new_event_loop()
        headers = {"Authorization": f"Bearer {self.us.add_officer('fuzz', 'senior')}"}
        office = self.us.add_officer("fuzz admin", "admin")
        self._tokens = (headers, {"Authorization": f"Bearer {office}"})
        transport = httpx.ASGITransport(build(self.us), raise_app_exceptions=True)
        self._client = httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1")
        entry = self.us.send(self.line, text="hello", officer="fuzz")
        self._names = {"$line": "northern-watch", "$entry": entry.id, "$line-id": self.line}

    def close(self) -> None:
        """Close the node."""
        self._loop.run_until_complete(self._client.aclose())
        self._loop.close()
        self.us.close()

    def readers(self) -> dict[str, Read]:
        """Both faces by the name of their corpus."""
        return {"push": self.push, "request": self.request}

    # --- peers ------------------------------------------------------------------------------------

    def push(self, data: bytes) -> None:
        """``{"entries":[{"type","about","body"}],"from":0,"note":0,"with":{…},"path":"…"}``.

        ``entries`` are signed and numbered from what is held on, ``from`` counts from there too,
        the checkpoint covers all but ``note`` of them, ``with`` replaces fields of the request, and
        ``raw`` is sent as it is.
        """
        said = lenient(data, "push", dict)
        path = said.get("path")
        content = said["raw"] if isinstance(said.get("raw"), str) else self._pushed(said)
        status, answer = serve(
            self.us,
            self.line,
            "ru",
            "POST",
            path if isinstance(path, str) else "/logs/ru",
            content.encode("utf-8", "surrogatepass"),
        )
        self._check(status, answer)
        held = self.us.heads(self.line, "us")["ru"].size
        page = self.us.read_log(self.line, "ru", len(self._leaves), "us")
        self._leaves += [read_entry(b, lambda _: self._public).leaf for b in page.entries]
        if len(self._leaves) != held:
            raise RuntimeError(f"{held} entries are held, and {len(self._leaves)} can be read")

    def _pushed(self, said: dict[str, Any]) -> str:
        held, leaves, bundles = len(self._leaves), list(self._leaves), []
        given = said.get("entries")
        for one in (given if isinstance(given, list) else [])[:20]:
            said_now = one if isinstance(one, dict) else {}
            body = body_of(said_now.get("body", {"text": "hello", "language": "en"}))
            if "about" not in said_now:
                said_now = said_now | {"about": HELLO}
            bundle = signed(self._key, self.line, "ru", len(leaves), said_now, body)
            envelope = Envelope.from_wire(
                bundle["envelope"], payload_type=HEADER_TYPE, limit_bytes=BYTES_MAX
            )
            leaves.append(envelope.pae)
            bundles.append(bundle)
        less, start = (said.get(name) for name in ("note", "from"))
        size = len(leaves) - (less if isinstance(less, int) else 0)
        root = tree.root_of(map(tree.leaf_hash, leaves[: max(0, size)]))
        note = None
        if 0 < size < 2**53:
            note = sign_checkpoint(self._key, Checkpoint(origin(self.line, "ru"), size, root))
        request = {
            "from": held + (start if isinstance(start, int) else 0),
            "entries": bundles,
            "checkpoint": note,
        }
        more = said.get("with")
        return json.dumps(request | (more if isinstance(more, dict) else {}))

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
