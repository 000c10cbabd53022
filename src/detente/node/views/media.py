"""Sealed media: what a node tells about the parties of a visit, and gives for its files."""

from detente.node.views.base import View


class SealingPartyView(View, frozen=True, kw_only=True):
    """A side of a visit by its newest keys: the signing key's id, and what is sealed to (base64).

    ``x_wing_key`` is None for a party whose card has none; nothing can be sealed for it.
    """

    sign_key: str
    x_wing_key: str | None


class SealingView(View, frozen=True, kw_only=True):
    """What a sealed file of a visit has to name. ``own`` is this node's party."""

    line: str
    visit: str
    own: str
    parties: dict[str, SealingPartyView]


class SignedMediaView(View, frozen=True, kw_only=True):
    """The envelope of a manifest, JSON as it stands in the file, with our signature.

    ``entry`` is our statement on the line.
    """

    envelope: str
    entry: str


class ShareView(View, frozen=True, kw_only=True):
    """A share file for the other party, as text."""

    share: str
    to: str


class ContentKeyView(View, frozen=True, kw_only=True):
    """The key that a file opens with, base64. Whoever has it can read the file."""

    key: str
