"""Links between observations, and disputes of them: protocol section 10, "Observation".

Who holds two reports for one event, and who for two, is read from several logs at once; so it is
derived here, as a function of the set of entries, and counted in ``line.counting``.
"""

from collections.abc import Iterator
from typing import Any, Literal

import msgspec

from detente.line import abouts
from detente.line.counting import Counting, Pair
from detente.line.read.base import Stamp, note, stamp
from detente.line.read.observations import observations
from detente.line.view import View, load, place_key, scan
from detente.observations import QUIET

State = Literal["joins", "disputed", "idle", "taken-back"]


class Dispute(Stamp, frozen=True, kw_only=True):
    """A party's word that the two reports of a link are of two events."""

    note: str | None
    taken_back: str | None


class Link(Stamp, frozen=True, kw_only=True):
    """A party's word that two reports, ``a`` and ``b``, are of one event.

    ``state``: it ``joins`` them, is ``disputed`` and joins nothing in the common count, is ``idle``
    while one of the two is not held or does not stand, or is ``taken-back`` (by that entry).
    ``disputes`` are those of this very link; another link of the same two is disputed by them too.
    """

    a: str
    b: str
    note: str | None
    taken_back: str | None
    state: State
    disputes: tuple[Dispute, ...]


def links(view: View) -> list[Link]:
    """Every link, by the time that its writer claims."""
    apart = _apart(view)
    found = [_link(view, doc, apart) for _, doc in scan(view, "link")]
    return sorted(found, key=lambda one: (one.time, one.party, one.index))


def link(view: View, entry: str) -> Link | None:
    """One link by its entry id, or None."""
    doc = load(view, "link", entry)
    return None if doc is None else _link(view, doc, _apart(view))


def counting(view: View) -> Counting:
    """How many events the reports on the line are of, by all that is held of it."""
    linked: dict[Pair, set[str]] = {}
    for _, doc in scan(view, "link"):
        if doc["taken_back"] is None:
            linked.setdefault((doc["a"], doc["b"]), set()).add(doc["party"])
    return Counting(standing(view), linked, _apart(view))


def standing(view: View) -> Iterator[str]:
    """The observations, ``<party>/<name>``, that are counted: neither retracted nor recalled."""
    recalled = {entry for entry, _ in view.scan("recall")}
    for key, doc in scan(view, "observation"):
        if doc["state"] == "reported" and doc["entry"] not in recalled:
            yield key


def quiet(view: View) -> set[str]:
    """The observations, ``<party>/<name>``, that stand and say that nothing was seen.

    They are of no event, and no figure of events or of their reports has them in it.
    """
    return {
        f"{one.party}/{one.observation}"
        for one in observations(view)
        if one.standing == "reported" and one.said is not None and one.said.kind == QUIET
    }


def stands(view: View, report: str) -> bool:
    """Whether an observation is held, and neither retracted nor recalled."""
    doc = load(view, "observation", report)
    return (
        doc is not None and doc["state"] == "reported" and view.get("recall", doc["entry"]) is None
    )


def dispute_void(view: View, about: dict[str, Any]) -> str | None:
    """Why a dispute is void by what another log says, or None: it disputes what is no link."""
    place = load(view, "id", about["link"])
    if place is None:
        return None
    row = load(view, "entry", place_key(place["party"], place["index"])) or {}
    counts = row["type"] == abouts.LINK and row["void"] is None
    return None if counts else "not-a-link"


def _apart(view: View) -> dict[Pair, set[str]]:
    """Who holds which two reports to be of two events, by the disputes that are not taken back.

    A dispute is about the two reports: it stands whether or not the link is taken back, and
    against every other link of the same two, so that nobody's dissent ends by another's doing.
    """
    found: dict[Pair, set[str]] = {}
    for _, doc in scan(view, "dispute"):
        disputed = load(view, "link", doc["link"]) if doc["taken_back"] is None else None
        if disputed is not None:
            found.setdefault((disputed["a"], disputed["b"]), set()).add(doc["party"])
    return found


def _link(view: View, doc: dict[str, Any], apart: dict[Pair, set[str]]) -> Link:
    return Link(
        **stamp(doc["party"], doc),
        a=doc["a"],
        b=doc["b"],
        note=note(doc),
        taken_back=doc["taken_back"] and doc["taken_back"]["entry"],
        state=_state(view, doc, apart),
        disputes=tuple(
            msgspec.convert(
                {
                    **stamp(one["party"], one),
                    "note": note(one),
                    "taken_back": one["taken_back"] and one["taken_back"]["entry"],
                },
                Dispute,
            )
            for _, one in scan(view, "dispute", f"{doc['entry']}/")
        ),
    )


def _state(view: View, doc: dict[str, Any], apart: dict[Pair, set[str]]) -> State:
    if doc["taken_back"] is not None:
        return "taken-back"
    if not (stands(view, doc["a"]) and stands(view, doc["b"])):
        return "idle"
    return "disputed" if (doc["a"], doc["b"]) in apart else "joins"
