"""A report as it is compared with others, and a suggestion that two are of one event."""

import re
import unicodedata

import msgspec

from detente.observations import Observation, middle_of

WORDS_MAX = 200
MARKER = "exercise"
"""Stands in every text of an exercise, and so says nothing of any."""
_WORD = re.compile(r"[^\W_]{4,}")


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What two reports are compared by. ``id`` is ``<party>/<name>``.

    ``lon``, ``lat``: the middle of its place, degrees; it lies within ``radius_m`` of there.
    ``words`` are of its text, but for those of its own place's and district's names: where it was
    is compared by itself. ``counted`` is the sum of its counts or None, times are POSIX seconds.
    Reports of one ``event`` are known to be of one; '' is none.
    """

    id: str
    party: str
    lon: float
    lat: float
    radius_m: float
    from_s: float
    until_s: float
    kind: str
    language: str = ""
    words: tuple[str, ...] = ()
    counted: int | None = None
    event: str = ""


class Suggestion(msgspec.Struct, frozen=True, kw_only=True):
    """Two reports that may be of one event: ``score`` from 0 to 1, by the model (``model``).

    ``weights`` says for each thing compared how much it speaks for one event, in powers of two;
    below nothing, against it.
    """

    a: str
    b: str
    score: float
    distance_m: float
    apart_s: float
    same_kind: bool
    shared_words: tuple[str, ...]
    weights: dict[str, float]


def report_of(party: str, one: Observation, event: str = "") -> Report:
    """The report of an observation."""
    lon, lat = middle_of(one.core)
    common = {MARKER, *words_of(f"{one.place} {one.district}")}
    return Report(
        id=f"{party}/{one.id}",
        party=party,
        lon=lon,
        lat=lat,
        radius_m=one.radius_m,
        from_s=one.from_s,
        until_s=one.until_s,
        kind=one.kind,
        language=one.language[:2],
        words=tuple(word for word in words_of(one.text) if word not in common),
        counted=sum(one.counts.values()) if one.counts else None,
        event=event,
    )


def words_of(text: str) -> tuple[str, ...]:
    """The words of a text, each once, sorted; without the shortest, which say little."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return tuple(sorted(set(_WORD.findall(plain))))[:WORDS_MAX]
