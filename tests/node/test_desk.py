"""The guest's desk: what is laid out, sessions under an escort, the log that both sides hold."""

import hashlib
import json
import struct
import zipfile
import zlib
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest

from detente.errors import (
    AccessError,
    CredentialError,
    InputError,
    NotFoundError,
    RecordError,
    StateError,
)
from detente.line import Draft, bodies, terms_to_wire
from detente.line.bodies.giving import Place
from detente.line.entries.permissions import answer_draft, request_draft, revoke_draft
from detente.line.entries.visits import (
    cancel_draft,
    noted_draft,
    notice_draft,
    restriction_draft,
    stage_draft,
)
from detente.node.saying import say
from detente.node.together.desk_base import session_of
from detente.node.together.desk_sessions import end_if_over
from detente.record.session_log import read_session_log

NOW_S = 1_795_334_400.0
LINE = "northern-watch"
HOUR_S = 3600.0
KUNDUZ = {"type": "Point", "coordinates": [68.86, 36.5], "edges": "geodesic"}
AREA = Place(name="Kunduz airfield", core=KUNDUZ, radius_m=60_000.0)


def put(node: Any, draft: Draft) -> str:
    """Write an entry as whoever's node this is."""
    said: Any = say(
        node._core, LINE, lambda _: draft, officer="watch-1", key=None, action="test", content={}
    )
    return str(said.id)


class Visit:
    """A visit of ``us`` to ``ru``, granted from now for six hours, and its desk at ``ru``."""

    def __init__(self, pair: Any, hours: Any = None, **desk: Any) -> None:
        self.pair = pair
        self.host, self.guest = pair.nodes["ru"], pair.nodes["us"]
        for node in (self.host, self.guest):
            node.add_officer("watch-1", "senior")
            node.add_officer("watch-2", "watch")
        self.request = put(
            self.guest,
            request_draft(
                "see-kunduz", "ru", "visit", bodies.RequestBody(purpose="watch", places=(AREA,)),
                from_s=NOW_S, until_s=NOW_S + 6 * HOUR_S,
            ),
        )  # fmt: skip
        pair.sync()
        limits = bodies.Limits(hours_utc=hours)
        put(
            self.host,
            answer_draft(
                self.request, "granted" if hours is None else "limited",
                bodies.AnswerBody(limits=limits), from_s=NOW_S, until_s=NOW_S + 6 * HOUR_S,
            ),
        )  # fmt: skip
        pair.sync()
        self.visit = put(
            self.guest,
            notice_draft(
                "first-visit", host="ru", request=self.request, from_s=NOW_S,
                until_s=NOW_S + 5 * HOUR_S, body=bodies.NoticeBody(point_of_entry="Khujand"),
            ),
        )  # fmt: skip
        pair.sync()
        self.desk = self.host.set_up_desk(LINE, self.visit, officer="watch-1", **desk).id

    def guests(self, count: int = 1) -> list[str]:
        made = [self.host.add_guest(self.desk, by="operator") for _ in range(count)]
        links = [self.host.guest_log_in(one.path.partition("t=")[2]) for one in made]
        return [self.host.guest_of(one) for one in links]

    def session(self) -> str:
        return str(self.host.open_session(self.desk, officer="watch-1").sessions[-1].id)

    def lay(self, text: str = "what the host shows") -> str:
        desk = self.host.lay_file(self.desk, "a paper", text.encode(), officer="watch-1")
        return str(desk.laid[-1].item)

    def later(self, seconds: float) -> None:
        self.pair.clock.at_s += seconds

    def lines(self, session: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.host.session_log(session).splitlines()]


@pytest.fixture
def visit(pair: Any) -> Visit:
    return Visit(pair)


def look(view: Any) -> bytes:
    return ", ".join(one.title for one in view.laid).encode()


def test_a_session_from_its_opening_to_the_same_log_on_both_sides(visit: Visit) -> None:
    item = visit.lay("the crossing is open")
    [guest] = visit.guests()
    session = visit.session()
    host = visit.host
    assert host.guest_page(guest, look).content == b"a paper"
    served = host.guest_item(guest, item)
    assert (served.media, served.content) == ("text/plain; charset=utf-8", b"the crossing is open")
    note = host.guest_note(guest, "what I saw", "four lorries\r\n")
    host.guest_mark(guest, note)
    host.guest_mark(guest, item)
    host.guest_mark(guest, item, on=False)
    ended = host.end_session(session, "closed", officer="watch-1")
    assert (ended.state, ended.why) == ("closed", "the escort closed it")

    log = host.session_log(session)
    read = read_session_log(log)
    assert [(one.who, one.do, one.item) for one in read.acted] == [
        ("guest 1", "enter", None),
        ("guest 1", "open-item", item),
        ("guest 1", "note", note),
        ("guest 1", "mark", note),
        ("guest 1", "mark", item),
        ("guest 1", "unmark", item),
    ]
    assert read.acted[1].sha256 == hashlib.sha256(b"the crossing is open").hexdigest()
    assert b"watch-1" not in log
    visit.pair.sync()
    assert [one.waits_for_us for one in visit.guest.session_logs(LINE)] == [True]
    assert [one.waits_for_us for one in host.session_logs(LINE)] == [False]
    visit.guest.confirm_session(LINE, log, officer="watch-1")
    visit.pair.sync()
    for node in (visit.host, visit.guest):
        held = node.session_logs(LINE)
        assert [(one.party, one.actions, one.agrees) for one in held] == [
            ("ru", 8, True),
            ("us", 8, True),
        ]
        assert {one.log_sha256 for one in held} == {hashlib.sha256(log).hexdigest()}
    assert visit.host.verify() == []


def test_what_was_collected_is_the_same_file_each_time(visit: Visit) -> None:
    item, other = visit.lay("shown and wanted"), visit.lay("shown only")
    [guest] = visit.guests()
    session = visit.session()
    visit.host.guest_mark(guest, item)
    visit.host.end_session(session, "closed", officer="watch-1")
    made = visit.host.collected(visit.desk)
    assert made == visit.host.collected(visit.desk)
    with zipfile.ZipFile(BytesIO(made)) as held:
        assert held.namelist() == [
            "contents.json", f"items/{item}.txt", "sessions/session-1.jsonl",
        ]  # fmt: skip
        assert held.read(f"items/{item}.txt") == b"shown and wanted"
        assert held.read("sessions/session-1.jsonl") == visit.host.session_log(session)
    assert other.encode() + b".txt" not in made


def test_what_is_not_there_and_what_is_not_for_the_guest_is_one_answer(visit: Visit) -> None:
    gone = visit.lay("put away again")
    visit.host.put_away(visit.desk, gone, officer="watch-1")
    [guest] = visit.guests()
    session = visit.session()
    said = set()
    for name in (gone, "f99", "p1", "", "../f1", "\0", "f" * 300):
        with pytest.raises(NotFoundError) as refused:
            visit.host.guest_item(guest, name)
        said.add(str(refused.value))
    assert len(said) == 1
    assert [one["do"] for one in visit.lines(session)[1:]] == ["miss"] * 7


def test_two_guests_are_two_in_the_log(visit: Visit) -> None:
    item = visit.lay()
    first, second = visit.guests(2)
    session = visit.session()
    visit.host.guest_item(second, item)
    visit.host.guest_item(first, item)
    assert [one["who"] for one in visit.lines(session)] == ["escort 1", "guest 2", "guest 1"]


def test_a_guest_is_no_officer_and_an_officer_no_guest(visit: Visit) -> None:
    made = visit.host.add_guest(visit.desk, by="operator")
    code = made.path.partition("t=")[2]
    with pytest.raises(CredentialError):
        visit.host.log_in(code)
    guest = visit.host.guest_log_in(code)
    with pytest.raises(CredentialError):
        visit.host.officer_of(guest)
    officer = visit.host.log_in(visit.host.login_link("watch-1"))
    with pytest.raises(CredentialError):
        visit.host.guest_of(officer)
    with pytest.raises(CredentialError):
        visit.host.guest_log_in(visit.host.login_link("watch-1"))
    with pytest.raises(StateError):
        visit.host.login_link(made.account)
    visit.host.guest_enrol(made.account, "four words for a guest")
    with pytest.raises(CredentialError):
        visit.host.log_in_with(made.account, "four words for a guest", "000000", "x")


def refused(visit: Visit, guest: str, item: str) -> None:
    """Nothing is served any more, whatever is asked."""
    host = visit.host
    asked: list[Callable[[], object]] = [
        lambda: host.guest_page(guest, look),
        lambda: host.guest_item(guest, item),
        lambda: host.guest_map(guest, None, look),
        lambda: host.guest_note(guest, "title", "text"),
        lambda: host.guest_mark(guest, item),
        lambda: host.guest_ask(guest, "map"),
    ]
    for call in asked:
        with pytest.raises((StateError, CredentialError)):
            call()


def test_without_a_session_nothing_is_served(visit: Visit) -> None:
    item = visit.lay()
    [guest] = visit.guests()
    refused(visit, guest, item)
    assert visit.host.guest_state(guest).open is False


def test_a_halted_session_serves_nothing_more(visit: Visit) -> None:
    item = visit.lay()
    [guest] = visit.guests()
    session = visit.session()
    visit.host.guest_item(guest, item)
    assert visit.host.guest_alive(session, guest)
    visit.host.end_session(session, "halted", "not agreed", officer="watch-2")
    assert not visit.host.guest_alive(session, guest)
    refused(visit, guest, item)
    assert visit.lines(session)[-1] | {"at": "", "prev": ""} == {
        "n": 2, "at": "", "prev": "", "do": "end", "ended": "halted", "why": "not agreed",
        "who": "host",
    }  # fmt: skip
    # The same escort may open the next.
    again = visit.session()
    assert again != session
    assert visit.host.guest_item(guest, item).session == again


def ends_by_itself(visit: Visit, change: Callable[[], object], ended: str, why: str) -> None:
    item = visit.lay()
    [guest] = visit.guests()
    session = visit.session()
    visit.host.guest_item(guest, item)
    change()
    assert not visit.host.guest_alive(session, guest)
    refused(visit, guest, item)
    visit.host.end_sessions_over()
    over = visit.host.desk_session(session)
    assert (over.state, over.why) == (ended, why)
    assert over.entry is not None


def test_it_ends_when_the_escorts_page_is_gone(visit: Visit) -> None:
    ends_by_itself(visit, lambda: visit.later(16), "halted", "the escort's page was gone")


def test_the_escorts_page_keeps_it_open_and_no_other_officers(visit: Visit) -> None:
    item = visit.lay()
    [guest] = visit.guests()
    session = visit.session()
    for _ in range(4):
        visit.later(10)
        visit.host.beat(session, officer="watch-1")
        visit.host.guest_item(guest, item)
    visit.later(10)
    visit.host.beat(session, officer="watch-2")
    visit.later(10)
    refused(visit, guest, item)


def test_it_ends_with_the_window(visit: Visit) -> None:
    ends_by_itself(visit, lambda: visit.later(5 * HOUR_S + 1), "closed", "the visit's time is over")


def test_it_ends_when_the_visit_is_cancelled(visit: Visit) -> None:
    cancelled = cancel_draft(visit.visit, "weather")
    change = lambda: put(visit.guest, cancelled) and visit.pair.sync()  # noqa: E731
    ends_by_itself(visit, change, "halted", "the visit was cancelled")


def test_it_ends_when_the_permission_is_revoked(visit: Visit) -> None:
    revoked = revoke_draft(visit.request, from_s=NOW_S)
    ends_by_itself(visit, lambda: put(visit.host, revoked), "halted", "the permission was revoked")


def renew(visit: Visit, until_s: float, **limits: Any) -> str:
    """Ask again for what the visit is made under, granted at once from now on."""
    draft = request_draft(
        "see-kunduz", "ru", "visit", bodies.RequestBody(purpose="watch", places=(AREA,)),
        from_s=NOW_S, until_s=until_s, renews=visit.request,
    )  # fmt: skip
    renewal = put(visit.guest, draft)
    visit.pair.sync()
    body = bodies.AnswerBody(limits=bodies.Limits(**limits))
    word: Any = "limited" if limits else "granted"
    put(visit.host, answer_draft(renewal, word, body, from_s=NOW_S, until_s=until_s))
    visit.pair.sync()
    return renewal


def test_a_renewal_leaves_no_gap(visit: Visit) -> None:
    [guest] = visit.guests()
    item = visit.lay()
    session = visit.session()
    visit.later(10)
    visit.host.beat(session, officer="watch-1")
    renewal = renew(visit, NOW_S + 8 * HOUR_S)
    for _ in range(2):
        assert visit.host.guest_item(guest, item).content == b"what the host shows"
        assert [one.exceeding for one in visit.host.visits(LINE)] == [[]]
        visit.later(10)
        visit.host.beat(session, officer="watch-1")
    put(visit.host, revoke_draft(renewal, from_s=NOW_S))
    refused(visit, guest, item)
    assert visit.host.desk(visit.desk).why == "the permission was revoked"


def test_a_renewal_holds_with_its_own_limits_and_window(visit: Visit) -> None:
    visit.later(60)
    renew(visit, NOW_S + HOUR_S, hours_utc=((8.0, 8.5),))
    session = visit.session()
    assert visit.host.desk_session(session).left_s == 0.5 * HOUR_S - 60
    visit.later(0.5 * HOUR_S)
    with pytest.raises(StateError, match="hours"):
        visit.session()
    assert [len(one.exceeding) for one in visit.host.visits(LINE)] == [1]
    visit.later(0.5 * HOUR_S)
    with pytest.raises(StateError, match="time is over"):
        visit.session()


def test_it_ends_with_a_restriction_and_may_go_on_after_it(visit: Visit) -> None:
    body = bodies.RestrictionBody(text="not now")
    restricted = restriction_draft(visit.visit, from_s=NOW_S, until_s=NOW_S + HOUR_S, body=body)
    why = "the host has restricted the visit"
    ends_by_itself(visit, lambda: put(visit.host, restricted), "halted", why)
    with pytest.raises(StateError, match="restricted"):
        visit.session()
    visit.later(HOUR_S)
    assert visit.session().endswith("-2")


def test_it_is_open_in_the_granted_hours_only(pair: Any) -> None:
    # It is 08:00Z; granted is half past eight until nine, and again over midnight.
    visit = Visit(pair, hours=((8.5, 9.0), (23.0, 1.0)))
    with pytest.raises(StateError, match="hours"):
        visit.session()
    visit.later(0.5 * HOUR_S)
    session = visit.session()
    assert visit.host.desk_session(session).left_s == 0.5 * HOUR_S
    [guest] = visit.guests()
    item = visit.lay()
    visit.later(0.5 * HOUR_S)
    refused(visit, guest, item)


def test_the_hosts_acknowledgement_narrows_the_hours(visit: Visit) -> None:
    put(visit.host, noted_draft(visit.visit, bodies.NotedBody(hours_utc=((12.0, 14.0),))))
    with pytest.raises(StateError, match="hours"):
        visit.session()


def test_where_the_host_holds_it_each_thing_waits_for_consent_once(pair: Any) -> None:
    visit = Visit(pair, hold=True)
    item, [guest], host = visit.lay(), visit.guests(), visit.host
    session = visit.session()
    host.guest_page(guest, look)
    with pytest.raises(StateError, match="consent"):
        host.guest_item(guest, item)
    host.guest_ask(guest, "open-item", item)
    host.guest_ask(guest, "open-item", item)
    [waits] = host.desk_session(session).waiting
    with pytest.raises(StateError, match="consent"):
        host.guest_item(guest, item, waits.n)
    with pytest.raises(AccessError):
        host.answer_guest(session, waits.n, True, officer="watch-2")
    host.answer_guest(session, waits.n, True, officer="watch-1")
    with pytest.raises(StateError, match="consent"):
        host.guest_mark(guest, item, asked=waits.n)
    assert host.guest_item(guest, item, waits.n).content == b"what the host shows"
    with pytest.raises(StateError, match="consent"):
        host.guest_item(guest, item, waits.n)

    host.guest_ask(guest, "map")
    [waits] = host.desk_session(session).waiting
    host.answer_guest(session, waits.n, False, officer="watch-1")
    with pytest.raises(StateError, match="consent"):
        host.guest_map(guest, waits.n, look)
    with pytest.raises(StateError, match="nothing"):
        host.answer_guest(session, waits.n, True, officer="watch-1")
    host.hold_session(session, False, officer="watch-1")
    host.guest_item(guest, item)
    assert [one["do"] for one in visit.lines(session)[1:]] == [
        "enter", "ask", "consent", "open-item", "ask", "refuse", "free", "open-item",
    ]  # fmt: skip


def test_no_guest_uses_up_what_another_was_consented(pair: Any) -> None:
    visit = Visit(pair, hold=True)
    item, [first, second], host = visit.lay(), visit.guests(2), visit.host
    session = visit.session()
    host.guest_ask(first, "open-item", item)
    [waits] = host.desk_session(session).waiting
    host.answer_guest(session, waits.n, True, officer="watch-1")
    host.guest_mark(second, item, on=False, asked=waits.n)
    assert "of" not in visit.lines(session)[-1]
    assert host.guest_item(first, item, waits.n).content == b"what the host shows"


def test_one_officer_lays_out_no_plan_that_two_release(visit: Visit) -> None:
    pair = visit.pair
    rule = {"exact_releases": ["surveillance"]}
    terms = terms_to_wire(pair.terms()) | {"version": 2, "two_person": rule}
    for node in pair.nodes.values():
        node.sign_terms(LINE, terms, officer="watch-1")
    pair.sync()
    visit.host.file(pair.circle("ru", "inside"), title="", officer="watch-1")
    with pytest.raises(StateError, match="two officers") as told:
        visit.host.lay_plan(visit.desk, "inside", officer="watch-1")
    assert "lay out that entry" in str(told.value.remedy)
    assert visit.host.desk(visit.desk).laid == []


def test_it_closes_when_the_guest_has_departed(visit: Visit) -> None:
    left = stage_draft(visit.visit, "departed", at_s=NOW_S, remark=bodies.RemarkBody())
    put(visit.host, left)
    assert visit.host.desk(visit.desk).open
    change = lambda: put(visit.guest, left) and visit.pair.sync()  # noqa: E731
    ends_by_itself(visit, change, "closed", "the guest has departed")


def test_only_what_lies_within_the_grant_is_laid_out(visit: Visit) -> None:
    circle = visit.pair.circle
    plans = {
        "inside": {},
        "elsewhere": {"lon": 71.5},
        "sticks-out": {"radius_m": 70_000.0},
        "too-late": {"start_s": NOW_S + 5 * HOUR_S},
    }
    for name, changes in plans.items():
        visit.host.file(circle("ru", name, **changes), title="secret title", officer="watch-1")
    laid = visit.host.lay_plan(visit.desk, "inside", officer="watch-1").laid[-1]
    assert (laid.item, laid.title) == ("p1", "inside")
    for name in ("elsewhere", "sticks-out", "too-late"):
        with pytest.raises(StateError, match="not within what was granted"):
            visit.host.lay_plan(visit.desk, name, officer="watch-1")
    [guest] = visit.guests()
    visit.session()
    content = visit.host.guest_item(guest, "p1").content
    assert b"secret title" not in content
    assert content.startswith(
        b"surveillance\n\n1. within 20,000 m of 36.5000\xc2\xb0N 68.8600\xc2\xb0E\n"
        b"   7,315 m STD to 7,925 m STD\n   2026-11-22T09:00:00Z to 2026-11-22T11:00:00Z\n\n{"
    )
    assert json.loads(content[content.index(b"{") :])["kind"] == "surveillance"
    # What was laid out does not follow the plan.
    visit.host.change(circle("ru", "inside", lon=68.9), title=None, officer="watch-1")
    assert visit.host.guest_item(guest, "p1").content == content


def test_a_recall_takes_what_was_laid_out_of_an_entry(visit: Visit) -> None:
    visit.host.file(visit.pair.circle("ru", "orbit"), title="orbit", officer="watch-1")
    entry = visit.host.release("orbit", LINE, "exact", officer="watch-1").id
    laid = visit.host.lay_entry(visit.desk, entry, officer="watch-1").laid[-1]
    [guest] = visit.guests()
    visit.session()
    assert b"surveillance" in visit.host.guest_item(guest, laid.item).content
    visit.host.recall(LINE, entry, officer="watch-1")
    with pytest.raises(NotFoundError):
        visit.host.guest_item(guest, laid.item)
    assert visit.host.desk(visit.desk).laid[-1].size_bytes == 0
    message = visit.host.send(LINE, text="a message", language="en", officer="watch-1").id
    with pytest.raises(InputError, match="message"):
        visit.host.lay_entry(visit.desk, message, officer="watch-1")


def png(*extra: tuple[bytes, bytes]) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    pixels = chunk(b"IDAT", zlib.compress(b"\0\0"))
    more = b"".join(chunk(kind, data) for kind, data in extra)
    return b"\x89PNG\r\n\x1a\n" + head + more + pixels + chunk(b"IEND", b"")


def test_a_picture_is_shown_without_what_is_written_beside_it(visit: Visit) -> None:
    picture = png((b"tEXt", b"Comment\0SECRET"), (b"eXIf", b"SECRET"), (b"gAMA", b"\0\0\xb1\x8f"))
    host = visit.host
    host.lay_file(visit.desk, "a picture", picture + b"SECRET", officer="watch-1")
    app1 = b"\xff\xe1" + struct.pack(">H", 8) + b"SECRET"
    comment = b"\xff\xfe" + struct.pack(">H", 8) + b"SECRET"
    tables = b"\xff\xdb" + struct.pack(">H", 5) + b"\1\2\3"
    scan = b"\xff\xda" + struct.pack(">H", 3) + b"\0" + b"data\xff\x00\xff\xd0more"
    photo = b"\xff\xd8" + app1 + tables + comment + scan + tables + scan + b"\xff\xd9SECRET"
    host.lay_file(visit.desk, "a photo", photo, officer="watch-1")
    [guest] = visit.guests()
    visit.session()
    first, second = (host.guest_item(guest, one) for one in ("f1", "f2"))
    assert (first.media, first.content) == ("image/png", png((b"gAMA", b"\0\0\xb1\x8f")))
    assert second.content == b"\xff\xd8" + tables + scan + tables + scan + b"\xff\xd9"
    for bad in (b"", b"\xff\xfe\0", b"%PDF-1.4\0", b"\x89PNG\r\n\x1a\n", picture[:40], photo[:30]):
        with pytest.raises(InputError):
            host.lay_file(visit.desk, "bad", bad, officer="watch-1")


def test_a_log_that_was_changed_is_found_out(visit: Visit) -> None:
    item, [guest] = visit.lay(), visit.guests()
    session = visit.session()
    for _ in range(3):
        visit.host.guest_item(guest, item)
    visit.host.end_session(session, "closed", officer="watch-1")
    log = visit.host.session_log(session)
    lines = log.splitlines(keepends=True)
    changed = {
        "a line changed": log.replace(b"guest 1", b"guest 2", 1),
        "a line taken out": b"".join(lines[:2] + lines[3:]),
        "two exchanged": b"".join([lines[0], lines[2], lines[1], *lines[3:]]),
        "a line put in": b"".join([*lines[:2], lines[1], *lines[2:]]),
        "the last one cut": log[:-1],
        "more behind the end": log + lines[-1],
        "other spacing": log.replace(b'"do":', b'"do": ', 1),
        "nothing": b"",
        "no JSON": b"\xff\n",
    }
    for what, data in changed.items():
        with pytest.raises(RecordError):
            print(what, read_session_log(data))
    with pytest.raises(InputError, match="not ended"):
        visit.guest.confirm_session(LINE, b"".join(lines[:-1]), officer="watch-1")
    # Made anew from the changed line on, it has a chain again, and another hash than the host's.
    forged = _made_anew(lines)
    visit.pair.sync()
    visit.guest.confirm_session(LINE, forged, officer="watch-1")
    visit.pair.sync()
    for node in (visit.host, visit.guest):
        assert [one.agrees for one in node.session_logs(LINE)] == [False, False]


def _made_anew(lines: list[bytes]) -> bytes:
    made: list[bytes] = []
    for n, line in enumerate(lines):
        facts = json.loads(line)
        if n:
            facts["prev"] = hashlib.sha256(made[-1]).hexdigest()
        if n == 2:
            facts["who"] = "guest 2"
        text = json.dumps(facts, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        made.append(text.encode())
    return b"".join(line + b"\n" for line in made)


def test_the_log_is_written_before_anything_is_answered(
    visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    item, [guest] = visit.lay(), visit.guests()
    session = visit.session()
    write = visit.host._core.store.write

    def crash(work: Any) -> Any:
        write(work)
        raise KeyboardInterrupt

    # The process ends after the commit and before the answer: the log has it all the same.
    monkeypatch.setattr(visit.host._core.store, "write", crash)
    with pytest.raises(KeyboardInterrupt):
        visit.host.guest_item(guest, item)
    monkeypatch.undo()
    assert visit.lines(session)[-1]["do"] == "open-item"
    opened = visit.pair.open("ru")
    assert opened.session_log(session).count(b"open-item") == 1

    def lost(work: Any) -> Any:
        def undone(tx: Any) -> Any:
            work(tx)
            raise OSError("the disk is gone")

        return write_again(undone)

    write_again = opened._core.store.write
    monkeypatch.setattr(opened._core.store, "write", lost)
    with pytest.raises(OSError, match="the disk is gone"):
        opened.guest_item(guest, item)
    monkeypatch.undo()
    assert opened.session_log(session).count(b"open-item") == 1


def test_a_session_that_ended_stands_on_the_record_whatever_came_between(visit: Visit) -> None:
    session = visit.session()
    visit.host.suspend(LINE, officer="watch-1")
    # The node stops when the end is in the log and not on the line yet.
    visit.later(16)
    core = visit.host._core
    core.store.write(lambda tx: end_if_over(core, tx, session_of(tx, session)))
    assert visit.host.desk_session(session).state == "halted"
    assert visit.host.desk_session(session).entry is None
    host = visit.pair.open("ru")
    host.end_sessions_over()
    entry = host.desk_session(session).entry
    assert entry is not None
    host.end_sessions_over()
    assert [one.entry for one in host.session_logs(LINE)] == [entry]


def test_a_closed_desk_ends_everything(visit: Visit) -> None:
    item, [guest] = visit.lay(), visit.guests()
    session = visit.session()
    visit.host.close_desk(visit.desk, officer="watch-1")
    assert visit.host.desk_session(session).state == "closed"
    with pytest.raises(CredentialError):
        visit.host.guest_item(guest, item)
    with pytest.raises(StateError):
        visit.session()


def test_a_desk_needs_a_grant_and_is_one_for_each_visit(visit: Visit) -> None:
    with pytest.raises(StateError, match="has a desk"):
        visit.host.set_up_desk(LINE, visit.visit, officer="watch-1")
    with pytest.raises(NotFoundError):
        visit.host.set_up_desk(LINE, "0" * 64, officer="watch-1")
    with pytest.raises(NotFoundError):
        visit.guest.set_up_desk(LINE, visit.visit, officer="watch-1")


@pytest.mark.db
def test_a_session_over_either_database(make_pair: Any, store_url: str) -> None:
    visit = Visit(make_pair({"ru": store_url, "us": "detente.db"}), hold=True)
    item, [guest] = visit.lay(), visit.guests()
    session = visit.session()
    visit.host.guest_ask(guest, "open-item", item)
    visit.host.answer_guest(session, 1, True, officer="watch-1")
    assert visit.host.guest_item(guest, item, 1).content == b"what the host shows"
    visit.later(16)
    visit.host.end_sessions_over()
    read = read_session_log(visit.host.session_log(session))
    assert (read.end and read.end.why, read.actions) == ("the escort's page was gone", 5)
    assert visit.host.desk_session(session).entry is not None
