"""What a conflict with an area is called where people read it: a sentence, and a word for marks."""

from detente.conflict.model import Kind

_WITHIN = {
    Kind.SPECIAL_CAUTION_AREA: "in a special caution area",
    Kind.RESTRICTED_OPERATING_ZONE: "in a restricted operating zone",
    Kind.LINE_CROSSING: "across a line",
    Kind.PROTECTED_SITE: "in the buffer of a protected site",
}
_NEAR = {
    Kind.SPECIAL_CAUTION_AREA: "near a special caution area",
    Kind.RESTRICTED_OPERATING_ZONE: "near a restricted operating zone",
    Kind.LINE_CROSSING: "near a line",
    Kind.PROTECTED_SITE: "near the buffer of a protected site",
}
MARKS = {
    Kind.SEPARATION: "",
    Kind.SPECIAL_CAUTION_AREA: "CAUTION",
    Kind.RESTRICTED_OPERATING_ZONE: "ZONE",
    Kind.LINE_CROSSING: "LINE",
    Kind.PROTECTED_SITE: "SITE",
}
"""Short enough for a mark on a map. A word, for no colour and no sign is read alike by everyone."""


def words_of(kind: str, lateral_m: float, vertical_m: float) -> str:
    """``in the buffer of a protected site``; empty for a conflict without an area.

    Of the separation that is added, ``lateral_m`` and ``vertical_m`` are what is left.
    """
    words = _NEAR if lateral_m or vertical_m else _WITHIN
    return words.get(Kind(kind), "")
