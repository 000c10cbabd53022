"""The facts of shared observations, of links between them, and of daily reports."""

from datetime import date
from typing import Literal

from detente.line.abouts.base import About, Version, check_version, check_window, wrong
from detente.line.wire import ActivityId, Hash, PartyId

OBSERVE = "observation.report"
RETRACT = "observation.retract"
LINK = "observation.link"
DISPUTE = "observation.dispute"
TAKE_BACK = "observation.takeback"
DAILY = "report.daily"

Marking = Literal["TLP:CLEAR", "TLP:GREEN", "TLP:AMBER", "TLP:AMBER+STRICT"]
"""TLP 2.0. What is TLP:RED is for its reader alone and cannot stand on a line."""


class Observed(About, frozen=True, kw_only=True):
    """A version of what the writer reports as observed."""

    observation: ActivityId
    version: Version
    supersedes: Hash | None
    marking: Marking


class Retracted(About, frozen=True, kw_only=True):
    """The writer's observation does not stand any more; counted as a version of it."""

    observation: ActivityId
    version: Version
    supersedes: Hash


class Reported(About, frozen=True, kw_only=True):
    """Which observation, whoever's: all its versions."""

    party: PartyId
    observation: ActivityId


class Linked(About, frozen=True, kw_only=True):
    """The writer holds two observations to be of one event; ``a`` sorts before ``b``."""

    a: Reported
    b: Reported


class Disputed(About, frozen=True, kw_only=True):
    """The writer holds the two observations of another party's ``link`` to be of two events."""

    link: Hash


class TakenBack(About, frozen=True, kw_only=True):
    """The writer takes a link or a dispute of its own back."""

    of: Hash


class DailyReported(About, frozen=True, kw_only=True):
    """The writer's report of a ``day`` (2021-08-09) up to its ``cutoff``, a domain time.

    ``joint_sha256`` is of the joint part, which whoever holds the same entries computes alike.
    """

    day: str
    cutoff: str
    joint_sha256: Hash


OBSERVATIONS: dict[str, type[About]] = {
    OBSERVE: Observed,
    RETRACT: Retracted,
    LINK: Linked,
    DISPUTE: Disputed,
    TAKE_BACK: TakenBack,
    DAILY: DailyReported,
}
"""Each type, and the facts of it."""


def check_observation(type_: str, facts: About) -> None:
    """Return if facts of one of these types, each sound by itself, fit together."""
    match facts:
        case Observed():
            check_version(type_, facts.version, facts.supersedes)
        case Linked():
            a, b = ((one.party, one.observation) for one in (facts.a, facts.b))
            if a >= b:
                raise wrong(type_, "the two observations are one, or not sorted")
        case DailyReported():
            check_window(type_, facts.cutoff, None)
            if not _is_date(facts.day):
                raise wrong(type_, f"{facts.day[:20]!r} is not a date")


def _is_date(text: str) -> bool:
    try:
        # The length rules out the other spellings of ISO 8601, such as 20210809.
        return len(text) == 10 and date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
