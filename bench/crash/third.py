"""The second script: what takes more than two, or more than one officer.

A second officer confirms; a witness, with a store of its own, cosigns; what was committed to is
opened; keys and the authority change; and a third party is taken into the line.
"""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec

from bench.crash.scene import NEWCOMER, PARTIES, WITNESS, A, B, Clock, Scene, Script, Step
from bench.crash.script import exchange, file, rotate, send
from bench.simulation.disk import OFFICERS, Kind
from detente.errors import NotFoundError, SecondOfficerError
from detente.line import open_founding
from detente.node import Node
from detente.node.witness_calls import Caller
from detente.node.witness_wire import Answer
from detente.record import open_card
from detente.record.witness import SIZE_TYPE
from detente.witness import served, settings
from detente.witness.cosigner import Cosigner, InconsistentError, StaleError

WITNESS_NAME = "witness.invalid/w1"
CALLING = "calling a witness"

Ask = Callable[[Node, str], object]
"""Has a node do something on a line, as the first of two officers."""


# --- two officers -------------------------------------------------------------------------------


def ask(party: str, act: Ask) -> Step:
    """The first of two officers asks for something, and is told that it waits for a second."""

    def run(scene: Scene) -> None:
        node = scene.nodes[party]
        with suppress(SecondOfficerError):
            act(node, scene.line)
            raise AssertionError(f"{party} did it for one officer alone")
        request = node.pending(scene.line)[-1]
        scene.tell(party, "asked", (request.id, request.sha256))

    return Step("asking for a second officer", run)


def confirm(party: str, type_: str, number: int = 0) -> Step:
    """The second confirms it; it makes entry ``number`` of this type in the party's log."""

    def run(scene: Scene) -> None:
        node = scene.nodes[party]
        waiting = node.pending(scene.line)
        if waiting:
            [one] = waiting
            done = node.confirm(scene.line, one.id, one.sha256, officer=OFFICERS[1])
        else:
            # Whoever was not answered, and finds that nothing waits, looks at the record.
            done = scene.find(party, type_, number)
        scene.said(party, done)

    return Step("confirming as a second officer", run)


def refuse(party: str) -> Step:
    """The second refuses it."""

    def run(scene: Scene) -> None:
        node = scene.nodes[party]
        for one in node.pending(scene.line):
            node.refuse(scene.line, one.id, officer=OFFICERS[1])
            scene.tell(party, "refused", one.id)

    return Step("refusing as a second officer", run)


def _release(name: str) -> Ask:
    return lambda node, line: node.release(name, line, "exact", officer=OFFICERS[0])


# --- commitments --------------------------------------------------------------------------------


def commit(party: str, key: str, **to: str) -> Step:
    """Fix a plan or a text."""

    def run(scene: Scene) -> None:
        node = scene.nodes[party]
        scene.said(party, node.commit(scene.line, officer=OFFICERS[0], key=key, **to))

    return Step("committing", run)


def open_text(party: str) -> Step:
    """Tell the text that the first commitment of a party has fixed."""

    def run(scene: Scene) -> None:
        node, commitment = scene.nodes[party], scene.find(party, "commitment").id
        done = node.open_commitment(scene.line, commitment, officer=OFFICERS[0], key="open-text")
        scene.said(party, done)

    return Step("opening a commitment", run)


def ask_to_open(party: str) -> Step:
    """Ask to tell the plan that the second one has fixed."""

    def act(node: Node, line: str) -> object:
        made = [one for one in node.entries(line, party) if one.type == "commitment"]
        return node.open_commitment(line, made[1].id, officer=OFFICERS[0])

    return ask(party, act)


# --- a witness ----------------------------------------------------------------------------------


def make_witness(folder: Path, founding: bytes) -> None:
    """Make the witness of a script, which serves the line's logs from the beginning."""
    where = ("https://192.0.2.9:7453", "127.0.0.1:7453")
    settings.create(folder / WITNESS, WITNESS_NAME, *where, None)
    witness = open_witness(folder / WITNESS, Clock())
    served.allow_line(witness._store, founding)
    witness.close()


def open_witness(folder: Path, clock: Clock) -> Cosigner:
    """The witness in a folder."""
    return Cosigner.open(folder, None, clock.now_s)


class _Wire:
    """A ``WitnessWire`` to the witness of a scene, which answers as ``witness.app`` does."""

    def __init__(self, scene: Scene, party: str) -> None:
        self._scene = scene
        self._party = party

    def ask(self, method: str, path: str, content: bytes | None) -> Answer:
        """The answer to one request."""
        witness: Cosigner = self._scene.witness
        if content is None:
            return self._newest(path.split("/")[1])
        note = content.decode().partition("\n\n")[2]
        self._scene.show(self._party, self._party, checkpoint=note)
        try:
            lines = witness.add_checkpoint(content)
        except StaleError as error:
            return Answer(409, SIZE_TYPE, b"%d\n" % error.size)
        except InconsistentError:
            return Answer(422, "text/plain", b"")
        signed = f"{note.partition(chr(10) * 2)[0]}\n\n{lines}"
        self._scene.show(WITNESS, self._party, checkpoint=signed)
        return Answer(200, "text/plain", lines.encode())

    def _newest(self, sha256: str) -> Answer:
        try:
            note = self._scene.witness.checkpoint(sha256)
        except NotFoundError:
            return Answer(404, "text/plain", b"")
        log = note.partition("\n")[0].rpartition("/")[2]
        self._scene.show(WITNESS, log, checkpoint=note)
        return Answer(200, "text/plain", note.encode())

    def close(self) -> None:
        """There is no connection."""


def sign_terms(party: str) -> Step:
    """Ask to sign terms that name the witness."""

    def run(scene: Scene) -> None:
        named = msgspec.to_builtins(settings.as_in_terms(scene.folder / WITNESS))

        def act(node: Node, line: str) -> object:
            present: dict[str, Any] = dict(node.line(line).terms)
            present |= {"version": 2, "witnesses": [named]}
            return node.sign_terms(line, present, officer=OFFICERS[0])

        ask(party, act).run(scene)

    return Step("asking for a second officer", run)


def call(party: str) -> Step:
    """A call at the witness, as delivery makes it."""

    def run(scene: Scene) -> None:
        call_all(scene, party)

    return Step(CALLING, run)


def call_all(scene: Scene, party: str) -> None:
    """Call every witness that the terms name."""
    node = scene.nodes[party]
    for witness in node.witnesses_to_call():
        Caller(node, witness, _Wire(scene, party)).run()


def allow(party: str) -> Step:
    """The witness's operator is told of the keys that a log is signed by now."""

    def run(scene: Scene) -> None:
        allow_all(scene, party)

    return Step("a witness's operator", run)


def allow_all(scene: Scene, party: str) -> None:
    """Have the witness trust the keys of a party's log."""
    policy = scene.nodes[party].log_policy(scene.line, party, party)
    served.allow_policy(scene.witness._store, policy)


# --- a third party ------------------------------------------------------------------------------


def ask_to_admit(party: str) -> Step:
    """Ask to sign for taking in the newcomer."""

    def run(scene: Scene) -> None:
        card = scene.nodes[NEWCOMER].card()
        fingerprint = open_card(card).fingerprint

        def act(node: Node, line: str) -> object:
            return node.admit(line, card, fingerprint, officer=OFFICERS[0])

        ask(party, act).run(scene)

    return Step("asking for a second officer", run)


def join() -> Step:
    """The newcomer joins the line that has taken it in."""

    def run(scene: Scene) -> None:
        founding = scene.nodes[A].founding(scene.line)
        prints = {one: card.fingerprint for one, card in open_founding(founding).cards.items()}
        scene.nodes[NEWCOMER].join(founding, prints, newcomer=True)
        scene.said(NEWCOMER, scene.find(NEWCOMER, "line.join"))

    return Step("joining as a newcomer", run)


THIRD = Script(
    "third",
    (
        file(A, "orbit", 36.5),
        ask(A, _release("orbit")),
        confirm(A, "activity.release"),
        file(A, "transit", 36.7),
        ask(A, _release("transit")),
        refuse(A),
        commit(A, "commit-text", text="EXERCISE. What nobody is told yet"),
        commit(A, "commit-plan", plan="transit"),
        exchange(A, B),
        sign_terms(A),
        confirm(A, "terms.sign"),
        sign_terms(B),
        confirm(B, "terms.sign"),
        exchange(A, B),
        exchange(B, A),
        call(B),
        call(A),
        open_text(A),
        ask_to_open(A),
        confirm(A, "commitment.open", 1),
        exchange(A, B),
        call(B),
        call(A),
        exchange(A, B, "passing on what a witness cosigned"),
        rotate(A, authority=True),
        send(A, "EXERCISE. Signed with the new key", "rotated"),
        exchange(A, B),
        allow(A),
        call(A),
        ask_to_admit(A),
        confirm(A, "line.admit"),
        ask_to_admit(B),
        confirm(B, "line.admit"),
        exchange(A, B, "taking in a third party"),
        exchange(B, A, "taking in a third party"),
        join(),
        exchange(NEWCOMER, A, "taking in a third party"),
        send(NEWCOMER, "EXERCISE. The first word of a third", "first"),
        exchange(B, NEWCOMER, "taking in a third party"),
        exchange(A, NEWCOMER, "taking in a third party"),
    ),
    Kind(len(PARTIES), met=True, hybrid=True, two=True),
    newcomer=True,
    witness=open_witness,
)
