"""What changed among the observations of a line since an officer last looked."""

from detente.node.views.base import View


class SinceView(View, frozen=True, kw_only=True):
    """One thing that changed.

    ``what``: ``reported``, ``revised``, ``retracted``, ``recalled``, ``linked``, ``disputed``,
    ``link-taken-back`` or ``dispute-taken-back``; ``reports`` are those that it is about, each
    party and name. ``void`` says why it changes nothing, if so.
    """

    entry: str
    party: str
    own: bool
    time: str
    what: str
    reports: list[str]
    void: str | None


class LookView(View, frozen=True, kw_only=True):
    """What changed since ``looked`` (None: since the beginning), oldest first in each log.

    ``seen`` is how much of each log this tells of: given back, it moves the mark exactly so far,
    and no further should more arrive meanwhile. ``more``: there is more than is listed.
    """

    line: str
    officer: str
    looked: str | None
    changes: list[SinceView]
    counts: dict[str, int]
    more: bool
    seen: dict[str, int]
