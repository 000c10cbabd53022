"""The witness itself: what it cosigns, and what it refuses.

It cosigns a checkpoint that goes on from the newest one that it cosigned of that log, and no other:
never two roots for one size, never a smaller size than before. The new checkpoint is on the disk
before its cosignature leaves, in the transaction in which it was held against the one before; so
two submissions that race, or a crash between any two steps, cannot bring two histories about.

A database that is brought back from a backup would have forgotten what was cosigned since. So the
size and root also stand in a small file outside of it (``node.marks``), and the larger of the two
counts: a witness needs to know no more of a log than that to go on.
"""

from collections.abc import Callable
from math import inf
from pathlib import Path
from typing import Self

import structlog

from detente.errors import DetenteError, NotFoundError, RecordError, SignatureError, StoreError
from detente.node.keys import read_signing_key
from detente.node.marks import Marks
from detente.record import Checkpoint, SigningKey
from detente.record import checkpoint as checkpoints
from detente.record.note import Note, NoteSignature, VerifierKey, parse_note, parse_signature
from detente.record.tree import EMPTY_ROOT, verify_consistency
from detente.record.witness import (
    Submission,
    decode_submission,
    other_lines,
    own_lines,
    read_note,
    signers,
    verify_log,
)
from detente.store.writer import Tx
from detente.witness import store
from detente.witness.settings import load_settings
from detente.witness.store import FILE, Latest, Refused, TurnedAway, WitnessStore

MARKS = "witness"
"""Under which all logs stand in the marks, where a node has its lines."""
NOTE_S_MIN = 1.0
"""Between two refusals that are noted."""

log = structlog.get_logger("detente.witness")


class StaleError(DetenteError):
    """Another size was cosigned last: ``size``."""

    code = "stale"

    def __init__(self, size: int) -> None:
        super().__init__(f"{size} entries were cosigned last", remedy="prove that you go on there")
        self.size = size


class InconsistentError(RecordError):
    """A checkpoint that does not go on from what was cosigned."""

    code = "inconsistent"


class Cosigner:
    """A witness's keys and store. Every method may be called from any thread."""

    def __init__(
        self,
        name: str,
        key: SigningKey,
        kept: WitnessStore,
        marks: Marks,
        now_s: Callable[[], float],
    ) -> None:
        """``now_s`` gives real POSIX time."""
        self.name = name
        self._key = key
        self._store = kept
        self._marks = marks
        self._now_s = now_s
        self._noted_s: dict[bool, float] = {}

    @classmethod
    def open(cls, directory: Path, secret: bytes | None, now_s: Callable[[], float]) -> Self:
        """Open the witness in a folder. Raises InputError or StoreError."""
        settings = load_settings(directory)
        key = read_signing_key(directory / "keys", secret)
        marks = Marks(directory)
        return cls(settings.name, key, WitnessStore(directory / FILE), marks, now_s)

    def close(self) -> None:
        """Close the store."""
        self._store.close()

    def add_checkpoint(self, body: bytes) -> str:
        """The cosignature, as the lines that the protocol answers with.

        Raises:
            RecordError, LimitError: the body is malformed.
            NotFoundError: the log is not served.
            SignatureError: it is not signed by the log's keys.
            StaleError: another size was cosigned last.
            InconsistentError: it does not go on from what was cosigned.
        """
        submission = decode_submission(body)
        note, checkpoint = read_note(submission.note)
        with self._store.read() as tx:
            keys = store.keys_of(tx, checkpoint.origin)
        try:
            _verify(note, checkpoint, keys)
        except (NotFoundError, SignatureError) as error:
            self._turn_away(error, note, checkpoint, keys)
            raise
        if submission.old_size > checkpoint.size:
            raise RecordError(
                f"the old size {submission.old_size} is larger than the checkpoint's",
                remedy="send the size that was cosigned last",
                where="submission",
            )
        try:
            lines = self._store.write(
                lambda tx: self._go_on(tx, submission, note, checkpoint, keys)
            )
        except (StaleError, InconsistentError) as error:
            self._keep_refused(error, own_lines(note, keys), checkpoint)
            raise
        # After the store and before anybody sees it: what this file speaks of, the store holds.
        self._marks.show(MARKS, checkpoint.origin, checkpoint.size, checkpoint.root)
        return "".join(f"{line}\n" for line in lines.split("\n"))

    def checkpoint(self, sha256: str) -> str:
        """The newest checkpoint cosigned of the log with this hash. Raises NotFoundError."""
        with self._store.read() as tx:
            found = store.latest_by_hash(tx, sha256)
        if found is None or found.note is None:
            raise NotFoundError("no checkpoint of that log was cosigned", where="origin hash")
        return found.note

    def _go_on(
        self,
        tx: Tx,
        submission: Submission,
        note: Note,
        checkpoint: Checkpoint,
        keys: list[VerifierKey],
    ) -> str:
        """Check, sign and keep, in one transaction."""
        latest = self._latest(tx, checkpoint.origin)
        if latest.size != submission.old_size:
            raise StaleError(latest.size)
        _check_consistent(submission, checkpoint, latest)
        now_s = int(self._now_s())
        lines = checkpoints.cosign_text(self._key, self.name, note.text, checkpoint, now_s)
        signed = tuple(parse_signature(line) for line in lines.split("\n"))
        kept = str(Note(note.text, (*_best_lines(note, checkpoint, keys, latest.note), *signed)))
        store.put_latest(tx, Latest(checkpoint.origin, checkpoint.size, checkpoint.root, kept))
        store.forget_turned_away(tx, checkpoint.origin)
        return lines

    def _turn_away(
        self, error: DetenteError, note: Note, checkpoint: Checkpoint, keys: list[VerifierKey]
    ) -> None:
        """Let the operator see whose checkpoint was refused, and by which keys it is signed."""
        now_s = self._now_s()
        # Strangers make up names of logs. They must not fill the disk, nor hide a log that is
        # served: each of the two sorts is noted once in a second, and a refused log comes again.
        served = bool(keys)
        if abs(now_s - self._noted_s.get(served, -inf)) < NOTE_S_MIN:
            return
        self._noted_s[served] = now_s
        ids = [one.key_id.hex() for one in other_lines(note, checkpoint.origin, keys)]
        one = TurnedAway(checkpoint.origin, int(now_s), error.message, tuple(ids))
        try:
            new = self._store.write(lambda tx: store.turn_away(tx, one))
        except StoreError as failed:
            log.warning("what was refused cannot be noted", why=str(failed))
            return
        if new:
            log.warning("refused", origin=one.origin, why=one.why, signed_by_keys=ids)

    def _latest(self, tx: Tx, origin: str) -> Latest:
        """How far a log was cosigned, by the store or by the marks outside of it."""
        latest = store.latest(tx, origin)
        assert latest is not None
        size, root = self._marks.of(MARKS, origin)
        return latest if size <= latest.size else Latest(origin, size, root, None)

    def _keep_refused(self, error: DetenteError, note: Note, checkpoint: Checkpoint) -> None:
        """Keep what may be evidence: one size with two roots, or no proof that leads on."""

        def keep(tx: Tx) -> None:
            latest = self._latest(tx, checkpoint.origin)
            other = latest.size == checkpoint.size and latest.root != checkpoint.root
            if other or isinstance(error, InconsistentError):
                why = "another root for one size" if other else error.message
                refused = Refused(
                    checkpoint.origin, int(self._now_s()), why, str(note), latest.note
                )
                store.put_refused(tx, refused)

        self._store.write(keep)


def _verify(note: Note, checkpoint: Checkpoint, keys: list[VerifierKey]) -> None:
    if not keys:
        raise NotFoundError(
            "this log is not served here",
            where="checkpoint",
            remedy="have this witness's operator allow its keys",
        )
    verify_log(note, checkpoint, keys)


def _best_lines(
    note: Note, checkpoint: Checkpoint, keys: list[VerifierKey], held: str | None
) -> tuple[NoteSignature, ...]:
    """The log's signatures to keep under its checkpoint: those submitted, or those held before.

    Anybody may submit the same checkpoint again with fewer lines, which must not take any away.
    """
    lines = (*own_lines(note, keys).signatures, *other_lines(note, checkpoint.origin, keys))
    before = None if held is None else parse_note(held)
    if before is None or before.text != note.text:
        return lines
    known = own_lines(before, keys).signatures
    others = other_lines(before, checkpoint.origin, keys)
    try:
        verified = len(signers(before, checkpoint, keys))
    except SignatureError:
        # What was kept unverified is no signature by a key that is trusted since.
        return lines
    now = (len(signers(note, checkpoint, keys)), len(lines))
    return lines if now >= (verified, len(known) + len(others)) else (*known, *others)


def _check_consistent(submission: Submission, checkpoint: Checkpoint, latest: Latest) -> None:
    """Whether the checkpoint goes on from ``latest``, whose size the submission names."""
    if checkpoint.size == 0 and checkpoint.root != EMPTY_ROOT:
        raise _inconsistent("an empty log has the empty tree's root")
    if submission.old_size == 0 and submission.proof:
        raise _inconsistent("there is nothing to be proven from size 0")
    try:
        verify_consistency(
            latest.size, checkpoint.size, submission.proof, latest.root, checkpoint.root
        )
    except RecordError as error:
        raise _inconsistent(error.message) from None


def _inconsistent(why: str) -> InconsistentError:
    return InconsistentError(
        why, where="submission", remedy="prove that the log goes on from what was cosigned"
    )
