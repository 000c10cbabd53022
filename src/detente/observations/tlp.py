"""TLP 2.0 (FIRST, August 2022): who may see what is marked so.

================== =============================================================================
TLP:RED            the eyes and ears of individual recipients, and nobody further
TLP:AMBER+STRICT   the recipients' own organisation, as far as it needs to know
TLP:AMBER          the same, and its clients
TLP:GREEN          the recipients' community, not by publicly accessible channels
TLP:CLEAR          everybody
================== =============================================================================

On a line the recipients are its parties, so that what is TLP:RED cannot stand there. An export is
made for an *audience*, and holds only what its marking lets that audience see.
"""

from collections.abc import Iterable
from typing import Literal

Marking = Literal["TLP:CLEAR", "TLP:GREEN", "TLP:AMBER", "TLP:AMBER+STRICT", "TLP:RED"]
MARKINGS: tuple[Marking, ...] = (
    "TLP:CLEAR",
    "TLP:GREEN",
    "TLP:AMBER",
    "TLP:AMBER+STRICT",
    "TLP:RED",
)
"""From the widest to the narrowest."""
RED: Marking = "TLP:RED"

Audience = Literal["public", "community", "clients", "organisation"]
AUDIENCES: tuple[Audience, ...] = ("public", "community", "clients", "organisation")
"""From the widest to the narrowest; each sees what the one before it sees."""

MEANINGS: dict[str, str] = {
    "TLP:CLEAR": "may be shown to everybody",
    "TLP:GREEN": "may be shown to the parties' community, not in public",
    "TLP:AMBER": "may be shown to the parties' own organisations and their clients",
    "TLP:AMBER+STRICT": "may be shown to the parties' own organisations only",
    "TLP:RED": "is for individual recipients only, and cannot stand on a line",
}


def may_see(marking: str, audience: Audience) -> bool:
    """Whether what is marked so may be shown to ``audience``; not, if the marking is unknown.

    TLP:RED is for persons and no audience at all.
    """
    if marking not in MARKINGS or marking == RED:
        return False
    return AUDIENCES.index(audience) >= MARKINGS.index(marking)


def may_stand_on_a_line(marking: str) -> bool:
    """Whether what is marked so may be told to all parties of a line."""
    return marking in MARKINGS and marking != RED


def narrowest(markings: Iterable[str]) -> Marking:
    """The marking that a document has to bear which holds things marked so; CLEAR for nothing.

    One that is not known here counts as the narrowest.
    """
    places = (MARKINGS.index(one) if one in MARKINGS else len(MARKINGS) - 1 for one in markings)
    return MARKINGS[max(places, default=0)]
