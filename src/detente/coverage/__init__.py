"""How long and how often a place can be watched, and what was observed of it (pure)."""

from detente.coverage.model import Base, Permission, Place, Platform, Route, Scenario, Track
from detente.coverage.observed import (
    STATES,
    Blank,
    Looked,
    Seen,
    Sighting,
    Stretch,
    seen_at,
)
from detente.coverage.reach import Sortie, sorties
from detente.coverage.rota import Flight, Rota, rota
from detente.coverage.scenario import decode_scenario, without
from detente.coverage.track import gaps_s, watched

__all__ = [
    "STATES",
    "Base",
    "Blank",
    "Flight",
    "Looked",
    "Permission",
    "Place",
    "Platform",
    "Rota",
    "Route",
    "Scenario",
    "Seen",
    "Sighting",
    "Sortie",
    "Stretch",
    "Track",
    "decode_scenario",
    "gaps_s",
    "rota",
    "seen_at",
    "sorties",
    "watched",
    "without",
]
