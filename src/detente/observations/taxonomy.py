"""What can be reported: a plain, published taxonomy of occurrences (docs/observations.md).

It names what happens and nobody: no person, no unit, no side, no weapon has a word here. A kind
that another version of this program brought is kept and shown by its code.
"""

from difflib import get_close_matches
from typing import NamedTuple

from detente.errors import InputError


class Kind(NamedTuple):
    """One kind of occurrence: its code, its words by language, and a sentence."""

    code: str
    words: dict[str, str]
    sentence: str


_ALL = (
    Kind(
        "fighting",
        {"en": "fighting", "ru": "боевые действия"},
        "Armed fighting between groups, seen, heard or reported.",
    ),
    Kind(
        "explosion",
        {"en": "explosion", "ru": "взрыв"},
        "A single explosion, or several in one place, whatever its cause.",
    ),
    Kind(
        "harm-to-civilians",
        {"en": "harm to civilians", "ru": "вред гражданскому населению"},
        "Civilians were killed, injured or held, outside of fighting between groups.",
    ),
    Kind(
        "unrest",
        {"en": "unrest", "ru": "беспорядки"},
        "A crowd that protests, riots or loots.",
    ),
    Kind(
        "displacement",
        {"en": "displacement", "ru": "перемещение населения"},
        "People leave their homes, are on the way, or arrive in number.",
    ),
    Kind(
        "crossing-closed",
        {"en": "crossing closed", "ru": "пункт пропуска закрыт"},
        "A border crossing or a checkpoint lets nobody through, or not all whom it should.",
    ),
    Kind(
        "crossing-open",
        {"en": "crossing open", "ru": "пункт пропуска открыт"},
        "A border crossing or a checkpoint works.",
    ),
    Kind(
        "obstruction",
        {"en": "obstruction", "ru": "препятствие проходу"},
        "A road, a bridge, a waterway or an observer's way is blocked.",
    ),
    Kind(
        "airspace-incident",
        {"en": "airspace incident", "ru": "инцидент в воздушном пространстве"},
        "Something in the air that was not to be there, or came too close.",
    ),
    Kind(
        "damage-to-site",
        {"en": "damage to a site", "ru": "повреждение объекта"},
        "A hospital, a school, a place of worship, a works or another protected place is damaged.",
    ),
    Kind(
        "relief-delivery",
        {"en": "relief delivered", "ru": "доставка помощи"},
        "Relief goods or services arrived.",
    ),
    Kind(
        "quiet",
        {"en": "watched, nothing seen", "ru": "наблюдение: ничего не замечено"},
        "The place was watched for that time and nothing of these kinds was noticed. What nobody "
        "watched is not quiet: it is not observed.",
    ),
    Kind(
        "other",
        {"en": "other", "ru": "другое"},
        "None of these; the text says what.",
    ),
)

KINDS: dict[str, Kind] = {kind.code: kind for kind in _ALL}
"""Every kind, by code, in the order in which they are listed."""

OBSTRUCTION = "obstruction"
"""That a way was blocked: whoever says so saw the block, and not what lies behind it."""

QUIET = "quiet"
"""That somebody watched and noticed nothing; which is not that nobody watched."""


def words(code: str, language: str = "en") -> str:
    """The kind's words in ``language``, else in English; of an unknown kind its code."""
    kind = KINDS.get(code)
    return code if kind is None else kind.words.get(language, kind.words["en"])


def check_kind(code: str, *, where: str = "") -> None:
    """Return if we know this kind; else InputError with the codes, and the nearest if one is near.

    It is for what is noted here. A misspelt kind would be counted as a kind of its own; one that a
    peer sent stays as it is.
    """
    if code in KINDS:
        return
    near = get_close_matches(code[:64].lower(), KINDS, 1, 0.75)
    asked = f"did you mean {near[0]}? " if near else ""
    raise InputError(
        f"its kind {code[:40]!r} is not known",
        remedy=f"{asked}use {', '.join(KINDS)}",
        where=where,
    )
