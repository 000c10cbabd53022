"""However an officer writes a time, the entry has the protocol's spelling and is read back."""

import re
from typing import Any

from detente.node.views import ShiftView
from detente.volumes.codec import volumes_to_wire

LINE = "northern-watch"
OFFICER = {"officer": "a"}
LOOKS_LIKE_A_TIME = re.compile(rb'"([^"]*\d{4}-\d\d-\d\d.\d\d:\d\d[^"]*)"')
SPELLING = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:[0-5]\d(\.\d{1,3})?Z")
ASKED: dict[str, Any] = {"purpose": "observe", "people": [{"role": "observer", "count": 4}]}
NOTICE: dict[str, Any] = {"point_of_entry": "Kunduz", "people": ASKED["people"]}
WINDOW = {"start": "2026-11-26t04:30:00+04:30", "end": " 2026-12-03 00:00:00.000400z"}


def test_whatever_is_typed_is_signed_in_one_spelling(watch: Any) -> None:
    """It is 08:00 Z on 22 November; Kabul is four and a half hours ahead."""
    us, ru, tj = (watch.nodes[party] for party in ("us", "ru", "tj"))
    [asked] = us.request_permission([(LINE, "tj")], "north", "visit", ASKED, **WINDOW, **OFFICER)
    watch.sync()
    until = "2026-12-02T04:30:00+04:30"
    tj.answer_permission(LINE, asked.id, "limited", start=None, end=until, **OFFICER)
    watch.sync()
    visit = us.notify_visit(LINE, "v1", asked.id, NOTICE, **{**WINDOW, "end": until}, **OFFICER)
    watch.sync()
    closed = {"text": "Range firing."}
    tj.restrict_visit(LINE, visit.id, closed, **{**WINDOW, "end": until}, **OFFICER)
    us.state_deviation(LINE, visit.id, "Fog.", at="2026-11-22T12:29:00.5+04:30", **OFFICER)
    us.state_stage(LINE, visit.id, "arrived", at="2026-11-22 07:59:59.1234567z", **OFFICER)
    tj.revoke_permission(LINE, asked.id, start="2026-12-01T04:30:00+04:30", **OFFICER)
    us.commit(
        LINE, text="Gone by noon.", open_from=WINDOW["start"], open_by=WINDOW["end"], **OFFICER
    )
    for node, party in ((us, "us"), (ru, "ru")):
        node.file(watch.circle(party, "orbit"), title="", **OFFICER)
        node.release("orbit", LINE, "exact", **OFFICER)
    watch.sync()
    conflict = next(one for one in us.conflicts(LINE) if one.basis == "joint")
    [volume] = volumes_to_wire(watch.circle("us", "orbit").volumes)
    typed = {**volume, "start": " 2026-11-24t04:30:00+04:30", "end": "2026-11-24T01:00:00.0005Z"}
    us.propose(LINE, conflict.id, "us", ShiftView(volumes=[typed]), **OFFICER)
    watch.sync()
    states = {node.state_document(LINE) for node in watch.nodes.values()}
    [state] = states
    assert b"unreadable" not in state
    assert b'"void":"' not in state
    times = LOOKS_LIKE_A_TIME.findall(state)
    assert [one for one in times if not SPELLING.fullmatch(one)] == []
    for instant in (
        b"2026-11-26T00:00:00Z",
        b"2026-12-02T00:00:00Z",
        b"2026-11-22T07:59:00.500Z",
        b"2026-11-22T07:59:59.123Z",
        b"2026-12-01T00:00:00Z",
        b"2026-11-24T00:00:00Z",
        b"2026-11-24T01:00:00.001Z",
    ):
        assert instant in times
    assert all(node.verify() == [] for node in watch.nodes.values())
