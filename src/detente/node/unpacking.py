"""Taking a parcel in: docs/protocol.md, section 9.

Chunk by chunk, each authentic before it is read, through the same doors as what a peer sends
(``receiving``, ``cosigning``), with the parcel's sealer for a caller. So nothing can be brought in
by hand that could not have come over the line, and what is wrong is wrong in the same way.
"""

from contextlib import suppress
from typing import Annotated, Any

import msgspec

from detente.errors import (
    AccessError,
    DetenteError,
    GapError,
    InputError,
    NotFoundError,
    RecordError,
    StateError,
    StoreError,
)
from detente.line import Founding, Sent, read_letter
from detente.line.keychain import claimed_size
from detente.node import cosigning, recalling, receiving, views, watching
from detente.node.aside import forget_recalled
from detente.node.core import Core
from detente.node.peering import parted
from detente.record.header import MAX_PARTIES
from detente.record.parcel import CHUNK_BYTES_MAX, Opener, Source
from detente.record.reading import Count, PartyId, read_json, read_struct
from detente.store import aside, auditing, logs, projection


def unpack(core: Core, source: Source, *, officer: str) -> views.ParcelView:
    """Take in what a parcel holds, as far as it is good; what is not is told in the answer.

    Raises RecordError or LimitError, and keeps nothing, if it is no parcel for us, or if its letter
    is not by another member of a line of ours; StateError while another one is being taken in.
    """
    if not core.unpacking.acquire(blocking=False):
        raise StateError(
            "another parcel is being taken in", remedy="wait until it is done, and try again"
        )
    try:
        opener = Opener(source, core.party, core.opening_keys)
        chunks = opener.chunks()
        sent = read_letter(next(chunks))
        taking = _Taking(core, _line_of(core, sent, opener.digest), sent)
        try:
            for chunk in chunks:
                taking.take(chunk)
            taking.end()
        except (InputError, RecordError) as error:
            taking.note(None, error)
        finally:
            taking.audit(opener.digest, officer)
        taking.forget_recalled()
        return taking.view(opener.digest)
    finally:
        core.unpacking.release()


def _line_of(core: Core, sent: Sent, label: str) -> Founding:
    """The line of a letter, found to be for us, of this parcel, and by another member of it."""
    letter = sent.letter
    if (letter.to, letter.label) != (core.party, label):
        raise RecordError(
            "the letter in it was written for another parcel",
            where="letter",
            remedy="refuse it; somebody put it together from others",
        )
    with core.store.read() as tx:
        try:
            founding = core.founding(tx, letter.line)
        except NotFoundError:
            raise RecordError(
                f"is of a line that this node has not joined ({letter.line[:16]}…)",
                where="letter",
                remedy="join that line first; `detente lines` lists those that are",
            ) from None
        if letter.sender not in founding.cards or letter.sender == core.party:
            raise RecordError(
                f"is sealed by {letter.sender}, which is no other member of {founding.name}",
                where="letter",
                remedy="refuse it",
            )
        for left in (core.party, letter.sender):
            if projection.has(tx, founding.id, "leave", left):
                raise AccessError(
                    f"{'we have' if left == core.party else left + ' has'} left the line "
                    f"{founding.name}",
                    where="letter",
                    remedy="nothing more is taken of it",
                )
        vouched = sent.verify(core.keys(tx, founding, letter.sender))
    receiving.check_vouched(
        core, founding, letter.sender, [receiving.Vouched(one.index, one) for one in vouched]
    )
    return founding


class _Tally:
    """What a parcel has brought of one log."""

    def __init__(self, held: int) -> None:
        self.before = held
        self.carried = 0
        self.end = 0
        """How large the log is said or seen to be."""
        self.failed = False


class _Taking:
    """One parcel, being taken in."""

    def __init__(self, core: Core, founding: Founding, sent: Sent) -> None:
        self._core = core
        self._founding = founding
        self._line = founding.id
        self._sent = sent
        self._sender = sent.letter.sender
        with core.store.read() as tx:
            self._tallies = {
                party: _Tally(logs.size(tx, founding.id, party)) for party in founding.members
            }
        self._strangers: set[str] = set()
        self._problems: list[views.ParcelProblemView] = []
        self._whole = False
        self._ended = False
        self._over = False

    def take(self, chunk: bytes) -> None:
        """Take one authentic chunk. Raises RecordError or InputError for what is no chunk."""
        if self._ended:
            raise _misfit("something follows its heads")
        found = read_chunk(chunk)
        if isinstance(found, _Heads):
            self._ended = True
            self._take_heads(found.heads)
        else:
            self._take_span(found)

    def end(self) -> None:
        """There are no more chunks."""
        if not self._ended:
            raise _misfit("it ends without heads")
        self._whole = True
        recalling.honour(self._core, self._line)

    def forget_recalled(self) -> None:
        """Erase what is aside and recalled by what is aside, in whichever order the two came."""
        found = [forget_recalled(self._core, self._line, log) for log in self._tallies]
        if any(found):
            recalling.honour(self._core, self._line)

    def note(self, party: str | None, error: DetenteError) -> None:
        """Remember what was wrong with one log, or with the parcel."""
        self._problems.append(
            views.ParcelProblemView(
                party=party,
                error=error.code,
                message=f"{error.where}: {error.message}" if error.where else error.message,
                remedy=error.remedy,
            )
        )

    def _take_span(self, span: "_Span") -> None:
        tally = self._tally(span.log)
        if tally is None:
            return
        tally.carried += len(span.entries)
        tally.end = max(tally.end, span.start + len(span.entries))
        if self._over or tally.failed:
            return
        try:
            self._bring(span)
        except StoreError:
            raise
        except DetenteError as error:
            tally.failed = True
            self.note(span.log, error)
        self._over = parted(self._core, self._line, self._sender)

    def _bring(self, span: "_Span") -> None:
        log = (self._core, self._line, span.log, span.start, span.entries)
        if span.start <= self._held(span.log):
            receiving.receive(*log, span.checkpoint, self._sender, urgent=span.urgent)
            return
        kept = receiving.set_aside(*log, self._sender)
        if kept < len(span.entries):
            raise InputError(
                f"entries from {span.start + kept} on cannot be kept aside: there are too many",
                where=f"log of {span.log}",
                remedy="import what is missing first, then this file again",
            )

    def _take_heads(self, heads: dict[str, views.Head]) -> None:
        for party, head in heads.items():
            tally = self._tally(party)
            if tally is None:
                continue
            tally.end = max(tally.end, head.size)
            if self._over or tally.failed or head.checkpoint is None:
                continue
            try:
                self._take_head(party, head.checkpoint)
            except StoreError:
                raise
            except DetenteError as error:
                self.note(party, error)
        if self._sender in heads:
            watching.told(self._core, self._line, self._sender, heads[self._sender].size)

    def _take_head(self, party: str, note: str) -> None:
        """Cosign what the sender's checkpoint covers and is held here; keep the cosignatures."""
        held = self._held(party)
        if claimed_size(note) > held:
            if party == self._core.party:
                # We have signed more than is here: to be remembered, and no fault of the parcel.
                with suppress(GapError):
                    cosigning.take(self._core, self._line, party, note, self._sender)
            return
        if party != self._core.party:
            receiving.receive(self._core, self._line, party, held, [], note, self._sender)
        cosigning.take(self._core, self._line, party, note, self._sender)

    def _tally(self, party: str) -> _Tally | None:
        tally = self._tallies.get(party)
        if tally is None:
            # What came before in this very parcel may have been the last signature for it.
            with self._core.store.read() as tx:
                self._founding = self._core.founding(tx, self._line)
            if party not in self._founding.cards:
                self._note_stranger(party)
                return None
            tally = self._tallies[party] = _Tally(0)
        return tally

    def _note_stranger(self, party: str) -> None:
        """A log of nobody that is known here: of a member whose taking in is not all held yet."""
        if party in self._strangers:
            return
        if len(self._strangers) >= MAX_PARTIES:
            raise _misfit("it names more parties than a line has")
        self._strangers.add(party)
        error = NotFoundError(
            f"{party} is no party of the line {self._founding.name}, by what is held here",
            remedy="if it was taken in, import the others' logs up to that, and this file again",
        )
        self.note(party, error)

    def _held(self, party: str) -> int:
        with self._core.store.read() as tx:
            return logs.size(tx, self._line, party)

    def view(self, digest: str) -> views.ParcelView:
        """What came of it."""
        own = self._core.party
        with self._core.store.read() as tx:
            return views.ParcelView(
                parcel=digest,
                line=self._line,
                line_name=self._founding.name,
                own=own,
                sealed_by=self._sender,
                sealed=self._sent.letter.time,
                whole=self._whole,
                logs=[
                    _log(tally, party, logs.size(tx, self._line, party), ahead)
                    for party, tally in self._tallies.items()
                    for ahead in [aside.indexes(tx, self._line, party)]
                ],
                problems=self._problems,
                acknowledged=logs.newest_cosigned(tx, self._line, own, self._sender),
                own_size=logs.size(tx, self._line, own),
            )

    def audit(self, digest: str, officer: str) -> None:
        """Say in the internal audit log who brought what in."""
        view = self.view(digest)
        detail = {
            "line": self._line,
            "from": self._sender,
            "whole": self._whole,
            "added": {log.party: log.added for log in view.logs if log.added},
            "aside": {log.party: log.aside for log in view.logs if log.aside},
            "problems": [f"{one.party or 'parcel'}: {one.error}" for one in self._problems[:32]],
        }
        self._core.store.write(
            lambda tx: auditing.add(
                tx,
                time_s=self._core.clock.now_s(),
                officer=officer,
                action="parcel.import",
                subject=digest,
                detail=msgspec.json.encode(detail),
            )
        )


def _log(tally: _Tally, party: str, held: int, ahead: list[int]) -> views.ParcelLogView:
    return views.ParcelLogView(
        party=party,
        carried=tally.carried,
        added=held - tally.before,
        held=held,
        aside=len(ahead),
        missing=_missing(held, max([tally.end, *(at + 1 for at in ahead[-1:])]), ahead),
    )


def _missing(held: int, end: int, ahead: list[int]) -> list[tuple[int, int]]:
    """The spans from ``held`` to below ``end`` that are not ``ahead``, first and last of each."""
    spans: list[tuple[int, int]] = []
    start = held
    for at in [*(index for index in ahead if index < end), end]:
        if at > start:
            spans.append((start, at - 1))
        start = max(start, at + 1)
    return spans


class _Span(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    log: PartyId
    start: Count = msgspec.field(name="from")
    entries: Annotated[list[dict[str, Any]], msgspec.Meta(max_length=receiving.ENTRIES_MAX)]
    checkpoint: str | None
    urgent: bool = False


class _Heads(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    heads: Annotated[dict[PartyId, views.Head], msgspec.Meta(max_length=16)]


def read_chunk(chunk: bytes) -> _Span | _Heads:
    """What stands in a chunk behind the letter. Raises RecordError or LimitError."""
    value = read_json(chunk, CHUNK_BYTES_MAX, "parcel")
    if isinstance(value, dict) and "heads" in value:
        return read_struct(value, _Heads, "parcel")
    return read_struct(value, _Span, "parcel")


def _misfit(why: str) -> RecordError:
    return RecordError(
        f"what is in it is not what a parcel holds: {why}",
        where="parcel",
        remedy="tell its sender; its node may be of another version",
    )
