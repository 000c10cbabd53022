"""What a witness holds after a crash: of each log the newest checkpoint that it cosigned."""

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from bench.crash.fault import INCONSISTENT, LOST, OTHER, Statement, check
from bench.crash.oracle import check_sound, marks_of, sent, statements_of
from bench.crash.recorder import Told
from bench.crash.scene import WITNESS
from bench.crash.third import WITNESS_NAME

DATABASE = "witness.db"


class HeldByWitness:
    """A witness's folder, read and found to be sound in itself."""

    def __init__(self, folder: Path) -> None:
        """``folder`` is the scene's."""
        with closing(sqlite3.connect(folder / WITNESS / DATABASE)) as connection:
            check_sound(connection)
            logs = connection.execute("SELECT origin, size, root, note FROM logs").fetchall()
            refused = connection.execute("SELECT origin, why FROM refused").fetchall()
        check(not refused, INCONSISTENT, f"the witness holds evidence against us: {refused}")
        self.newest: dict[str, tuple[int, bytes]] = {
            _party(origin): (size, root) for origin, size, root, _ in logs
        }
        for origin, size, root, note in logs:
            if note is not None:
                said = set(statements_of(note.decode()))
                wanted = Statement(WITNESS_NAME, _party(origin), size, root)
                check(wanted in said, OTHER, f"the witness keeps {said} for {wanted}")
        # The marks of a witness are not of a line: each log stands under its own name.
        of_logs = marks_of(folder / WITNESS, "witness").items()
        self.marks = {_party(origin): mark for origin, mark in of_logs}
        for party, (size, root) in self.marks.items():
            held = self.beginning(Statement(WITNESS_NAME, party, size, bytes.fromhex(root)))
            check(held is True, LOST, f"the witness marked {size} entries of {party}, not held")

    def beginning(self, said: Statement) -> bool | None:
        """Whether what it cosigned last can begin as stated: it knows one root, and no entries."""
        size, root = self.newest.get(said.party, (0, b""))
        if size < said.size:
            return None
        return size > said.size or root == said.root

    def check_marked(self, told: Iterable[Told]) -> None:
        """All that it has shown is marked."""
        for said in sent(told):
            if said.signer == WITNESS_NAME:
                size = self.marks.get(said.party, (0, ""))[0]
                check(said.size <= size, OTHER, f"showed {said.size} of {said.party}, not marked")


def _party(origin: str) -> str:
    return str(origin).rpartition("/")[2]
