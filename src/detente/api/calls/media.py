"""Sealed media: what needs the node's private keys. The files stay with who makes or opens them."""

from typing import Literal

import msgspec

from detente.api import rows
from detente.api.calls.bodies import Body, said
from detente.api.route import Call
from detente.errors import RecordError, StateError
from detente.node import Node, roles
from detente.node.views import EntryView
from detente.node.views.media import ContentKeyView, SealingView, ShareView, SignedMediaView


class MediaSealBody(Body, frozen=True):
    """``envelope`` is the manifest's, as it stands in the file, with whose signatures it has."""

    envelope: str
    note: str = ""


class MediaShareBody(Body, frozen=True):
    """``envelope`` is that of the file to be opened."""

    envelope: str


class MediaKeyBody(Body, frozen=True):
    """``share`` is the share file of the other side, as text."""

    envelope: str
    share: str


class MediaOpeningBody(Body, frozen=True):
    """``found_sha256`` is of the content; of the whole file where that could not be opened."""

    visit: str
    item: str
    finding: Literal["intact", "broken"]
    found_sha256: str
    note: str = ""


def show_sealing(node: Node, call: Call) -> SealingView:
    """What a sealed file of a visit has to name."""
    return node.sealing(call.path["line"], call.path["visit"])


def seal_media(node: Node, call: Call) -> SignedMediaView:
    """Sign a manifest and say so on the line."""
    return node.seal_media(**said(call))


def share_media(node: Node, call: Call) -> ShareView:
    """Our half of a content key, for the other side alone."""
    body: MediaShareBody = call.body
    return node.share_media(call.path["line"], body.envelope, officer=call.officer.name)


def show_media_key(node: Node, call: Call) -> ContentKeyView:
    """The content key, of both halves."""
    body: MediaKeyBody = call.body
    return node.media_key(call.path["line"], body.envelope, body.share, officer=call.officer.name)


def note_opening(node: Node, call: Call) -> EntryView:
    """Say on the line what was found when a file was opened."""
    asked = msgspec.structs.asdict(call.body)
    return node.note_opening(call.path["line"], **asked, officer=call.officer.name, key=call.key)


ROUTES = (
    rows.get(
        "media", "/lines/{line}/visits/{visit}/sealing", show_sealing,
        "Whose keys a sealed file of a visit has to name", SealingView,
    ),
    rows.post(
        "media", "/lines/{line}/media/seals", seal_media,
        "Sign a sealed file's manifest and say so on the line", MediaSealBody,
        SignedMediaView, act=roles.RELEASE, writes=True, may_raise=(RecordError, StateError),
    ),
    rows.post(
        "media", "/lines/{line}/media/shares", share_media,
        "Our half of a file's key, which the other side alone can read", MediaShareBody,
        ShareView, act=roles.RELEASE, may_raise=(RecordError, StateError),
    ),
    rows.post(
        "media", "/lines/{line}/media/keys", show_media_key,
        "A file's key, of our half and the other side's", MediaKeyBody, ContentKeyView,
        act=roles.RELEASE, may_raise=(RecordError, StateError),
    ),
    rows.entry(
        "media", "/lines/{line}/media/openings", note_opening,
        "Say on the line what was found when a file was opened", MediaOpeningBody,
        act=roles.RELEASE, may_raise=(RecordError, StateError),
    ),
)  # fmt: skip
