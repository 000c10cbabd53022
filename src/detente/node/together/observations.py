"""Own observations: noted and changed in private.

A note is a row of this node's own store and no entry of any log. Nothing of it goes onto a line but
by a report (``reporting``). Every change leaves a row in the internal audit log.
"""

import hashlib
from collections.abc import Iterable
from typing import Any

import msgspec

from detente.errors import NotFoundError, StateError
from detente.line import read
from detente.node import roles
from detente.node.clock import domain_now_s
from detente.node.core import Core
from detente.node.once import once
from detente.node.show import observations as show
from detente.node.views import (
    Json,
    NoteReportView,
    NotesView,
    NoteVersionView,
    NoteView,
    ObservationTableView,
    OfficerView,
)
from detente.observations import (
    RED,
    Audience,
    Observation,
    check_kind,
    check_not_ahead,
    check_observation,
    district_of,
    may_see,
    narrowest,
    observation_from_wire,
    observation_to_wire,
    week_of,
)
from detente.record.strict_json import canonical
from detente.store import auditing, changes
from detente.store import observations as kept
from detente.store.observations import Asked, Held
from detente.store.projection import rows_of
from detente.store.store import Tx
from detente.volumes.times import format_time

NOTED = "noted"
PAGE_MAX = 1000


def note(core: Core, one: Observation, *, officer: str, key: str | None) -> NoteView:
    """Keep a new observation, private. Raises InputError, or StateError if its name is taken."""

    def work(tx: Tx) -> str:
        check(core, tx, one)
        check_kind(one.kind, where=one.id)

        def add() -> str:
            if kept.get(tx, one.id) is not None:
                raise StateError(
                    f"there is an observation {one.id!r} already",
                    remedy="change that one, or choose another name",
                )
            _put(core, tx, _held(core, one, NOTED, None, officer), None, "note")
            return one.id

        return once(tx, key, "observe", _content(one), add)

    return _shown_own(core, core.store.write(work))


def change(core: Core, one: Observation, *, officer: OfficerView, key: str | None) -> NoteView:
    """Change what a note says; what lines have been told stays until it is reported again."""

    def work(tx: Tx) -> str:
        check(core, tx, one)

        def replace() -> str:
            before = stored(tx, one.id, officer)
            # A note of a later version of this program keeps the kind that it has.
            if one.kind != before.kind:
                check_kind(one.kind, where=one.id)
            new = _held(core, one, before.origin, before, officer.name)
            _put(core, tx, new, before, "change")
            return one.id

        return once(tx, key, "observe-change", _content(one), replace)

    return _shown_own(core, core.store.write(work))


def drop(core: Core, identifier: str, *, officer: OfficerView) -> None:
    """Forget a note and all that it was. Raises StateError while a line has it as reported."""

    def work(tx: Tx) -> None:
        held = stored(tx, identifier, officer)
        for founding in core.lines(tx):
            newest = read.observation(rows_of(tx, founding.id), core.party, identifier)
            if newest is not None and newest.standing == "reported":
                raise StateError(
                    f"the line {founding.name} has been told of it",
                    where=identifier,
                    remedy="retract it there first",
                )
        kept.remove(tx, identifier)
        _audit(core, tx, held, officer.name, "drop")

    core.store.write(work)


def own(core: Core, identifier: str, *, officer: OfficerView) -> NoteView:
    """One own observation. Raises NotFoundError, also for one marked for others alone."""
    with core.store.read() as tx:
        return _note_view(core, tx, stored(tx, identifier, officer))


def own_versions(core: Core, identifier: str, *, officer: OfficerView) -> list[NoteVersionView]:
    """Every revision of an own observation, oldest first."""
    with core.store.read() as tx:
        held = stored(tx, identifier, officer)
        return [
            NoteVersionView(
                revision=one.revision,
                changed=format_time(one.changed_s),
                changed_by=one.changed_by,
                marking=one.marking,
                observed=msgspec.json.decode(one.doc),
            )
            for one in [*kept.before(tx, identifier), kept.replaced_by(held)]
            if one.marking != RED or not hidden_from(officer, held.noted_by)
        ]


def page(
    core: Core,
    asked: Asked,
    after: str,
    limit: int,
    audience: Audience | None,
    officer: OfficerView,
) -> NotesView:
    """Some own observations, by id; for an ``audience``, only what their marking lets it see."""
    size = min(max(limit, 1), PAGE_MAX)
    with core.store.read() as tx:
        found = kept.page(tx, asked, after, size)
        shown = [
            one
            for one in found
            if (
                not (one.marking == RED and hidden_from(officer, one.noted_by))
                if audience is None
                else may_see(one.marking, audience)
            )
        ]
        lines = core.lines(tx)
        return NotesView(
            notes=[_note_view(core, tx, one, lines) for one in shown],
            withheld=len(found) - len(shown),
            more=found[-1].id if len(found) == size else "",
        )


def own_table(core: Core, officer: OfficerView) -> ObservationTableView:
    """Own observations, counted by district and week."""
    asked = _asked_by(officer)
    with core.store.read() as tx:
        return show.counted(
            kept.tallies(tx, asked),
            kept.markings(tx, asked),
            now_s=latest_s(core, tx),
            withheld=kept.count(tx, Asked()) - kept.count(tx, asked),
        )


def _asked_by(officer: OfficerView) -> Asked:
    if officer.role in roles.MAY[roles.RELEASE]:
        return Asked()
    return Asked(hidden=(RED,), unless_by=officer.name)


def hidden_from(officer: OfficerView, noted_by: str) -> bool:
    """Whether what is TLP:RED is kept from this officer: neither who noted it nor who releases."""
    return officer.role not in roles.MAY[roles.RELEASE] and officer.name != noted_by


def stored(tx: Tx, identifier: str, officer: OfficerView) -> Held:
    """An own observation as it is kept. Raises NotFoundError."""
    held = kept.get(tx, identifier)
    if held is None or (held.marking == RED and hidden_from(officer, held.noted_by)):
        raise NotFoundError(
            f"there is no observation {identifier[:80]!r} of ours here",
            remedy="list our observations and take a name there",
        )
    return held


def observation_of(held: Held) -> Observation:
    """What a note says."""
    doc: Json = msgspec.json.decode(held.doc)
    return observation_from_wire(held.id, held.marking, doc, check=False)


def check(core: Core, tx: Tx, one: Observation) -> None:
    """Return if it is sound and not in the future, by the latest of our clocks; else InputError."""
    check_observation(one, where=one.id[:64])
    check_not_ahead(one, latest_s(core, tx))


def latest_s(core: Core, tx: Tx) -> float:
    """The real time, or the domain time of one of our lines, whichever is later."""
    times_s = [core.clock.now_s()]
    for founding in core.lines(tx):
        terms = read.terms(rows_of(tx, founding.id), founding)
        times_s.append(domain_now_s(core.clock, terms))
    return max(times_s)


def _held(core: Core, one: Observation, origin: str, before: Held | None, officer: str) -> Held:
    return Held(
        id=one.id,
        origin=origin,
        revision=1 if before is None else before.revision + 1,
        kind=one.kind,
        district=district_of(one),
        week=week_of(one.from_s, one.until_s),
        seeing=one.seeing,
        marking=one.marking,
        doc=canonical(observation_to_wire(one)),
        noted_by=officer if before is None else before.noted_by,
        changed_s=core.clock.now_s(),
        changed_by=officer,
    )


def merge(
    core: Core, tx: Tx, some: Iterable[Observation], origin: str, officer: str
) -> tuple[int, int, int, list[tuple[str, str]]]:
    """Keep imported observations: how many are new, revised, the same, and what is refused, why.

    One of the same name and origin is revised, but not under a wider marking; one of another origin
    is not touched.
    """
    wanted = {one.id: one for one in some}
    there = kept.of_ids(tx, list(wanted))
    new, revised, replaced, same = [], [], [], 0
    refused: list[tuple[str, str]] = []
    for identifier, one in wanted.items():
        before = there.get(identifier)
        held = _held(core, one, origin, before, officer)
        if before is None:
            new.append(held)
        elif before.origin != origin:
            refused.append((identifier, f"its name is that of one that was {before.origin}"))
        elif (before.doc, before.marking) == (held.doc, held.marking):
            same += 1
        elif narrowest((before.marking, held.marking)) != held.marking:
            # The file's marking is one for all; what was narrowed by hand must not be widened so.
            refused.append((identifier, "it is marked more narrowly here than in this import"))
        else:
            revised.append(held)
            replaced.append(before)
    kept.put(tx, [*new, *revised], replaced)
    return len(new), len(revised), same, refused


def _content(one: Observation) -> Json:
    return {"id": one.id, "marking": one.marking, "observed": observation_to_wire(one)}


def _put(core: Core, tx: Tx, new: Held, before: Held | None, action: str) -> None:
    kept.put(tx, [new], [] if before is None else [before])
    _audit(core, tx, new, new.changed_by, action)


def _audit(core: Core, tx: Tx, held: Held, officer: str, action: str) -> None:
    # What was observed is not repeated there: whoever reads the audit log need not be who may see
    # it, and what is dropped has to be gone.
    detail = {
        "revision": held.revision,
        "marking": held.marking,
        "sha256": hashlib.sha256(held.doc).hexdigest(),
    }
    auditing.add(
        tx,
        time_s=core.clock.now_s(),
        officer=officer,
        action=f"observation.{action}",
        subject=held.id,
        detail=msgspec.json.encode(detail),
    )
    changes.note(tx, "", "observation", [held.id])


def _shown_own(core: Core, identifier: str) -> NoteView:
    with core.store.read() as tx:
        held = kept.get(tx, identifier)
        assert held is not None
        return _note_view(core, tx, held)


def _note_view(core: Core, tx: Tx, held: Held, lines: Iterable[Any] | None = None) -> NoteView:
    doc: Json = msgspec.json.decode(held.doc)
    reported = []
    for founding in core.lines(tx) if lines is None else lines:
        newest = read.observation(rows_of(tx, founding.id), core.party, held.id)
        if newest is not None:
            said = None if newest.said is None else observation_to_wire(newest.said)
            reported.append(
                NoteReportView(
                    line=founding.id,
                    line_name=founding.name,
                    entry=newest.entry,
                    version=newest.version,
                    state=newest.standing,
                    same=(said, newest.marking) == (doc, held.marking),
                )
            )
    return NoteView(
        id=held.id,
        origin=held.origin,
        revision=held.revision,
        changed=format_time(held.changed_s),
        changed_by=held.changed_by,
        noted_by=held.noted_by,
        marking=held.marking,
        district=held.district,
        week=held.week,
        observed=doc,
        reported=reported,
    )
