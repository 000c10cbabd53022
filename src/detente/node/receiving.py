"""Receiving what a peer pushes, or what was pulled from it: docs/protocol.md, section 8.

In three steps, each of which is durable before the next begins:

1. What needs no state is verified: signatures, body hashes, the checkpoint's signature.
2. In one transaction the entries are compared with what is held, appended and folded, and the
   checkpoint is compared with the tree over them. A push is all or nothing.
3. What is then on the disk is cosigned, the cosignature is stored, and only then is it answered.
"""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any, NamedTuple

import structlog

from detente.errors import (
    AccessError,
    EarlyError,
    GapError,
    InputError,
    LimitError,
    QuotaError,
    RecordError,
    SignatureError,
    UnvouchedError,
)
from detente.line import Founding, KeyChain, check_recalled, read
from detente.line.keychain import claimed_size, rotation
from detente.node import aside, cosigning, evidence, quota, recalling, restoring, two_roots, views
from detente.node.core import Core
from detente.node.peering import line_for
from detente.node.writing import fold
from detente.record import Checkpoint, Entry, Header, PublicKey, read_entry
from detente.record.checkpoint import origin
from detente.store import logs, projection
from detente.store.projection import rows_of
from detente.store.store import Tx

log = structlog.get_logger("detente.receiving")

ENTRIES_MAX = 256
"""Entries in one push (docs/protocol.md, section 1)."""


class Vouched(NamedTuple):
    """A change of keys that others have to vouch for, and the index of the entry it came with.

    That is its own, or that of an earlier one in the place of whose body it stands.
    """

    at: int
    header: Header


class _StrangeKeyError(SignatureError):
    """From ``index`` on a push is signed by a key that its log, as we hold it, does not have."""

    def __init__(self, error: SignatureError, index: int) -> None:
        super().__init__(error.message, where=error.where, remedy=error.remedy)
        self.index = index


class _Push:
    """A push whose own signatures hold. Whether it fits what is held is not yet known."""

    def __init__(
        self,
        founding: Founding,
        keys: KeyChain,
        party: str,
        start: int,
        bundles: Sequence[dict[str, Any]],
        note: str | None,
    ) -> None:
        """``keys`` are those of the log as far as it is held; the push may go on with others."""
        if start < 0:
            raise InputError("begins before entry 0", remedy="begin at 0 or later", where="push")
        if len(bundles) > ENTRIES_MAX:
            raise LimitError(
                f"{len(bundles)} entries in one push, more than {ENTRIES_MAX}",
                remedy=f"push {ENTRIES_MAX} at a time",
            )
        self.party = party
        self.start = start
        self.before = self.keys = self.later = keys
        self.line = founding.id
        self.others = set(founding.members) - {party}
        self.vouched: list[Vouched] = []
        self.entries = [self._entry(start + at, bundle) for at, bundle in enumerate(bundles)]
        self.checkpoint: Checkpoint | None = None
        self.note = ""
        if note is not None:
            self._open(note, origin(founding.id, party))

    def _entry(self, index: int, bundle: dict[str, Any]) -> Entry:
        def key_of(header: Header) -> PublicKey:
            if header.party in self.others:
                raise self._misplaced(index, header)
            if header.party != self.party:
                raise LookupError(header.party)
            if header.index == index:
                return self.keys.signer(header)
            return self._later_key(header) if header.index > index else self.keys.at(header.index)

        self.at, self.later = index, self.keys
        try:
            entry = read_entry(bundle, key_of)
        except SignatureError as error:
            raise _StrangeKeyError(error, index) from None
        check_recalled(entry)
        header = entry.header
        if (header.line, header.index) != (self.line, index):
            raise self._misplaced(index, header)
        following = self.keys.followed_by(entry.header)
        self._note_vouched(entry.header, self.keys, following)
        self.keys = following
        return entry

    def _later_key(self, header: Header) -> PublicKey:
        """The key of a later entry, told of in the place of a body: a change of keys, or a recall.

        They come in their order, so that each change says who signs what follows it.
        """
        key, following = self.later.signer(header), self.later.followed_by(header)
        self._note_vouched(header, self.later, following)
        self.later = following
        return key

    def _note_vouched(self, header: Header, before: KeyChain, after: KeyChain) -> None:
        rotated = rotation(header)
        if before != after and rotated is not None and rotated.vouched:
            self.vouched.append(Vouched(self.at, header))

    def _misplaced(self, index: int, header: Header) -> RecordError:
        return RecordError(
            f"stands where entry {self.party}/{index} of this line belongs",
            remedy="send the entries of each log in order, on their own line",
            where=f"entry {header.party}/{header.index} of line {header.line[:16]}…",
        )

    def _open(self, note: str, name: str) -> None:
        """Verify the checkpoint. One that is ahead may be by a key that is still to come."""
        end = self.start + len(self.entries)
        try:
            self.checkpoint = self.keys.open_checkpoint(note, name)
        except SignatureError as error:
            if claimed_size(note) <= end:
                raise _StrangeKeyError(error, end) from None
            return
        self.note = self.keys.bare(note, name)


def receive(
    core: Core,
    line: str,
    party: str,
    start: int,
    bundles: Sequence[dict[str, Any]],
    checkpoint: str | None,
    caller: str,
    *,
    urgent: bool = False,
) -> views.Receipt:
    """Take entries from index ``start`` of the log of ``party``, offered by ``caller``.

    ``urgent``: something urgent follows them in that log (``quota``). Raises NotFoundError,
    InputError, RecordError, SignatureError, GapError, ForkError or QuotaError; nothing of the push
    is kept then, except the evidence of a fork, and what stands before an entry that cannot be
    judged before more of other logs is held (EarlyError, UnvouchedError).
    """
    try:
        receipt = _receive(core, line, party, start, bundles, checkpoint, caller, urgent=urgent)
    except (EarlyError, UnvouchedError) as early:
        # What stands before it may be just what another log waits for, as this one waits for that
        # one: two logs that name each other's newcomers would wait for each other for ever.
        if early.index > start:
            before = bundles[: early.index - start]
            _receive(core, line, party, start, before, None, caller, urgent=urgent)
        raise
    size = _take_aside(core, line, party, receipt.size, caller)
    return views.Receipt(size=size, cosignature=receipt.cosignature)


def _take_aside(core: Core, line: str, party: str, size: int, caller: str) -> int:
    """Take what was kept aside and goes on where a log now ends; the size then held."""
    at_once = aside.PAGE
    while more := aside.following(core, line, party, size, at_once):
        try:
            size = _receive(core, line, party, size, more, None, caller, urgent=False).size
        except QuotaError:
            # It stays aside until there is room for it again.
            break
        except RecordError as error:
            if len(more) > 1:
                at_once = 1
                continue
            # The push was good; this, which came by hand before, turned out not to be.
            log.warning("dropped what was kept aside", party=party, line=line, why=str(error))
            aside.drop(core, line, party, size)
    return size


def set_aside(
    core: Core,
    line: str,
    party: str,
    start: int,
    bundles: Sequence[dict[str, Any]],
    caller: str,
) -> int:
    """Keep entries beyond what is held, sealed by ``caller``, until those before them are here.

    How many of them are kept: there may be no room for all. Raises as ``receive`` does; an entry
    by a key that is handed over in what is missing cannot be verified, and is not kept.
    """
    with core.store.read() as tx:
        founding = _line_for(core, tx, line, party, caller)
        keys = core.keys(tx, founding, party)
        if projection.has(tx, line, "leave", party):
            raise AccessError(
                f"{party} has left this line, and nothing follows that in its log",
                where=f"log of {party}",
                remedy="refuse it",
            )
    push = _Push(founding, keys, party, start, bundles, None)
    check_vouched(core, founding, party, push.vouched)

    def work(tx: Tx) -> int:
        return aside.keep(core, tx, line, party, push.entries, bundles)

    try:
        return core.store.write(work)
    except evidence.ForkFoundError as fork:
        evidence.keep(core, founding, fork, caller)
        raise


def _line_for(core: Core, tx: Tx, line: str, party: str, caller: str) -> Founding:
    founding = line_for(core, tx, line, caller, party)
    if projection.has(tx, line, "leave", core.party):
        raise AccessError(
            f"{core.party} has left this line, and takes nothing more",
            remedy=f"take the log of {core.party}, which says so",
        )
    return founding


def _receive(
    core: Core,
    line: str,
    party: str,
    start: int,
    bundles: Sequence[dict[str, Any]],
    checkpoint: str | None,
    caller: str,
    *,
    urgent: bool,
) -> views.Receipt:
    """Take one push, and nothing that may follow it here."""
    with core.store.read() as tx:
        founding = _line_for(core, tx, line, party, caller)
        keys = core.keys(tx, founding, party)
        now_s = core.clock.now_s()
        new = start + len(bundles) - logs.size(tx, line, party)
        quota.check_open(core.quota, quota.received(tx, line, party, now_s), new, now_s)
    try:
        push = _Push(founding, keys, party, start, bundles, checkpoint)
    except _StrangeKeyError as strange:
        _confront(core, founding, keys, party, start, bundles[: strange.index - start], caller)
        raise
    check_vouched(core, founding, party, push.vouched)
    try:
        held, added = core.store.write(lambda tx: _keep(core, tx, founding, push, urgent))
    except QuotaError:
        core.counters["pushes_over_quota_total"] += 1
        core.store.write(lambda tx: quota.note_refused(tx, line, party, now_s))
        raise
    except evidence.ForkFoundError as fork:
        evidence.keep(core, founding, fork, caller)
        if checkpoint is not None:
            two_roots.note(core, founding, party, checkpoint, caller)
        raise
    core.counters["entries_received_total"] += added
    if party == core.party and push.checkpoint is not None and push.checkpoint.size <= held:
        # Whoever brings it has seen it: what is taken back was shown before it was lost.
        core.marks.show(line, party, push.checkpoint.size, push.checkpoint.root)
    cosignature = None
    if push.checkpoint is not None and push.checkpoint.size <= held:
        cosignature = cosigning.cosign(core, founding, party, push.checkpoint.size)
    core.engine.follow()
    if push.entries or core.overwriting.is_owed:
        # Not only where a recall came: one that came before a crash, before we were taken in, or
        # before our own log was back is answered when next anything comes. Who brings it may be the
        # only one of the two who can call.
        recalling.honour(core, line)
    return views.Receipt(size=held, cosignature=cosignature)


def _confront(
    core: Core,
    founding: Founding,
    keys: KeyChain,
    party: str,
    start: int,
    bundles: Sequence[dict[str, Any]],
    caller: str,
) -> None:
    """Compare what stands before the first key that we do not know with what is held; keep nothing.

    Of two histories one may hand over to a key that the other never had. Nothing after that can be
    verified by who holds the other; but where they part, both are signed by a key that it knows.
    Raises ForkError if they part here.
    """
    with suppress(UnvouchedError):
        push = _Push(founding, keys, party, start, bundles, None)
        check_vouched(core, founding, party, push.vouched)
        try:
            with core.store.read() as tx:
                held = logs.size(tx, founding.id, party)
                if start < held:
                    _compare(core, tx, founding, push, held)
        except evidence.ForkFoundError as fork:
            evidence.keep(core, founding, fork, caller)
            raise


def check_vouched(core: Core, founding: Founding, party: str, vouched: Sequence[Vouched]) -> None:
    """A key that signs for itself is anybody's, until all others have said whose it is.

    Judged before anything is compared: else whoever made a key could make a fork with it.
    """
    if not vouched:
        return
    with core.store.read() as tx:
        rows = rows_of(tx, founding.id)
        for at, header in vouched:
            card = header.about["card_sha256"]
            missing = read.unvouched(rows, founding, party, card, header.seen)
            if missing:
                raise UnvouchedError(
                    f"its new key is not vouched for by {', '.join(sorted(missing))}",
                    where=f"log of {party}",
                    remedy="compare the fingerprint of its new card with it, and vouch for it",
                    index=at,
                )


def _keep(core: Core, tx: Tx, founding: Founding, push: _Push, urgent: bool) -> tuple[int, int]:
    """Append and fold what is new. Returns the size then held, and how many entries were new."""
    line, party = founding.id, push.party
    held = logs.size(tx, line, party)
    if core.keys(tx, founding, party) != push.before:
        raise GapError(
            "its keys were changed while it was verified",
            size=held,
            remedy="send it again",
            where=f"log of {party}",
        )
    if push.start > held:
        raise GapError(
            f"entries before {push.start} are missing; {held} are held",
            size=held,
            remedy=f"send the log from {held}",
            where=f"log of {party}",
        )
    _compare(core, tx, founding, push, held)
    new = push.entries[held - push.start :]
    aside.confront(tx, line, party, new)
    if new and party != core.party:
        now_s = core.clock.now_s()
        quota.charge(tx, core.quota, line, party, new, now_s=now_s, urgent=urgent)
    tree = logs.append(tx, line, party, held, new)
    # Compared before anything is folded: folding is the dearest step of all.
    if push.checkpoint is not None and push.checkpoint.size <= tree.size:
        evidence.check_root(core, tx, founding, party, push.checkpoint, push.note, new)
        logs.put_checkpoint(tx, line, party, push.checkpoint.size, push.note)
    if push.checkpoint is not None and party == core.party:
        restoring.note(tx, line, party, push.checkpoint.size)
    if new:
        fold(core, tx, founding, rows_of(tx, line), new)
        aside.reached(tx, line, party, tree.size)
    return tree.size, len(new)


def _compare(core: Core, tx: Tx, founding: Founding, push: _Push, held: int) -> None:
    """Entries that are held already must be the very same."""
    known = push.entries[: held - push.start]
    rows = logs.read(tx, founding.id, push.party, push.start, len(known)) if known else []
    for offered, row in zip(known, rows, strict=True):
        if offered.id != row.id:
            [ours] = core.entries(tx, founding, [row])
            raise evidence.two_entries(ours, offered)
