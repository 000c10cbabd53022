"""Saying that two reports are of one event, denying it, and taking either back.

A link leaves the node like a release does: it tells the others what we make of their reports.
"""

from typing import Any

from detente.errors import InputError, StateError
from detente.line import Draft, dispute_draft, link_draft, read, take_back_draft
from detente.linking import SCORE_MIN, report_of, suggest
from detente.node.core import Core
from detente.node.saying import say
from detente.node.show import linking as show
from detente.node.show.reader import LineReader, no_such
from detente.node.views import EntryView
from detente.node.views.linking import EventsView, MaybeView
from detente.observations import QUIET

Json = dict[str, Any]

SUGGESTIONS_MAX = 1000


class Linking:
    """The part of a node's door that is about which reports are of one event."""

    _core: Core

    def events(self, line: str) -> EventsView:
        """How many events the reports on a line are of, with every figure that is disputed."""
        with self._core.store.read() as tx:
            return show.events(LineReader(self._core, tx, line).for_list())

    def suggest_links(
        self, line: str, *, score_min: float = SCORE_MIN, most: int = 100
    ) -> list[MaybeView]:
        """Reports on a line that may be of one event, best first. Nothing is linked by it.

        Pairs of which anybody has said what they are, are left out. Raises StateError where the
        library that compares them is not installed.
        """
        return _suggest(self._core, line, score_min, most)

    def link_observations(
        self, line: str, a: str, b: str, note: str = "", *, officer: str, key: str | None = None
    ) -> EntryView:
        """Say that two reports, each ``<party>/<name>``, are of one event."""
        return _link(self._core, line, {"a": a, "b": b, "note": note}, officer=officer, key=key)

    def dispute_link(
        self, line: str, link: str, note: str = "", *, officer: str, key: str | None = None
    ) -> EntryView:
        """Say that the two reports of another party's link are of two events."""
        asked = {"link": link, "note": note}
        return _dispute(self._core, line, asked, officer=officer, key=key)

    def take_back(
        self, line: str, entry: str, note: str = "", *, officer: str, key: str | None = None
    ) -> EntryView:
        """Take a link or a dispute of ours back."""
        asked = {"entry": entry, "note": note}
        return _take_back(self._core, line, asked, officer=officer, key=key)


def _suggest(core: Core, line: str, score_min: float, most: int) -> list[MaybeView]:
    if not (0 <= score_min <= 1 and 1 <= most <= SUGGESTIONS_MAX):
        raise InputError(
            f"a score is from 0 to 1, and 1 to {SUGGESTIONS_MAX} pairs are told of",
            where="suggestions",
            remedy="ask within these",
        )
    with core.store.read() as tx:
        reader = LineReader(core, tx, line)
        counting = read.counting(reader.rows)
        reports = [
            report_of(one.party, one.said, counting.event_of(f"{one.party}/{one.observation}"))
            for one in read.observations(reader.rows)
            if one.said is not None and one.said.kind != QUIET
        ]
    # Nothing of the store is held open while the other process works.
    found = suggest(reports, score_min=score_min, most=most, known=counting.said())
    return [show.maybe(one) for one in found]


def _link(core: Core, line: str, asked: Json, *, officer: str, key: str | None) -> EntryView:
    a, b = (named(asked[name]) for name in ("a", "b"))
    if a == b:
        raise InputError("a report is linked with itself", remedy="name two", where="link")

    def make(reader: LineReader) -> Draft:
        for report in (a, b):
            _check_stands(reader, "/".join(report))
        return link_draft(a, b, asked["note"])

    return say(core, line, make, officer=officer, key=key, action="link", content=asked)


def _dispute(core: Core, line: str, asked: Json, *, officer: str, key: str | None) -> EntryView:
    def make(reader: LineReader) -> Draft:
        found = read.link(reader.rows, asked["link"])
        if found is None:
            raise no_such("link", asked["link"], reader.founding)
        if found.taken_back is not None:
            raise StateError(
                f"{found.party} has taken that link back",
                where=f"link {found.entry[:16]}…",
                remedy="dispute one that stands",
            )
        return dispute_draft(found.entry, asked["note"])

    return say(core, line, make, officer=officer, key=key, action="dispute", content=asked)


def _take_back(core: Core, line: str, asked: Json, *, officer: str, key: str | None) -> EntryView:
    def make(reader: LineReader) -> Draft:
        if not reader.holds(asked["entry"]):
            raise no_such("link or dispute", asked["entry"], reader.founding)
        return take_back_draft(asked["entry"], asked["note"])

    return say(core, line, make, officer=officer, key=key, action="take-back", content=asked)


def named(text: str) -> tuple[str, str]:
    """``ru/shelling-3`` as party and name; InputError."""
    party, slash, name = text.partition("/")
    if not (party and slash and name):
        raise InputError(
            f"{text[:80]!r} names no report",
            where="observation",
            remedy="write its party and its name: ru/shelling-3",
        )
    return party, name


def _check_stands(reader: LineReader, report: str) -> None:
    if reader.rows.get("observation", report) is None:
        raise no_such("observation", report, reader.founding)
    if not read.stands(reader.rows, report):
        raise StateError(
            f"{report} does not stand any more: it was retracted or recalled",
            where="observation",
            remedy="link reports that stand",
        )
