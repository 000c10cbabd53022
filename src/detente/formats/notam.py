"""ICAO NOTAM text (Annex 15; Doc 8126, chapter 6) into planned activities.

::

    (A1234/21 NOTAMN
    Q) OAKX/QRTCA/IV/BO/W/000/100/3641N06852E010
    A) OAKX B) 2108090000 C) 2108090600
    E) TEMPO RESTRICTED AREA ACTIVATED WI 5NM RADIUS CENTERED ON 364100N0685200E
    F) SFC G) 3000FT AMSL)

Read are NOTAMs of the kinds that reserve or warn of airspace (Q-codes QR.. and QW..) and that say
so of a time, a height and an area that can be taken literally. A schedule (item D) makes one volume
of each of its periods (``formats.notam_schedule``). Everything else is *unknown*, with the reason:
a NOTAM is written for people, and half of one is worse than none.

``NOTAMR A0123/21`` and ``NOTAMC A0123/21`` end another one (``formats.notam_succession``).
"""

import re
from itertools import pairwise

import msgspec

from detente.errors import InputError, LimitError
from detente.formats.coordinates import coordinates_in
from detente.formats.notam_area import Circle, Unclear, area_of
from detente.formats.notam_heights import band_of
from detente.formats.notam_schedule import Window, periods_of
from detente.formats.reading import MAX_FEATURES, MAX_NOTAM_CHARACTERS, Gathering, Notice
from detente.volumes import Activity, Volume
from detente.volumes.times import format_time, parse_time_s

_NUMBER = r"([A-Z][0-9]{4}/[0-9]{2})"
# What follows the head is the number of another NOTAM only if it is not the head of the next.
_HEAD = re.compile(rf"\b{_NUMBER}\s+NOTAM([NRC])\b(?:\s+{_NUMBER}\b(?!\s+NOTAM[NRC]\b))?", re.ASCII)
_PLACE = re.compile(r"\b(?!PART\b)[A-Z]{4}\b", re.ASCII)
_Q_LINE = re.compile(
    r"[A-Z]{3,4}/Q([A-Z]{4})/[A-Z]{0,3}/[A-Z]{0,5}/[A-Z]{0,3}/([0-9]{3})/([0-9]{3})/"
    r"([0-9]{4}[NS][0-9]{5}[EW])([0-9]{3})",
    re.ASCII,
)
_ITEMS = {letter: re.compile(rf"(?<![A-Z0-9]){letter}\)", re.ASCII) for letter in "QABCDEFG"}
_Q_ITEM = _ITEMS["Q"]
_Q_BEGINS = re.compile(r"(?<![A-Z0-9])Q\)\s*[A-Z]{3,4}/Q", re.ASCII)
_ACTIVE = ("CA", "LW", "LP", "LR", "LC", "XX")
"""Conditions (letters four and five of the Q-code) of an area in use: activated, will take place,
prohibited, limited to, closed, and plain language, where item E speaks for itself."""
_KINDS = {
    "RD": "danger area",
    "RP": "prohibited area",
    "RR": "restricted area",
    "RT": "restricted area",
}
"""Subjects (letters two and three) that are areas of a kind of their own (``volumes.areas``)."""
_MAX_ONE = 20_000
"""Characters in one NOTAM."""


class Text(msgspec.Struct, frozen=True):
    """One NOTAM: its id and that of the one it ends, its kind (N, R, C) and what follows."""

    id: str | None
    kind: str
    ends: str | None
    body: str


class Items(msgspec.Struct, frozen=True):
    """The items of one NOTAM as text; empty where there is none."""

    q: str
    a: str
    b: str
    c: str
    d: str
    e: str
    f: str
    g: str


class QLine(msgspec.Struct, frozen=True):
    """What the Q line says: the code's subject and condition, levels and the circle."""

    subject: str
    condition: str
    lower: int
    upper: int
    circle: Circle


def looks_like_notams(text: str) -> bool:
    """Whether a text has a NOTAM's first line or its item Q."""
    return bool(_HEAD.search(text) or _Q_BEGINS.search(text))


def read_notams(text: str, gathering: Gathering) -> None:
    """Gather the activities of a text with one or more NOTAMs."""
    if len(text) > MAX_NOTAM_CHARACTERS:
        raise LimitError(f"has more than {MAX_NOTAM_CHARACTERS:,} characters", remedy="split it")
    found = _split(text)
    if len(found) > MAX_FEATURES:
        raise LimitError(f"has more than {MAX_FEATURES:,} NOTAMs", remedy="split the file")
    for number, one in enumerate(found, 1):
        try:
            _read(one, one.id or f"notam-{number}", gathering)
        except InputError as error:
            gathering.refuse(error, f"NOTAM {number}", identifier=one.id)
        gathering.progress(number, len(found))


def _split(text: str) -> list[Text]:
    heads = list(_HEAD.finditer(text))
    first = heads[0].start() if heads else len(text)
    # NOTAMs that were copied without their first line begin with item Q.
    bare = [match.start() for match in _Q_ITEM.finditer(text, 0, first)]
    found = [Text(None, "N", None, text[start:end]) for start, end in pairwise([*bare, first])]
    ends = [*(head.start() for head in heads[1:]), len(text)]
    found += [
        Text(
            _identifier(head[1]), head[2], head[3] and _identifier(head[3]), text[head.end() : end]
        )
        for head, end in zip(heads, ends, strict=False)
    ]
    if not found:
        raise InputError(
            "has no NOTAM", remedy="give ICAO NOTAM text with items Q) A) B) C) E) F) G)"
        )
    return found


def _identifier(number: str) -> str:
    return number.replace("/", "-")


def _read(text: Text, identifier: str, gathering: Gathering) -> None:
    """Gather one NOTAM; whatever becomes of it, what it says of another is remembered."""
    party = gathering.party_of_file()
    items = _items(text.body)
    if text.kind != "N" and text.ends is None:
        raise InputError(
            "does not say which NOTAM it replaces or cancels", remedy="give it with its first line"
        )
    from_s = _time_s(items.b, "B")
    usable = text.kind == "C"
    try:
        if not usable:
            answer = _activity(items, identifier, party)
            if isinstance(answer, Unclear):
                gathering.doubt(party, identifier, answer.why)
            else:
                gathering.keep(answer)
                usable = True
    finally:
        if text.id:
            places = frozenset(_PLACE.findall(items.a))
            ends = text.ends if text.kind != "N" else None
            gathering.notice(Notice(party, text.id, places, from_s, ends, usable))


def _activity(items: Items, identifier: str, party: str) -> Activity | Unclear:
    q = _q_line(items.q)
    if re.search(r"\bPART\b", items.a):
        return Unclear("it is one part of a NOTAM in several")
    if q.subject[0] not in "RW":
        return Unclear(
            f"Q{q.subject}{q.condition} neither reserves nor warns of airspace, so its circle says "
            "where it matters and not what is occupied"
        )
    if q.condition not in _ACTIVE:
        return Unclear(f"Q{q.subject}{q.condition} does not say that the area is in use")
    windows = _windows(items)
    if isinstance(windows, Unclear):
        return windows
    area = area_of(items.e, q.circle)
    if isinstance(area, Unclear):
        return area
    band, notes = band_of(items.f, items.g, q.lower, q.upper)
    volumes = tuple(Volume(area.core, area.radius_m, band, *window) for window in windows)
    if items.d:
        notes = (*notes, _schedule_note(windows))
    kind = _KINDS.get(q.subject, "notam")
    return Activity(party, identifier, kind, volumes, (*area.notes, *notes))


def _schedule_note(windows: tuple[Window, ...]) -> str:
    first, last = format_time(windows[0][0]), format_time(windows[-1][1])
    return f"its schedule was read as {len(windows)} periods from {first} to {last}"


def _items(text: str) -> Items:
    """The items in their order; InputError if one that must be there is missing."""
    if len(text) > _MAX_ONE:
        raise LimitError(f"has more than {_MAX_ONE:,} characters", remedy="split it into NOTAMs")
    if len(_Q_ITEM.findall(text)) > 1:
        raise InputError("has two items Q", remedy="put the number before each NOTAM")
    at: dict[str, tuple[int, int]] = {}
    position = 0
    for letter in "QABE":
        match = _ITEMS[letter].search(text, position)
        if match is None:
            raise InputError(f"has no item {letter}", remedy="give the NOTAM whole, as published")
        at[letter] = match.span()
        position = match.end()
    for letter, after in (("C", "B"), ("D", "C")):
        begin = at.get(after, at["B"])[1]
        if match := _ITEMS[letter].search(text, begin, at["E"][0]):
            at[letter] = match.span()
    # Item E is free text; F and G are the last of their kind, at the end.
    for letter, begin in (("F", at["E"][1]), ("G", at["E"][1])):
        if matches := list(_ITEMS[letter].finditer(text, begin)):
            at[letter] = matches[-1].span()
    return Items(**{letter.lower(): _between(text, letter, at) for letter in "QABCDEFG"})


def _between(text: str, letter: str, at: dict[str, tuple[int, int]]) -> str:
    if letter not in at:
        return ""
    start = at[letter][1]
    end = min((begin for begin, _ in at.values() if begin >= start), default=len(text))
    found = text[start:end].strip()
    if end == len(text):
        # What closes the NOTAM, or opens the next, belongs to no item. Item G is one line; after it
        # come the remarks of whoever passed the NOTAM on.
        found = found.splitlines()[0] if letter == "G" and found else found
        for closing in ("(", "NNNN", ")"):
            found = found.rstrip().removesuffix(closing)
    return " ".join(found.split())


def _q_line(text: str) -> QLine:
    match = _Q_LINE.fullmatch("".join(text.upper().split()))
    if match is None:
        raise InputError(
            f"item Q {text[:60]!r} is not a whole Q line",
            remedy="write it as in OAKX/QRTCA/IV/BO/W/000/100/3641N06852E010",
        )
    code, lower, upper = match[1], int(match[2]), int(match[3])
    found = list(coordinates_in(match[4]))
    return QLine(code[:2], code[2:], lower, upper, Circle(found[0].position, int(match[5])))


def _windows(items: Items) -> tuple[Window, ...] | Unclear:
    end = items.c.upper()
    if end in ("", "PERM", "UFN"):
        return Unclear("it has no end (item C), so until when it holds is not known")
    if end.endswith("EST"):
        return Unclear("its end is an estimate (EST): it holds until it is cancelled")
    window = _time_s(items.b, "B"), _time_s(end, "C")
    if not items.d or window[0] >= window[1]:
        return (window,)
    return periods_of(items.d, *window)


def _time_s(text: str, item: str) -> float:
    if not re.fullmatch(r"[0-9]{10}", text, re.ASCII):
        raise InputError(
            f"item {item} {text[:40]!r} is not a time", remedy="write YYMMDDHHMM in UTC"
        )
    year, month, day, hour, minute = (text[at : at + 2] for at in range(0, 10, 2))
    return parse_time_s(f"20{year}-{month}-{day}T{hour}:{minute}:00Z", where=f"item {item}")
