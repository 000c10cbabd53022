"""Delivery: keeps every member of every line holding the same entries.

Delivery is replication (docs/protocol.md, section 8). One **link** per line and peer runs in a
thread of its own, so that a peer that is slow, hostile or gone holds up nobody else. A link does
one thing over and over, the ``exchange``. Witnesses that terms name are called beside that
(``witness_calls``).

An exchange runs at once when we have written something, else every few seconds; after a failure it
waits longer each time, by a random part, so that a peer that comes back is not met by all at once,
and no longer than until the line shows new life.
"""

import random
import ssl
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import structlog

from detente.errors import DetenteError, StoreError
from detente.node import certificates
from detente.node.channel import Trust, client_context
from detente.node.exchange import Exchange
from detente.node.peer import Peer
from detente.node.views import PeerView, WitnessCall
from detente.node.wire import TlsWire
from detente.node.witness_calls import WitnessLink
from detente.node.witness_wire import HttpsWire

if TYPE_CHECKING:
    from detente.node.node import Node

MEET_S = 900.0
"""How often peers are met anew without any change: what is trusted of them may end with time."""
RETRY_S = 0.5
RETRY_S_MAX = 10.0
STOP_S = 3.0
EXCHANGES_PER_S = 15.0
EXCHANGES_BURST = 50.0
"""How often a link may run exchanges, of three or four requests each. A peer answers 50 requests a
second, after 200 at once (``api.peers``). Where entries are written faster than
this, an exchange carries more of them, and costs both sides no more than before."""

log = structlog.get_logger("detente.delivery")


class Delivery:
    """All links of one node."""

    def __init__(
        self,
        node: "Node",
        keys: Path,
        *,
        secret: bytes | None = None,
        trust: Trust | None = None,
        poll_s: float,
    ) -> None:
        """``keys`` holds ``node.crt`` and ``node.pem``, which we show to every peer.

        ``secret`` opens them if they are protected (``protection.unlock``).

        ``trust``, the line face's, is told of every peer as lines are joined, so that it may call.
        """
        self._node = node
        self._keys = keys
        self._secret = secret
        self._trust = trust
        self._poll_s = poll_s
        self._stopping = threading.Event()
        self._met_s = 0.0
        self._shown_before: bool | None = None
        self._met: dict[tuple[str, str], PeerView] = {}
        self._links: dict[tuple[str, str], Link] = {}
        self._witnesses: dict[WitnessCall, WitnessLink] = {}
        self._thread = threading.Thread(target=self._watch, name="delivery", daemon=True)

    def start(self) -> None:
        """Know all peers, then begin; returns at once."""
        self._meet_peers()
        self._thread.start()

    def stop(self) -> None:
        """End all links. An exchange under way is given a few seconds to end."""
        self._stopping.set()
        links: list[Link | WitnessLink] = [*self._links.values(), *self._witnesses.values()]
        threads = [self._thread, *(link.thread for link in links)]
        for link in links:
            link.wake()
        deadline_s = time.monotonic() + STOP_S
        for thread in threads:
            thread.join(max(0.0, deadline_s - time.monotonic()))

    def _watch(self) -> None:
        """Follow the node's changes: meet new peers, and wake the links of lines that changed."""
        newest: int | None = None
        while not self._stopping.is_set():
            try:
                if newest is None:
                    newest = self._node.newest_change()
                    self._meet_peers()
                newest = self._follow(newest)
            except StoreError as error:
                # A database server that is restarted comes back, and so must delivery.
                if not self._stopping.wait(1.0):
                    log.warning("changes cannot be followed", why=str(error))

    def _follow(self, newest: int) -> int:
        now = self._node.wait_change(newest, 0.5)
        # What a link itself observed ("link") is no reason to run it again.
        changes = self._node.changes_since(newest) if now != newest else []
        lines = {change.line for change in changes if change.kind != "link"}
        if lines or time.monotonic() - self._met_s > MEET_S:
            self._meet_peers()
        for (line, _), link in self._links.items():
            if line in lines:
                link.wake()
        for call, witness in self._witnesses.items():
            if call.line in lines:
                witness.wake()
        return max((change.n for change in changes), default=now)

    def _meet_peers(self) -> None:
        self._met_s = time.monotonic()
        peers = self._node.peers()
        kept = certificates.shows_before(self._keys)
        if kept and all(
            peer.knows_ours or self._node.parted(peer.line, peer.party) for peer in peers
        ):
            certificates.forget_before(self._keys)
            kept = False
        self._show(before=kept and self._node.shows_before())
        for peer in peers:
            if not kept and not peer.knows_ours:
                # There is nothing but the present certificate to show.
                peer = msgspec.structs.replace(peer, knows_ours=True)
            if self._met.get((peer.line, peer.party)) == peer:
                continue
            self._met[peer.line, peer.party] = peer
            if (before := self._links.pop((peer.line, peer.party), None)) is not None:
                # A new card may have a new endpoint, or a new authority.
                before.end()
            try:
                if self._trust is not None:
                    self._trust.forget_others(peer.line, peer.party, peer.authorities)
                    for authority in peer.authorities:
                        self._trust.learn(peer.line, peer.party, authority)
                trusted, is_new = "\n".join(peer.authorities), peer.knows_ours
                tls = client_context(self._keys, trusted, self._secret, before=not is_new)
                link = Link(self._node, peer, tls, self._stopping, self._poll_s)
            except DetenteError as error:
                log.warning("peer not trusted", peer=peer.party, line=peer.line, why=str(error))
                self._node.failed(peer.line, peer.party, str(error))
                continue
            self._links[peer.line, peer.party] = link
            link.thread.start()
        self._meet_witnesses()

    def _meet_witnesses(self) -> None:
        """Call the witnesses that the terms name now, and no others."""
        calls = self._node.witnesses_to_call()
        for gone in self._witnesses.keys() - set(calls):
            self._witnesses.pop(gone).end()
        for call in calls:
            if call in self._witnesses:
                continue
            try:
                link = WitnessLink(self._node, call, HttpsWire(call), self._stopping)
            except DetenteError as error:
                self._node.failed(call.line, call.name, str(error))
                continue
            self._witnesses[call] = link
            link.thread.start()

    def _show(self, *, before: bool) -> None:
        """Have our server show the certificate that most callers can know."""
        if self._trust is not None and self._shown_before != before:
            self._trust.show(self._keys, self._secret, before=before)
            self._shown_before = before


class Link:
    """Our side of the exchange with one peer on one line."""

    def __init__(
        self,
        node: "Node",
        view: PeerView,
        tls: ssl.SSLContext,
        stopping: threading.Event,
        poll_s: float,
    ) -> None:
        """Nothing runs until ``thread`` is started."""
        self._node = node
        self._line = view.line
        self._peer = Peer(view.party, TlsWire(view, tls))
        self._exchange = Exchange(node, view.line, self._peer)
        self._stopping = stopping
        self._poll_s = poll_s
        self._woken = threading.Event()
        self._share, self._told_s = EXCHANGES_BURST, time.monotonic()
        self._ended = False
        self._failures = 0
        self._error = ""
        self.thread = threading.Thread(target=self._run, name=f"link {view.party}", daemon=True)

    def end(self) -> None:
        """Run no more exchanges after the one under way."""
        self._ended = True
        self.wake()

    def wake(self) -> None:
        """Something changed on this line; an exchange follows if there is something to send."""
        self._woken.set()

    def _run(self) -> None:
        try:
            while not (self._stopping.is_set() or self._ended or self._exchange.over):
                self._pace()
                self._try_exchange()
                self._wait()
        finally:
            self._peer.close()

    def _pace(self) -> None:
        """Keep within our share of what the peer answers."""
        now_s = time.monotonic()
        earned = (now_s - self._told_s) * EXCHANGES_PER_S
        self._share, self._told_s = min(EXCHANGES_BURST, self._share + earned) - 1.0, now_s
        if self._share < 0.0:
            self._stopping.wait(-self._share / EXCHANGES_PER_S)

    def _try_exchange(self) -> None:
        try:
            self._exchange.run()
        except DetenteError as error:
            self._note_failure(error)
        except Exception:
            # A defect of ours, or the node being closed under us: the link must outlive the first.
            if not self._stopping.is_set():
                log.exception("exchange broke off", peer=self._peer.party)
                self._note_failure(DetenteError("the exchange met an unforeseen error"))
        else:
            if self._failures:
                log.info("peer reached again", peer=self._peer.party, line=self._line)
            self._failures, self._error = 0, ""

    def _note_failure(self, error: DetenteError) -> None:
        self._failures += 1
        if str(error) != self._error and not self._stopping.is_set():
            self._error = str(error)
            log.warning("peer not reached", peer=self._peer.party, line=self._line, why=str(error))
        # A store that cannot keep it now is told again with the next try.
        with suppress(StoreError):
            if not self._stopping.is_set():
                self._node.failed(self._line, self._peer.party, str(error))

    def _wait(self) -> None:
        """Until the next exchange is due: at once when there is something new of ours to send."""
        if self._failures:
            # What has just come in on this line may have come from that very peer, and what was
            # just written may be urgent: either ends the wait, but for its least part, so that a
            # busy line does not hammer at a peer that is gone.
            longest_s = min(RETRY_S_MAX, RETRY_S * 2.0 ** min(self._failures, 10))
            self._stopping.wait(RETRY_S)
            self._woken.wait(random.uniform(0.0, longest_s - RETRY_S))  # noqa: S311  # no secret
            self._woken.clear()
            return
        deadline_s = time.monotonic() + self._poll_s
        while not self._stopping.is_set():
            if self._woken.wait(max(0.0, deadline_s - time.monotonic())):
                self._woken.clear()
                if self._ended:
                    return
                with suppress(StoreError):
                    if not self._stopping.is_set() and self._exchange.has_news:
                        return
            if time.monotonic() >= deadline_s:
                return
