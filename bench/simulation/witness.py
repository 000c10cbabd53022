"""The witness of a simulated world: the product's own, behind its own HTTP application.

It is up or down, well or not, restored from an older copy, and told of new keys late. What it has
signed is kept apart from it, and held against what it must never do.
"""

import asyncio
import random
import shutil
from collections import defaultdict
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import NamedTuple

import httpx

from bench.simulation.truth import check, root_of
from detente.line.witnesses import Witness
from detente.node.marks import FILE as MARKS
from detente.node.wire import UnreachableError
from detente.node.witness_wire import Answer
from detente.record import PublicKey
from detente.record.checkpoint import log_keys
from detente.record.witness import SIZE_TYPE, decode_submission, read_note
from detente.witness import served
from detente.witness.app import WitnessFace
from detente.witness.cosigner import Cosigner
from detente.witness.settings import as_in_terms, create
from detente.witness.store import FILE, WitnessStore

NAME = "witness.example/w1"
URL = "https://192.0.2.9:7450"
MOODS = ("well", "well", "well", "refuses", "talks nonsense", "slow")


def found(folder: Path) -> Witness:
    """Make a witness; what the terms of a line say of it."""
    create(folder, NAME, URL, "127.0.0.1:7450", None)
    return as_in_terms(folder)


def serve_line(folder: Path, founding: bytes) -> None:
    """Have it serve the logs of a line, by the keys that their parties founded it with."""
    with closing(WitnessStore(folder / FILE)) as kept:
        served.allow_line(kept, founding)


class Asked(NamedTuple):
    """A request to the witness."""

    method: str
    path: str
    content: bytes | None


class Third:
    """The witness's server, and what it has signed."""

    hostile = False
    """Whether whoever runs it keeps to nothing (``two_faced``)."""

    def __init__(
        self, chance: random.Random, template: Path, folder: Path, now_s: Callable[[], float]
    ) -> None:
        """``folder`` is made for it, as a copy of ``template``."""
        self._chance = chance
        self._folder = folder
        self._now_s = now_s
        self._count = 0
        self._backup = template
        self._signed: dict[str, dict[int, set[bytes]]] = defaultdict(lambda: defaultdict(set))
        self._newest: dict[str, int] = {}
        self._forgot = 0
        self._cosigner: Cosigner | None = None
        self.wrong_s = 0.0
        self.mood = "well"
        self._live = self._copy(template)
        self.start()

    # --- its machine ------------------------------------------------------------------------------

    @property
    def up(self) -> bool:
        """Whether its server runs."""
        return self._cosigner is not None

    def start(self) -> None:
        """Start it, unless it runs."""
        self._cosigner = self._cosigner or Cosigner.open(
            self._live, None, lambda: self._now_s() + self.wrong_s
        )

    def stop(self) -> None:
        """Stop it, if it runs."""
        if self._cosigner is not None:
            self._cosigner.close()
        self._cosigner = None

    def cut_power(self) -> None:
        """Stop it by a power cut, and start it again on what was on the disk."""
        live = self._copy(self._live)
        self.stop()
        self._live = live
        self.start()

    def back_up(self) -> None:
        """Make a backup of its folder."""
        up = self.up
        self.stop()
        self._backup = self._copy(self._live)
        if up:
            self.start()

    def restore(self, *, whole: bool) -> None:
        """Put the backup in the place of the ``whole`` folder, or of the database alone."""
        self.stop()
        live = self._copy(self._backup)
        if whole:
            self._forgot += 1
            self._newest.clear()
        else:
            (live / MARKS).unlink(missing_ok=True)
            with suppress(FileNotFoundError):
                shutil.copy2(self._live / MARKS, live / MARKS)
        self._live = live
        self.start()

    def tell(self, line: str, party: str, key: PublicKey) -> None:
        """Have its operator trust the key that a party signs with now."""
        with closing(WitnessStore(self._live / FILE)) as kept:
            for text in log_keys(line, party, key):
                served.allow(kept, text)

    def _copy(self, source: Path) -> Path:
        self._count += 1
        folder = self._folder / f"{self._count}"
        shutil.copytree(source, folder, ignore=shutil.ignore_patterns("*-shm"))
        return folder

    # --- what it answers --------------------------------------------------------------------------

    def ask(self, asked: Asked) -> Answer:
        """Its answer. Raises UnreachableError if it is down."""
        cosigner = self._cosigner
        if cosigner is None:
            raise UnreachableError("cannot be reached")
        if self.mood == "refuses":
            status = self._chance.choice((403, 404, 422, 429, 500, 503))
            return Answer(status, "text/plain", b"not now\n")
        if self.mood == "talks nonsense":
            return self._nonsense()
        answer = asyncio.run(_called(cosigner, asked))
        check(answer.status < 500, f"the witness answered {asked.path} with {answer.status}")
        if answer.status == 200 and asked.content is not None:
            self._note(asked.content)
        return answer

    def _nonsense(self) -> Answer:
        size = self._chance.choice((b"-1\n", b"0\n", b"2\n", b"99\n", b"9" * 40 + b"\n", b"\n"))
        other = self._chance.choice((b"", b"\xff\n", b"hello\n", b"\xe2\x80\x94 nobody AAAA\n"))
        return self._chance.choice((Answer(409, SIZE_TYPE, size), Answer(200, "text/plain", other)))

    def _note(self, content: bytes) -> None:
        """Hold what it has just signed against what it signed before."""
        _, checkpoint = read_note(decode_submission(content).note)
        party, size = checkpoint.origin.rpartition("/")[2], checkpoint.size
        what = f"the checkpoint of {size} entries of {party}"
        check(size >= self._newest.get(party, 0), f"the witness signed {what} after a larger one")
        self._newest[party] = size
        roots = self._signed[party][size]
        roots.add(checkpoint.root)
        # One that was restored, marks and all, may have forgotten the first.
        check(len(roots) <= 1 + self._forgot, f"the witness signed two roots of {what}")

    # --- what it has signed -----------------------------------------------------------------------

    def has_signed(self, party: str, size: int, root: bytes) -> bool:
        """Whether it has ever signed this."""
        return root in self._signed[party][size]

    def size_of(self, party: str) -> int:
        """How many entries of a party it may show a checkpoint of, of whichever history."""
        return max(self._signed[party], default=0)

    def covers(self, party: str, log: list[bytes]) -> int:
        """How many entries of this very copy of a party's log it has signed for."""
        for size in sorted(self._signed[party], reverse=True):
            if size <= len(log) and root_of(log[:size]) in self._signed[party][size]:
                return size
        return 0


async def _called(cosigner: Cosigner, asked: Asked) -> Answer:
    transport = httpx.ASGITransport(WitnessFace(cosigner).app())
    async with httpx.AsyncClient(transport=transport, base_url=URL) as client:
        response = await client.request(asked.method, asked.path, content=asked.content)
    kind = response.headers.get("content-type", "").partition(";")[0]
    return Answer(response.status_code, kind, response.content)
