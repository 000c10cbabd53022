"""A running witness, and whoever submits checkpoints of the log of ``ru`` to it.

What is signed says whatever an input says; no request may bring the witness to an error that it did
not foresee, or to cosign less than before.
"""

import asyncio
from pathlib import Path
from typing import Any

import httpx

from bench.fuzz.readers import lenient
from bench.fuzz.thirds import URL, log_keys, node_hashes, origin, root, signed_note
from bench.simulation.disk import StillClock
from detente.errors import DetenteError
from detente.record import Checkpoint, tree
from detente.record.witness import Submission, encode_submission
from detente.witness import served
from detente.witness.app import WitnessFace
from detente.witness.cosigner import Cosigner
from detente.witness.settings import create

SIZE_MAX = 64
"""Entries in the log that the witness is shown."""
ADD = "/add-checkpoint"


class AnsweredError(DetenteError):
    """What the witness answered, as a reader would have refused it."""


class Shown:
    """The witness."""

    def __init__(self, folder: Path) -> None:
        """``folder`` is made for it."""
        create(folder, "witness.example/w2", URL, "127.0.0.1:7453", None)
        self._cosigner = Cosigner.open(folder, None, StillClock().now_s)
        for text in log_keys():
            served.allow(self._cosigner._store, text)
        self._app = WitnessFace(self._cosigner).app()
        self._loop = asyncio.new_event_loop()
        self._asked = self._size = 0

    def close(self) -> None:
        """Close its store."""
        self._loop.close()
        self._cosigner.close()

    def ask(self, data: bytes) -> None:
        """``{"old":0,"grow":1,"proof":[…],"text":"…","path":"…","raw":"…"}``: a submission.

        ``old`` and ``grow`` count from what was cosigned last; ``proof`` and ``text`` stand in the
        place of those that would be right, ``raw`` in that of the whole.
        """
        said = lenient(data, "submission", dict)
        raw, path = said.get("raw"), said.get("path")
        text = raw if isinstance(raw, str) else self._submission(said)
        is_path = isinstance(path, str) and path.isascii() and path.isprintable()
        status, answer = self._loop.run_until_complete(
            self._ask(f"/{path}" if is_path else ADD, text.encode("utf-8", "replace"))
        )
        if status not in (200, 400, 403, 404, 405, 409, 413, 422) or not answer:
            raise RuntimeError(f"{status} {answer[:300]!r}")
        if status != 200:
            # Which size it says depends on all that was asked before.
            raise AnsweredError("another size" if status == 409 else answer.decode())
        if not is_path:
            size = int(text.partition("\n\n")[2].split("\n")[1])
            if size < self._size:
                raise RuntimeError(f"it cosigned {size} entries after {self._size}")
            self._size = size

    def _submission(self, said: dict[str, Any]) -> str:
        old, grow = (one if isinstance(one, int) else 0 for one in map(said.get, ("old", "grow")))
        old, size = self._size + old, min(SIZE_MAX, max(0, self._size + grow))
        text = said.get("text")
        right = Checkpoint(origin(), size, root(size)).text
        note = signed_note(whole(text) if isinstance(text, str) and text else right)
        proof = tree.consistency_proof(old, size, node_hashes) if 0 < old < size else []
        if isinstance(said.get("proof"), list):
            lines = [str(one) for one in said["proof"]][:100]
            return "\n".join([f"old {old}", *lines, "", note])
        return encode_submission(Submission(old, tuple(proof), note)).decode("utf-8", "replace")

    async def _ask(self, path: str, content: bytes) -> tuple[int, bytes]:
        # Each comes from an address of its own: how much one may ask is not what is looked at.
        self._asked += 1
        transport = httpx.ASGITransport(self._app, client=(f"caller {self._asked}", 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://witness") as client:
            method = "POST" if path == ADD else "GET"
            answer = await client.request(method, path, content=content)
            return answer.status_code, answer.content


def whole(text: str) -> str:
    """Text with something in the place of halves of surrogate pairs, which nothing encodes."""
    return text.encode("utf-8", "replace").decode()
