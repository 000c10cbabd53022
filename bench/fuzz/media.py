"""Readers of sealed media, and what their corpus begins with: the vectors that the tests keep.

Nothing here is made anew: what is sealed with HPKE is other bytes each time.
"""

import io
import json
from base64 import b64decode
from functools import cache
from pathlib import Path
from typing import Any

from detente.record import SealingKey, SigningKey, media, shares
from detente.record.countersigned import Countersigned

VECTORS = Path(__file__).resolve().parents[2] / "tests" / "record" / "media_vectors.json"


@cache
def _vectors() -> Any:
    return json.loads(VECTORS.read_text())


@cache
def _file() -> bytes:
    return b64decode(_vectors()["file"])


@cache
def _found() -> media.SealedMedia:
    return media.read_media(io.BytesIO(_file()))


@cache
def _signers() -> list[SigningKey]:
    return [SigningKey.from_pem(pem.encode()) for pem in _vectors()["sign_keys"].values()]


@cache
def _host() -> list[SealingKey]:
    return [SealingKey.from_pems(*(pem.encode() for pem in _vectors()["x_wing_pems"]["tj"]))]


def media_file(data: bytes) -> None:
    """A whole file, read to its content with both halves of its key."""
    source = io.BytesIO(data)
    media.read_head(source)
    found = media.read_media(source)
    media.sealed_sha256(source, found.manifest)
    one, other = (bytes.fromhex(half) for half in _vectors()["shares"].values())
    for _ in media.opened(source, found.manifest, shares.content_key(one, other)):
        pass


def manifest(data: bytes) -> None:
    """A manifest, well signed by both: either side may sign any."""
    envelope = Countersigned(media.MANIFEST_TYPE, data, {})
    for key in _signers():
        envelope = envelope.signed(key)
    sealed = _file()[: _found().manifest.sealed_bytes]
    found = media.read_media(io.BytesIO(sealed + media.trailer(envelope)))
    shares.own_share(found.manifest, "tj", _host())


def share(data: bytes) -> None:
    """A share file for the host."""
    shares.read_share(data, _found(), "tj", _host())


READERS = {"media": media_file, "media-manifest": manifest, "media-share": share}


def seeds() -> dict[str, dict[str, bytes]]:
    """What is in their corpus from the beginning."""
    return {
        "media": {"whole": _file()},
        "media-manifest": {"whole": _found().envelope.payload},
        "media-share": {"whole": b64decode(_vectors()["share_us_to_tj"])},
    }
