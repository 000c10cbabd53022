"""The two keys of sealed media: either party holds a share, and neither is worth anything alone.

docs/protocol.md, section 10. The content key is the XOR of two random shares of 32 bytes, so that
one of them says nothing about it. Each is sealed to one party's X-Wing key (``sealing``) and stands
in the manifest that both sign, beside its SHA-256: who hands over another share than its own is
found out.

A *share file* hands one party's share to the other when they open an item together::

    detente-media-share 1␊
    {"from":"us","key":"hex","manifest":"hex","sealed":"b64","to":"tj"}␊

It is sealed to the party it is for, for this one manifest, and lets that party alone open the item.
"""

import hashlib
from collections.abc import Sequence

import msgspec

from detente.errors import RecordError
from detente.record.media import Keyed, Manifest, SealedMedia
from detente.record.reading import (
    Hash,
    PartyId,
    decode_base64,
    encode_base64,
    read_json,
    read_struct,
)
from detente.record.sealing import SealingKey, SealingPublicKey
from detente.record.strict_json import canonical

SHARE_BYTES = 32
SHARE_FILE_BYTES_MAX = 8 * 1024

_MAGIC = b"detente-media-share 1\n"
_SEALED_BYTES_MAX = 2048


class ShareFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One party's share of one manifest's key, sealed to the other (``key`` is the id of which)."""

    from_: PartyId = msgspec.field(name="from")
    to: PartyId
    key: Hash
    manifest: Hash
    sealed: str


def content_key(one: bytes, other: bytes) -> bytes:
    """The key that two shares give, in either order."""
    return bytes(a ^ b for a, b in zip(one, other, strict=True))


def keyed(
    *,
    line: str,
    visit: str,
    item: str,
    content_sha256: str,
    sealed_sha256: str,
    party: str,
    sign_key: str,
    sealing: SealingPublicKey,
    share: bytes,
) -> Keyed:
    """A party's part of the manifest: its share, sealed to it for this very content."""
    use = _use(line, visit, item, content_sha256, sealed_sha256, party)
    return Keyed(
        sign_key=sign_key,
        x_wing_key=sealing.keyid,
        share=encode_base64(sealing.seal(share, use)),
        share_sha256=hashlib.sha256(share).hexdigest(),
    )


def own_share(manifest: Manifest, party: str, keys: Sequence[SealingKey]) -> bytes:
    """The share of ``party``, opened with one of its ``keys``.

    Raises RecordError if it is sealed to another key, or is not the one that its hash names.
    """
    manifest.other(party)
    mine = manifest.parties[party]
    key = next((one for one in keys if one.public.keyid == mine.x_wing_key), None)
    if key is None:
        raise RecordError(
            f"the share of {party} is sealed to a key that this node has not "
            f"({mine.x_wing_key[:16]}…)",
            where="manifest",
            remedy="restore the node's keys of that time from their backup, in a copy of its "
            "folder, and make the share there",
        )
    use = _use(
        manifest.line,
        manifest.visit,
        manifest.item,
        manifest.content_sha256,
        manifest.sealed_sha256,
        party,
    )
    share = key.open(decode_base64(mine.share, "manifest: share", _SEALED_BYTES_MAX), use)
    return _checked(share, mine, f"the share of {party}")


def write_share(media: SealedMedia, party: str, share: bytes, to: SealingPublicKey) -> bytes:
    """A share file: the share of ``party`` for the other, sealed to its key ``to``."""
    other = media.manifest.other(party)
    sealed = to.seal(share, _hand_over(party, other, media.manifest_sha256))
    wire = {
        "from": party,
        "to": other,
        "key": to.keyid,
        "manifest": media.manifest_sha256,
        "sealed": encode_base64(sealed),
    }
    return _MAGIC + canonical(wire) + b"\n"


def read_share(raw: bytes, media: SealedMedia, party: str, keys: Sequence[SealingKey]) -> bytes:
    """The other party's share, from the file it made for ``party``.

    Raises RecordError if it is no share file, of another item, for somebody else, or not the share
    that the manifest names; LimitError.
    """
    if not raw.startswith(_MAGIC):
        raise RecordError(
            "is no share of sealed media",
            where="share",
            remedy="have the other party run `detente media share`",
        )
    value = read_json(raw.removeprefix(_MAGIC), SHARE_FILE_BYTES_MAX, "share")
    found = read_struct(value, ShareFile, "share")
    other = media.manifest.other(party)
    if (found.from_, found.to) != (other, party):
        raise RecordError(
            f"is from {found.from_} for {found.to}, not from {other} for {party}",
            where="share",
            remedy=f"have {other} make one for {party}",
        )
    if found.manifest != media.manifest_sha256:
        raise RecordError(
            f"is the share of another item: of the manifest {found.manifest[:16]}…, and this one "
            f"is {media.manifest_sha256[:16]}…",
            where="share",
            remedy=f"have {other} make one from its copy of this file",
        )
    key = next((one for one in keys if one.public.keyid == found.key), None)
    if key is None:
        raise RecordError(
            f"is sealed to a key of {party} that this node has not",
            where="share",
            remedy=f"give {other} our present card (`detente card`), and ask for a new share",
        )
    use = _hand_over(other, party, media.manifest_sha256)
    share = key.open(decode_base64(found.sealed, "share", _SEALED_BYTES_MAX), use)
    return _checked(share, media.manifest.parties[other], f"the share that {other} handed over")


def _checked(share: bytes, keyed: Keyed, whose: str) -> bytes:
    if len(share) != SHARE_BYTES or hashlib.sha256(share).hexdigest() != keyed.share_sha256:
        raise RecordError(
            f"{whose} is not the one that the manifest names",
            where="share",
            remedy="refuse it: the item cannot be opened with it",
        )
    return share


def _use(
    line: str, visit: str, item: str, content_sha256: str, sealed_sha256: str, party: str
) -> bytes:
    lines = ["detente/media/v1", line, visit, item, content_sha256, sealed_sha256, party]
    return "\n".join(lines).encode()


def _hand_over(party: str, to: str, manifest_sha256: str) -> bytes:
    return "\n".join(["detente/media-share/v1", manifest_sha256, party, to]).encode()
