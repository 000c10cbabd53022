"""The hostile party: a member with genuine keys who keeps to nothing.

It runs one node of its own, or two with one key, which then write two histories, each shown to some
of the others. What its nodes send and answer is tampered with on the way out: left out, repeated,
altered, replaced, replayed, made too large or cut short. It also writes by hand what no node would
write, and signs it.

It tampers with the structure of what is sent, not with bytes drawn at random: those would fall
differently in every run, because signatures do.
"""

import base64
import json
import os
import random
from collections.abc import Callable
from typing import Any

from bench.simulation.disk import BEGIN_S
from bench.simulation.network import Letter
from bench.simulation.station import Station
from bench.simulation.truth import root_of
from detente.errors import DetenteError
from detente.node.keys import read_signing_key
from detente.record import Checkpoint, Seen, SigningKey, write_entry
from detente.record.checkpoint import cosign, origin, sign_checkpoint
from detente.record.entry import entry_to_bundle
from detente.volumes.times import format_time

Json = Any
REMEMBERED = 40
"""Messages kept to be replayed."""


class Hostile:
    """What a hostile party does, beside running its stations."""

    def __init__(self, chance: random.Random, stations: list[Station], malice: float) -> None:
        """``malice`` is how often a message is tampered with."""
        self._chance = chance
        self.stations = stations
        self.malice = malice
        first = stations[0]
        self.party = first.party
        self._line = first.line
        self._key = read_signing_key(first.disk.live / "keys", None)
        self._other_key = SigningKey.generate()
        self._kept: dict[str, list[bytes]] = {}

    def station_for(self, other: str) -> Station:
        """Which of its nodes it shows to another party."""
        return self.stations[sum(other.encode()) % len(self.stations)]

    # --- tampering --------------------------------------------------------------------------------

    def tamper(self, letter: Letter) -> Letter:
        """What it sends in the place of a request."""
        if letter.content is None or self._chance.random() >= self.malice:
            return letter
        kind = f"POST {letter.path}"
        content = self._tampered(kind, letter.content, self._in_request)
        return letter._replace(content=content)

    def tamper_answer(self, letter: Letter, status: int, answer: bytes) -> tuple[int, bytes]:
        """What it answers in the place of an answer."""
        if self._chance.random() >= self.malice:
            return status, answer
        kind = f"{letter.method} {letter.path.partition('?')[0]}"
        if self._chance.random() < 0.1:
            gap = {"error": "gap", "message": "x", "size": self._chance.choice((0, 1, -1, 2**53))}
            return 409, json.dumps(gap).encode()
        if self._chance.random() < 0.05:
            return self._chance.choice(((500, b""), (204, b""), (200, b""), (302, answer)))
        return status, self._tampered(kind, answer, self._in_answer)

    def _tampered(self, kind: str, content: bytes, change: Callable[[Json], None]) -> bytes:
        kept = self._kept.setdefault(kind, [])
        kept.append(content)
        del kept[:-REMEMBERED]
        drawn = self._chance.random()
        if drawn < 0.15:
            return self._chance.choice(kept)
        if drawn < 0.2:
            return content[: len(content) // 2]
        if drawn < 0.22:
            return b"[" * 100_000
        if drawn < 0.23:
            return content + b" " * (8 * 1024 * 1024 + 1)
        try:
            value = json.loads(content)
            change(value)
        except (ValueError, LookupError, TypeError, AttributeError):
            # There was nothing of that kind to change.
            return content
        return json.dumps(value).encode()

    def _in_request(self, value: Json) -> None:
        if "entries" in value:
            self._change_entries(value)
        if self._chance.random() < 0.3:
            value["checkpoint"] = self._change_note(value["checkpoint"])
        if "from" in value and self._chance.random() < 0.15:
            value["from"] = self._wrong_number(value["from"])

    def _in_answer(self, value: Json) -> None:
        if "heads" in value:
            self._change_heads(value["heads"])
        elif "entries" in value:
            self._change_entries(value)
            if self._chance.random() < 0.3:
                value["checkpoint"] = self._change_note(value["checkpoint"])
        elif "cosignature" in value:
            if self._chance.random() < 0.5:
                value["size"] = self._wrong_number(value["size"])
            else:
                value["cosignature"] = self._cosignature()

    def _wrong_number(self, size: int) -> Json:
        return self._chance.choice((0, size - 1, size + 1, size + 7, -1, 10**9, 2**60, "4", None))

    def _change_heads(self, heads: Json) -> None:
        party = self._chance.choice(sorted(heads))
        drawn = self._chance.randrange(6)
        if drawn == 0:
            del heads[party]
        elif drawn == 1:
            heads["nobody"] = heads[party]
        elif drawn == 2:
            heads[party] = heads[self._chance.choice(sorted(heads))]
        elif drawn == 3:
            heads[party]["checkpoint"] = self._change_note(heads[party]["checkpoint"])
        else:
            heads[party]["size"] = self._wrong_number(heads[party]["size"])

    def _change_note(self, note: Json) -> Json:
        text = str(note)
        size = int(text.split("\n")[1]) if text.count("\n") > 3 else 1
        drawn = self._chance.randrange(6)
        if drawn == 0:
            return None
        if drawn == 1:
            return self._note(max(1, size + self._chance.choice((-1, 0, 1))), os.urandom(32))
        if drawn == 2:
            return f"{text}{self._cosignature()}\n"
        if drawn == 3:
            return text.replace(f"\n{size}\n", f"\n{size + 1}\n")
        if drawn == 4:
            return text + "— nobody AAAAAAAAAAAA\n" * 200
        try:
            time_s = int(BEGIN_S) + self._chance.choice((-(10**6), 10**9, 2**50))
            return f"{text}{cosign(self._key, self.party, text, time_s)}\n"
        except DetenteError:
            # What is to be cosigned is no checkpoint; a wrong answer of another kind will do.
            return text[: len(text) // 2]

    def _cosignature(self) -> str:
        """A cosignature of what nobody has said."""
        key = self._chance.choice((self._key, self._other_key))
        note = self._note(self._chance.randrange(1, 9), os.urandom(32))
        return cosign(key, self.party, note, int(BEGIN_S))

    def _note(self, size: int, root: bytes) -> str:
        return sign_checkpoint(self._key, Checkpoint(origin(self._line, self.party), size, root))

    def _change_entries(self, value: Json) -> None:
        entries: list[Json] = value["entries"]
        at = self._chance.randrange(len(entries)) if entries else 0
        changes: list[Callable[[], object]] = [
            lambda: entries.pop(at),
            lambda: entries.insert(at, entries[at]),
            lambda: entries.reverse(),
            lambda: entries.clear(),
            lambda: entries.extend(entries[:1] * 300),
            lambda: entries[at].update(body=base64.b64encode(b"{}").decode()),
            lambda: entries[at].update(body=base64.b64encode(bytes(1024 * 1024 + 1)).decode()),
            lambda: entries[at].update(salt=base64.b64encode(bytes(32)).decode()),
            lambda: entries[at].pop("body"),
            lambda: entries[at].update(body=None, salt=None),
            lambda: entries[at]["envelope"]["signatures"].clear(),
            lambda: entries[at].update(envelope=self._sign_again(entries[at]["envelope"])),
            lambda: value.update(entries=7),
        ]
        self._chance.choice(changes)()

    def _sign_again(self, envelope: Json) -> Json:
        """The header of another, or of itself, with one thing changed, signed by itself."""
        header = json.loads(base64.b64decode(envelope["payload"]))
        changed: Json = self._chance.choice(
            (
                {"time": "2026-11-22T00:00:00Z"},
                {"party": self.party},
                {"index": header["index"] + 1},
                {"line": "0" * 64},
                {"seen": {}},
                {"type": "message"},
            )
        )
        fields = {name: header[name] for name in ("line", "party", "index", "type", "time")}
        seen = {party: Seen(**one) for party, one in (changed.get("seen", header["seen"])).items()}
        fields.update({name: new for name, new in changed.items() if name != "seen"})
        entry = write_entry(
            self._key, **fields, seen=seen, about=header["about"], body=b"{}", salt=bytes(32)
        )
        return entry_to_bundle(entry)["envelope"]

    # --- writing by hand --------------------------------------------------------------------------

    def write(self, station: Station) -> str:
        """Append to the log of one of its nodes an entry that no node would write."""
        station_held = station.held[self.party]
        head = station.node.heads(self._line, self.party)
        seen = {
            party: Seen(one.size, base64.b64decode(one.checkpoint.split("\n")[2]).hex())
            for party, one in head.items()
            if party != self.party and one.checkpoint is not None
        }
        type_, about = self._odd()
        entry = write_entry(
            self._key,
            line=self._line,
            party=self.party,
            index=len(station_held),
            type=type_,
            time=format_time(station.clock.now_s()),
            seen=seen,
            about=about,
            body=self._chance.choice((b"{}", b"\xff", b'{"text":"x","language":"en"}')),
            salt=os.urandom(32),
        )
        note = self._note(len(station_held) + 1, root_of([*station_held, entry.leaf]))
        bundle = entry_to_bundle(entry)
        try:
            station.node.receive(
                self._line, self.party, len(station_held), [bundle], note, self.party
            )
        except DetenteError as error:
            return f"{type_}: {type(error).__name__}"
        return f"{type_}: {self.party}/{len(station_held)}"

    def _odd(self) -> tuple[str, Json]:
        name = f"{self.party}-{self._chance.randrange(3)}"
        release = {
            "activity": name,
            "version": self._chance.randrange(1, 4),
            "supersedes": self._chance.choice((None, "0" * 64)),
            "form": "exact",
            "settles": self._chance.choice((None, "1" * 64)),
        }
        withdrawal = {"activity": name, "version": 2, "supersedes": "0" * 64}
        lapse = {
            "owed_by": self.stations[0].others[0],
            "entry": None,
            "what": "line-check",
            "due": "2026-11-22T00:30:00Z",
        }
        kinds: list[tuple[str, Json]] = [
            ("activity.release", release),
            ("activity.withdraw", withdrawal),
            ("activity.release", {"activity": name}),
            ("message", {"precedence": "routine", "reply_to": "f" * 64, "conflict": None}),
            ("acknowledgement", {"entry": "a" * 64, "level": "understood"}),
            ("proposal", {"conflict": "c" * 64, "versions": {}, "moves": self.party}),
            ("proposal.assent", {"proposal": "b" * 64}),
            ("terms.sign", {"version": 1, "terms_sha256": "0" * 64}),
            ("terms.sign", {"version": 2, "terms_sha256": "0" * 64}),
            ("line.join", {}),
            ("line.suspend", {}),
            ("line.resume", {}),
            ("key.rotate", {"sign_key": "A" * 44, "card_sha256": "0" * 64, "vouched": True}),
            ("key.vouch", {"party": self.party, "card_sha256": "0" * 64}),
            ("line.check", {"slot": "2026-11-22T06:00:00Z"}),
            ("lapse", lapse),
            ("x.unknown", {"deep": [[[[[[["deep"]]]]]]]}),
        ]
        return self._chance.choice(kinds)
