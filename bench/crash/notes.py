"""What must hold of a node's own notes: what is aside, sealed, asked for and counted.

Read from rows, as ``oracle`` reads the record; nothing of the product is in between.
"""

import base64
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from bench.crash.fault import DOUBLED, LOST, OTHER, Row, check, leaf_of
from bench.crash.recorder import Told

ENTRY_BYTES = 12 * 1024
"""Counted for each entry beside its header and body (docs/protocol.md, section 8)."""

WAITING, CONFIRMED, REFUSED = "waiting", "confirmed", "refused"

Logs = dict[str, list[Row]]
Rows = Callable[[str], Iterable[Any]]


class Request(NamedTuple):
    """What a first officer has asked for; ``entry`` is what came of it."""

    digest: str
    officer: str
    state: str
    second: str | None
    entry: str | None


class Notes:
    """The notes in one party's database, found to be sound beside its logs."""

    def __init__(self, rows: Rows, logs: Logs) -> None:
        """``rows`` gives the rows of a query."""
        [(self.party, self.sign_key)] = rows("SELECT party, sign_key FROM identity")
        self.aside = _aside(rows, logs)
        self.requests = {
            id_: Request(*rest)
            for id_, *rest in rows("SELECT id, digest, officer, state, second, entry FROM pending")
        }
        self.sealed = set(_sealed(rows))
        self._check_requests(logs.get(self.party, []))
        _check_usage(rows, logs, self.party)

    def _check_requests(self, own: list[Row]) -> None:
        confirmed = [one for one in self.requests.values() if one.state == CONFIRMED]
        entries = [one.entry for one in confirmed]
        check(len(set(entries)) == len(entries), DOUBLED, "two requests have made one entry")
        ids = {row.id for row in own}
        for one in self.requests.values():
            done = one.state == CONFIRMED
            check(done == (one.entry is not None), OTHER, f"a request is {one.state}, half")
            check(not done or one.entry in ids, LOST, "what was confirmed is not on the record")
            check(one.officer != one.second or one.state == REFUSED, OTHER, "one officer was both")

    def check_told(self, told: Iterable[Told]) -> None:
        """What officers were told of requests holds."""
        for _, _, party, what, content in told:
            if party == self.party and what == "asked":
                id_, digest = content
                found = self.requests.get(id_)
                check(found is not None, LOST, f"{party} was asked for {id_}")
                check(found is None or found.digest == digest, OTHER, f"{id_} is for other bytes")
            elif party == self.party and what == "refused":
                check(self.requests[content].state == REFUSED, LOST, f"{content} was refused")

    def check_confirmed(self, own: list[Row], of_two: Callable[[Row], bool]) -> None:
        """Whatever takes two officers was confirmed by a second one."""
        confirmed = {one.entry for one in self.requests.values() if one.state == CONFIRMED}
        for row in own:
            check(not of_two(row) or row.id in confirmed, OTHER, f"{row.id} is by one officer")

    def check_brought(self, logs: Logs, told: Iterable[Told]) -> None:
        """What somebody carried here, and was told is held or aside, need not be carried again."""
        headers = [row.header for log in logs.values() for row in log] + [*self.aside.values()]
        recalled = {one["about"]["entry"] for one in headers if one["type"] == "recall"}
        for _, _, party, what, content in told:
            if party == self.party and what == "brought":
                log, size, ahead = content
                held = len(logs.get(log, []))
                check(held >= size, LOST, f"{party} was brought {size} entries of {log}")
                here = {at for of, at in self.aside if of == log} | {*range(held)}
                # Of what was recalled since, whoever kept it aside keeps nothing.
                gone = [at for at, id_ in ahead if at not in here and id_ not in recalled]
                check(not gone, LOST, f"{party} kept {gone} of {log} aside")

    def check_sealed(self, own: list[Row]) -> None:
        """What a commitment hides is kept until it stands on the record, and no longer."""
        made = {row.id: row.header["about"]["sha256"] for row in own if row.type == "commitment"}
        opened = [row for row in own if row.type == "commitment.open"]
        abouts = [row.header["about"]["commitment"] for row in opened]
        check(len(set(abouts)) == len(abouts), DOUBLED, "a commitment was opened twice")
        for row in opened:
            fixed = made[row.header["about"]["commitment"]]
            check(
                row.header["body_sha256"] == fixed, OTHER, "what was opened is not what was fixed"
            )
        wanted = {sha256 for id_, sha256 in made.items() if id_ not in abouts}
        check(wanted <= self.sealed, LOST, "a commitment can be opened by nobody any more")
        check(self.sealed <= wanted, DOUBLED, "what was opened, or never fixed, is sealed")


def _aside(rows: Rows, logs: Logs) -> dict[tuple[str, int], dict[str, Any]]:
    found = {}
    for party, index, id_, bundle in rows('SELECT party, "index", id, bundle FROM aside'):
        payload = base64.b64decode(json.loads(bundle)["envelope"]["payload"])
        header = json.loads(payload)
        what = f"{party}/{index}, aside,"
        check(hashlib.sha256(leaf_of(payload)).hexdigest() == id_, OTHER, f"{what} has another id")
        check((header["party"], header["index"]) == (party, index), OTHER, f"{what} is elsewhere")
        check(index >= len(logs.get(party, [])), DOUBLED, f"{what} is in its log as well")
        found[party, index] = header
    return found


def _sealed(rows: Rows) -> Iterator[str]:
    for sha256, salt, body in rows("SELECT sha256, salt, body FROM sealed"):
        check(hashlib.sha256(salt + body).hexdigest() == sha256, OTHER, "another body is sealed")
        yield sha256


def _check_usage(rows: Rows, logs: Logs, own: str) -> None:
    """Every entry of another's log is counted, once."""
    counted = {}
    query = "SELECT party, entries, bytes, day_entries, day_bytes FROM usage"
    for party, entries, bytes_, day_entries, day_bytes in rows(query):
        counted[party] = entries, bytes_
        # A script is over within one day.
        check((day_entries, day_bytes) == (entries, bytes_), OTHER, f"{party}: the day differs")
    for party, log in logs.items():
        entries, bytes_ = counted.get(party, (0, 0))
        if party == own:
            check(entries == 0, OTHER, "our own log is counted")
            continue
        check(entries >= len(log), LOST, f"{len(log)} entries of {party} are held, {entries} count")
        check(entries <= len(log), DOUBLED, f"{entries} entries of {party} count, not {len(log)}")
        least = sum(ENTRY_BYTES + len(row.payload) + len(row.body or b"") for row in log)
        # What was recalled since stays counted, and nobody can tell any more how long it was.
        whole = all(row.body is not None for row in log)
        check(bytes_ == least if whole else bytes_ >= least, OTHER, f"{party}: {bytes_} bytes")


def check_keys(folder: Path, notes: Notes, own: list[Row]) -> None:
    """The keys of a node are of one change: those that its store and its newest card name."""
    keys = folder / "keys"
    halves = sorted(path.name for path in keys.iterdir() if _is_next(path.name))
    check(not halves, OTHER, f"a change of keys was not finished: {halves}")
    sign_key = _public(keys / "signing.pem")
    check(sign_key == notes.sign_key, OTHER, "the store is of another signing key")
    authority = _certificate(keys / "ca.crt")
    for name in ("ca", "node", "node.before"):
        if (keys / f"{name}.crt").exists() or name != "node.before":
            of = _certificate(keys / f"{name}.crt").public_key().public_numbers()  # type: ignore[union-attr]
            private = load_pem_private_key((keys / f"{name}.pem").read_bytes(), None)
            is_of = of == private.public_key().public_numbers()  # type: ignore[union-attr]
            check(is_of, OTHER, f"{name}.pem and {name}.crt do not belong together")
    _certificate(keys / "node.crt").verify_directly_issued_by(authority)
    rotations = [row for row in own if row.type == "key.rotate"]
    if rotations:
        card = json.loads(base64.b64decode(json.loads(rotations[-1].body or b"")["payload"]))
        there = {
            "sign_key": sign_key,
            "ml_dsa_44_key": _public(keys / "signing-ml-dsa.pem"),
            "x_wing_key": _public(keys / "sealing-ml-kem.pem")
            + _public(keys / "sealing-x25519.pem"),
        }
        for name, raw in there.items():
            check(base64.b64decode(card[name]) == raw, OTHER, f"{name} is not that of the card")
        same = card["ca"].encode() == (keys / "ca.crt").read_bytes()
        check(same, OTHER, "the authority is not that of the card")


def _is_next(name: str) -> bool:
    # What was only being written has no name of its own yet, and is written over.
    return ".next." in name and not name.endswith(".new")


def _public(path: Path) -> bytes:
    key: Any = load_pem_private_key(path.read_bytes(), None)
    raw: bytes = key.public_key().public_bytes_raw()
    return raw


def _certificate(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())
