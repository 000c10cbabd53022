"""The disks of the simulation: node folders that are made once, then copied for every run.

Stores are real SQLite files, opened by the product as it opens any. They lie in memory where the
machine has such a place, so that a commit, which waits for the disk as always, waits for nothing.
"""

import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from bench.simulation import witness
from detente.errors import SecondOfficerError
from detente.line import Area, standard_terms
from detente.line.terms import TwoPerson
from detente.node import Node
from detente.node.clock import Clock
from detente.node.keys import ML_DSA
from detente.node.settings import Settings
from detente.node.setup import create
from detente.record import open_card

LINE = "northern-watch"
PARTIES = ("af", "ru", "tj", "us", "uz")
BEGIN_S = 1_795_334_400.0
"""22 November 2026, 08:00 Z."""

AREA = Area(west=65, south=35, east=73, north=40)
OFFICERS = ("secret-officer", "secret-second")
WITNESS = "witness"
DATABASE = "detente.db"
WAL = f"{DATABASE}-wal"
MARKS = "shown.json"
IN_MEMORY = Path("/dev/shm")


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder for the nodes of many runs, gone afterwards."""
    memory = IN_MEMORY if IN_MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(prefix="detente-simulation-", dir=memory) as folder:
        yield Path(folder)


class StillClock:
    """A clock that stands."""

    def now_s(self) -> float:
        return BEGIN_S


class Kind(NamedTuple):
    """What a line is like when a run begins."""

    parties: int
    met: bool
    """Whether the parties have met, or each has only just joined by itself."""
    hybrid: bool = False
    """Whether checkpoints and cosignatures bear a second signature each."""
    two: bool = False
    """Whether exact releases and new terms take two officers."""
    newcomer: bool = False
    """Whether the others have met and each has signed for taking in the last one, which nobody else
    knows of yet."""
    witness: bool = False
    """Whether the terms name a witness."""


class Template(NamedTuple):
    """Folders of nodes, by party, that have joined one line and not exchanged anything yet; and of
    its witness, if it has one."""

    folder: Path
    line: str
    terms: dict[str, Any]
    witness: Path


class Templates:
    """A template for each kind of line, made when it is first asked for."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made: dict[Kind, Template] = {}

    def line_of(self, kind: Kind) -> Template:
        """The first ``kind.parties`` parties on a line of their own."""
        if kind not in self._made:
            self._made[kind] = self._join(kind)
        return self._made[kind]

    def _alone(self, party: str, hybrid: bool) -> Path:
        folder = self._folder / ("alone-twice" if hybrid else "alone") / party
        if not folder.exists():
            create(folder, settings_of(party), clock=StillClock())
            if not hybrid:
                (folder / "keys" / ML_DSA).unlink()
        return folder

    def _join(self, kind: Kind) -> Template:
        folder = self._folder / "-".join(str(int(value)) for value in kind)
        witnesses = (witness.found(folder / WITNESS),) if kind.witness else ()
        for party in PARTIES[: kind.parties]:
            shutil.copytree(self._alone(party, kind.hybrid), folder / party)
        nodes = [Node.open(folder / party, clock=StillClock()) for party in PARTIES[: kind.parties]]
        try:
            founders = nodes[:-1] if kind.newcomer else nodes
            terms = msgspec.structs.replace(
                standard_terms(
                    [node.party for node in founders],
                    area=AREA,
                    effective_from_s=BEGIN_S - 1800,
                    review_on=date(2027, 11, 22),
                ),
                two_person=TwoPerson(exact_releases=("surveillance",), terms=True)
                if kind.two
                else None,
                witnesses=witnesses,
            )
            for node in nodes:
                for officer in OFFICERS:
                    node.add_officer(officer, "senior")
            cards = [node.card() for node in founders]
            founding = founders[0].found(LINE, terms, cards[1:])
            if kind.witness:
                witness.serve_line(folder / WITNESS, founding)
            prints = {
                party: open_card(card).fingerprint
                for party, card in zip(PARTIES, cards, strict=False)
            }
            for node in founders:
                line = node.join(founding, {p: prints[p] for p in prints if p != node.party})
            if kind.met or kind.newcomer:
                _meet(founders, line.id)
            if kind.newcomer:
                _take_in(founders, nodes[-1], line.id)
                nodes[-1].join(founding, prints, newcomer=True)
        finally:
            for node in nodes:
                node.close()
        return Template(folder, line.id, line.terms, folder / WITNESS)


def _meet(nodes: list[Node], line: str) -> None:
    """Have all nodes take the one entry that each other has written, and cosign it."""
    for writer in nodes:
        for reader in nodes:
            if reader is not writer:
                page = writer.read_log(line, writer.party, 0, reader.party)
                reader.receive(line, writer.party, 0, page.entries, page.checkpoint, writer.party)
                note = reader.heads(line, writer.party)[writer.party].checkpoint
                writer.receive_cosignatures(line, writer.party, str(note), reader.party)


def _take_in(founders: list[Node], newcomer: Node, line: str) -> None:
    card = newcomer.card()
    fingerprint = open_card(card).fingerprint
    for node in founders:
        with suppress(SecondOfficerError):
            node.admit(line, card, fingerprint, officer=OFFICERS[0])
        for request in node.pending(line):
            node.confirm(line, request.id, request.sha256, officer=OFFICERS[1])


def settings_of(party: str) -> Settings:
    """A node's settings. Nothing ever calls its endpoint."""
    return Settings(party=party, name=f"Cell {party}", endpoint="https://192.0.2.1:7443")


class Disk:
    """The folder that one node runs on, and the copies made of it."""

    def __init__(self, template: Path, folder: Path) -> None:
        """``folder`` is made for it, as a copy of ``template``."""
        self._folder = folder
        self._count = 0
        self._template = self._backup = template
        self.live = template
        self._replace(template)

    def open(self, clock: Clock) -> Node:
        """The node on this disk."""
        return Node.open(self.live, clock=clock)

    def cut_power(self) -> None:
        """Leave what is on the disk at this moment: the database and its log, unfinished."""
        self._replace(self.live)

    def freeze(self) -> "Frozen":
        """What is on the disk at this moment, while the node runs on in ignorance of its end."""
        self._count += 1
        folder = self._folder / f"live-{self._count}"
        _copy(self.live, folder)
        return Frozen(folder, self.live)

    def thaw(self, frozen: "Frozen") -> None:
        """Go on with that; all that was written since is lost."""
        self.live = frozen.folder

    def backup(self) -> None:
        """Make a backup of the running node, as SQLite's own tools make it.

        Until there is one, that of the first day will do: the template.
        """
        if self._backup != self._template:
            shutil.rmtree(self._backup)
        self._backup = self._folder / "backup"
        shutil.copytree(self.live, self._backup, ignore=shutil.ignore_patterns(f"{DATABASE}*"))
        with (
            closing(sqlite3.connect(self.live / DATABASE)) as running,
            closing(sqlite3.connect(self._backup / DATABASE)) as copy,
        ):
            running.backup(copy)

    def restore(self, *, whole: bool) -> None:
        """Put the backup in the place of what there is, the ``whole`` folder or the database alone;
        the node is closed."""
        before = self.live
        self._replace(self._backup)
        if not whole:
            (self.live / MARKS).unlink(missing_ok=True)
            with suppress(FileNotFoundError):
                shutil.copy2(before / MARKS, self.live / MARKS)

    def same_keys_in_backup(self) -> bool:
        """Whether the backup's database is that of the keys that are here now."""
        return _signing(self._backup) == _signing(self.live)

    def clone(self, folder: Path) -> "Disk":
        """A second disk that holds the same: what somebody does who wants two histories."""
        return Disk(self.live, folder)

    def _replace(self, source: Path) -> None:
        self._count += 1
        self.live = self._folder / f"live-{self._count}"
        _copy(source, self.live)


class Frozen:
    """A disk at the moment of a power failure."""

    def __init__(self, folder: Path, live: Path) -> None:
        self.folder = folder
        self._live = live

    def tear(self, share: float) -> None:
        """Have some of what was then being written, and not yet synced, on the disk after all:
        so much of the write-ahead log as it became. The rest of it never got there."""
        before, after = ((one / WAL).read_bytes() for one in (self.folder, self._live))
        cut = int(len(after) * share)
        (self.folder / WAL).write_bytes(after[:cut] + before[cut:])


def _copy(source: Path, folder: Path) -> None:
    # SQLite rebuilds its index of the write-ahead log where it finds none, as after a crash.
    shutil.copytree(source, folder, ignore=shutil.ignore_patterns(f"{DATABASE}-shm"))


def _signing(folder: Path) -> bytes:
    return (folder / "keys" / "signing.pem").read_bytes()
