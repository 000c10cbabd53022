"""What the officers of the simulation do to the record itself: recall, commit and open, confirm as
a second officer, change keys, leave.
"""

import hashlib
from collections.abc import Callable

from bench.simulation.desk import Act, Desk
from bench.simulation.truth import Truth
from detente.node.views import EntryView
from detente.record import open_card

RECALLABLE = ("activity.release", "message", "commitment.open")


class Keeping(Desk):
    """Acts on the record, for ``Watch``. Each gives None where there is no cause for it."""

    def keeping(self) -> dict[Callable[[], Act | None], int]:
        """Each act and how often it comes to mind."""
        some = self._chance.choice
        return {
            self._recall: some((0, 3, 8)),
            self._commit: some((0, 2, 4)),
            self._open: 4,
            self._confirm: 12,
            self._rotate: some((0, 0, 0, 1)),
            self._replace: some((0, 0, 0, 0, 1)),
            self._vouch: 8,
            self._adopt: 8,
            self._leave: some((0, 0, 0, 0, 1)),
        }

    def _recall(self) -> Act | None:
        recalled = {about["entry"] for _, about in self._own("recall")}
        left = [entry for entry, _ in self._own(*RECALLABLE) if entry not in recalled]
        entry = self._one_of(left)
        if entry is None:
            return None

        def act(key: str) -> EntryView:
            return self._node.recall(self._line, entry, "a slip", officer=self._officer, key=key)

        return self._keyed(act)

    def _commit(self) -> Act | None:
        plan = self._one_of([None, *(plan.id for plan in self._node.plans())])
        # With its stop, or the first would be found in what opens the tenth.
        secret = f"{self._party} commits to {self._key()}."

        def act(key: str) -> EntryView:
            text = secret if plan is None else None
            view = self._node.commit(
                self._line, plan=plan, text=text, officer=self._officer, key=key
            )
            if plan is None:
                self.station.private[f"commitment {view.index}"] = secret.encode()
            return view

        return self._keyed(act)

    def _open(self) -> Act | None:
        found = self._one_of(
            sorted(
                (one.time, place[1], one.id)
                for one in self._node.commitments(self._line)
                if one.may_open and (place := self._places().get(one.id)) is not None
            )
        )
        if found is None:
            return None
        _, index, commitment = found

        def act(key: str) -> EntryView:
            # What is committed to stays private until the very act that tells it (it may have been
            # committed to before a restore as well); if that is a plan, nobody kept which one.
            told = self.station.private.get(f"commitment {index}")
            for mark, secret in list(self.station.private.items()):
                if secret == told or not mark.startswith("commitment "):
                    del self.station.private[mark]
            return self._node.open_commitment(
                self._line, commitment, officer=self._officer, key=key
            )

        return self._keyed(act)

    def _confirm(self) -> Act | None:
        """Confirm, as a second officer, what a first one has asked for."""
        waiting = self._node.pending(self._line)
        if not waiting:
            return None
        request = waiting[0]

        def act() -> EntryView:
            view = self._node.confirm(self._line, request.id, request.sha256, officer=self._second)
            if request.type == "activity.release":
                self.station.tell(request.about["activity"])
            return view

        return act

    # --- keys -------------------------------------------------------------------------------------

    def _rotate(self) -> Act:
        return lambda: self.station.rotate(self._officer)

    def _replace(self) -> Act | None:
        """Our key is lost, or somebody else may have it."""
        waits = self.station.told_cards.get(self._party)
        if not self.station.may_replace or (
            waits is not None and open_card(waits).public == self.station.public
        ):
            return None
        return lambda: self.station.replace(self._officer)

    def _vouch(self) -> Act | None:
        """Another party told us of its new key, over another channel."""
        vouched = {about["card_sha256"] for _, about in self._own("key.vouch")}
        due = [
            card
            for party, card in sorted(self.station.told_cards.items())
            if party != self._party and hashlib.sha256(card).hexdigest() not in vouched
        ]
        card = self._one_of(due)
        if card is None:
            return None
        return lambda: self._vouched(card)

    def _adopt(self) -> Act | None:
        if not self.station.unadopted:
            return None
        return lambda: self._node.adopt_key(self._line, officer=self._officer)

    # --- at the end, when a key is lost -----------------------------------------------------------

    def renew(self, truth: Truth) -> str:
        """Have a new key to be vouched for, unless there is one that waits for it."""
        act = self._replace()
        done = "waits" if act is None else self.do(truth, act)
        truth.know(self._party, self.station.public)
        return f"{self._party} replaces its key: {done}"

    def vouch_for(self, truth: Truth, other: str) -> str:
        """Vouch for another party's new key."""
        card = self.station.told_cards[other]
        return self.do(truth, lambda: self._vouched(card))

    def adopt(self, truth: Truth) -> str:
        """Sign with the new key from now on."""
        return self.do(truth, lambda: self._node.adopt_key(self._line, officer=self._officer))

    def _vouched(self, card: bytes) -> EntryView:
        fingerprint = open_card(card).fingerprint
        return self._node.vouch_key(self._line, card, fingerprint, officer=self._officer)

    def _leave(self) -> Act | None:
        if not self.station.may_leave:
            return None
        return lambda: self._node.leave(self._line, officer=self._officer)
