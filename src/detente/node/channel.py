"""The channel between nodes: TLS 1.3 with certificates on both sides, and who may use it.

A server trusts the authorities of every member of every line it is on; which of them issued a
client's certificate decides who is calling. A client trusts one authority alone, its peer's, and
only for that peer's name. Nothing from the operating system's trust store is ever loaded.

Authorities are added while the server runs, because lines are joined and cards change while it
runs: OpenSSL consults the one store of a context at each handshake. None is ever taken out of that
store; one that a party has left is no member's any more, and so its callers are strangers.
"""

import ssl
import threading
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from detente.errors import InputError, SignatureError
from detente.node.certificates import BEFORE, NODE, Authority, issuer_of


def server_context(keys: Path, secret: bytes | None = None) -> ssl.SSLContext:
    """TLS for a node's line face. ``keys`` holds ``node.crt`` and ``node.pem``.

    ``secret`` opens the key if it is protected (``protection.unlock``).

    No session tickets: every connection shows its certificate again, so that one that has expired
    or was never known cannot ride on an old session.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.verify_mode = ssl.CERT_REQUIRED
    context.num_tickets = 0
    show_certificate(context, keys, secret)
    return context


def client_context(
    keys: Path, authority_pem: str, secret: bytes | None = None, *, before: bool = False
) -> ssl.SSLContext:
    """TLS for calling one peer, whose authority is ``authority_pem``, one or more, and no other.

    ``before``: show it the certificate of our earlier authority; it knows no other yet.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_verify_locations(cadata=authority_pem)
    show_certificate(context, keys, secret, before=before)
    return context


def show_certificate(
    context: ssl.SSLContext, keys: Path, secret: bytes | None, *, before: bool = False
) -> None:
    """Have every new connection show the node's certificate as it now lies in ``keys``."""
    name = BEFORE if before else NODE
    # Without a password OpenSSL would ask for one on the terminal.
    context.load_cert_chain(keys / f"{name}.crt", keys / f"{name}.pem", password=secret or b"")


def check_authorities(authorities: Mapping[str, str], known: Iterable[str] = ()) -> None:
    """Whether the members of a line can be told apart by their authorities (PEM, by party).

    ``known`` are those of the lines already joined: there, too, nobody may be shut out by another
    of the same name.

    Raises ``InputError`` for one that is no authority, or that shares its name or its key with
    another's. A line with such a card must not be joined: somebody on it could not call.
    """
    key_of = {one.subject: one.key_sha256 for one in map(Authority, known)}
    names: dict[bytes, str] = {}
    keys: dict[str, str] = {}
    for party, pem in sorted(authorities.items()):
        authority = Authority(pem, where=f"card of {party}")
        key = authority.key_sha256
        if key in keys:
            raise _impostor(party, f"is also claimed by {keys[key]}")
        if authority.subject in names or key_of.get(authority.subject, key) != key:
            raise _impostor(party, "bears the name of another party's authority")
        names[authority.subject] = keys[key] = party


class Trust:
    """The authorities a server knows, and the party each stands for on each line.

    A party is known by its authority's *key*: the same name on two lines may be two parties, and
    one party may be on many lines.
    """

    def __init__(self, context: ssl.SSLContext) -> None:
        """Start with no one trusted; ``context`` is the server's."""
        self._context = context
        self._lock = threading.Lock()
        self._by_subject: dict[bytes, Authority] = {}
        self._party: dict[tuple[str, str], str] = {}

    def show(self, keys: Path, secret: bytes | None, *, before: bool) -> None:
        """Have the server show this certificate from now on (``show_certificate``)."""
        show_certificate(self._context, keys, secret, before=before)

    def forget_others(self, line: str, party: str, authorities: Sequence[str]) -> None:
        """Let ``party`` call on ``line`` with certificates of no other than these authorities."""
        kept = {Authority(pem).key_sha256 for pem in authorities}
        with self._lock:
            for (on, key), known in list(self._party.items()):
                if (on, known) == (line, party) and key not in kept:
                    del self._party[on, key]

    def learn(self, line: str, party: str, authority_pem: str) -> None:
        """Let ``party`` call on ``line`` with certificates of this authority. Idempotent.

        Raises ``InputError`` for an authority that bears the name of another one (the TLS library
        would confuse them, to the other's harm), or that another member of the line also claims.
        """
        authority = Authority(authority_pem, where=f"card of {party}")
        with self._lock:
            known = self._by_subject.get(authority.subject)
            if known is not None and known.key_sha256 != authority.key_sha256:
                raise _impostor(party, "bears the name of another party's authority")
            claimed = self._party.get((line, authority.key_sha256), party)
            if claimed != party:
                raise _impostor(party, f"is also claimed by {claimed}")
            if known is None:
                self._context.load_verify_locations(cadata=authority_pem)
                self._by_subject[authority.subject] = authority
            self._party[line, authority.key_sha256] = party

    def caller(self, certificate_der: bytes | None) -> str:
        """The digest of the key of the authority that issued a client's certificate.

        Raises ``SignatureError`` when it is none of those known.
        """
        if certificate_der is None:
            raise SignatureError(
                "the client showed no certificate",
                where="TLS",
                remedy="call with the node certificate of a member of the line",
            )
        with self._lock:
            authorities = list(self._by_subject.values())
        return issuer_of(certificate_der, authorities, datetime.now(UTC)).key_sha256

    def party_on(self, line: str, caller: str) -> str | None:
        """Which member of ``line`` the caller is; None when it is none."""
        with self._lock:
            return self._party.get((line, caller))


def _impostor(party: str, why: str) -> InputError:
    return InputError(
        f"the authority in the card of {party} {why}",
        where="founding document",
        remedy=f"do not trust this card; ask {party} for its fingerprint over another channel",
    )
