"""One fold, no order: what one entry changes in the state of a line.

``apply`` folds one entry of one log and reads rows of *that log only*, so the folds of different
logs commute: whatever the order in which logs reach a node, the rows come out equal, byte for byte.
Facts that span logs are either derived when they are read (``line.read``) or, for conflicts,
recomputed as a function of the set of entries (``line.joint``).

Whether an entry counts is decided by headers alone, never by a body: with its body recalled, an
entry leaves the same chain of versions, the same answers and the same debts behind. A body that is
not held, or that cannot be read, makes content *unknown*; it never makes an entry void.

Rows by kind, with their keys (``place`` is ``<party>/<index, ten digits>``):

========== ============================================== ==========================================
kind       key                                            one row for
========== ============================================== ==========================================
log        party                                          a log: how far it is folded
entry      place                                          an entry: its type, facts, whether void
id         entry id                                       an entry: its place
join       party                                          a party that has joined
terms      version(7) / place                             a signature under terms
activity   party / activity                               an activity: its newest version
version    party / activity / version(7)                  a version of an activity
successor  place                                          a version that superseded another
message    place                                          a message
ack        entry acknowledged / place                     an acknowledgement
proposal   entry id                                       a proposal
answer     proposal / place                               an assent or a refusal
check      party / slot / index(10)                       a line check
suspension party                                          a suspension that lasts
leave      party                                          a party that has left
lapse      owed by / entry or "-" / place                 a stated lapse
recall     entry recalled                                 a recall: content of that entry is gone
honour     recall / party                                 a party's word that it has erased it
commitment entry id                                       a commitment to what is not told yet
opening    commitment / place                             an opening, right or wrong
void       place                                          an entry that changes nothing, and why
key        place                                          a rotation of its party's signing key
vouch      party / card hash / place                      a vouching for another party's new card
unknown    place                                          an entry of a type not known here
conflict   conflict id                                    a conflict (``line.joint``)
meeting    party / activity / conflict id                 a side of a conflict (``line.joint``)
uncompared place                                          an entry not compared yet (``line.joint``)
========== ============================================== ==========================================
"""

from collections.abc import Callable
from typing import Any

import msgspec

from detente.errors import GapError, InputError, RecordError
from detente.line import abouts, bodies, keychain
from detente.line.abouts import read_about
from detente.line.founding import Founding
from detente.line.terms import decode_terms, terms_sha256, terms_to_wire
from detente.line.view import Change, View, load, place_key, put, scan
from detente.line.wire import read_time_s
from detente.record.entry import Entry
from detente.record.header import Header
from detente.volumes.codec import volumes_to_wire
from detente.volumes.times import format_time

KINDS = (
    "ack",
    "activity",
    "answer",
    "check",
    "commitment",
    "conflict",
    "entry",
    "honour",
    "id",
    "join",
    "key",
    "lapse",
    "leave",
    "log",
    "meeting",
    "message",
    "opening",
    "proposal",
    "recall",
    "successor",
    "suspension",
    "terms",
    "uncompared",
    "unknown",
    "version",
    "void",
    "vouch",
)
"""Every kind of row there is."""

NOT_HELD = "not-held"
UNREADABLE = "unreadable"
RECALLED = "recalled"


def apply(view: View, founding: Founding, entry: Entry) -> list[Change]:
    """What ``entry`` changes; ``view`` holds the rows of the entries before it in its log.

    The caller has verified its signature and body hash (``record.read_entry``).

    Raises:
        GapError: entries before it are missing.
        RecordError: it does not belong here; nothing of it may be kept.
    """
    check_place(view, founding, entry)
    return _Fold(view, founding, entry).changes()


def check_place(view: View, founding: Founding, entry: Entry) -> None:
    """Return if ``entry`` is the next of a log of this line; else raise as ``apply`` does."""
    header = entry.header
    where = f"entry {header.party}/{header.index}"
    if header.line != founding.id:
        raise RecordError("is of another line", remedy="send it to its own", where=where)
    if header.party not in founding.cards:
        raise RecordError("is of no member of this line", remedy="refuse it", where=where)
    log = load(view, "log", header.party) or _EMPTY_LOG
    if header.index > log["size"]:
        raise GapError(
            f"entries before it are missing; {log['size']} are held",
            size=log["size"],
            remedy="send the log from there",
            where=where,
        )
    if header.index < log["size"]:
        raise RecordError("its place is already taken", remedy="compare the two", where=where)
    if view.get("leave", header.party) is not None:
        raise RecordError("its party has left the line", remedy="refuse it", where=where)
    _check_seen(header, founding, log["seen"], where)
    if header.index == 0:
        _check_first(entry, founding, where)


def _check_seen(
    header: Header, founding: Founding, before: dict[str, dict[str, Any]], where: str
) -> None:
    strangers = set(header.seen) - set(founding.cards)
    if strangers:
        raise RecordError(
            f"says it has seen the log of {min(strangers)}, which is no member",
            remedy="refuse it",
            where=where,
        )
    for party, old in before.items():
        new = header.seen.get(party)
        if new is None or new.size < old["size"]:
            raise RecordError(
                f"has seen less of the log of {party} than the entry before it",
                remedy="refuse it; the writer may have restored an old backup",
                where=where,
            )
        if new.size == old["size"] and new.root != old["root"]:
            raise RecordError(
                f"has seen another log of {party} than the entry before it",
                remedy="refuse it, and keep both as evidence",
                where=where,
            )


def _check_first(entry: Entry, founding: Founding, where: str) -> None:
    if entry.header.type != abouts.JOIN:
        raise RecordError(
            "the first entry of a log joins the line", remedy="refuse the log", where=where
        )
    if entry.body is not None and entry.body != founding.raw:
        raise RecordError(
            "joins on other bytes than the founding document of this line",
            remedy="compare line ids with the other party",
            where=where,
        )


_EMPTY_LOG: dict[str, Any] = {"size": 0, "seen": {}, "successor": None}


class _Void(Exception):  # noqa: N818  not an error: an outcome
    """The entry says something impossible; ``reason`` is a code of ``line.read.VOID_REASONS``."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class _Fold:
    """The fold of one entry: each method below handles one type and returns its rows."""

    def __init__(self, view: View, founding: Founding, entry: Entry) -> None:
        self.view = view
        self.founding = founding
        self.entry = entry
        self.header = entry.header
        self.party = entry.header.party
        self.place = place_key(self.party, entry.header.index)
        self.log = dict(load(view, "log", self.party) or _EMPTY_LOG)
        self.stamp = {"entry": entry.id, "index": self.header.index, "time": self.header.time}

    def changes(self) -> list[Change]:
        """The rows of this entry, and of its log."""
        reason: str | None = None
        try:
            rows = self._rows()
        except _Void as void:
            reason = void.reason
            rows = [put("void", self.place, {**self._named(), "reason": reason})]
        self.log.update(
            size=self.header.index + 1,
            last=self.entry.id,
            time=self.header.time,
            seen=msgspec.to_builtins(self.header.seen),
        )
        entry = {**self._named(), "time": self.header.time, "about": self.header.about}
        return [
            put("log", self.party, self.log),
            put("entry", self.place, {**entry, "void": reason}),
            put("id", self.entry.id, {"party": self.party, "index": self.header.index}),
            *rows,
        ]

    def _named(self) -> dict[str, Any]:
        return {"id": self.entry.id, "type": self.header.type}

    def _rows(self) -> list[Change]:
        try:
            about = read_about(self.header.type, self.header.about)
        except InputError:
            raise _Void("bad-facts") from None
        if about is None:
            return [put("unknown", self.place, self._named())]
        return _HANDLERS[self.header.type](self, about)

    def _content(self, read: Callable[[bytes], dict[str, Any]]) -> dict[str, Any]:
        """What the body says, or why that is unknown."""
        if self.entry.body is None:
            return {"content": None, "unknown": NOT_HELD}
        try:
            return {"content": read(self.entry.body), "unknown": None}
        except InputError:
            return {"content": None, "unknown": UNREADABLE}

    def _note(self) -> dict[str, Any]:
        return self._content(lambda body: {"note": bodies.read_note(body)})

    def _own(self, entry_id: str) -> dict[str, Any] | None:
        """The row of an earlier entry of this same log, or None."""
        place = load(self.view, "id", entry_id)
        if place is None or place["party"] != self.party:
            return None
        return load(self.view, "entry", place_key(self.party, place["index"]))

    # --- one method per type -------------------------------------------------------------------

    def join(self, about: abouts.NothingMore) -> list[Change]:
        if self.header.index:
            raise _Void("joined-before")
        return [put("join", self.party, self.stamp)]

    def sign_terms(self, about: abouts.TermsSigned) -> list[Change]:
        def read(body: bytes) -> dict[str, Any]:
            terms = decode_terms(body)
            if terms_sha256(body) != about.terms_sha256 or terms.version != about.version:
                raise InputError("are not the terms that were signed for")
            if terms.members != self.founding.members:
                raise InputError("have other members than the line")
            return terms_to_wire(terms)

        if about.version == 1:
            raise _Void("first-terms")
        doc = {**self.stamp, "party": self.party, "terms_sha256": about.terms_sha256}
        key = f"{about.version:07d}/{self.place}"
        return [put("terms", key, {**doc, **self._content(read)})]

    def release(self, about: abouts.Released) -> list[Change]:
        def read(body: bytes) -> dict[str, Any]:
            activity, note = bodies.read_activity(body, self.party, about.activity)
            return {
                "kind": activity.kind,
                "volumes": volumes_to_wire(activity.volumes),
                "note": note,
                # From the first start to the last end: enough to tell most pairs apart.
                "window_s": [
                    min(volume.start_s for volume in activity.volumes),
                    max(volume.end_s for volume in activity.volumes),
                ],
            }

        self._check_next(about, None)
        doc = {"state": "released", "form": about.form, "settles": about.settles}
        return self._version(about, {**doc, **self._content(read)})

    def withdraw(self, about: abouts.Withdrawn) -> list[Change]:
        self._check_next(about, "released")
        doc = {"state": "withdrawn", "form": None, "settles": None}
        return self._version(about, {**doc, **self._note()})

    def _check_next(self, about: abouts.Released | abouts.Withdrawn, state: str | None) -> None:
        """Versions follow each other without gaps, and each names the one before."""
        newest = load(self.view, "activity", f"{self.party}/{about.activity}")
        before = newest or {"version": 0, "entry": None, "state": None}
        if (about.version, about.supersedes) != (before["version"] + 1, before["entry"]):
            raise _Void("out-of-sequence")
        if state is not None and before["state"] != state:
            raise _Void("not-released")

    def _version(
        self, about: abouts.Released | abouts.Withdrawn, doc: dict[str, Any]
    ) -> list[Change]:
        key = f"{self.party}/{about.activity}"
        seen = {party: seen.size for party, seen in self.header.seen.items()}
        newest = {**self.stamp, "version": about.version, "state": doc["state"]}
        version = {**newest, "supersedes": about.supersedes, "seen": seen, **doc}
        rows = [
            put("activity", key, newest),
            put("version", f"{key}/{about.version:07d}", version),
        ]
        if about.supersedes is not None:
            # A list through the log, newest first: how joint finds what a peer had not yet seen
            # to be replaced.
            link = {"replaced": f"{key}/{about.version - 1:07d}", "before": self.log["successor"]}
            rows.append(put("successor", self.place, link))
            self.log["successor"] = self.header.index
        return rows

    def message(self, about: abouts.Said) -> list[Change]:
        def read(body: bytes) -> dict[str, Any]:
            said: dict[str, Any] = msgspec.to_builtins(bodies.read_message(body))
            return said

        facts = msgspec.to_builtins(about)
        doc = {**self.stamp, "party": self.party, **facts, **self._content(read)}
        return [put("message", self.place, doc)]

    def acknowledgement(self, about: abouts.Acknowledged) -> list[Change]:
        if self._own(about.entry) is not None:
            raise _Void("own-entry")
        doc = {**self.stamp, "party": self.party, "level": about.level, **self._note()}
        return [put("ack", f"{about.entry}/{self.place}", doc)]

    def proposal(self, about: abouts.Proposed) -> list[Change]:
        def read(body: bytes) -> dict[str, Any]:
            proposal = bodies.read_proposal(body)
            return {"shift": msgspec.to_builtins(proposal.shift), "note": proposal.note}

        if self.party not in about.versions:
            raise _Void("not-a-side")
        own = self._own(about.versions[self.party])
        if own is None or own["type"] != abouts.RELEASE or own["void"]:
            raise _Void("no-such-version")
        facts = {**msgspec.to_builtins(about), "line": self.header.line}
        doc = {**self.stamp, "party": self.party, **facts, **self._content(read)}
        return [put("proposal", self.entry.id, doc)]

    def answer(self, about: abouts.Answered) -> list[Change]:
        if self._own(about.proposal) is not None:
            raise _Void("own-entry")
        if any(scan(self.view, "answer", f"{about.proposal}/{self.party}/")):
            raise _Void("answered-before")
        answer = "assented" if self.header.type == abouts.ASSENT else "declined"
        doc = {**self.stamp, "party": self.party, "answer": answer, **self._note()}
        return [put("answer", f"{about.proposal}/{self.place}", doc)]

    def check(self, about: abouts.Checked) -> list[Change]:
        slot = format_time(read_time_s(about.slot, "slot"))
        return [put("check", f"{self.party}/{slot}/{self.header.index:010d}", self.stamp)]

    def suspend(self, about: abouts.NothingMore) -> list[Change]:
        if self.view.get("suspension", self.party) is not None:
            raise _Void("suspended-before")
        return [put("suspension", self.party, {**self.stamp, **self._note()})]

    def resume(self, about: abouts.NothingMore) -> list[Change]:
        if self.view.get("suspension", self.party) is None:
            raise _Void("not-suspended")
        return [Change("suspension", self.party, None)]

    def leave(self, about: abouts.NothingMore) -> list[Change]:
        return [put("leave", self.party, {**self.stamp, **self._note()})]

    def lapse(self, about: abouts.Lapsed) -> list[Change]:
        if about.owed_by == self.party or about.owed_by not in self.founding.cards:
            raise _Void("not-owed")
        if about.entry is not None and self._own(about.entry) is None:
            # What is owed for an entry is owed to its writer, and only that side may state it.
            raise _Void("not-owed")
        doc = {
            **self.stamp,
            "party": self.party,
            "owed_by": about.owed_by,
            "owed_for": about.entry,
            "what": about.what,
            "due": format_time(read_time_s(about.due, "due")),
        }
        return [put("lapse", f"{about.owed_by}/{about.entry or '-'}/{self.place}", doc)]

    def rotate(self, about: abouts.KeyRotated) -> list[Change]:
        def read(body: bytes) -> dict[str, Any]:
            return {"card": bodies.read_card(body, self.party, about)}

        try:
            new = keychain.new_key(about)
        except InputError:
            raise _Void("bad-facts") from None
        before = {link["sign_key"] for _, link in scan(self.view, "key", f"{self.party}/")}
        if about.sign_key in before or new.raw == self.founding.cards[self.party].public.raw:
            raise _Void("key-left")
        doc = {**self.stamp, **msgspec.to_builtins(about), **self._content(read)}
        return [put("key", self.place, doc)]

    def vouch(self, about: abouts.KeyVouched) -> list[Change]:
        if about.party == self.party or about.party not in self.founding.cards:
            raise _Void("not-a-side")
        key = f"{about.party}/{about.card_sha256}/{self.place}"
        return [put("vouch", key, {**self.stamp, "party": self.party})]

    def recall(self, about: abouts.Recalled) -> list[Change]:
        recalled = self._own(about.entry)
        if recalled is None:
            raise _Void("not-its-own")
        if recalled["type"] not in abouts.RECALLABLE:
            raise _Void("not-recallable")
        if self.view.get("recall", about.entry) is not None:
            raise _Void("recalled-before")
        doc = {**self.stamp, "party": self.party, "type": recalled["type"], **self._note()}
        return [put("recall", about.entry, doc), *self._without_content(recalled)]

    def _without_content(self, recalled: dict[str, Any]) -> list[Change]:
        """The rows of an entry as they are where its body never came, but for the reason."""
        if recalled["void"] is not None:
            return []
        if recalled["type"] != abouts.RELEASE:
            place = place_key(self.party, (load(self.view, "id", recalled["id"]) or {})["index"])
            if recalled["type"] == abouts.MESSAGE:
                return [self._emptied("message", place)]
            return [self._emptied("opening", f"{recalled['about']['commitment']}/{place}")]
        key = f"{self.party}/{recalled['about']['activity']}"
        number = recalled["about"]["version"]
        rows = [self._emptied("version", f"{key}/{number:07d}")]
        newest = load(self.view, "activity", key) or {}
        if newest["version"] == number:
            # Put again as it is, so that whoever follows the newest versions reads this one anew.
            rows.append(put("activity", key, newest))
        return rows

    def _emptied(self, kind: str, key: str) -> Change:
        doc = load(self.view, kind, key) or {}
        return put(kind, key, {**doc, "content": None, "unknown": RECALLED})

    def honoured(self, about: abouts.Honoured) -> list[Change]:
        if self._own(about.recall) is not None:
            raise _Void("own-entry")
        key = f"{about.recall}/{self.party}"
        if self.view.get("honour", key) is not None:
            raise _Void("honoured-before")
        return [put("honour", key, self.stamp)]

    def commit(self, about: abouts.Committed) -> list[Change]:
        facts = msgspec.to_builtins(about)
        for field in ("open_from", "open_by"):
            if facts[field] is not None:
                facts[field] = format_time(read_time_s(facts[field], field))
        doc = {**self.stamp, "party": self.party, **facts, **self._note()}
        return [put("commitment", self.entry.id, doc)]

    def open(self, about: abouts.Opened) -> list[Change]:
        committed = load(self.view, "commitment", about.commitment)
        if committed is None or committed["party"] != self.party:
            raise _Void("not-a-commitment")

        def read(body: bytes) -> dict[str, Any]:
            found = bodies.read_opening(body, committed["subject"], self.party)
            if isinstance(found, bodies.TextBody):
                return {"text": found.text, "language": found.language}
            activity, note = found
            volumes = volumes_to_wire(activity.volumes)
            return {"id": activity.id, "kind": activity.kind, "volumes": volumes, "note": note}

        # Decided by the header, so that it holds also when the body is recalled.
        right = self.header.body_sha256 == committed["sha256"]
        doc = {**self.stamp, "party": self.party, "right": right, **self._content(read)}
        return [put("opening", f"{about.commitment}/{self.place}", doc)]


_HANDLERS: dict[str, Callable[[_Fold, Any], list[Change]]] = {
    abouts.JOIN: _Fold.join,
    abouts.SIGN_TERMS: _Fold.sign_terms,
    abouts.RELEASE: _Fold.release,
    abouts.WITHDRAW: _Fold.withdraw,
    abouts.MESSAGE: _Fold.message,
    abouts.ACKNOWLEDGEMENT: _Fold.acknowledgement,
    abouts.PROPOSAL: _Fold.proposal,
    abouts.ASSENT: _Fold.answer,
    abouts.DECLINE: _Fold.answer,
    abouts.CHECK: _Fold.check,
    abouts.SUSPEND: _Fold.suspend,
    abouts.RESUME: _Fold.resume,
    abouts.LEAVE: _Fold.leave,
    abouts.LAPSE: _Fold.lapse,
    abouts.ROTATE: _Fold.rotate,
    abouts.VOUCH: _Fold.vouch,
    abouts.RECALL: _Fold.recall,
    abouts.HONOURED: _Fold.honoured,
    abouts.COMMIT: _Fold.commit,
    abouts.OPEN: _Fold.open,
}
assert _HANDLERS.keys() == abouts.ABOUTS.keys()
