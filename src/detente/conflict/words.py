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
}
MARKS = {
    Kind.SEPARATION: "",
    Kind.SPECIAL_CAUTION_AREA: "CAUTION",
    Kind.RESTRICTED_OPERATING_ZONE: "ZONE",
    Kind.LINE_CROSSING: "LINE",
    Kind.PROTECTED_SITE: "SITE",
}
"""Short enough for a mark on a map. A word, for no colour and no sign is read alike by everyone."""


def words_of(kind: str, lateral_m: float) -> str:
    """``in the buffer of a protected site``; empty for a conflict without an area.

    Of the separation that is added to the first two areas, ``lateral_m`` is what is left.
    """
    known = Kind(kind)
    within = _WITHIN.get(known, "")
    return within if lateral_m == 0 else _NEAR.get(known, within)
