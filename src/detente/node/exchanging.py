"""The half of a node's door that other nodes, witnesses and couriers come to."""

from collections.abc import Mapping, Sequence
from typing import Any

from detente.node import (
    cosigning,
    packing,
    peering,
    receiving,
    tiling,
    unpacking,
    views,
    watching,
    witnessing,
)
from detente.node.reading import Reading
from detente.record.parcel import Source
from detente.record.witness import Submission

Json = dict[str, Any]


class Exchanging(Reading):
    """What is exchanged with others, over a network or by hand, for the party that calls."""

    def peers(self) -> list[views.PeerView]:
        """Every other member of every line: where to call it, and its authority's certificate."""
        return peering.peers(self._core)

    def shows_before(self) -> bool:
        """Whether our server still shows the certificate of our earlier authority."""
        return peering.shows_before(self._core)

    def heads(self, line: str, caller: str) -> dict[str, views.Head]:
        """How much of every log is held here, for ``caller``, a member."""
        return peering.heads(self._core, line, caller)

    def read_log(self, line: str, party: str, start: int, caller: str) -> views.LogPage:
        """A page of a log, for ``caller``, a member."""
        return peering.read_log(self._core, line, party, start, caller)

    def log_checkpoint(self, line: str, party: str, caller: str) -> bytes:
        """The newest checkpoint of a log with its cosignatures, for ``caller``, a member."""
        return tiling.checkpoint(self._core, line, party, caller)

    def log_tile(self, line: str, party: str, path: str, caller: str) -> bytes:
        """One tile of a log, ``tile/…`` as C2SP tlog-tiles names it, for ``caller``, a member."""
        return tiling.tile(self._core, line, party, path, caller)

    def log_policy(self, line: str, party: str, caller: str) -> bytes:
        """Whose signatures make a checkpoint of a log joint (C2SP tlog-policy)."""
        return tiling.policy(self._core, line, party, caller)

    def receive(
        self,
        line: str,
        party: str,
        start: int,
        bundles: Sequence[Json],
        checkpoint: str | None,
        caller: str,
        *,
        urgent: bool = False,
    ) -> views.Receipt:
        """Take entries and a checkpoint of the log of ``party``, offered by ``caller``.

        ``urgent``: something urgent follows, for which part of the party's quota is kept.
        """
        return receiving.receive(
            self._core, line, party, start, bundles, checkpoint, caller, urgent=urgent
        )

    def receive_cosignatures(self, line: str, party: str, note: str, caller: str) -> None:
        """Take the cosignatures under a checkpoint of ``party``, offered by ``caller``."""
        cosigning.take(self._core, line, party, note, caller)

    def witnesses_to_call(self) -> list[views.WitnessCall]:
        """Every witness with a URL, of every line."""
        return witnessing.to_call(self._core)

    def submission(self, line: str, witness: str, old: int | None) -> Submission | None:
        """Our newest checkpoint for a witness, which says it cosigned ``old`` last; None if it has.

        ``line`` is its id, as in all that delivery asks.
        """
        return witnessing.submission(self._core, line, witness, old)

    def receive_witnessed(self, line: str, witness: str, note: str, answer: str) -> None:
        """Take a witness's answer to the submission of our checkpoint ``note``."""
        witnessing.cosigned(self._core, line, witness, note, answer)

    def receive_seen(self, line: str, witness: str, party: str, note: str) -> None:
        """Hold what a witness has seen of the log of ``party`` against what is held here."""
        witnessing.seen(self._core, line, witness, party, note)

    def witnessed(self, line: str) -> list[views.Witnessed]:
        """The newest cosignature of our own log by each witness, for peers."""
        return witnessing.delivered(self._core, line)

    def witnessed_of_forked(self, line: str) -> list[views.Witnessed]:
        """The newest cosignature of our history by each witness, of logs known to have two."""
        return witnessing.of_forked(self._core, line)

    def receive_elsewhere(self, line: str, party: str, note: str, caller: str) -> None:
        """Take what witnesses have signed of another history of ``party`` than is held here."""
        witnessing.elsewhere(self._core, line, party, note, caller)

    def heard(self, line: str, peer: str, sizes: Mapping[str, int] | None = None) -> None:
        """Delivery reached a peer, which told of logs of these sizes."""
        watching.heard(self._core, line, peer, sizes)

    def failed(self, line: str, peer: str, error: str) -> None:
        """Delivery did not reach a peer."""
        watching.failed(self._core, line, peer, error)

    def urgent_ahead(self, line: str, party: str, start: int) -> bool:
        """Whether something urgent follows in a log from entry ``start`` on."""
        return peering.urgent_ahead(self._core, line, party, start)

    def refused_by(self, line: str, peer: str, why: str | None) -> None:
        """A peer takes no more of our log for want of quota, and says why; None: it does again."""
        watching.refused_by(self._core, line, peer, why)

    def pack(
        self,
        line: str,
        to: str,
        *,
        log: str | None = None,
        start: int | None = None,
        card: bytes | None = None,
        officer: str,
    ) -> packing.Packed:
        """A parcel for another member, to be carried: all logs or one, what it lacks or more.

        ``start`` is the first entry of each log; ``card`` the newest card of ``to``, signed by the
        key that the line knows, where the line does not know that card.
        """
        return packing.pack(self._core, line, to, log=log, start=start, card=card, officer=officer)

    def unpack(self, source: Source, *, officer: str) -> views.ParcelView:
        """Take in a parcel that was carried here, as far as it is good."""
        return unpacking.unpack(self._core, source, officer=officer)
