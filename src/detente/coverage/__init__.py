"""How long and how often a place can be watched from given ground (pure)."""

from detente.coverage.model import Base, Permission, Place, Platform, Route, Scenario, Track
from detente.coverage.reach import Sortie, sorties
from detente.coverage.rota import Flight, Rota, rota
from detente.coverage.scenario import decode_scenario, without
from detente.coverage.track import gaps_s, watched

__all__ = [
    "Base",
    "Flight",
    "Permission",
    "Place",
    "Platform",
    "Rota",
    "Route",
    "Scenario",
    "Sortie",
    "Track",
    "decode_scenario",
    "gaps_s",
    "rota",
    "sorties",
    "watched",
    "without",
]
