"""The permission ledger: what became of a request, whatever order its entries came in."""

from collections.abc import Iterator
from itertools import permutations
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detente.errors import InputError
from detente.line import (
    MemoryView,
    answer_draft,
    forgo_draft,
    owed,
    read,
    request_draft,
    revoke_draft,
    state_document,
)
from detente.line.abouts import PermissionAnswer
from detente.line.bodies import AnswerBody, Equipment, Limits, People, Place, RequestBody
from detente.line.bodies.permissions import read_answer, read_request
from detente.line.read import UNKNOWN
from detente.line.read.permissions import State
from detente.line.watching import STANDARD_WATCHING, Quota
from detente.record import Entry

HOUR_S, DAY_S = 3600.0, 86_400.0
ASKED = RequestBody(
    purpose="observe the crossings",
    places=(Place(name="Khujand"),),
    people=(People(role="observer", count=4),),
    equipment=(Equipment(item="camera", count=2),),
    quota="visits",
)


@pytest.fixture
def three(new_world: Any) -> Any:
    quota = Quota(
        name="visits", guest="us", host="tj", units=2,
        start="2026-11-01T00:00:00Z", end="2026-12-31T00:00:00Z",
    )  # fmt: skip
    watching = msgspec.structs.replace(STANDARD_WATCHING, quotas=(quota,))
    return new_world("us", "ru", "tj", watching=watching)


def _ask(world: Any, *, host: str = "tj", name: str = "north", after: str | None = None,
         start_s: float = DAY_S, days: float = 7, asked: RequestBody = ASKED) -> Entry:  # fmt: skip
    begin_s = world.terms.effective_from_s
    draft = request_draft(
        name, host, "visit", asked,
        from_s=begin_s + start_s, until_s=begin_s + start_s + days * DAY_S, renews=after,
    )  # fmt: skip
    written: Entry = world.write("us", draft)
    return written


def _answer(world: Any, request: Entry, answer: PermissionAnswer = "granted", *, by: str = "tj",
            limits: Limits = Limits(), start_s: float = DAY_S, days: float = 7) -> Entry:  # noqa: B008  # fmt: skip
    begin_s = world.terms.effective_from_s
    window = {} if answer == "refused" else {
        "from_s": begin_s + start_s, "until_s": begin_s + start_s + days * DAY_S,
    }  # fmt: skip
    written: Entry = world.write(
        by, answer_draft(request.id, answer, AnswerBody(limits=limits), **window)
    )
    return written


def _one(world: Any, request: Entry, entries: Any = None) -> read.Permission:
    found = read.permission(world.view(entries), world.founding, request.id)
    assert found is not None
    return found


def _state(world: Any, request: Entry, after_s: float, *, late: bool = False) -> State:
    return _one(world, request).state(world.terms.effective_from_s + after_s, late)


def test_every_state_by_the_entries_and_the_time(three: Any) -> None:
    request = _ask(three)
    assert _state(three, request, HOUR_S) == "asked"
    assert _state(three, request, HOUR_S, late=True) == "unanswered"
    assert _state(three, request, 9 * DAY_S) == "expired"
    _answer(three, request, "limited", days=3)
    assert _state(three, request, HOUR_S) == "limited"
    assert _state(three, request, 4 * DAY_S) == "limited"
    assert _state(three, request, 4 * DAY_S + 1) == "expired"
    three.write("tj", revoke_draft(request.id, three.terms.effective_from_s + 2 * DAY_S, "works"))
    assert _state(three, request, 2 * DAY_S - 1) == "limited"
    assert _state(three, request, 2 * DAY_S) == "revoked"
    assert _state(three, request, 9 * DAY_S) == "revoked"
    three.write("us", forgo_draft(request.id, "not needed"))
    assert _state(three, request, HOUR_S) == "withdrawn"
    one = _one(three, request)
    assert (one.revocation and one.revocation.note, one.forgone and one.forgone.note) == (
        "works", "not needed",
    )  # fmt: skip


def test_refused_and_given_up(three: Any) -> None:
    refused, given_up = _ask(three), _ask(three, name="south")
    _answer(three, refused, "refused")
    three.write("us", forgo_draft(given_up.id))
    assert _state(three, refused, HOUR_S) == "refused"
    assert _state(three, refused, 30 * DAY_S) == "refused"
    assert _state(three, given_up, HOUR_S) == "withdrawn"
    assert _one(three, refused).grant is None
    assert not _one(three, given_up).permits(three.terms.effective_from_s + 2 * DAY_S)


def test_it_permits_from_its_window_and_its_answer_on_and_no_longer(three: Any) -> None:
    request = _ask(three)
    answered = _answer(three, request)
    begin_s = three.terms.effective_from_s
    one = _one(three, request)
    assert [one.permits(begin_s + at) for at in (DAY_S - 1, DAY_S, 8 * DAY_S, 8 * DAY_S + 1)] == [
        False, True, True, False,
    ]  # fmt: skip
    assert one.grant is not None
    assert one.reply is not None
    assert one.reply.entry == answered.id
    late = three.write(
        "tj", answer_draft(
            _ask(three, name="now", start_s=0).id, "granted", AnswerBody(),
            from_s=begin_s, until_s=begin_s + DAY_S,
        ), time_s=begin_s + 5 * HOUR_S,
    )  # fmt: skip
    now = _one(three, three.logs["us"][-1])
    assert now.reply is not None
    assert now.reply.entry == late.id
    assert not now.permits(begin_s + 5 * HOUR_S - 1)
    assert now.permits(begin_s + 5 * HOUR_S)


def test_a_grant_is_the_request_narrowed_by_the_limits(three: Any) -> None:
    request = _ask(three)
    limits = Limits(hours_utc=((2, 14),), people=(People(role="observer", count=3),), quota_units=1)
    _answer(three, request, "limited", limits=limits, days=2)
    grant = _one(three, request).grant
    assert grant is not None
    assert grant.until_s - grant.from_s == 2 * DAY_S
    assert (grant.hours_utc, grant.quota_units) == (((2.0, 14.0),), 1)
    assert grant.people == (People(role="observer", count=3),)
    assert (grant.places, grant.equipment, grant.quota, grant.purpose) == (
        ASKED.places, ASKED.equipment, "visits", ASKED.purpose,
    )  # fmt: skip


def test_what_a_body_that_is_not_held_decides_is_unknown(three: Any) -> None:
    request = _ask(three)
    answer = _answer(three, request, "limited", limits=Limits(equipment=()), days=2)
    bare = {one.id: msgspec.structs.replace(one, body=None) for one in (request, answer)}
    without_request = [bare[request.id] if e is request else e for e in three.entries()]
    grant = _one(three, request, without_request).grant
    assert grant is not None
    assert (grant.people, grant.quota, grant.purpose) == (UNKNOWN, UNKNOWN, UNKNOWN)
    assert (grant.equipment, grant.hours_utc) == ((), None)
    without_answer = [bare[answer.id] if e is answer else e for e in three.entries()]
    grant = _one(three, request, without_answer).grant
    assert grant is not None
    assert (grant.people, grant.equipment, grant.hours_utc, grant.places, grant.quota_units) == (
        UNKNOWN,
    ) * 5
    assert grant.until_s - grant.from_s == 2 * DAY_S
    assert _one(three, request, without_answer).state(three.now_s, False) == "limited"


def test_nobody_said_where_is_not_known_where(three: Any) -> None:
    request = _ask(three, asked=RequestBody(purpose="transit"))
    _answer(three, request)
    grant = _one(three, request).grant
    assert grant is not None
    assert (grant.places, grant.people) == (UNKNOWN, ())


def test_a_renewal_supersedes_when_it_is_granted_and_begins(three: Any) -> None:
    first = _ask(three)
    _answer(three, first)
    second = _ask(three, after=first.id, start_s=6 * DAY_S)
    assert _one(three, first).renewed_by == second.id
    assert _state(three, first, 7 * DAY_S) == "granted"
    third = _ask(three, after=second.id, start_s=6 * DAY_S)
    _answer(three, third, start_s=6 * DAY_S)
    assert _state(three, first, 6 * DAY_S - 1) == "granted"
    assert _state(three, first, 6 * DAY_S) == "superseded"
    assert _state(three, third, 6 * DAY_S) == "granted"


class _Counted(MemoryView):
    """Counts how often it is asked."""

    asked = 0

    def scan(self, kind: str, prefix: str = "") -> Iterator[tuple[str, bytes]]:
        self.asked += 1
        return super().scan(kind, prefix)


def test_who_renews_much_makes_the_ledger_slow_for_nobody(three: Any) -> None:
    def scans(renewals: int) -> int:
        for _ in range(renewals):
            renewed.append(_ask(three, after=renewed[-1].id if renewed else None))
        view = _Counted(three.view().rows())
        assert len(read.permissions(view, three.founding)) == len(renewed)
        return view.asked

    renewed: list[Entry] = []
    few, many = scans(10), scans(90)
    assert many < 11 * few


def test_one_request_is_read_without_all_others(three: Any) -> None:
    first = _ask(three)
    renewed = _ask(three, after=first.id)
    for number in range(50):
        _ask(three, name=f"other-{number}")
    view = _Counted(three.view().rows())
    found = {one.entry: one for one in read.permissions(view, three.founding)}
    for entry in (first.id, renewed.id):
        view.asked = 0
        assert read.permission(view, three.founding, entry) == found[entry]
        assert view.asked < 50
    assert read.permission(view, three.founding, "0" * 64) is None


def test_a_refused_renewal_leaves_what_was_granted(three: Any) -> None:
    first = _ask(three)
    _answer(three, first)
    second = _ask(three, after=first.id)
    _answer(three, second, "refused")
    assert (_state(three, first, 2 * DAY_S), _state(three, second, DAY_S)) == ("granted", "refused")


def test_hosts_are_asked_side_by_side(three: Any) -> None:
    tj, ru = _ask(three), _ask(three, host="ru")
    _answer(three, tj)
    _answer(three, ru, "refused", by="ru")
    found = read.permissions(three.view(), three.founding)
    assert [(one.permission, one.host, one.state(three.now_s, False)) for one in found] == [
        ("north", "ru", "refused"), ("north", "tj", "granted"),
    ]  # fmt: skip


def _voids(world: Any) -> dict[str, str]:
    return {one.entry: one.reason for one in read.voids(world.view())}


def test_what_is_void_by_its_own_log_or_by_another(three: Any) -> None:
    begin_s = three.terms.effective_from_s
    request = _ask(three)
    again = _ask(three)
    self_asked = _ask(three, host="us")
    stranger = _answer(three, request, by="ru")
    strangers_revoke = three.write("ru", revoke_draft(request.id, begin_s))
    before = three.write("tj", revoke_draft(request.id, begin_s))
    first = _answer(three, request)
    second = _answer(three, request, "refused")
    nothing = _answer(three, first, by="ru")
    revoked = three.write("tj", revoke_draft(request.id, begin_s))
    twice = three.write("tj", revoke_draft(request.id, begin_s + 1))
    others = three.write("ru", forgo_draft(request.id))
    of_void = _answer(three, again)
    assert _voids(three) == {
        again.id: "out-of-sequence",
        self_asked.id: "not-a-side",
        stranger.id: "not-a-request",
        strangers_revoke.id: "not-a-request",
        before.id: "not-granted",
        second.id: "answered-before",
        nothing.id: "not-a-request",
        twice.id: "revoked-before",
        others.id: "not-its-own",
        of_void.id: "not-a-request",
    }
    one = _one(three, request)
    assert one.reply is not None
    assert one.reply.entry == first.id
    assert one.revocation is not None
    assert one.revocation.entry == revoked.id


def test_an_answer_before_its_request_is_held_is_not_called_void(three: Any) -> None:
    request = _ask(three)
    _answer(three, request)
    without = [one for one in three.entries() if one is not request]
    assert read.voids(three.view(without)) == []
    assert read.permissions(three.view(without), three.founding) == []


LOGS = ("us", "ru", "tj")


def _orders(world: Any) -> Iterator[list[Entry]]:
    """The logs one after another in every order, and all of them in turn."""
    for order in permutations(LOGS):
        yield [entry for party in order for entry in world.logs[party]]


def test_any_order_of_arrival_gives_one_state(three: Any) -> None:
    first = _ask(three)
    _ask(three, host="ru")
    _answer(three, first, "limited", days=2)
    _answer(three, first, by="ru")
    second = _ask(three, after=first.id)
    _answer(three, second)
    three.write("tj", revoke_draft(second.id, three.now_s))
    three.write("us", forgo_draft(second.id))
    states, ledgers = set(), []
    for entries in _orders(three):
        view = three.view(entries)
        states.add(state_document(view))
        ledgers.append(read.permissions(view, three.founding))
    assert len(states) == 1
    assert all(one == ledgers[0] for one in ledgers)


def test_nobody_revokes_what_was_before(three: Any) -> None:
    request = _ask(three, start_s=0)
    _answer(three, request, start_s=0)
    given_s = three.now_s
    three.write("tj", revoke_draft(request.id, given_s - 100 * 365 * DAY_S))
    found = read.permission(three.view(), three.founding, request.id)
    assert found is not None
    assert found.revocation is not None
    assert found.revocation.from_s == three.now_s > given_s
    assert found.permits(given_s)
    assert not found.permits(three.now_s)


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_random_ledgers_by_a_plain_model(data: Any, new_world: Any) -> None:
    """The newest statement of each kind, told by hand, against what is read of the rows."""
    world = new_world("us", "tj", watching=STANDARD_WATCHING)
    begin_s = world.terms.effective_from_s
    chain: list[dict[str, Any]] = []
    for _ in range(data.draw(st.integers(1, 8))):
        act = data.draw(st.sampled_from(["ask", "answer", "revoke", "forgo"]))
        target = data.draw(st.sampled_from(chain)) if chain else None
        if act == "ask" or target is None:
            start = data.draw(st.integers(1, 5))
            entry = _ask(world, after=chain[-1]["entry"].id if chain else None,
                         start_s=start * DAY_S, days=2)  # fmt: skip
            chain.append({"entry": entry, "from": start * DAY_S, "answer": None, "revoked": None,
                          "forgone": None})  # fmt: skip
        elif act == "answer" and target["answer"] is None:
            words: list[PermissionAnswer] = ["granted", "refused"]
            word = data.draw(st.sampled_from(words))
            given_ = _answer(world, target["entry"], word, start_s=target["from"], days=2)
            target["answer"] = (word, world.now_s)
            assert given_.header.about["answer"] == word
        elif act == "revoke" and target["answer"] and target["answer"][0] == "granted":
            at_s = begin_s + data.draw(st.integers(0, 8)) * DAY_S
            world.write("tj", revoke_draft(target["entry"].id, at_s))
            if target["revoked"] is None:
                target["revoked"] = max(at_s, world.now_s)
        elif act == "forgo" and target["forgone"] is None:
            world.write("us", forgo_draft(target["entry"].id))
            target["forgone"] = world.now_s
    logs = data.draw(st.permutations(["us", "tj"]))
    entries = [entry for party in logs for entry in world.logs[party]]
    view: MemoryView = world.view(entries)
    for place, one in enumerate(chain):
        found = read.permission(view, world.founding, one["entry"].id)
        assert found is not None
        for at_s in (begin_s + day * DAY_S + 7.5 for day in range(9)):
            expected = _permits_by_hand(begin_s, chain, place, at_s)
            assert found.permits(at_s) == expected, (place, at_s - begin_s, chain)


def _permits_by_hand(begin_s: float, chain: Any, place: int, at_s: float) -> bool:
    one = chain[place]
    if one["answer"] is None or one["answer"][0] == "refused" or at_s < one["answer"][1]:
        return False
    if not begin_s + one["from"] <= at_s <= begin_s + one["from"] + 2 * DAY_S:
        return False
    if one["revoked"] is not None and at_s >= one["revoked"]:
        return False
    if one["forgone"] is not None and at_s >= one["forgone"]:
        return False
    return not any(
        later["answer"] is not None
        and later["answer"][0] == "granted"
        and at_s >= later["answer"][1]
        and at_s >= begin_s + later["from"]
        for later in chain[place + 1 :]
    )


def _owed(world: Any, receipts: dict[str, float], after_s: float) -> list[Any]:
    def received(party: str, index: int, by: str) -> int | None:
        at_s = receipts.get(world.logs[party][index].id)
        return None if at_s is None or by != "tj" else int(at_s)

    now_s = world.terms.effective_from_s + after_s
    found = owed(world.view(), world.founding, received, now_s)
    return [one for one in found if one.what == "permission-answer"]


def test_the_host_owes_an_answer_and_nobody_else(three: Any) -> None:
    request = _ask(three)
    three.sync()
    begin_s = three.terms.effective_from_s
    [one] = _owed(three, {}, DAY_S)
    assert (one.owed_by, one.owed_to, one.state, one.due_s) == ("tj", ("us",), "not-received", None)
    received = {request.id: begin_s + 60}
    [one] = _owed(three, received, DAY_S)
    assert (one.state, one.due_s) == ("due", begin_s + 60 + 7 * DAY_S)
    [one] = _owed(three, received, 7 * DAY_S + 61)
    assert one.state == "late"
    _answer(three, request, "refused")
    [one] = _owed(three, received, 7 * DAY_S + 61)
    assert (one.state, one.met_at_s) == ("met", three.now_s)


def test_nothing_is_owed_for_what_was_given_up_or_without_terms(three: Any, new_world: Any) -> None:
    request = _ask(three)
    three.write("us", forgo_draft(request.id))
    assert _owed(three, {request.id: three.now_s}, DAY_S) == []
    plain = new_world("us", "tj")
    _ask(plain)
    assert _owed(plain, {}, DAY_S) == []


def test_a_quota_is_drawn_by_what_is_asked_and_not_by_what_was_refused(three: Any) -> None:
    def drawn(after_s: float = HOUR_S) -> tuple[int, int, int]:
        [one] = read.drawn(three.view(), three.founding, three.terms.effective_from_s + after_s)
        return one.reserved, one.unknown, one.left

    assert drawn() == (0, 0, 2)
    first = _ask(three)
    _ask(three, name="other", asked=RequestBody(purpose="x"))
    assert drawn() == (1, 0, 1)
    _answer(three, first, "limited", limits=Limits(quota_units=3))
    assert drawn() == (3, 0, -1)
    assert drawn(9 * DAY_S) == (0, 0, 2)
    _answer(three, _ask(three, name="third"), "refused")
    assert drawn() == (3, 0, -1)


@pytest.mark.parametrize(
    "body",
    [b"{}", b"[]", b'{"purpose":""}', b'{"purpose":"x","people":[{"role":"a","count":-1}]}',
     b'{"purpose":"x","places":[{"name":"a","radius_m":5.0}]}',
     b'{"purpose":"x","places":[{"name":"a","core":{"type":"Circle"}}]}',
     b'{"purpose":"x","places":[{"name":"a","core":{"type":"Point","coordinates":[1,200],'
     b'"edges":"straight"},"radius_m":5.0}]}'],
)  # fmt: skip
def test_requests_that_cannot_be_read(body: bytes) -> None:
    with pytest.raises(InputError):
        read_request(body)


@pytest.mark.parametrize(
    "body",
    [b"", b'{"limits":{"hours_utc":[]}}', b'{"limits":{"hours_utc":[[0,25]]}}',
     b'{"limits":{"quota_units":-1}}', b'{"limits":7}'],
)  # fmt: skip
def test_answers_that_cannot_be_read(body: bytes) -> None:
    with pytest.raises(InputError):
        read_answer(body)


def test_drafts_that_no_peer_would_take(three: Any) -> None:
    begin_s = three.terms.effective_from_s
    with pytest.raises(InputError):
        request_draft("north", "tj", "visit", ASKED, from_s=begin_s, until_s=begin_s - 1)
    with pytest.raises(InputError):
        request_draft("north", "tj", "visit", RequestBody(purpose=""), from_s=0.0, until_s=1.0)
    with pytest.raises(InputError):
        answer_draft("0" * 64, "granted", AnswerBody())
    with pytest.raises(InputError):
        answer_draft("0" * 64, "refused", AnswerBody(), from_s=begin_s, until_s=begin_s)
