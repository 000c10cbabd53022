"""Sealing media with the other side of a visit, and opening them again.

The files themselves do not come here: whoever makes or opens one (``cli.media``) does so piece by
piece, and asks the node for what needs its private keys. That is a signature under a manifest, the
half of a content key, and an entry on the line. To sign a manifest and to say so on the line
(``visit.seal``) is one act.
"""

import msgspec

from detente.errors import RecordError, SignatureError, StateError
from detente.line import Draft, read, seal_draft, unseal_draft
from detente.line import media as judged
from detente.line.read.visits import Visit
from detente.line.read.visits import visit as visit_of
from detente.node.core import Core
from detente.node.saying import say
from detente.node.show.reader import LineReader, no_such
from detente.node.views import EntryView
from detente.node.views.media import (
    ContentKeyView,
    SealingPartyView,
    SealingView,
    ShareView,
    SignedMediaView,
)
from detente.record import shares
from detente.record.media import SealedMedia, check_signature, read_envelope
from detente.record.reading import encode_base64
from detente.record.sealing import SealingPublicKey
from detente.store import auditing


class Media:
    """The part of a node's door that is about sealed media."""

    _core: Core

    def sealing(self, line: str, visit: str) -> SealingView:
        """What a sealed file of a visit has to name; ``visit`` is the id of its notice."""
        with self._core.store.read() as tx:
            return _sealing(LineReader(self._core, tx, line), visit)

    def seal_media(
        self, line: str, envelope: str, note: str = "", *, officer: str, key: str | None = None
    ) -> SignedMediaView:
        """Sign the manifest in ``envelope`` and say so on the line.

        Asked again for the same manifest it gives the same signature. Raises RecordError for what
        is no sound manifest of a visit of ours, SignatureError if a key in it is not the one it
        should be, or its maker has not signed it; StateError if the item was sealed otherwise.
        """
        return _seal(self._core, line, envelope, note, officer=officer, key=key)

    def share_media(self, line: str, envelope: str, *, officer: str) -> ShareView:
        """Our half of a content key, in a file that the other side alone can read.

        Raises StateError unless both sides have sealed this very manifest.
        """
        return _share(self._core, line, envelope, officer=officer)

    def media_key(self, line: str, envelope: str, share: str, *, officer: str) -> ContentKeyView:
        """The content key, of our half and the other side's ``share``. Raises as those."""
        return _key(self._core, line, envelope, share, officer=officer)

    def note_opening(
        self,
        line: str,
        visit: str,
        item: str,
        finding: str,
        found_sha256: str,
        note: str = "",
        *,
        officer: str,
        key: str | None = None,
    ) -> EntryView:
        """Say on the line what we found when we opened our copy: ``intact`` or ``broken``.

        ``found_sha256`` is of the content; of the whole file where that could not be opened. Raises
        StateError if we have not sealed that item.
        """
        asked = {
            "visit": visit,
            "item": item,
            "finding": finding,
            "found_sha256": found_sha256,
            "note": note,
        }

        def make(reader: LineReader) -> Draft:
            own = judged.seal_of(_visit(reader, visit), item, self._core.party)
            if own is None:
                raise StateError(
                    f"we have not sealed {item[:64]!r}",
                    where=f"visit {visit[:16]}…",
                    remedy="list what was sealed with `detente visit show`",
                )
            return unseal_draft(
                visit,
                item=item,
                manifest_sha256=own.manifest_sha256,
                finding=finding,
                found_sha256=found_sha256,
                note=note,
            )

        return say(self._core, line, make, officer=officer, key=key, action="unseal", content=asked)


def _visit(reader: LineReader, entry: str) -> Visit:
    found = visit_of(reader.rows, entry)
    if found is None:
        raise no_such("visit", entry, reader.founding)
    return found


def _sealing(reader: LineReader, visit: str) -> SealingView:
    found = _visit(reader, visit)
    parties = {}
    for party in found.sides:
        sealing = read.card(reader.rows, reader.founding, party).sealing
        parties[party] = SealingPartyView(
            sign_key=read.keys(reader.rows, reader.founding, party).newest.keyid,
            x_wing_key=None if sealing is None else encode_base64(sealing.raw),
        )
    return SealingView(line=reader.id, visit=found.entry, own=reader.core.party, parties=parties)


def _seal(
    core: Core, line: str, envelope: str, note: str, *, officer: str, key: str | None
) -> SignedMediaView:
    found = read_envelope(envelope.encode())
    with core.store.read() as tx:
        entry = _sealed_before(LineReader(core, tx, line), found)
    if entry is None:

        def make(reader: LineReader) -> Draft:
            _check(reader, found)
            return seal_draft(
                found.manifest.visit,
                item=found.manifest.item,
                content_sha256=found.manifest.content_sha256,
                size_bytes=found.manifest.size_bytes,
                manifest_sha256=found.manifest_sha256,
                note=note,
            )

        asked = {"manifest": found.manifest_sha256, "note": note}
        said = say(core, line, make, officer=officer, key=key, action="seal", content=asked)
        entry = said.id
    signed = found.envelope.signed(core.key)
    return SignedMediaView(envelope=signed.to_json().decode(), entry=entry)


def _sealed_before(reader: LineReader, found: SealedMedia) -> str | None:
    """Our entry that seals this very manifest; None if there is none."""
    visit = _check(reader, found)
    own = judged.seal_of(visit, found.manifest.item, reader.core.party)
    if own is None:
        return None
    if own.manifest_sha256 != found.manifest_sha256:
        raise StateError(
            f"we have sealed {found.manifest.item} with another manifest (entry {own.index})",
            where="media",
            remedy="give what was collected since another name (--item)",
        )
    return own.entry


def _check(reader: LineReader, found: SealedMedia) -> Visit:
    """Return the visit of a manifest that we may sign; else raise."""
    core, manifest = reader.core, found.manifest
    visit = judged.visit_of(reader.rows, reader.id, manifest)
    other = manifest.other(core.party)
    _check_own_key(reader, visit, found)
    shares.own_share(manifest, core.party, core.opening_keys)
    if manifest.sealed_by == core.party:
        card = read.card(reader.rows, reader.founding, other).sealing
        if card is None or card.keyid != manifest.parties[other].x_wing_key:
            raise RecordError(
                f"the share of {other} is not sealed to the key in its newest card",
                where="manifest",
                remedy="seal the item anew",
            )
    else:
        keys = read.keys(reader.rows, reader.founding, other)
        check_signature(found, other, judged.key_then(visit, found, other, keys))
    theirs = judged.seal_of(visit, manifest.item, other)
    if theirs is not None and theirs.manifest_sha256 != found.manifest_sha256:
        raise StateError(
            f"{other} has sealed {manifest.item} with another manifest (entry {theirs.index}: "
            f"{theirs.manifest_sha256[:16]}…)",
            where="media",
            remedy=f"countersign the file that {other} has sealed, or give this another name",
        )
    return visit


def _check_own_key(reader: LineReader, visit: Visit, found: SealedMedia) -> None:
    core = reader.core
    keys = read.keys(reader.rows, reader.founding, core.party)
    then = judged.key_then(visit, found, core.party, keys)
    named = found.manifest.parties[core.party].sign_key
    if not named == then.keyid == core.key.public.keyid:
        raise SignatureError(
            f"it is to be sealed with the key {named[:16]}… of {core.party}; by the record that "
            f"key is {then.keyid[:16]}…, and this node's is {core.key.public.keyid[:16]}…",
            where="manifest",
            remedy="have it sealed anew, for the keys that the line knows now",
        )


def _share(core: Core, line: str, envelope: str, *, officer: str) -> ShareView:
    found = read_envelope(envelope.encode())
    with core.store.read() as tx:
        reader = LineReader(core, tx, line)
        _check_sealed(reader, found)
        other = found.manifest.other(core.party)
        to = read.card(reader.rows, reader.founding, other).sealing
    if to is None:
        raise StateError(f"the card of {other} has no key to seal to", remedy="ask for its card")
    share = _handed_over(core, found, to)
    _audit(core, officer, "media.share", found)
    return ShareView(share=share, to=other)


def _handed_over(core: Core, found: SealedMedia, to: SealingPublicKey) -> str:
    own = shares.own_share(found.manifest, core.party, core.opening_keys)
    return shares.write_share(found, core.party, own, to).decode()


def _key(core: Core, line: str, envelope: str, share: str, *, officer: str) -> ContentKeyView:
    found = read_envelope(envelope.encode())
    with core.store.read() as tx:
        _check_sealed(LineReader(core, tx, line), found)
    own = shares.own_share(found.manifest, core.party, core.opening_keys)
    theirs = shares.read_share(share.encode(), found, core.party, core.opening_keys)
    _audit(core, officer, "media.key", found)
    return ContentKeyView(key=encode_base64(shares.content_key(own, theirs)))


def _check_sealed(reader: LineReader, found: SealedMedia) -> None:
    """Return if both sides have sealed this very manifest; else raise StateError."""
    found.manifest.other(reader.core.party)
    keys = {
        party: read.keys(reader.rows, reader.founding, party) for party in reader.founding.members
    }
    differing = judged.differences(
        reader.rows, reader.id, keys, found, found.manifest.sealed_sha256
    )
    if differing:
        raise StateError(
            f"it is not what both sides sealed: {differing[0].what}",
            where="media",
            remedy="ask the other side for its copy, and state this one with `detente media "
            "broken`; where only a seal is lacking, exchange the record first",
        )


def _audit(core: Core, officer: str, action: str, found: SealedMedia) -> None:
    told = {"line": found.manifest.line, "item": found.manifest.item}
    core.store.write(
        lambda tx: auditing.add(
            tx,
            time_s=core.clock.now_s(),
            officer=officer,
            action=action,
            subject=found.manifest_sha256,
            detail=msgspec.json.encode({**told, "visit": found.manifest.visit}),
        )
    )
