"""Folding observations, the links between them, and daily reports."""

from typing import Any

import msgspec

from detente.line import abouts, bodies
from detente.line.fold.step import Step, Void
from detente.line.view import Change, load, place_key, put


def observe(step: Step, about: abouts.Observed) -> list[Change]:
    """A version of an observation."""

    def read(body: bytes) -> dict[str, Any]:
        observed: dict[str, Any] = msgspec.to_builtins(bodies.read_observed(body))
        return observed

    _check_next(step, about, None)
    doc = {"state": "reported", "marking": about.marking, **step.content(read)}
    return _version(step, about, doc)


def retract(step: Step, about: abouts.Retracted) -> list[Change]:
    """An observation that does not stand any more."""
    _check_next(step, about, "reported")
    return _version(step, about, {"state": "retracted", "marking": None, **step.note()})


def link(step: Step, about: abouts.Linked) -> list[Change]:
    """Two observations held to be of one event."""
    pair = [f"{one.party}/{one.observation}" for one in (about.a, about.b)]
    key = f"{step.party}/{pair[0]}/{pair[1]}"
    if step.view.get("linked", key) is not None:
        raise Void("stated-before")
    doc = {**step.stamp, "party": step.party, "a": pair[0], "b": pair[1], "taken_back": None}
    return [
        put("link", step.entry.id, {**doc, **step.note()}),
        put("linked", key, step.stamp),
    ]


def dispute(step: Step, about: abouts.Disputed) -> list[Change]:
    """Another party's link, disputed."""
    if step.own(about.link) is not None:
        raise Void("own-entry")
    key = f"{about.link}/{step.party}"
    if step.view.get("disputed", key) is not None:
        raise Void("stated-before")
    doc = {**step.stamp, "party": step.party, "link": about.link, "taken_back": None}
    return [
        put("dispute", f"{about.link}/{step.place}", {**doc, **step.note()}),
        put("disputed", key, step.stamp),
    ]


def take_back(step: Step, about: abouts.TakenBack) -> list[Change]:
    """A link or a dispute of the same log, taken back."""
    own = step.own(about.of)
    if own is None or own["type"] not in (abouts.LINK, abouts.DISPUTE) or own["void"] is not None:
        raise Void("not-its-own")
    if own["type"] == abouts.LINK:
        kind, key = "link", about.of
    else:
        place = load(step.view, "id", about.of) or {}
        kind = "dispute"
        key = f"{own['about']['link']}/{place_key(step.party, place['index'])}"
    doc = load(step.view, kind, key) or {}
    if doc["taken_back"] is not None:
        raise Void("stated-before")
    standing = (
        Change("linked", f"{step.party}/{doc['a']}/{doc['b']}", None)
        if kind == "link"
        else Change("disputed", f"{doc['link']}/{step.party}", None)
    )
    return [put(kind, key, {**doc, "taken_back": step.stamp}), standing]


def daily(step: Step, about: abouts.DailyReported) -> list[Change]:
    """A daily report; of several for one day the newest counts."""

    def read(body: bytes) -> dict[str, Any]:
        own: dict[str, Any] = msgspec.to_builtins(bodies.read_daily(body))
        return own

    doc = {**step.stamp, "party": step.party, **msgspec.to_builtins(about), **step.content(read)}
    return [put("daily", f"{step.party}/{about.day}/{step.header.index:010d}", doc)]


def _check_next(step: Step, about: abouts.Observed | abouts.Retracted, state: str | None) -> None:
    """Versions follow each other without gaps, and each names the one before."""
    newest = load(step.view, "observation", f"{step.party}/{about.observation}")
    before = newest or {"version": 0, "entry": None, "state": None}
    if (about.version, about.supersedes) != (before["version"] + 1, before["entry"]):
        raise Void("out-of-sequence")
    if state is not None and before["state"] != state:
        raise Void("not-released")


def _version(
    step: Step, about: abouts.Observed | abouts.Retracted, doc: dict[str, Any]
) -> list[Change]:
    key = f"{step.party}/{about.observation}"
    newest = {**step.stamp, "version": about.version, "state": doc["state"]}
    version = {**newest, "supersedes": about.supersedes, **doc}
    return [
        put("observation", key, newest),
        put("observed", f"{key}/{about.version:07d}", version),
    ]
