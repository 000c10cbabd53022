"""What must hold after a crash, read from the files with nothing of the product in between.

Rows are read by Python's ``sqlite3``, entries and notes taken apart by the protocol's text
(docs/protocol.md), trees computed by the definition in RFC 6962. What a node has told, by word to
its officers or over the wire, is held against what it has.
"""

import base64
import hashlib
import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, Protocol

from bench.crash.fault import (
    DOUBLED,
    INCONSISTENT,
    LOST,
    OTHER,
    Row,
    Statement,
    check,
)
from bench.crash.notes import Notes
from bench.crash.recorder import Told
from bench.crash.scene import Script
from bench.simulation.truth import header_bytes, root_of

ORIGIN = "detente.invalid/line/"
COSIGNER = "detente.invalid/party/"
MARKS = "shown.json"


class Holder(Protocol):
    """Whoever signs statements, and knows what of a log it has."""

    def beginning(self, said: Statement) -> bool | None:
        """Whether a log begins as stated; None if there is less of it."""
        ...


class Held:
    """What one party's database holds, read and found to be sound in itself."""

    def __init__(self, rows: Callable[[str], Iterable[Any]]) -> None:
        """``rows`` gives the rows of a query; both databases understand those made here."""
        self._of = rows
        found = [line for (line,) in rows("SELECT line FROM lines")]
        self.line: str | None = found[0] if found else None
        self.logs = self._logs()
        self.statements = set(self._statements())
        self.plans = dict(rows("SELECT id, revision FROM plans"))
        self._check_trees()
        self._check_audit()
        self._check_erased()
        self.notes = Notes(rows, self.logs)

    @classmethod
    def of_file(cls, database: Path) -> "Held":
        """What a SQLite file holds."""
        with closing(sqlite3.connect(database)) as connection:
            check_sound(connection)
            return cls(connection.execute)

    def _logs(self) -> dict[str, list[Row]]:
        logs: dict[str, list[Row]] = {}
        query = 'SELECT party, "index", id, header, salt, body FROM entries ORDER BY 1, 2'
        for party, index, id_, header, salt, body in self._of(query):
            log = logs.setdefault(party, [])
            row = Row(header, json.loads(header), body)
            what = f"{party}/{index}"
            check(index == len(log), LOST, f"{what} stands where {party}/{len(log)} belongs")
            check(row.header["index"] == index, OTHER, f"{what} is of another place")
            check(row.id == id_, OTHER, f"{what} has another id")
            check((salt is None) == (body is None), OTHER, f"{what} is half erased")
            if body is not None:
                digest = hashlib.sha256(salt + body).hexdigest()
                check(digest == row.header["body_sha256"], OTHER, f"{what} has another body")
            log.append(row)
        ids = [row.id for log in logs.values() for row in log]
        check(len(set(ids)) == len(ids), DOUBLED, "an entry is there twice")
        return logs

    def _statements(self) -> Iterator[Statement]:
        for party, size, note in self._of("SELECT party, size, note FROM checkpoints"):
            [said] = set(statements_of(note.decode()))
            check((said.party, said.size) == (party, size), OTHER, f"{said} stands elsewhere")
            yield said
        query = """SELECT c.cosigner, c.party, c.size, k.note, c.signature FROM cosignatures c
                   LEFT JOIN checkpoints k USING (line, party, size)"""
        for cosigner, party, size, note, line in self._of(query):
            check(note is not None, LOST, f"what {cosigner} cosigned of {party} is not there")
            under = set(statements_of(f"{note.decode()}{line.decode()}\n"))
            signers = {one.signer for one in under}
            check(cosigner in signers, OTHER, f"{party}/{size} is not cosigned")
            yield from under

    def _check_trees(self) -> None:
        stored: dict[str, dict[tuple[int, int], bytes]] = {}
        for party, level, index, hash_ in self._of('SELECT party, level, "index", hash FROM nodes'):
            stored.setdefault(party, {})[level, index] = hash_
        for party, log in self.logs.items():
            leaves = [row.leaf for row in log]
            wanted = {
                (level, index): root_of(leaves[index << level : (index + 1) << level])
                for level in range(len(leaves).bit_length())
                for index in range(len(leaves) >> level)
            }
            check(stored.pop(party, {}) == wanted, OTHER, f"the tree over {party}'s log is wrong")
        check(not stored, LOST, f"there are trees over no log: {sorted(stored)}")

    def _check_audit(self) -> None:
        before = bytes(32)
        query = """SELECT n, time_s, officer, action, subject, detail, hash
                   FROM audit LEFT JOIN audit_chain USING (n) ORDER BY n"""
        for n, time_s, officer, action, subject, detail, hash_ in self._of(query):
            told = [n, time_s, officer, action, subject, hashlib.sha256(detail).hexdigest()]
            text = json.dumps(told, separators=(",", ":"), ensure_ascii=False)
            before = hashlib.sha256(before + text.encode()).digest()
            check(hash_ == before, OTHER, f"the audit log breaks off at row {n}")
        counts = [
            next(iter(self._of(f"SELECT count(*) FROM {t}"))) for t in ("audit", "audit_chain")
        ]
        check(counts[0] == counts[1], LOST, "the audit log lacks rows")

    def _check_erased(self) -> None:
        for row in self.of_type("recall"):
            for recalled in (one for log in self.logs.values() for one in log):
                if recalled.id == row.header["about"]["entry"]:
                    check(recalled.body is None, OTHER, f"{recalled.id} was recalled and is there")

    def of_type(self, type_: str) -> list[Row]:
        """All entries of a type."""
        return [row for log in self.logs.values() for row in log if row.type == type_]

    def log(self, party: str) -> list[Row]:
        """The entries of a party's log."""
        return self.logs.get(party, [])

    def beginning(self, said: Statement) -> bool | None:
        """Whether our copy of a log begins as stated; None if it has fewer entries."""
        leaves = [row.leaf for row in self.log(said.party)][: said.size]
        return None if len(leaves) < said.size else root_of(leaves) == said.root


def check_sound(connection: sqlite3.Connection) -> None:
    """A database is sound in itself."""
    [(state,)] = connection.execute("PRAGMA integrity_check")
    check(state == "ok", OTHER, f"the database is damaged: {state}")


def statements_of(note: str) -> Iterator[Statement]:
    """What the signatures under a checkpoint state (C2SP tlog-checkpoint, tlog-cosignature)."""
    text, _, signatures = note.partition("\n\n")
    origin, size, root = text.split("\n")[:3]
    party = origin.rpartition("/")[2]
    for line in signatures.splitlines():
        name = line.split(" ")[1]
        signer = party if name == origin else name.removeprefix(COSIGNER)
        yield Statement(signer, party, int(size), base64.b64decode(root))


def sent(told: Iterable[Told]) -> Iterator[Statement]:
    """Every statement that has left a node over the wire."""
    for one in told:
        if one.what == "wire":
            content, asked, _ = one.content
            value, question = _json(content), _json(asked)
            notes = list(_notes(value))
            if isinstance(value, dict) and isinstance(line := value.get("cosignature"), str):
                notes += [f"{note}{line}\n" for note in _notes(question)]
            for note in notes:
                yield from statements_of(note)


def entries_sent(told: Iterable[Told], party: str) -> int:
    """How many entries of its own log a party has sent to others."""
    values = [_json(one.content[0]) for one in told if (one.party, one.what) == (party, "wire")]
    pages = [value["entries"] for value in values if isinstance(value, dict) and "entries" in value]
    headers = [json.loads(header_bytes(bundle)) for page in pages for bundle in page]
    indexes: list[int] = [one["index"] for one in headers if one["party"] == party]
    return max(indexes, default=-1) + 1


def check_told(
    held: dict[str, Held], told: Iterable[Told], others: Mapping[str, Holder] | None = None
) -> None:
    """Everything that was acknowledged is there, once, and nothing signed says otherwise.

    ``others`` are signers that are no parties.
    """
    told = list(told)
    for party, what, content in ((one.party, one.what, one.content) for one in told):
        if what == "entry":
            index, id_ = content
            log = held[party].log(party)
            check(index < len(log), LOST, f"{party}/{index} was acknowledged")
            check(log[index].id == id_, INCONSISTENT, f"{party}/{index} is another entry")
        elif what == "plan":
            name, revision = content
            found = held[party].plans.get(name)
            check(found is not None, LOST, f"the plan {name} was acknowledged")
            check(found == revision, DOUBLED, f"the plan {name} was filed {found} times")
        elif what == "wire" and party in held:
            _check_receipt(held[party], *content)
    for one in held.values():
        one.notes.check_told(told)
        one.notes.check_brought(one.logs, told)
    of_stores = {said for one in held.values() for said in one.statements}
    for said in {*sent(told), *of_stores}:
        check_statement({**held, **(others or {})}, said)


def _check_receipt(held: Held, answer: bytes | None, asked: bytes | None, log: str) -> None:
    """An answer to a push says how many entries of the log are on its writer's disk."""
    value = _json(answer)
    if asked is not None and isinstance(value, dict) and "cosignature" in value:
        check(value["size"] <= len(held.log(log)), LOST, f"{log}: {value['size']} were received")


def check_statement(held: Mapping[str, Holder], said: Statement) -> None:
    """Who signed a statement holds what it is of, and nobody holds anything else."""
    holds = held[said.signer].beginning(said)
    check(holds is not None, LOST, f"{said.signer} signed {said.size} entries of {said.party}")
    for party, one in held.items():
        check(
            one.beginning(said) is not False,
            INCONSISTENT,
            f"{said.signer} signed {said.size} entries of {said.party}; {party} holds others",
        )


def check_marks(folder: Path, party: str, held: Held) -> None:
    """What is marked as shown is there: no crash looks like a restored backup."""
    for log, (size, root) in marks_of(folder, held.line).items():
        holds = held.beginning(Statement(party, log, size, bytes.fromhex(root)))
        check(holds is True, LOST, f"{party} marked {size} entries of {log} and holds others")


def check_marked(folder: Path, party: str, line: str | None, told: Iterable[Told]) -> None:
    """All that a party has shown is marked: no restored backup looks like a crash."""
    marks, told = marks_of(folder, line), list(told)
    shown = [(said.party, said.size) for said in sent(told) if said.signer == party]
    for log, size in (*shown, (party, entries_sent(told, party))):
        marked = marks.get(log, (0, ""))[0]
        check(size <= marked, OTHER, f"{party} showed {size} of {log}, and marked {marked}")


def marks_of(folder: Path, line: str | None) -> dict[str, tuple[int, str]]:
    """How much a party has marked of each log of a line, and its root."""
    path = folder / MARKS
    of_lines = json.loads(path.read_bytes())["shown"] if path.exists() else {}
    marks: dict[str, tuple[int, str]] = of_lines.get(line, {})
    return marks


def check_gone(folder: Path, held: Held, party: str, script: Script) -> None:
    """Of what a party said to have erased, no byte is in any of its files."""
    recalls = {row.id for row in held.of_type("recall")}
    honoured = [row.header["about"]["recall"] for row in held.of_type("recall.honoured")]
    check(len(set(honoured)) == len(honoured), DOUBLED, "a recall was honoured twice")
    check(set(honoured) <= recalls, LOST, "what was honoured is not there")
    if len(honoured) == len(script.secrets) and party not in {
        row.header["party"] for row in held.of_type("recall")
    }:
        check_no_secret(folder, script.secrets)


def check_no_secret(folder: Path, secrets: Iterable[bytes]) -> None:
    """None of these bytes is in any file of a folder."""
    for path in sorted(one for one in folder.rglob("*") if one.is_file()):
        data = path.read_bytes()
        for secret in secrets:
            check(secret not in data, OTHER, f"{path.name} still holds {secret!r}")


def _json(content: bytes | None) -> Any:
    return json.loads(content) if content else None


def _notes(value: Any) -> Iterator[str]:
    if isinstance(value, str) and value.startswith(ORIGIN):
        yield value
    elif isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _notes(one)
