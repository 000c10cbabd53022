"""The hostile witness: it has the genuine keys that the terms name, and keeps to nothing.

It signs whatever it is brought, both histories of a party that forks, what nobody has signed, and
what lies in the past or the future. It remembers every checkpoint that it saw, shows each member
another one, and answers with sizes, signatures and lengths that fit nothing. What it has signed is
kept, as of any other: by that, what nodes show of it is judged.
"""

import os
import random
from collections import defaultdict
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

from bench.simulation.disk import BEGIN_S
from bench.simulation.witness import NAME, Asked, Third
from detente.node.keys import read_signing_key
from detente.node.wire import UnreachableError
from detente.node.witness_wire import ANSWER_BYTES_MAX, Answer
from detente.record import Checkpoint
from detente.record.checkpoint import cosign_text
from detente.record.note import Note, parse_note
from detente.record.witness import SIZE_TYPE, decode_submission, read_any_checkpoint

TIMES_S = (0, BEGIN_S - 10**7, BEGIN_S - 3600, BEGIN_S + 10**7, 7_258_118_399, 2**50)
"""What it states beside the truth."""

SIGNS, WELL, MAKES_UP = 0.55, 0.15, 0.2
"""How often it signs what it is brought whatever it signed before, and answers as it should; and in
how many worlds it signs roots that are nobody's, by which alone it is found out."""


class TwoFaced(Third):
    """A witness's server in the hands of somebody who keeps to nothing."""

    hostile = True

    def __init__(
        self, chance: random.Random, template: Path, folder: Path, now_s: Callable[[], float]
    ) -> None:
        """As of any other; its ``chance`` is its own."""
        super().__init__(chance, template, folder, now_s)
        self._key = read_signing_key(template / "keys", None)
        self._makes_up = chance.random() < MAKES_UP
        self.shown: tuple[str, int, bytes] | None = None
        """Party, size and root of the checkpoint in its last answer, if all is genuine of it but
        perhaps its party's signature."""
        self._seen: dict[str, list[str]] = defaultdict(list)
        """Notes by the hash of their log's name, as they came."""

    def ask(self, asked: Asked) -> Answer:
        """Its answer. Raises UnreachableError if it is down, or slow."""
        if not self.up:
            raise UnreachableError("cannot be reached")
        drawn = self._chance.random()
        if asked.content is None:
            return self._show(asked)
        note = decode_submission(asked.content).note
        self._remember(note)
        if drawn < SIGNS:
            return _lines(self._sign(note, int(self._now_s())))
        if drawn < SIGNS + WELL:
            return super().ask(asked)
        return self._chance.choice((self._wrong_size, self._wrong_lines, self._wrong_bytes))(note)

    def cosigned(self, note: str) -> str:
        """A note that an accomplice made up, and half of the time its cosignature under it."""
        note = _without_own(note)
        if self._chance.random() < 0.5:
            return note
        self._remember(note)
        return f"{note}{self._sign(note, int(self._now_s()))}\n"

    def size_of(self, party: str) -> int:
        """What it has seen it may show, whether it has signed it yet or not."""
        notes = [one for seen in self._seen.values() for one in seen]
        found = [read_any_checkpoint(parse_note(one).text) for one in notes]
        return max([one.size for one in found if one.origin.endswith(f"/{party}")], default=0)

    # --- what it answers to a submission ----------------------------------------------------------

    def _wrong_size(self, note: str) -> Answer:
        size = read_any_checkpoint(parse_note(note).text).size
        return self._sized(self._chance.choice((0, 1, size - 1, size, size + 1, 10**6, 2**62)))

    def _wrong_lines(self, note: str) -> Answer:
        """A cosignature that states a wrong time, is of something else, by half a key, or not
        alone."""
        checkpoint = read_any_checkpoint(parse_note(note).text)
        other = Checkpoint(checkpoint.origin, checkpoint.size, os.urandom(32))
        drawn = self._chance.randrange(5)
        if drawn == 0:
            return _lines(self._sign(note, int(self._chance.choice(TIMES_S))))
        if drawn == 1:
            return _lines(self._sign_text(other.text, int(self._now_s())))
        right = self._sign(note, int(self._now_s()))
        if drawn == 2:
            return _lines(right.split("\n")[0])
        if drawn == 3:
            return _lines("\n".join(reversed(right.split("\n"))))
        return _lines(f"— nobody.example AAAAAAAAAAAA\n{right}")

    def _wrong_bytes(self, note: str) -> Answer:
        drawn = self._chance.randrange(4)
        if drawn == 0:
            raise UnreachableError("did not answer in time")
        if drawn == 1:
            return Answer(200, "text/plain", b"x" * (ANSWER_BYTES_MAX + 1))
        if drawn == 2:
            return _lines(f"— {NAME} AAAAAAAAAAAA\n" * 1000)
        return Answer(self._chance.choice((204, 302, 403, 404, 422, 500)), "text/plain", b"\n")

    # --- what it shows ----------------------------------------------------------------------------

    def _show(self, asked: Asked) -> Answer:
        """A checkpoint of the log that is asked for: any that it has seen, or one of its own."""
        seen, self.shown = self._seen[asked.path.split("/")[1]], None
        drawn = self._chance.random()
        if not seen or drawn < 0.1:
            return Answer(404, "text/plain", b"\n")
        note = self._chance.choice(seen)
        if drawn < 0.2:
            # Read, it is of another log than was asked for: it says nothing.
            other = self._of_another(seen)
            if other is not None:
                return _lines(f"{other}{self._sign(other, int(self._now_s()))}")
        elif drawn < 0.4 and self._makes_up:
            note = _altered(note, os.urandom(32))
        at_s = self._chance.choice(TIMES_S) if drawn > 0.9 else self._now_s()
        found = read_any_checkpoint(parse_note(note).text)
        if at_s in TIMES_S[:-1] or drawn <= 0.9:
            self.shown = found.origin.rpartition("/")[2], found.size, found.root
        return Answer(200, "text/plain", f"{note}{self._sign(note, int(at_s))}\n".encode())

    def _of_another(self, seen: list[str]) -> str | None:
        """The first that it has seen of another log."""
        return next(
            (notes[0] for notes in self._seen.values() if notes and notes is not seen), None
        )

    def _remember(self, note: str) -> None:
        note = _without_own(note)
        origin = read_any_checkpoint(parse_note(note).text).origin
        seen = self._seen[sha256(origin.encode()).hexdigest()]
        if note not in seen:
            seen.append(note)

    # --- what it signs ----------------------------------------------------------------------------

    def _sign(self, note: str, at_s: int) -> str:
        return self._sign_text(parse_note(note).text, at_s)

    def _sign_text(self, text: str, at_s: int) -> str:
        checkpoint = read_any_checkpoint(text)
        party = checkpoint.origin.rpartition("/")[2]
        self._signed[party][checkpoint.size].add(checkpoint.root)
        return cosign_text(self._key, NAME, text, checkpoint, at_s)

    def _note(self, content: bytes) -> None:
        """It signed as it should: that is kept, and held against nothing."""
        checkpoint = read_any_checkpoint(parse_note(decode_submission(content).note).text)
        self._signed[checkpoint.origin.rpartition("/")[2]][checkpoint.size].add(checkpoint.root)

    def _sized(self, size: int) -> Answer:
        return Answer(409, SIZE_TYPE, f"{size}\n".encode())


def _lines(text: str) -> Answer:
    return Answer(200, "text/plain", f"{text}\n".encode())


def _without_own(note: str) -> str:
    """The note without what the witness has signed under it: two lines by one key count for
    nothing."""
    parsed = parse_note(note)
    return str(Note(parsed.text, tuple(one for one in parsed.signatures if one.name != NAME)))


def _altered(note: str, root: bytes) -> str:
    """The note with another root in it, and the signatures under the true one."""
    text, _, signatures = note.rpartition("\n\n")
    found = read_any_checkpoint(f"{text}\n")
    return f"{Checkpoint(found.origin, found.size, root).text}\n{signatures}"
