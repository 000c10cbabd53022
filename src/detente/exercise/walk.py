"""``detente demo --headless``: two real nodes walk through the exercise and say what happens.

The transcript is for a stranger with ten minutes: each step says what is about to happen and why,
then shows the command or request and what came of it. Nothing is printed that a node did not
answer.
"""

import hashlib
import re
import shutil
import sqlite3
import textwrap
from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path

from detente.exercise import northern_watch as exercise
from detente.exercise.officer import Json, Officer, wait_for
from detente.exercise.opening import (
    TITLES,
    file_and_release,
    open_conflicts,
    propose_shift,
    wait_until_in_force,
    wait_until_level,
)
from detente.exercise.stage import Stage, run

Print = Callable[[str], None]

LINES_SHOWN_MAX = 6
WIDTH = 100

SECRET = re.compile(r'"token": "[^"]*"')
"""A token is shown to its officer once, and a transcript is shown to strangers."""


class Walk:
    """The walk over one stage that has not been set yet; ``out`` takes lines of text."""

    def __init__(self, stage: Stage, out: Print) -> None:
        self.stage = stage
        self._out = out
        self._step = 0
        self._officers: Mapping[str, Officer] = {}

    def run(self) -> None:
        """Walk from nothing to a settled conflict and a verified record."""
        self._say("EXERCISE NORTHERN WATCH. Real geography, invented plans; nothing here happened.")
        self._say(f"Everything below is kept in {self.stage.directory}.")
        self._two_nodes()
        with ExitStack() as stack:
            self.stage.start()
            self._officers = self.stage.officers(stack)
            wait_until_in_force(self._officers)
            self._private_until_released()
            self._same_conflict_on_both_sides()
            self._settle()
            self._talk()
            self._survive_a_crash()
            states = {party: o.raw(f"/lines/{o.line}/state") for party, o in self._officers.items()}
        for node in self.stage.nodes.values():
            node.stop()
        self._one_record(states)

    # --- the steps ------------------------------------------------------------------------------

    def _two_nodes(self) -> None:
        self._heading(
            "Two parties, two nodes, one line",
            "Each party makes a node of its own: keys, certificates, a store. They exchange cards "
            "and read the fingerprints out to each other over another channel. Then both sign the "
            "same terms. No server stands between them.",
        )
        self.stage.set(show=self._show_command)

    def _private_until_released(self) -> None:
        us, ru = self._us, self._ru
        self._heading(
            "A plan is private until it is released",
            "us files its plans. They are rows in its own store; ru sees none of them.",
        )
        us.file(exercise.TANKER, TITLES[exercise.TANKER.id], key="opening-file-tanker-baghlan")
        self._say(f"   us has filed:  {', '.join(p['id'] for p in us.get('/plans'))}")
        self._say(f"   ru sees:       {len(ru.on_line('activities'))} activities")
        self._note(
            "Before us releases the tanker anchor it looks at exactly what the line would see. A "
            "coarse release is one outer circle, rounded outward and never smaller than the plan."
        )
        preview = us.post(
            f"/plans/{exercise.TANKER.id}/preview", {"line": us.line, "form": "coarse"}
        )
        for sentence in preview["larger_by"]:
            self._say(f"   - {sentence}")
        self._note("The line would see exactly this:")
        self._say(f"   {preview['body']}")
        file_and_release(self._officers)
        wait_until_level(self._officers)
        self._note("Both sides have now released most of their plans, and kept some private.")
        for party, officer in self._officers.items():
            plans = officer.get("/plans")
            private = [p["id"] for p in plans if not p["releases"]]
            released = len(plans) - len(private)
            self._say(f"   {party}: {released} released; private: {', '.join(private)}")

    def _same_conflict_on_both_sides(self) -> None:
        self._heading(
            "Both nodes find the same conflict",
            "Each node computes conflicts from the released versions and the signed terms "
            "(5 NM, 1,000 ft, 10 min). Neither is told by the other, and both agree.",
        )
        for party, officer in self._officers.items():
            found = wait_for(f"the conflict at {party}", partial(open_conflicts, officer))
            for conflict in found:
                self._note(f"{party} finds {_conflict(conflict)}")
        conflict = open_conflicts(self._us)[0]
        self._note("The least change of either side that would end it:")
        for suggestion in conflict["suggestions"]:
            self._say(f"   {suggestion['moves']} {_shift(suggestion['shift'])}")

    def _settle(self) -> None:
        us, ru = self._us, self._ru
        self._heading(
            "Propose, assent, carry out",
            "Nobody approves anything. ru proposes to fly later; us assents; ru releases the "
            "superseding version, and the conflict ends on both sides.",
        )
        proposal = propose_shift(us, ru)
        self._show_entry(proposal)
        self._show_entry(us.say(f"proposals/{proposal['id']}/assent", {"note": ""}))
        wait_until_level(self._officers)
        self._show_entry(ru.say(f"proposals/{proposal['id']}/carry-out"))
        wait_until_level(self._officers)
        for party, officer in self._officers.items():
            found = officer.on_line("conflicts")["conflicts"]
            states = [c["state"] for c in found if c["basis"] == "joint"]
            self._say(f"   at {party} the conflict is now: {', '.join(states)}")

    def _talk(self) -> None:
        us, ru = self._us, self._ru
        self._heading(
            "Talk in two languages, acknowledged in three steps",
            "A phrase is sent as a code and read in the reader's own language. 'Received' is the "
            "peer node's signature; 'understood' and 'disseminated' are said by officers, and are "
            "owed by a deadline from the terms.",
        )
        sent = ru.say(
            "messages",
            {"phrase": "request-explanation", "slots": {"activity": exercise.TANKER.id}},
        )
        wait_until_level(self._officers)
        message = next(m for m in us.on_line("messages") if m["id"] == sent["id"])
        for language, text in sorted(message["rendered"].items()):
            self._say(f"   {language}: {text}")
        self._say(f"   received by us at {message['receipts']['us']}")
        owed = [o for o in us.on_line("obligations") if o["entry"] == sent["id"]]
        for obligation in owed:
            self._say(
                f"   {obligation['owed_by']} owes '{obligation['what']}' by {obligation['due']} "
                "(exercise clock)"
            )
        us.acknowledge(sent["id"], "understood")
        wait_until_level(self._officers)
        for obligation in ru.on_line("obligations"):
            if obligation["entry"] == sent["id"]:
                self._say(f"   now {obligation['what']}: {obligation['state']}")

    def _survive_a_crash(self) -> None:
        us = self._us
        self._heading(
            "A node is killed and nothing is lost",
            "ru's process is killed outright (kill -9). us goes on writing; what it wrote is "
            "delivered when ru is back.",
        )
        self.stage.nodes["ru"].kill()
        for number in (1, 2, 3):
            us.say("messages", {"text": f"EXERCISE. Message {number} of 3.", "language": "en"})
        link = us.on_line("links")[0]
        self._say(
            f"   ru is gone; us has written {link['own_size']} entries, "
            f"ru has cosigned {link['held_by_peer']}"
        )
        self.stage.nodes["ru"].start()
        self.stage.nodes["ru"].wait_ready()
        wait_until_level({"us": us})
        link = us.on_line("links")[0]
        self._say(
            f"   ru is back;  us has written {link['own_size']} entries, "
            f"ru has cosigned {link['held_by_peer']}"
        )

    def _one_record(self, states: Mapping[str, bytes]) -> None:
        self._heading(
            "One record, which neither can rewrite",
            "Each node verifies every signature, tree, checkpoint and cosignature it holds, and "
            "that its state equals a rebuild from the entries. The state is the same bytes on "
            "both.",
        )
        for party, state in states.items():
            digest = hashlib.sha256(state).hexdigest()
            self._say(f"   state at {party}: {len(state)} bytes, SHA-256 {digest[:16]}…")
        for party in self.stage.nodes:
            run("record", "verify", str(self.stage.directory / party), show=self._show_command)
        self._note("Now one byte of one entry is changed in a copy of us's store.")
        copy = self.stage.directory / "us-tampered"
        tamper(self.stage.directory / "us", copy)
        run("record", "verify", str(copy), status=1, show=self._show_command)

    # --- how it is shown ------------------------------------------------------------------------

    @property
    def _us(self) -> Officer:
        return self._officers["us"]

    @property
    def _ru(self) -> Officer:
        return self._officers["ru"]

    def _say(self, text: str) -> None:
        self._out(text)

    def _heading(self, title: str, why: str) -> None:
        self._step += 1
        self._say("")
        self._say(f"{self._step}. {title}")
        self._note(why)

    def _note(self, text: str) -> None:
        for line in textwrap.wrap(text, WIDTH - 3):
            self._say(f"   {line}")

    def _show_command(self, command: str, printed: str) -> None:
        self._say(f"   $ {command.replace(str(self.stage.directory) + '/', '')}")
        lines = SECRET.sub('"token": "…"', printed).strip().splitlines()
        for line in lines[:LINES_SHOWN_MAX]:
            self._say(f"     {line}")
        if len(lines) > LINES_SHOWN_MAX:
            self._say(f"     … {len(lines) - LINES_SHOWN_MAX} more lines")

    def _show_entry(self, entry: Json) -> None:
        self._say(
            f"   entry {entry['party']}/{entry['index']} {entry['type']} {entry['id'][:12]}…  "
            f"{_said(entry['body'])}".rstrip()
        )


def tamper(node: Path, copy: Path, *, party: str = "us", index: int = 2) -> None:
    """Copy a stopped node's directory and change one byte of one entry's body in the copy."""
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(node, copy)
    with closing(sqlite3.connect(copy / "detente.db")) as database, database:
        row = (party, index)
        where = 'WHERE party = ? AND "index" = ?'
        (body,) = database.execute(f"SELECT body FROM entries {where}", row).fetchone()  # noqa: S608
        changed = bytes([body[0] ^ 1]) + body[1:]
        database.execute(f"UPDATE entries SET body = ? {where}", (changed, *row))  # noqa: S608


def _conflict(conflict: Json) -> str:
    a, b = conflict["a"], conflict["b"]
    place = conflict["place"]
    return (
        f"{conflict['id'][:12]}…: {a['party']}/{a['id']} with {b['party']}/{b['id']}, "
        f"{conflict['start']} to {conflict['end']}, {conflict['lateral_m']:.0f} m apart laterally, "
        f"{conflict['vertical_m']:.0f} m vertically, at {place['lat']:.4f} N {place['lon']:.4f} E"
    )


def _said(body: Json) -> str:
    note = f"“{body['note']}”" if body.get("note") else ""
    return f"{_shift(body['shift'])}, {note}" if "shift" in body else note


def _shift(shift: Json) -> str:
    if shift.get("time_s") is not None:
        minutes = abs(shift["time_s"]) / 60
        return f"{minutes:.0f} min {'later' if shift['time_s'] > 0 else 'earlier'}"
    feet = abs(shift["altitude_m"]) / 0.3048
    return f"{feet:,.0f} ft {'higher' if shift['altitude_m'] > 0 else 'lower'}"
