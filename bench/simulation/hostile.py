"""The hostile party: a member with genuine keys who keeps to nothing.

It runs one node of its own, or two with one key, which then write two histories, each shown to some
of the others. What its nodes send and answer is tampered with on the way out: left out, repeated,
altered, replaced, replayed, made too large or cut short. It also writes by hand what no node would
write, and signs it.

It tampers with the structure of what is sent, not with bytes drawn at random: those would fall
differently in every run, because signatures do.
"""

import base64
import hashlib
import json
import os
import random
from collections import Counter
from collections.abc import Callable
from typing import Any

from bench.simulation.disk import BEGIN_S
from bench.simulation.network import Letter
from bench.simulation.station import Station
from bench.simulation.truth import leaf_of, root_of
from bench.simulation.two_faced import TwoFaced
from detente.errors import DetenteError
from detente.node.keys import read_signing_key
from detente.node.views import Head
from detente.record import Checkpoint, Entry, Seen, SigningKey, write_entry
from detente.record.checkpoint import cosign, origin, sign_checkpoint
from detente.record.entry import entry_to_bundle
from detente.volumes.times import format_time

Json = Any
FLOOD = 60
"""Entries written at once; together with others they are more than a node keeps a day."""

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
        self.counts: Counter[str] = Counter()
        self._bodies: dict[str, Json] = {}
        self._shunned = chance.choice((None, None, None, *first.others))
        self._other_key = SigningKey.generate()
        self._kept: dict[str, list[bytes]] = {}
        self.accomplice: TwoFaced | None = None
        """A witness that signs what it makes up."""

    @property
    def _key(self) -> SigningKey:
        """What it signs with now: its node may have changed it."""
        return read_signing_key(self.stations[0].disk.live / "keys", None)

    def station_for(self, other: str) -> Station:
        """Which of its nodes it shows to another party; to the only one, now this and now that."""
        if len(self.stations[0].others) == 1:
            return self._chance.choice(self.stations)
        if self.accomplice is not None:
            return self.stations[self.stations[0].others.index(other) % len(self.stations)]
        return self.stations[sum(other.encode()) % len(self.stations)]

    # --- tampering --------------------------------------------------------------------------------

    def tamper(self, letter: Letter) -> Letter:
        """What it sends in the place of a request."""
        self._remember(letter.content)
        if letter.content is None or self._chance.random() >= self.malice:
            return letter
        kind = f"POST {letter.path}"
        content = self._tampered(kind, letter.content, self._in_request)
        return letter._replace(content=content)

    def tamper_answer(self, letter: Letter, status: int, answer: bytes) -> tuple[int, bytes]:
        """What it answers in the place of an answer."""
        self._remember(letter.content)
        if self.accomplice is not None and letter.path == "/heads" and status == 200:
            answer = self._cosigned(self.accomplice, answer)
        if letter.src == self._shunned:
            self.counts["withheld"] += 1
            return 503, b""
        if self._chance.random() >= self.malice:
            return status, answer
        kind = f"{letter.method} {letter.path.partition('?')[0]}"
        if self._chance.random() < 0.1:
            gap = {"error": "gap", "message": "x", "size": self._chance.choice((0, 1, -1, 2**53))}
            return 409, json.dumps(gap).encode()
        if self._chance.random() < 0.05:
            return self._chance.choice(((500, b""), (204, b""), (200, b""), (302, answer)))
        return status, self._tampered(kind, answer, self._in_answer)

    def _cosigned(self, accomplice: TwoFaced, answer: bytes) -> bytes:
        """The history that it shows, with the witness's cosignature under it."""
        value = json.loads(answer)
        own = value["heads"][self.party]
        if own["checkpoint"] is not None and accomplice.up:
            own["checkpoint"] = accomplice.cosigned(own["checkpoint"])
        return json.dumps(value).encode()

    def _tampered(self, kind: str, content: bytes, change: Callable[[Json], None]) -> bytes:
        kept = self._kept.setdefault(kind, [])
        kept.append(content)
        del kept[:-REMEMBERED]
        drawn = self._chance.random()
        if drawn < 0.15:
            self.counts["replayed"] += 1
            return self._chance.choice(kept)
        if drawn < 0.2:
            self.counts["cut short"] += 1
            return content[: len(content) // 2]
        if drawn < 0.23:
            self.counts["flooded"] += 1
            return b"[" * 100_000 if drawn < 0.22 else content + b" " * (8 * 1024 * 1024 + 1)
        try:
            value = json.loads(content)
            change(value)
        except (ValueError, LookupError, TypeError, AttributeError):
            # There was nothing of that kind to change.
            return content
        self.counts["altered"] += 1
        return json.dumps(value).encode()

    def _remember(self, content: bytes | None) -> None:
        """Keep every body it ever saw: it honours no recall."""
        try:
            for bundle in json.loads(content or b"{}").get("entries", []):
                if "body" in bundle:
                    self._bodies[bundle["envelope"]["payload"]] = bundle
        except (ValueError, LookupError, TypeError, AttributeError):
            return

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
        note = sign_checkpoint(self._key, Checkpoint(origin(self._line, self.party), size, root))
        return note if self.accomplice is None else self.accomplice.cosigned(note)

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
            lambda: self._resurrect(entries),
            lambda: self._resurrect(entries),
            lambda: self._bury(entries[at]),
        ]
        self._chance.choice(changes)()

    def _resurrect(self, entries: list[Json]) -> None:
        """Put back every body that it remembers of what is sent without one."""
        for entry in entries:
            if entry.pop("recalled_by", None) is not None:
                known = self._bodies[entry["envelope"]["payload"]]
                entry.update(body=known["body"], salt=known["salt"])
                self.counts["recalled, sent with its body"] += 1

    def _bury(self, entry: Json) -> None:
        """Send an entry as if it had been recalled, which it was not: by itself, if at all."""
        header = json.loads(base64.b64decode(entry["envelope"]["payload"]))
        digest = hashlib.sha256(leaf_of(entry)).hexdigest()
        recall = write_entry(
            self._key,
            line=self._line,
            party=self._chance.choice((self.party, header["party"])),
            index=header["index"] + 1,
            type="recall",
            time=header["time"],
            seen={},
            about={"entry": digest},
            body=b"{}",
            salt=bytes(32),
        )
        del entry["body"], entry["salt"]
        entry["recalled_by"] = [entry_to_bundle(recall)["envelope"]]
        self.counts["recalled by another"] += 1

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
        if station.knows_left(self.party):
            return "has left"
        seen = _seen(station.node.heads(self._line, self.party), self.party)
        type_, about = self._odd(station)
        body = self._chance.choice((b"{}", b"\xff", b'{"text":"x","language":"en"}'))
        entry = self._entry(station, len(station_held), type_, about, seen, body)
        note = self._note(len(station_held) + 1, root_of([*station_held, entry.leaf]))
        bundle = entry_to_bundle(entry)
        try:
            station.node.receive(
                self._line, self.party, len(station_held), [bundle], note, self.party
            )
        except DetenteError as error:
            return f"{type_}: {type(error).__name__}"
        self.counts["written by hand"] += 1
        return f"{type_}: {self.party}/{len(station_held)}"

    def flood(self, station: Station) -> str:
        """Write more than anybody has to keep."""
        done = self._talk(station, FLOOD)
        self.counts["flooded with entries"] += done == f"{FLOOD} entries"
        return done

    def part(self) -> str:
        """Write at each of its nodes what is at none of the others."""
        return ", ".join(self._talk(station, 1) for station in self.stations)

    def _talk(self, station: Station, count: int) -> str:
        began = len(station.held[self.party])
        if station.knows_left(self.party):
            return "has left"
        head = station.node.heads(self._line, self.party)
        seen = _seen(head, self.party)
        leaves, bundles = list(station.held[self.party]), []
        for index in range(began, began + count):
            about = {"precedence": "routine", "reply_to": None, "conflict": None}
            body = b'{"text":"more","language":"en"}'
            entry = self._entry(station, index, "message", about, seen, body)
            leaves.append(entry.leaf)
            bundles.append(entry_to_bundle(entry))
        note = self._note(len(leaves), root_of(leaves))
        try:
            station.node.receive(self._line, self.party, began, bundles, note, self.party)
        except DetenteError as error:
            return type(error).__name__
        return f"{count} entries"

    def _entry(
        self,
        station: Station,
        index: int,
        type_: str,
        about: Json,
        seen: dict[str, Seen],
        body: bytes,
    ) -> Entry:
        return write_entry(
            self._key,
            line=self._line,
            party=self.party,
            index=index,
            type=type_,
            time=format_time(station.clock.now_s()),
            seen=seen,
            about=about,
            body=body,
            salt=os.urandom(32),
        )

    def _odd(self, station: Station) -> tuple[str, Json]:
        name = f"{self.party}-{self._chance.randrange(3)}"
        theirs = station.held[self._chance.choice(station.others)] or [b""]
        entry = hashlib.sha256(self._chance.choice(theirs)).hexdigest()
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
            ("recall", {"entry": entry}),
            ("recall", {"entry": entry}),
            ("recall.honoured", {"recall": entry}),
            ("commitment", {"sha256": "d" * 64, "subject": "x", "open_from": None, "open_by": 1}),
            ("commitment.open", {"commitment": entry}),
            ("line.leave", {}),
            ("x.unknown", {"deep": [[[[[[["deep"]]]]]]]}),
        ]
        return self._chance.choice(kinds)


def _seen(heads: dict[str, Head], own: str) -> dict[str, Seen]:
    """What a node's heads say of the logs of others, as an entry has it."""
    return {
        party: Seen(one.size, base64.b64decode(one.checkpoint.split("\n")[2]).hex())
        for party, one in heads.items()
        if party != own and one.checkpoint is not None
    }
