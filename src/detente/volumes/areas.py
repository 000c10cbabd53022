"""Kinds of activity that are areas: what is there is not one flight, but a claim on a place.

An activity's kind is free text between the parties. Some kinds are words of the line protocol
(section 7), because a conflict with them is of a kind of its own:

=========================  ========================================================================
special caution area       forces are in it; others take special measures there (Agreement on the
                           Prevention of Dangerous Military Activities, 1989, article I). A danger
                           area is one (ICAO Annex 2)
restricted operating zone  airspace kept for one party's operations (JP 3-52). Restricted and
                           prohibited areas are such (ICAO Annex 2)
line                       a line of contact or coordination: crossing it counts
protected site             a hospital, an airport that must stay open: a place to keep away from.
                           Its radius is the buffer. Nothing here says what is at it
=========================  ========================================================================

A kind that is none of these is ordinary, and what is ordinary is held to the full separation. So a
kind that is misspelt is told of too early, and never missed.
"""

from enum import StrEnum
from functools import lru_cache
from string import ascii_lowercase, ascii_uppercase

MARK = "exercise "
"""An invented activity may say so in its kind and is of that kind all the same."""


class Area(StrEnum):
    """The kinds of area, in the order in which they give a conflict its name."""

    SPECIAL_CAUTION_AREA = "special caution area"
    RESTRICTED_OPERATING_ZONE = "restricted operating zone"
    LINE = "line"
    PROTECTED_SITE = "protected site"


PLACES = frozenset({Area.LINE, Area.PROTECTED_SITE})
"""Areas in which nothing of their own moves, and which cannot be moved themselves."""

WORDS: dict[str, Area] = {
    **{area.value: area for area in Area},
    "sca": Area.SPECIAL_CAUTION_AREA,
    "danger area": Area.SPECIAL_CAUTION_AREA,
    "roz": Area.RESTRICTED_OPERATING_ZONE,
    "restricted operations zone": Area.RESTRICTED_OPERATING_ZONE,
    "restricted area": Area.RESTRICTED_OPERATING_ZONE,
    "prohibited area": Area.RESTRICTED_OPERATING_ZONE,
    "line of contact": Area.LINE,
    "coordination line": Area.LINE,
    "static site": Area.PROTECTED_SITE,
    "humanitarian site": Area.PROTECTED_SITE,
}
"""Every kind that is an area."""

_ALIKE = str.maketrans(ascii_uppercase + "-_", ascii_lowercase + "  ")


@lru_cache(maxsize=1024)
def area_of(kind: str) -> Area | None:
    """The area that an activity of this kind is, or None for an ordinary one.

    ASCII letters of either case are alike, ``-`` and ``_`` are spaces, and ``EXERCISE`` may stand
    before it.
    """
    return WORDS.get(kind.translate(_ALIKE).removeprefix(MARK))


def are_alike(kind: str, other: str) -> bool:
    """Whether nobody would read two kinds as different: another spelling, or the same area."""
    same_area = area_of(kind) is not None and area_of(kind) == area_of(other)
    return same_area or _plain(kind) == _plain(other)


def _plain(kind: str) -> str:
    return " ".join(kind.casefold().translate(_ALIKE).split()).removeprefix(MARK)
