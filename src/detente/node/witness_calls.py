"""Calls at witnesses: what one node asks of one witness of one line, and when.

A call submits our newest checkpoint if the witness has not cosigned it, and now and then looks at
what the witness has seen of every log. Each witness of each line has a thread of its own; a witness
that is slow, hostile or gone delays its cosignatures, and so what is *joint*, and nothing else.

Entries that are written while one call runs go with the next, so that a busy line asks a witness
for one cosignature a second at most. After a failure a call waits longer each time, whatever
happens on the line.
"""

import hashlib
import random
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import structlog

from detente.errors import DetenteError, ForkError, RecordError, StateError, StoreError
from detente.node.views import WitnessCall
from detente.node.witness_wire import Answer, WitnessWire
from detente.record.checkpoint import origin
from detente.record.witness import SIZE_TYPE, encode_submission, read_size

if TYPE_CHECKING:
    from detente.node.node import Node

CALL_S_MIN = 1.0
LOOK_S = 60.0
RETRY_S = 1.0
RETRY_S_MAX = 60.0
SIZE_BYTES_MAX = 32

log = structlog.get_logger("detente.witness")


class Caller:
    """Calls one witness of one line, one call after the other."""

    def __init__(self, node: "Node", call: WitnessCall, wire: WitnessWire) -> None:
        """``wire`` leads to the witness."""
        self._node = node
        self._line = call.line
        self._name = call.name
        self._where = f"witness {call.name}"
        self._wire = wire
        self._looked_s: float | None = None

    def run(self) -> None:
        """Submit what is new, and look. Raises DetenteError, or what was kept stays kept."""
        self._submit()
        now_s = time.monotonic()
        if self._looked_s is None or now_s - self._looked_s >= LOOK_S:
            self._looked_s = now_s
            self._look()

    def _submit(self) -> None:
        old: int | None = None
        for _ in range(2):
            due = self._node.submission(self._line, self._name, old)
            if due is None:
                return
            answer = self._wire.ask("POST", "/add-checkpoint", encode_submission(due))
            if answer.status == 200:
                text = self._text(answer)
                self._node.receive_witnessed(self._line, self._name, due.note, text)
                return
            if answer.status != 409:
                raise self._refused(answer)
            old = self._size(answer)
            if old == due.old_size:
                break
            if old > int(due.note.split("\n", 2)[1]):
                self._confront()
        raise RecordError(
            "it refuses every size that it is told, also the one that it says it cosigned last",
            where=self._where,
            remedy="tell its operator",
        )

    def _refused(self, answer: Answer) -> DetenteError:
        if answer.status == 422:
            self._confront()
        why = {
            403: "it does not trust the keys that our checkpoint is signed by",
            404: "it does not know our log",
            422: "it refused our checkpoint: the proof does not lead on from what it has cosigned",
            429: "it is asked too often",
        }.get(answer.status, f"it answered with status {answer.status}")
        remedy = {
            403: "have its operator allow the key that we sign with now",
            404: "have its operator allow the logs of this line",
            422: "compare the record with every peer: it may have seen another history of our log",
        }.get(answer.status, "it is tried again by itself")
        return StateError(why, where=self._where, remedy=remedy)

    def _confront(self) -> None:
        """Have the witness show what it has of our log: if that is another one, it is evidence."""
        with suppress(DetenteError):
            self._look_at(self._node.party)

    def _look(self) -> None:
        """Hold what the witness has seen of every log against what is held here."""
        wrong: list[DetenteError] = []
        for party in self._node.heads(self._line, self._node.party):
            try:
                self._look_at(party)
            except ForkError as fork:
                # It is kept as evidence, and says nothing against the witness that showed it.
                log.warning("a witness shows another history", line=self._line, why=str(fork))
            except RecordError as error:
                wrong.append(error)
        if wrong:
            raise wrong[0]

    def _look_at(self, party: str) -> None:
        digest = hashlib.sha256(origin(self._line, party).encode()).hexdigest()
        answer = self._wire.ask("GET", f"/{digest}/checkpoint", None)
        if answer.status == 200:
            self._node.receive_seen(self._line, self._name, party, self._text(answer))

    def _size(self, answer: Answer) -> int:
        size = self._text(answer)
        if answer.kind != SIZE_TYPE or len(size) > SIZE_BYTES_MAX or not size.endswith("\n"):
            raise RecordError(
                "it refused with status 409 and does not say which size it cosigned last",
                where=self._where,
                remedy="tell its operator",
            )
        return read_size(size.removesuffix("\n"))

    def _text(self, answer: Answer) -> str:
        try:
            return answer.body.decode("utf-8")
        except UnicodeDecodeError:
            raise RecordError(
                "its answer is not UTF-8", where=self._where, remedy="tell its operator"
            ) from None


class WitnessLink:
    """The thread that calls one witness of one line."""

    def __init__(
        self, node: "Node", call: WitnessCall, wire: WitnessWire, stopping: threading.Event
    ) -> None:
        """Nothing runs until ``thread`` is started."""
        self._node = node
        self._line, self._name = call.line, call.name
        self._wire = wire
        self._caller = Caller(node, call, wire)
        self._stopping = stopping
        self._woken = threading.Event()
        self._ended = False
        self._failures = 0
        self.thread = threading.Thread(target=self._run, name=f"witness {call.name}", daemon=True)

    def end(self) -> None:
        """Call no more after the call under way."""
        self._ended = True
        self.wake()

    def wake(self) -> None:
        """Something changed on this line."""
        self._woken.set()

    def _run(self) -> None:
        try:
            while not (self._stopping.is_set() or self._ended):
                self._woken.clear()
                self._try_call()
                self._wait()
        finally:
            self._wire.close()

    def _try_call(self) -> None:
        try:
            self._caller.run()
        except DetenteError as error:
            self._note_failure(error)
        except Exception:
            # A defect of ours, or the node being closed under us: the link must outlive the first.
            if not self._stopping.is_set():
                log.exception("call broke off", witness=self._name)
                self._note_failure(DetenteError("the call met an unforeseen error"))
        else:
            self._failures = 0
            with suppress(StoreError):
                if not self._stopping.is_set():
                    self._node.heard(self._line, self._name, {})

    def _note_failure(self, error: DetenteError) -> None:
        self._failures += 1
        if self._failures == 1 and not self._stopping.is_set():
            log.warning("no cosignature", witness=self._name, line=self._line, why=str(error))
        # A store that cannot keep it now is told again with the next try.
        with suppress(StoreError):
            if not self._stopping.is_set():
                self._node.failed(self._line, self._name, str(error))

    def _wait(self) -> None:
        if self._failures:
            longest_s = min(RETRY_S_MAX, RETRY_S * 2.0 ** min(self._failures, 10))
            self._stopping.wait(random.uniform(longest_s / 2, longest_s))  # noqa: S311  # no secret
            return
        self._stopping.wait(CALL_S_MIN)
        self._woken.wait(LOOK_S)
