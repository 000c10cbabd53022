"""Drafts of observations: reporting one, and taking it back."""

import msgspec

from detente.errors import InputError
from detente.line import abouts, bodies
from detente.line.bodies import ObservedBody
from detente.line.entries.base import Draft, checked
from detente.observations import Observation, may_stand_on_a_line, observation_to_wire


def observe_draft(one: Observation, *, version: int, supersedes: str | None) -> Draft:
    """A version of an observation, as it is; InputError for what may not stand on a line."""
    if not may_stand_on_a_line(one.marking):
        raise InputError(
            f"is marked {one.marking}, which is for individual recipients and not for a line",
            remedy="tell them otherwise, or mark it anew if you may and report that",
            where=one.id,
        )
    facts = {
        "observation": one.id,
        "version": version,
        "supersedes": supersedes,
        "marking": one.marking,
    }
    body = msgspec.convert(observation_to_wire(one), ObservedBody)
    return checked(abouts.OBSERVE, facts, bodies.write_observed(body))


def retract_draft(observation: str, *, version: int, supersedes: str, note: str = "") -> Draft:
    """The end of an observation: the version after the one that it ``supersedes``."""
    facts = {"observation": observation, "version": version, "supersedes": supersedes}
    return checked(abouts.RETRACT, facts, bodies.write_note(note))
