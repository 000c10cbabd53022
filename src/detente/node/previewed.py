"""What an officer looked at before deciding to say it, and whether it is still what is said."""

import hashlib

from detente.errors import StateError
from detente.line import Draft


def digest(draft: Draft) -> str:
    """The ``sha256`` of a preview: of the body that would go onto the line."""
    return hashlib.sha256(draft.body).hexdigest()


def check_shown(draft: Draft, shown: str | None, *, what: str, done: str, where: str) -> None:
    """Return if ``draft`` is what was ``shown``, or nothing was; else StateError.

    ``what`` is about to be ``done``: a plan released, an observation reported.
    """
    if shown is not None and shown != digest(draft):
        raise StateError(
            f"the {what} was changed since it was looked at",
            where=where,
            remedy=f"look at what would be {done} now",
        )
