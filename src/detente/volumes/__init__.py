"""Activities and their shapes in space, altitude and time: datums, units, geodesics (pure)."""

from detente.volumes.model import (
    Activity,
    Band,
    Core,
    Edges,
    Limit,
    Position,
    Reference,
    Ring,
    Shape,
    Volume,
)

__all__ = [
    "Activity",
    "Band",
    "Core",
    "Edges",
    "Limit",
    "Position",
    "Reference",
    "Ring",
    "Shape",
    "Volume",
]
