"""Other people's files in and out: GeoJSON, KML, CSV, NOTAM, OpenAir, trajectories (pure)."""

from detente.formats.features import features_of
from detente.formats.files import party_of_name
from detente.formats.reading import Progress, Reading, ReadOptions, Unknown
from detente.formats.streams import Piece, Stream, Void, file_source, read, read_all, read_bytes

__all__ = [
    "Piece",
    "Progress",
    "ReadOptions",
    "Reading",
    "Stream",
    "Unknown",
    "Void",
    "features_of",
    "file_source",
    "party_of_name",
    "read",
    "read_all",
    "read_bytes",
]
