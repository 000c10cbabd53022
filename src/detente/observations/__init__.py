"""Reported occurrences: what can be reported, to whom it may be shown, at which grain (pure)."""

from detente.observations.coarse import coarsened
from detente.observations.codec import observation_from_wire, observation_to_wire
from detente.observations.model import (
    FUTURE_SLACK_S,
    Observation,
    check_not_ahead,
    check_observation,
)
from detente.observations.places import (
    UNKNOWN,
    cell_name,
    cell_of,
    day_of,
    district_of,
    middle_of,
    untold,
    week_of,
)
from detente.observations.taxonomy import KINDS, OBSTRUCTION, QUIET, Kind, check_kind, words
from detente.observations.tlp import (
    AUDIENCES,
    MARKINGS,
    MEANINGS,
    RED,
    Audience,
    may_see,
    may_stand_on_a_line,
    narrowest,
)

__all__ = [
    "AUDIENCES",
    "FUTURE_SLACK_S",
    "KINDS",
    "MARKINGS",
    "MEANINGS",
    "OBSTRUCTION",
    "QUIET",
    "RED",
    "UNKNOWN",
    "Audience",
    "Kind",
    "Observation",
    "cell_name",
    "cell_of",
    "check_kind",
    "check_not_ahead",
    "check_observation",
    "coarsened",
    "day_of",
    "district_of",
    "may_see",
    "may_stand_on_a_line",
    "middle_of",
    "narrowest",
    "observation_from_wire",
    "observation_to_wire",
    "untold",
    "week_of",
    "words",
]
