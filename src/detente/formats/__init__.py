"""Other people's files in and out: GeoJSON, KML, CSV, NOTAM, OpenAir, trajectories (pure)."""

from detente.formats.features import features_of
from detente.formats.files import party_of_name, read, read_all, read_bytes
from detente.formats.reading import Progress, Reading, ReadOptions, Unknown

__all__ = [
    "Progress",
    "ReadOptions",
    "Reading",
    "Unknown",
    "features_of",
    "party_of_name",
    "read",
    "read_all",
    "read_bytes",
]
