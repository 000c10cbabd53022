"""An observation: an occurrence as its reporter tells it, with how uncertain place and time are.

It happened within ``radius_m`` of ``core``, at some time from ``from_s`` until ``until_s`` (POSIX
seconds, domain time). It is told of what happened, where and when: there is no field for persons,
for sides or for weapons.
"""

import re
from typing import Literal, get_args

import msgspec

from detente.errors import InputError, LimitError
from detente.observations.tlp import MARKINGS
from detente.volumes.check import check_activity_id, check_core
from detente.volumes.model import Core
from detente.volumes.times import check_time_s, format_time

How = Literal["seen", "heard", "sensor", "visit", "media", "third-party", "unknown"]
Confidence = Literal["low", "moderate", "high", "unknown"]
Seeing = Literal["good", "limited", "poor", "unknown"]
HOW: tuple[str, ...] = get_args(How)
CONFIDENCE: tuple[str, ...] = get_args(Confidence)
SEEING: tuple[str, ...] = get_args(Seeing)

FUTURE_SLACK_S = 300.0
"""Clocks differ, and so what is reported may lie so far ahead of ours."""
MAX_RADIUS_M = 1_000_000.0
MAX_TEXT = 4_000
MAX_NAME = 120
MAX_SOURCE = 300
MAX_COUNTS = 16
MAX_COUNT = 1_000_000_000

_KIND = re.compile(r"[a-z][a-z0-9-]{0,63}", re.ASCII)
_COUNTED = re.compile(r"[a-z][a-z0-9-]{0,31}", re.ASCII)
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*", re.ASCII)


class Observation(msgspec.Struct, frozen=True, kw_only=True):
    """One reported occurrence. ``id`` is its reporter's name for it, the same in all versions.

    ``kind`` is of ``observations.taxonomy``. ``place`` and ``district`` are the reporter's words;
    ``seeing`` is how well could be observed, ``visit`` the entry id of the visit on which it was,
    ``source`` where it was published. ``counts`` are of things and of people by what they are
    (``vehicles``, ``fatalities-best``), never of one side.
    """

    id: str
    kind: str
    core: Core
    radius_m: float
    from_s: float
    until_s: float
    how: str
    confidence: str
    marking: str
    place: str = ""
    district: str = ""
    seeing: str = "unknown"
    counts: dict[str, int] = {}
    text: str = ""
    language: str = "en"
    visit: str | None = None
    source: str = ""


def check_observation(one: Observation, *, where: str = "") -> Observation:
    """The same observation, if it is sound; else InputError or LimitError at ``where``."""
    check_activity_id(one.id, where=where)
    _check_words(one, where)
    check_core(one.core, where=where)
    if not 0 <= one.radius_m <= MAX_RADIUS_M:
        raise InputError(
            f"its uncertainty of {one.radius_m:g} m is not between 0 and {MAX_RADIUS_M:g} m",
            remedy="give radius_m, the metres within which it happened",
            where=where,
        )
    check_time_s(one.from_s, where=where)
    check_time_s(one.until_s, where=where)
    if one.from_s > one.until_s:
        raise InputError("ends before it begins", remedy="exchange from and until", where=where)
    _check_counts(one.counts, where)
    return one


def check_not_ahead(one: Observation, now_s: float, *, where: str = "") -> None:
    """Return unless it lies in the future, where nobody has observed anything; else InputError."""
    latest_s = now_s + FUTURE_SLACK_S
    for name, at_s in (("from", one.from_s), ("until", one.until_s)):
        if at_s > latest_s:
            raise InputError(
                f"is in the future: {name} is {format_time(at_s)}, and it is {format_time(now_s)}",
                remedy="report what has happened; a plan is filed as an activity",
                where=where or one.id[:64],
            )


def _check_words(one: Observation, where: str) -> None:
    if not _KIND.fullmatch(one.kind):
        raise InputError(
            f"its kind {one.kind[:40]!r} is no code of the taxonomy",
            remedy="use one of docs/observations.md, such as crossing-closed",
            where=where,
        )
    for name, value, known in (
        ("how", one.how, HOW),
        ("confidence", one.confidence, CONFIDENCE),
        ("seeing", one.seeing, SEEING),
        ("marking", one.marking, MARKINGS),
    ):
        if value not in known:
            raise InputError(
                f"its {name} {value[:40]!r} is not known",
                remedy=f"use {', '.join(known)}",
                where=where,
            )
    for name, text, limit in (
        ("text", one.text, MAX_TEXT),
        ("place", one.place, MAX_NAME),
        ("district", one.district, MAX_NAME),
        ("source", one.source, MAX_SOURCE),
    ):
        if len(text) > limit:
            raise LimitError(
                f"its {name} has more than {limit} characters", remedy="shorten it", where=where
            )
        if "\0" in text or not _is_utf8(text):
            raise InputError(
                f"its {name} has characters that are none", remedy="send whole text", where=where
            )
    if not _LANGUAGE.fullmatch(one.language):
        raise InputError(
            f"its language {one.language[:10]!r} is no code", remedy="use en, ru …", where=where
        )


def _check_counts(counts: dict[str, int], where: str) -> None:
    if len(counts) > MAX_COUNTS:
        raise LimitError(f"counts more than {MAX_COUNTS} things", remedy="count fewer", where=where)
    for name, number in counts.items():
        if not _COUNTED.fullmatch(name) or not 0 <= number <= MAX_COUNT:
            raise InputError(
                f"its count {name[:40]!r} is not sound",
                remedy=f"name it as in fatalities-best, and count from 0 to {MAX_COUNT:,}",
                where=where,
            )


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
