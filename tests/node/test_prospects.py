"""What is suggested at which time, and what a shift is said to do; all times by hand.

Activities stand 12:00 to 14:00 Z at one place and height, ten minutes being agreed. A shift parts
them when more than ten minutes are left between: 131 minutes, in whole ones.
"""

from typing import Any

from detente.node.views import ShiftView

LINE = "northern-watch"
EIGHT_S = 1_795_334_400.0
MIN_S = 60.0
NOON_S = EIGHT_S + 240 * MIN_S


def release(pair: Any, party: str, name: str, start_s: float = NOON_S, hours: float = 2.0) -> None:
    node = pair.nodes[party]
    activity = pair.circle(party, name, start_s=start_s, hours=hours)
    node.file(activity, title="", officer="a")
    node.release(name, LINE, "exact", officer="a")


def shifts(pair: Any, party: str = "us", moves: str = "ru") -> list[float]:
    """Suggested minutes, in the one conflict."""
    [conflict] = pair.nodes[party].conflicts(LINE)
    return [
        s.shift.time_s / MIN_S
        for s in conflict.suggestions
        if s.moves == moves and s.shift.time_s is not None
    ]


class TestClock:
    def test_nothing_is_suggested_into_the_past(self, pair: Any) -> None:
        release(pair, "us", "us-1")
        release(pair, "ru", "ru-1")
        pair.sync()
        assert shifts(pair) == [131, -131]
        # 131 minutes before noon is 09:49.
        pair.clock.at_s = EIGHT_S + 109 * MIN_S
        assert shifts(pair) == [131, -131]
        pair.clock.at_s += 1
        assert shifts(pair) == shifts(pair, "ru", "us") == [131]

    def test_what_has_begun_is_not_moved_in_time(self, pair: Any) -> None:
        release(pair, "us", "us-1", NOON_S + 30 * MIN_S)
        release(pair, "ru", "ru-1")
        pair.sync()
        before = pair.nodes["us"].state_document(LINE)
        pair.clock.at_s = NOON_S + MIN_S
        [conflict] = pair.nodes["us"].conflicts(LINE)
        assert conflict.begun == [
            "ru/ru-1 has begun: no other time and no way round is suggested; "
            "whether it can still change height or move aside, ru knows"
        ]
        assert shifts(pair) == []
        # 14:00 and more than ten minutes, less 12:30, is 101 in whole ones; earlier is past.
        assert shifts(pair, moves="us") == [101]
        heights = [s.moves for s in conflict.suggestions if s.shift.altitude_m is not None]
        assert heights == ["ru", "ru", "us", "us"]
        assert pair.nodes["us"].state_document(LINE) == before

    def test_what_is_over_is_not_moved_at_all(self, pair: Any) -> None:
        release(pair, "us", "us-1")
        release(pair, "ru", "ru-1")
        pair.sync()
        pair.clock.at_s = NOON_S + 121 * MIN_S
        [conflict] = pair.nodes["us"].conflicts(LINE)
        assert (conflict.state, conflict.suggestions) == ("open", [])
        assert [note.partition(":")[0] for note in conflict.begun] == [
            "ru/ru-1 is over",
            "us/us-1 is over",
        ]

    def test_a_plan_of_ours_alone_is_told_the_same(self, pair: Any) -> None:
        release(pair, "us", "us-1")
        pair.nodes["ru"].file(pair.circle("ru", "ru-1", start_s=NOON_S), title="", officer="a")
        pair.sync()
        assert shifts(pair, "ru") == [131, -131]
        pair.clock.at_s = NOON_S + MIN_S
        assert shifts(pair, "ru") == []
        [conflict] = pair.nodes["ru"].conflicts(LINE)
        assert (conflict.basis, len(conflict.begun)) == ("own", 2)


def crossed(pair: Any) -> Any:
    """``ru-1`` against ``us-1``, with ``us-2`` after both; the conflict.

    131 minutes later ``ru-1`` ends at 16:11, nine minutes before ``us-2`` begins. Widened by five
    minutes at each end, they overlap from 16:15 to 16:16.
    """
    release(pair, "us", "us-1")
    release(pair, "us", "us-2", NOON_S + 260 * MIN_S, 1.0)
    release(pair, "ru", "ru-1")
    # Private on its own side, and no part of what either is told of the other's move.
    for party, name in (("us", "us-private"), ("ru", "ru-private")):
        activity = pair.circle(party, name, start_s=NOON_S + 150 * MIN_S, hours=1.0)
        pair.nodes[party].file(activity, title="", officer="a")
    pair.sync()
    [conflict] = [c for c in pair.nodes["us"].conflicts(LINE) if c.basis == "joint"]
    return conflict


MET = [("us", "us-2", "2026-11-22T16:15:00Z", "2026-11-22T16:16:00Z")]


def opens(shown: Any) -> list[tuple[str, str, str, str]]:
    return [(one.party, one.id, one.start, one.end) for one in shown.opens]


class TestProspects:
    def test_a_suggestion_says_what_it_would_open(self, pair: Any) -> None:
        conflict = crossed(pair)
        told = {
            (s.moves, s.shift.time_s): opens(s)
            for s in conflict.suggestions
            if s.shift.time_s is not None
        }
        assert told == {
            ("ru", 131 * MIN_S): MET,
            ("ru", -131 * MIN_S): [],
            ("us", 131 * MIN_S): [],
            ("us", -131 * MIN_S): [],
        }
        assert {s.ends for s in conflict.suggestions} == {True}
        [at_ru] = [c for c in pair.nodes["ru"].conflicts(LINE) if c.basis == "joint"]
        assert at_ru.suggestions == conflict.suggestions

    def test_a_proposal_says_it_until_it_is_answered_with_no(self, pair: Any) -> None:
        conflict = crossed(pair)
        us, ru = pair.nodes["us"], pair.nodes["ru"]
        for minutes in (131, 60):
            pair.clock.at_s += 1
            us.propose(LINE, conflict.id, "ru", ShiftView(time_s=minutes * MIN_S), officer="a")
        pair.sync()
        for node in (us, ru):
            far, near = node.proposals(LINE)
            assert (far.ends, opens(far)) == (True, MET)
            # 13:00 to 15:00 still meets 12:00 to 14:00, and nothing else.
            assert (near.ends, opens(near)) == (False, [])
        ru.assent(LINE, far.id, officer="b")
        ru.decline(LINE, near.id, officer="b")
        far, near = ru.proposals(LINE)
        assert (far.status, far.ends, opens(far)) == ("assented", True, MET)
        assert (near.status, near.ends, near.opens) == ("declined", None, [])
        ru.carry_out(LINE, far.id, officer="b")
        assert ru.proposals(LINE)[0].ends is None
        found = [c for c in ru.conflicts(LINE) if c.basis == "joint" and c.state == "open"]
        assert [(c.b.id, c.start, c.end) for c in found] == [MET[0][1:]], "as it was told"

    def test_what_may_not_be_released_is_not_said_to_end_it(self, pair: Any) -> None:
        conflict = crossed(pair)
        # FL240 is 7,315.2 m: 40 km lower is below what any activity may state.
        shift = ShiftView(altitude_m=-40_000.0)
        pair.nodes["us"].propose(LINE, conflict.id, "ru", shift, officer="a")
        [proposal] = pair.nodes["us"].proposals(LINE)
        assert (proposal.ends, proposal.opens) == (None, [])
