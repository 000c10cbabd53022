"""The permission ledger at nodes: asked side by side, answered, taken back, and what is refused."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from detente.errors import DetenteError, InputError, NotFoundError, StateError
from detente.line import terms_from_wire
from detente.line.watching import STANDARD_WATCHING, Quota

LINE = "northern-watch"
OFFICER = {"officer": "a"}
START, END = "2026-11-24T00:00:00Z", "2026-11-30T00:00:00Z"
TWO_DAYS_EARLIER = "2026-11-28T00:00:00Z"
PLACE: dict[str, Any] = {
    "name": "Kunduz airfield",
    "core": {"type": "Point", "coordinates": [68.91, 36.66], "edges": "geodesic"},
    "radius_m": 5000.0,
}
ASKED: dict[str, Any] = {
    "purpose": "observe the crossings",
    "places": [PLACE],
    "people": [{"role": "observer", "count": 4}],
    "equipment": [{"item": "daylight camera", "count": 2}],
    "quota": "observation visits",
}
QUOTA = Quota(
    name="observation visits", guest="us", host="ru", units=2,
    start="2026-11-01T00:00:00Z", end="2026-12-31T00:00:00Z",
)  # fmt: skip
DAY_S = 86_400.0


def watch(group: Any) -> Any:
    """Have all sign terms with the standard part about watching, and a quota of ours with ru."""
    watching = msgspec.structs.replace(STANDARD_WATCHING, quotas=(QUOTA,))
    for node in group.nodes.values():
        present = terms_from_wire(node.line(LINE).terms)
        node.sign_terms(
            LINE, msgspec.structs.replace(present, version=2, watching=watching), **OFFICER
        )
    group.sync()
    return group


@pytest.fixture
def watched(pair: Any) -> Any:
    return watch(pair)


@pytest.fixture
def three(make_pair: Callable[[dict[str, str]], Any]) -> Any:
    return watch(make_pair(dict.fromkeys(("ru", "tj", "us"), "detente.db")))


def ask(node: Any, *hosts: str, name: str = "north", **changes: Any) -> list[Any]:
    asked = {**ASKED, **changes.pop("asked", {})}
    window = {"start": changes.pop("start", START), "end": changes.pop("end", END)}
    pairs = [(LINE, host) for host in hosts or ("ru",)]
    found: list[Any] = node.request_permission(
        pairs, name, "visit", asked, **window, **OFFICER, **changes
    )
    return found


def row(node: Any, request: str) -> Any:
    return next(one for one in node.ledger() if one.id == request)


def same_everywhere(group: Any) -> None:
    group.sync()
    assert len({node.state_document(LINE) for node in group.nodes.values()}) == 1
    assert all(node.verify() == [] for node in group.nodes.values())


def test_two_hosts_side_by_side_until_one_answers(three: Any) -> None:
    us, ru, tj = (three.nodes[party] for party in ("us", "ru", "tj"))
    to_tj, to_ru = ask(us, "tj", "ru", asked={"quota": None}, key="k")
    assert [one.id for one in ask(us, "tj", "ru", asked={"quota": None}, key="k")] == [
        to_tj.id, to_ru.id,
    ]  # fmt: skip
    three.sync()
    for node in (us, ru, tj):
        assert [(one.host, one.state) for one in node.ledger()] == [
            ("ru", "asked"), ("tj", "asked"),
        ]  # fmt: skip
    assert row(us, to_tj.id).due == "2026-11-29T08:00:00Z"
    assert (row(tj, to_tj.id).may_answer, row(ru, to_tj.id).may_answer) == (True, False)
    limits = {"hours_utc": [[2, 14]], "people": [{"role": "observer", "count": 3}]}
    tj.answer_permission(LINE, to_tj.id, "limited", limits=limits, note="by day", **OFFICER)
    three.sync()
    three.clock.at_s += 7 * DAY_S + 1
    tj_row, ru_row = row(us, to_tj.id), row(us, to_ru.id)
    assert (tj_row.state, tj_row.permits) == ("limited", True)
    assert tj_row.limits == ["02:00-14:00 UTC only", "3 × observer"]
    assert tj_row.answer_note == "by day"
    assert tj_row.grant.people == [{"role": "observer", "count": 3}]
    assert tj_row.grant.equipment == ASKED["equipment"]
    assert (ru_row.state, ru_row.permits) == ("unanswered", False)
    us.state_lapse(LINE, ru_row.obligation, **OFFICER)
    assert row(us, to_ru.id).lapse is not None
    same_everywhere(three)


def test_revoked_withdrawn_renewed_and_expired(watched: Any) -> None:
    us, ru = watched.nodes["us"], watched.nodes["ru"]
    [first] = ask(us)
    watched.sync()
    ru.answer_permission(LINE, first.id, "granted", **OFFICER)
    watched.sync()
    assert row(us, first.id).state == "granted"
    later = us.renew_permission(
        LINE, first.id, start="2026-11-29T00:00:00Z", end="2026-12-20T00:00:00Z", **OFFICER
    )
    watched.sync()
    assert not row(us, first.id).newest
    ru.answer_permission(LINE, later.id, "granted", **OFFICER)
    watched.sync()
    assert [row(us, one.id).state for one in (first, later)] == ["granted", "granted"]
    watched.clock.at_s += 7 * DAY_S
    assert [row(ru, one.id).state for one in (first, later)] == ["superseded", "granted"]
    ru.revoke_permission(LINE, later.id, "road closed", start="2026-12-01T00:00:00Z", **OFFICER)
    watched.sync()
    assert row(us, later.id).state == "granted"
    assert row(us, later.id).revoked_from == "2026-12-01T00:00:00Z"
    watched.clock.at_s += 3 * DAY_S
    assert row(us, later.id).state == "revoked"
    again = us.renew_permission(
        LINE, later.id, start="2026-12-10T00:00:00Z", end="2026-12-20T00:00:00Z",
        asked={"purpose": "less"}, **OFFICER,
    )  # fmt: skip
    us.withdraw_permission(LINE, again.id, "not needed", **OFFICER)
    watched.sync()
    assert row(ru, again.id).state == "withdrawn"
    assert row(ru, again.id).withdrawn_note == "not needed"
    same_everywhere(watched)


def test_an_answer_of_a_peer_that_grants_more_is_shown(watched: Any) -> None:
    """Another node need not refuse it; ours says what is more."""
    us, ru = watched.nodes["us"], watched.nodes["ru"]
    [request] = ask(us, asked={"people": [], "quota": None})
    watched.sync()
    from detente.line import answer_draft
    from detente.line.bodies import AnswerBody, Limits, People
    from detente.node.saying import say
    from detente.volumes.times import parse_time_s

    body = AnswerBody(limits=Limits(people=(People(role="driver", count=1),)))
    draft = answer_draft(
        request.id, "limited", body,
        from_s=parse_time_s(START) - 3600, until_s=parse_time_s(END) + 3600,
    )  # fmt: skip
    say(ru._core, LINE, lambda _: draft, officer="a", key=None, action="x", content={})
    watched.sync()
    assert [(one.what, one.known) for one in row(us, request.id).exceeding] == [
        ("window", True), ("window", True), ("people", True),
    ]  # fmt: skip
    assert row(us, request.id).exceeding[2].why == "1 × driver: none asked for"


def test_a_quota_is_not_overdrawn_by_mistake(watched: Any) -> None:
    us, ru = watched.nodes["us"], watched.nodes["ru"]
    [first], _ = ask(us), ask(us, name="b")
    with pytest.raises(StateError, match="2 units, and 2 are drawn"):
        ask(us, name="c")
    assert row(us, first.id).exceeding == []
    [third] = ask(us, name="c", overdraw=True)
    watched.sync()
    [found] = row(ru, third.id).exceeding
    assert (found.what, found.known) == ("quota", True)
    assert found.why == "observation visits: 3 of 2 drawn or asked for"
    us.withdraw_permission(LINE, third.id, **OFFICER)
    assert row(us, first.id).exceeding == []
    us.renew_permission(LINE, first.id, start=START, end=END, **OFFICER)


def test_what_visits_exceed_stands_in_the_ledger(watched: Any) -> None:
    us, ru = watched.nodes["us"], watched.nodes["ru"]
    [request] = ask(us, start="2026-11-26T00:00:00Z")
    watched.sync()
    ru.answer_permission(LINE, request.id, "limited", limits={"quota_units": 1}, **OFFICER)
    watched.sync()
    body = {"point_of_entry": "Kunduz", "people": [{"role": "observer", "count": 5}]}
    for name in ("one", "two"):
        us.notify_visit(
            LINE, name, request.id, body, start="2026-11-27T00:00:00Z",
            end="2026-11-28T00:00:00Z", exceed=True, **OFFICER,
        )  # fmt: skip
    watched.sync()
    for node in (us, ru):
        shown = row(node, request.id)
        assert len(shown.visits) == 2
        whys = [one.why for one in shown.exceeding if one.known]
        assert whys.count("visit one: 5 × observer: 4 granted") == 1
        assert whys.count("visit two: 5 × observer: 4 granted") == 1
        assert len([why for why in whys if "the grant has 1" in why]) == 1


@pytest.mark.parametrize(
    ("changes", "error", "said"),
    [
        ({"start": "2026-11-01T00:00:00Z", "end": "2026-11-02T00:00:00Z"}, InputError, "ended at"),
        ({"end": "2026-11-23T00:00:00Z"}, InputError, "before it begins"),
        ({"start": "tomorrow"}, InputError, "is not a time"),
        ({"asked": {"quota": "flights"}}, InputError, "no quota 'flights' of us with ru"),
        ({"asked": {"peple": []}}, InputError, "'peple' is no field"),
        ({"asked": {"people": [{"role": "x", "count": 1, "name": "y"}]}}, InputError, "'name'"),
        ({"asked": {"purpose": ""}}, InputError, "purpose"),
        ({"asked": {"places": [{"name": "x", "core": {}}]}}, InputError, "core"),
        ({"asked": {"people": [{"role": "x", "count": -1}]}}, InputError, "count"),
        ({"name": "two words"}, InputError, "permission"),
    ],
    ids=["past", "backwards", "no-time", "quota", "misspelt", "nested", "empty", "core", "count",
         "name"],
)  # fmt: skip
def test_requests_that_are_mistakes(
    watched: Any, changes: dict[str, Any], error: type[DetenteError], said: str
) -> None:
    us = watched.nodes["us"]
    with pytest.raises(error, match=said):
        ask(us, **changes)
    assert us.ledger() == []


def test_hosts_that_are_none(watched: Any) -> None:
    us = watched.nodes["us"]
    for hosts, error, said in [
        (("tj",), InputError, "'tj' is no member"),
        (("us",), InputError, "own party"),
        (("ru", "ru"), InputError, "each once"),
        (("ru", "tj"), InputError, "no member"),
    ]:
        with pytest.raises(error, match=said):
            ask(us, *hosts)
    with pytest.raises(NotFoundError):
        us.request_permission([("nowhere", "ru")], "n", "visit", ASKED, start=START, end=END,
                              **OFFICER)  # fmt: skip
    with pytest.raises(InputError):
        us.request_permission([], "n", "visit", ASKED, start=START, end=END, **OFFICER)
    # One that cannot be asked leaves nobody asked.
    assert us.ledger() == []
    ask(us)
    with pytest.raises(StateError, match="asked for north before"):
        ask(us)


def test_a_line_whose_terms_say_nothing_of_watching(pair: Any) -> None:
    with pytest.raises(StateError, match="line terms --watching"):
        ask(pair.nodes["us"])


def test_answers_that_are_mistakes(watched: Any) -> None:
    us, ru = watched.nodes["us"], watched.nodes["ru"]
    [request] = ask(us)
    watched.sync()

    def answer(word: str, **changes: Any) -> Any:
        return ru.answer_permission(LINE, request.id, word, **changes, **OFFICER)

    far = {**PLACE, "core": {**PLACE["core"], "coordinates": [69.91, 36.66]}}
    large = {**PLACE, "radius_m": 5001.0}
    wrong: list[tuple[str, dict[str, Any], str]] = [
        ("granted", {"end": "2026-12-01T00:00:00Z"}, "says granted"),
        ("limited", {"end": "2026-12-01T00:00:00Z"}, "more than was asked"),
        ("limited", {}, "limits nothing"),
        ("granted", {"limits": {"quota_units": 1}}, "less than was asked"),
        ("refused", {"limits": {"quota_units": 1}}, "neither a window nor limits"),
        ("refused", {"start": START}, "neither a window nor limits"),
        ("limited", {"limits": {"people": [{"role": "observer", "count": 5}]}}, "5 × observer"),
        ("limited", {"limits": {"equipment": [{"item": "drone", "count": 1}]}}, "drone: none"),
        ("limited", {"limits": {"places": [far]}}, "not asked for"),
        ("limited", {"limits": {"places": [large]}}, "asked for"),
        ("limited", {"limits": {"hours": [[1, 2]]}}, "'hours' is no field"),
        ("limited", {"start": "2026-11-01T00:00:00Z", "end": "2026-11-02T00:00:00Z"}, "ended at"),
        ("perhaps", {}, "perhaps"),
    ]
    for word, changes, said in wrong:
        with pytest.raises(InputError, match=said):
            answer(word, **changes)
    with pytest.raises(StateError, match="to ru"):
        us.answer_permission(LINE, request.id, "granted", **OFFICER)
    with pytest.raises(NotFoundError):
        ru.answer_permission(LINE, "0" * 64, "granted", **OFFICER)
    with pytest.raises(StateError, match="not granted"):
        ru.revoke_permission(LINE, request.id, **OFFICER)
    with pytest.raises(StateError, match="of us"):
        ru.withdraw_permission(LINE, request.id, **OFFICER)
    answer("limited", limits={"places": [{**PLACE, "radius_m": 2000.0}]}, end=TWO_DAYS_EARLIER)
    assert row(ru, request.id).limits == [
        "ends earlier than asked", "only at Kunduz airfield (within 2 km)",
    ]  # fmt: skip
    with pytest.raises(StateError, match="answered already"):
        answer("refused")
    with pytest.raises(InputError, match="has passed"):
        ru.revoke_permission(LINE, request.id, start="2026-11-22T07:00:00Z", **OFFICER)
    ru.revoke_permission(LINE, request.id, **OFFICER)
    with pytest.raises(StateError, match="revoked already"):
        ru.revoke_permission(LINE, request.id, **OFFICER)


def test_what_was_granted_can_be_taken_back_on_a_suspended_line(watched: Any) -> None:
    us, ru = watched.nodes["us"], watched.nodes["ru"]
    [one], [other] = ask(us), ask(us, name="b")
    watched.sync()
    ru.answer_permission(LINE, one.id, "granted", **OFFICER)
    us.suspend(LINE, "no contact", **OFFICER)
    watched.sync()
    with pytest.raises(StateError, match="suspended"):
        ru.answer_permission(LINE, other.id, "granted", **OFFICER)
    ru.revoke_permission(LINE, one.id, **OFFICER)
    us.withdraw_permission(LINE, other.id, **OFFICER)
    watched.sync()
    assert [row(us, each.id).state for each in (one, other)] == ["revoked", "withdrawn"]


def test_what_is_given_up_is_not_answered_and_what_is_refused_not_given_up(watched: Any) -> None:
    us, ru = watched.nodes["us"], watched.nodes["ru"]
    [one], [other] = ask(us), ask(us, name="b")
    us.withdraw_permission(LINE, one.id, **OFFICER)
    watched.sync()
    with pytest.raises(StateError, match="withdrawn already"):
        ru.answer_permission(LINE, one.id, "granted", **OFFICER)
    with pytest.raises(StateError, match="withdrawn already"):
        us.withdraw_permission(LINE, one.id, **OFFICER)
    ru.answer_permission(LINE, other.id, "refused", note="not now", **OFFICER)
    watched.sync()
    with pytest.raises(StateError, match="refused"):
        us.withdraw_permission(LINE, other.id, **OFFICER)
    with pytest.raises(StateError, match="of us"):
        ru.renew_permission(LINE, other.id, start=START, end=END, **OFFICER)
    later = us.renew_permission(LINE, other.id, start=START, end=END, **OFFICER)
    with pytest.raises(StateError, match="renewed already"):
        us.renew_permission(LINE, other.id, start=START, end=END, **OFFICER)
    assert row(us, later.id).asked == {**ASKED, "note": ""}
