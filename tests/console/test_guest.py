"""The guest's door: every byte that reaches a guest is held against what was granted and logged.

The host's store holds secrets of every kind beside what is laid out, each with a word of its own
that occurs nowhere else. The guest, who has a session of its own and an escort, asks for everything
the applications serve and for names it has guessed.
"""

import asyncio
import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest
from starlette.routing import Mount, Route

from detente.api.app import build
from detente.api.table import ROUTES
from detente.console import Console
from detente.console.guest import Witnessed
from detente.errors import AccessError
from detente.line import bodies
from detente.line.bodies.giving import Place
from detente.line.entries.permissions import answer_draft, request_draft
from detente.line.entries.visits import notice_draft, restriction_draft
from detente.node import roles
from detente.node.saying import say
from detente.observations import Observation
from detente.record import open_card
from detente.volumes import Activity, Band, Core, Limit, Shape, Volume
from detente.volumes.times import format_time, parse_time_s

NAME = "northern-watch"
LINE = f"/console/lines/{NAME}"
HOUR_S = 3600.0
AREA = Place(
    name="Kunduz airfield",
    core={"type": "Point", "coordinates": [68.86, 36.66], "edges": "geodesic"},
    radius_m=80_000.0,
)
GRANTED = ("granted-paper", "granted-title", "granted-note")
CANARY = re.compile(r"canary-[a-z]+", re.IGNORECASE)


def put(node: Any, draft: Any) -> str:
    said = say(
        node._core, NAME, lambda _: draft, officer="watch-1", key=None, action="test", content={}
    )
    return str(said.id)


def set_up(pair: Any, **more: Any) -> Any:
    """A visit of ``ru`` to ``us``, granted from now, with a desk at ``us``."""
    us, ru = pair.us.node, pair.ru.node
    now_s = parse_time_s(us.line(NAME).now) - 60
    asked = bodies.RequestBody(purpose="see", places=(AREA,))
    window: dict[str, Any] = {"from_s": now_s, "until_s": now_s + 6 * HOUR_S}
    request = put(ru, request_draft("see-kunduz", "us", "visit", asked, **window))
    pair.level()
    put(us, answer_draft(request, "granted", bodies.AnswerBody(), **window))
    pair.level()
    body = bodies.NoticeBody(point_of_entry="Khujand")
    visit = put(ru, notice_draft("first-visit", host="us", request=request, body=body, **window))
    pair.level()
    return us.set_up_desk(NAME, visit, officer="watch-1", **more)


def circle(name: str) -> Activity:
    """A plan of ours in the granted area, while the visit lasts."""
    start_s = parse_time_s("2021-08-09T04:00:00Z")
    core = Core(Shape.POINT, (((68.86, 36.7),),))
    volume = Volume(core, 10_000.0, Band(Limit(3000.0), Limit(4000.0)), start_s, start_s + 600)
    return Activity("us", name, "surveillance", (volume,))


def sighting(name: str) -> Observation:
    """What we have seen and told nobody."""
    at_s = parse_time_s("2021-08-08T04:00:00Z")
    core = Core(Shape.POINT, (((68.86, 36.7),),))
    return Observation(
        id=name, kind="crossing-closed", core=core, radius_m=500.0, from_s=at_s, until_s=at_s,
        how="seen", confidence="high", marking="TLP:AMBER", text="canary-text",
    )  # fmt: skip


class Browser:
    """A guest's browser, which keeps everything that ever came to it."""

    def __init__(self, address: str) -> None:
        self.came: list[tuple[str, httpx.Response]] = []
        self.client = httpx.Client(base_url=address, timeout=60)
        self.address = address

    def get(self, path: str, **more: Any) -> httpx.Response:
        answer = self.client.get(path, **more)
        self.came.append((path, answer))
        return answer

    def post(self, path: str, **fields: str) -> httpx.Response:
        answer = self.client.post(
            path,
            data={"form_token": self.form_token} | fields,
            headers={"Origin": self.address},
        )
        self.came.append((path, answer))
        return answer

    @property
    def form_token(self) -> str:
        found = re.search(r'name="form_token" value="(\w+)"', self.get("/desk/account").text)
        assert found is not None
        return found[1]

    def log_in(self, path: str) -> None:
        assert self.get(path).status_code == 200


@pytest.fixture
def guest(pair: Any) -> Iterator[Browser]:
    with ExitStack() as stack:
        browser = Browser(pair.us.address)
        stack.callback(browser.client.close)
        yield browser


class Host:
    """The host's side of one desk: everything the test does there."""

    def __init__(self, pair: Any, **more: Any) -> None:
        self.pair, self.node = pair, pair.us.node
        self.desk = set_up(pair, **more).id

    def lay(self, title: str = "granted-title", text: str = "granted-paper") -> str:
        laid = self.node.lay_file(self.desk, title, text.encode(), officer="watch-1").laid
        return str(laid[-1].item)

    def link(self) -> str:
        return str(self.node.add_guest(self.desk, by="operator").path)

    def session(self) -> str:
        opened = self.node.open_session(self.desk, officer="watch-1")
        return str(opened.sessions[-1].id)

    def lines(self, session: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.node.session_log(session).splitlines()]


def fill_with_secrets(pair: Any) -> None:
    """One of everything that a node keeps, each with a word of its own."""
    pair.release()
    us, ru = pair.us.node, pair.ru.node
    found = dict(us.line(NAME).terms) | {"version": 1}
    founding = us.found("canary-line", found, [ru.card()])
    us.join(founding, {"ru": open_card(ru.card()).fingerprint})
    ru.join(founding, {"us": open_card(us.card()).fingerprint})
    pair.level()
    us.send("canary-line", text="canary-elsewhere", language="en", officer="watch-1")
    us.note(sighting("canary-sighting"), officer="watch-1")
    us.file(circle("canary-plan"), title="canary-title", officer="watch-1")
    us.add_officer("canary-officer", "watch")
    us.send(NAME, text="canary-message", language="en", officer="watch-1")
    us.send(NAME, text="canary-urgent", language="en", precedence="urgent-safety",
            officer="watch-1")  # fmt: skip
    us.commit(NAME, text="canary-commitment", language="en", officer="watch-1")
    us.suspend(NAME, "canary-suspension", officer="canary-officer")
    us.resume(NAME, "canary-resumed", officer="watch-1")


def every_path(pair: Any, host: Host, session: str) -> list[str]:
    """All GET paths there are, with real ids and guessed ones in their places."""
    us = pair.us.node
    entries = us.entries(NAME, limit=1000)
    ids = {
        "line": [NAME, us.line(NAME).id],
        "plan": [us.plans()[0].id],
        "entry": [entries[-1].id],
        "party": ["us", "ru"],
        "panel": ["state", "activities", "messages"],
        "form": ["message", "plan"],
        "desk": [host.desk],
        "session": [session],
        "number": ["1"],
        "item": ["f2", "f9", "p1"],
        "tile": ["0/000"],
    }
    application = build(us, Console(us).app)
    found = {one.path for one in ROUTES if one.method == "GET"}
    found |= {path for path in _paths(application.routes) if "{rest" not in path}
    paths = []
    for path in sorted(found):
        names = re.findall(r"{(\w+)(?::\w+)?}", path)
        for value in ids.get(names[0], ["x"]) if names else [""]:
            filled = re.sub(r"{\w+(?::\w+)?}", value, path, count=1)
            for name in names[1:]:
                filled = re.sub(r"{\w+(?::\w+)?}", ids.get(name, ["x"])[0], filled, count=1)
            paths.append(filled)
    return [*paths, "/console/lines/canary/desks", "/desk/items/..%2F..%2Fconsole", "/desk/x/y/z"]


def _paths(routes: Any, prefix: str = "") -> Iterator[str]:
    for route in routes:
        if isinstance(route, Route) and "GET" in (route.methods or {"GET"}):
            yield prefix + route.path
        elif isinstance(route, Mount) and "static" not in route.path:
            yield from _paths(route.routes, prefix + route.path)


def test_every_byte_that_reaches_a_guest_was_granted_and_stands_in_the_log(
    pair: Any, guest: Browser
) -> None:
    fill_with_secrets(pair)
    host = Host(pair)
    us = pair.us.node
    shown = host.lay()
    put_away = host.lay("canary-title", "canary-putaway")
    us.put_away(host.desk, put_away, officer="watch-1")
    us.file(circle("granted-plan"), title="canary-private", officer="watch-1")
    us.lay_plan(host.desk, "granted-plan", "granted-title", officer="watch-1")
    other = {word for plan in us.plans() for word in (plan.id, plan.title)} - {"granted-plan"}
    guest.log_in(host.link())
    session = host.session()
    ordinary = use_the_desk(guest, shown)
    for path in every_path(pair, host, session):
        if path.endswith("/events"):
            # A stream would not end by itself; it must not begin.
            assert guest.client.get(path).status_code in (401, 404), path
            continue
        guest.get(path)
        elsewhere = {"Authorization": f"Bearer {_cookie(guest)}"}
        guest.get(path, headers=elsewhere | {"Cookie": f"detente_us={_cookie(guest)}"})
    lines = host.lines(session)

    logged = {
        line["sha256"] for line in lines if line["do"] in ("enter", "look", "map", "open-item")
    }
    seen = set()
    for path, answer in guest.came:
        whole = answer.text + str(sorted(answer.headers.items())) + answer.reason_phrase
        assert not CANARY.findall(whole), path
        for title in other:
            assert title not in whole, path
        for officer in ("watch-1", "canary"):
            assert officer not in whole, path
        told = hashlib.sha256(answer.content).hexdigest()
        if any(word in whole for word in GRANTED):
            assert path.startswith("/desk/"), path
            assert told in logged, path
            assert answer.headers["cache-control"] == "no-store"
            seen.add(told)
        if path.startswith("/api/") and "login" not in path:
            assert answer.status_code in (401, 404, 405), path
        if path.startswith("/console") and "static" not in path:
            assert answer.status_code in (401, 404), path
    assert ordinary <= logged
    assert_an_officer_finds(pair, every_path(pair, host, session))
    assert seen
    assert [line["who"] for line in lines[1:]] == ["guest 1"] * (len(lines) - 1)


def assert_an_officer_finds(pair: Any, paths: list[str]) -> None:
    """The secrets are there to be found: an officer who asks for the same meets them."""
    session = pair.us.browser.cookies["detente_us"]
    found: set[str] = set()
    for path in paths:
        if not path.endswith("/events"):
            asked = {"Authorization": f"Bearer {session}"}
            found |= set(CANARY.findall(pair.us.browser.get(path, headers=asked).text))
    assert found >= {
        "canary-message", "canary-urgent", "canary-line", "canary-sighting", "canary-plan",
        "canary-title", "canary-private", "canary-suspension",
    }  # fmt: skip


def _cookie(guest: Browser) -> str:
    return next(value for name, value in guest.client.cookies.items() if name.endswith("_desk"))


def use_the_desk(guest: Browser, shown: str) -> set[str]:
    """What a guest does on an ordinary day; the hashes of what it was shown."""
    guest.post("/desk/note", title="granted-note", text="four lorries")
    guest.post("/desk/mark", item=shown)
    guest.post("/desk/unmark", item=shown)
    guest.post("/desk/mark", item="f99")
    paths = ["/desk/", "/desk/map.svg"]
    for item in (shown, "p3", "n4"):
        paths += [f"/desk/items/{item}", f"/desk/items/{item}/content"]
    answers = [guest.get(path) for path in paths]
    assert [one.status_code for one in answers] == [200] * 8
    assert answers[3].text == "granted-paper"
    assert answers[5].text.startswith("surveillance")
    assert answers[3].headers["content-security-policy"].startswith("default-src 'none'; sandbox")
    assert answers[7].text == "four lorries"
    return {hashlib.sha256(one.content).hexdigest() for one in answers}


def test_without_a_session_a_guest_is_shown_nothing(pair: Any, guest: Browser) -> None:
    host = Host(pair)
    item = host.lay()
    guest.log_in(host.link())
    paths = ("/desk/", f"/desk/items/{item}", f"/desk/items/{item}/content", "/desk/map.svg")
    before = [guest.get(path).text for path in paths]
    session = host.session()
    assert "granted-title" in guest.get("/desk/").text
    host.node.end_session(session, "halted", officer="watch-1")
    after = [guest.get(path).text for path in paths]
    assert len(set(before)) == len(set(after)) == 1
    # The log that the guest is handed ends with these words; nothing else is told.
    end = host.lines(session)[-1]
    told = f"Session-1 was halted by the host at {end['at'][:10]} {end['at'][11:19]}Z"
    assert told in after[0]
    assert "the escort halted it" in after[0]
    assert "Its log will be handed over to you" in after[0]
    assert "Its log" not in before[0]
    assert "granted" not in after[0].replace("granted time", "")
    assert "granted" not in before[0].replace("granted time", "")
    assert guest.get("/desk/state").json() == {"open": False, "left_s": 0.0, "answered": 0}


def test_a_restriction_says_why_the_time_is_shorter_and_what_is_closed(
    pair: Any, guest: Browser
) -> None:
    host = Host(pair)
    guest.log_in(host.link())
    host.session()
    assert "restricted" not in guest.get("/desk/").text
    assert "closed from" not in guest.get("/desk/map.svg").text
    from_s = (parse_time_s(pair.us.node.line(NAME).now) // 60 + 90) * 60
    place = Place(name="Depot <9>", core=AREA.core, radius_m=4_000.0)
    body = bodies.RestrictionBody(places=(place,), text="works on the road")
    visit = host.node.desk(host.desk).visit
    put(host.node, restriction_draft(visit, from_s=from_s, until_s=from_s + HOUR_S, body=body))
    page, hhmm = guest.get("/desk/").text, format_time(from_s)[11:16]
    assert re.search(rf"left, until {hhmm}Z?: <b[^>]*>restricted by the host from then on", page)
    assert "closed: Depot &lt;9&gt; (red on the map). works on the road" in page
    assert f"closed from {hhmm}Z: Depot &lt;9&gt;" in guest.get("/desk/map.svg").text


def test_a_response_under_way_stops_when_the_session_is_halted(pair: Any) -> None:
    host = Host(pair)
    item = host.lay(text="x" * 200_000)
    node = host.node
    account = node.guest_of(node.guest_log_in(host.link().partition("t=")[2]))

    def sent(halt_at: int | None, stuck: bool = False) -> list[int]:
        session = host.session()
        served = node.guest_item(account, item)
        sizes: list[int] = []

        async def send(message: Any) -> None:
            if message["type"] == "http.response.body":
                sizes.append(len(message["body"]))
                if len(sizes) == halt_at:
                    node.end_session(session, "halted", officer="watch-1")
                    if stuck:
                        # A reader that takes nothing: the server would wait for it without end.
                        await asyncio.Event().wait()

        async def receive() -> Any:
            return {"type": "http.disconnect"}

        answer = Witnessed(node, account, served, {})
        asyncio.run(answer({"type": "http"}, receive, send))
        if halt_at is None:
            node.end_session(session, "closed", officer="watch-1")
        return sizes

    assert sum(sent(None)) == 200_000
    assert sent(3) == [16384] * 3
    assert sent(2, stuck=True) == [16384] * 2


def test_a_guest_comes_in_by_link_then_by_password_and_code(pair: Any, guest: Browser) -> None:
    host = Host(pair)
    link = host.link()
    guest.log_in(link)
    assert guest.get(link).status_code == 401
    # The line is an exercise, and every page outside a session says so as well.
    for path in ("/desk/login", "/desk/account", "/desk/"):
        assert "EXERCISE · NORTHERN WATCH" in guest.get(path).text, path
    # A new account has no password that it could be asked for.
    assert 'name="present"' not in guest.get("/desk/account").text
    words = "four words for a guest"
    assert guest.post("/desk/account", password=words, again="other").status_code == 400
    page = guest.post("/desk/account", password=words, again=words)
    secret = re.search(r'<pre class="wire">([A-Z2-7]+)</pre>', page.text)
    assert page.status_code == 200
    assert secret is not None
    assert guest.get("/desk/").status_code == 401
    account = f"guest-{host.desk}-1"
    recovery = re.findall(r"[a-z2-7]{4}(?:-[a-z2-7]{4}){3}", page.text)
    wrong = {"account": account, "password": "another one entirely", "code": recovery[0]}
    head = {"Origin": guest.address}
    assert guest.client.post("/desk/login", data=wrong, headers=head).status_code == 401
    right = wrong | {"password": words, "officer": account}
    assert guest.client.post("/login", data=right, headers=head).status_code == 401
    assert guest.client.post("/desk/login", data=right, headers=head).status_code == 200
    host.session()
    assert guest.get("/desk/").status_code == 200
    assert guest.client.post("/desk/leave", data={}, headers=head).status_code == 403
    guest.post("/desk/leave")
    assert guest.get("/desk/").status_code == 401


ESCORT = {
    "set-up": "RS", "lay-file": "RS", "lay-text": "RS", "lay-plan": "RS", "lay-entry": "RS",
    "put-away": "RS", "close-desk": "RS", "collected": "RS", "add-guest": "M",
    "open": "WRS", "beat": "WRS", "halt": "WRS", "close": "WRS", "hold": "WRS", "free": "WRS",
    "consent": "WRS", "refuse": "WRS",
}  # fmt: skip
"""Who may do what about desks: W watch, R releaser, S senior, A auditor, M administrator."""
LETTERS = {"W": "watch", "R": "releaser", "S": "senior", "A": "auditor", "M": "admin"}


def test_who_may_do_what_about_desks(pair: Any, stranger: httpx.Client) -> None:
    from detente.console import escort

    assert ESCORT.keys() == escort.NEEDS.keys()
    host = Host(pair)
    for role in roles.ROLES:
        host.node.add_officer(f"one {role}", role)
        stranger.get(f"/login?t={host.node.login_link(f'one {role}')}")
        token = re.search(r'form_token" value="(\w+)"', stranger.get("/console/account").text)
        assert token is not None
        for action, letters in ESCORT.items():
            if action == "close-desk" or role not in {LETTERS[one] for one in letters}:
                path = f"{LINE}/desks/{host.desk}/do/{action}"
                if action in ("beat", "halt", "close", "hold", "free", "consent", "refuse"):
                    path = f"{LINE}/desks/{host.desk}/1/do/{action}"
                if action == "collected":
                    assert (
                        stranger.get(f"{LINE}/desks/{host.desk}/collected.zip").status_code == 403
                    )
                    continue
                if action == "close-desk" and role in {LETTERS[one] for one in letters}:
                    continue
                answer = stranger.post(
                    path, data={"form_token": token[1]}, headers={"Origin": pair.us.address}
                )
                assert answer.status_code == 403, (role, action)
    for role in ("guest", "operator"):
        with pytest.raises((AccessError, KeyError)):
            escort._check("open", type("O", (), {"name": "x", "role": role})())


def test_the_escort_sees_what_is_done_and_halts_it(pair: Any, guest: Browser) -> None:
    us = pair.us
    host = Host(pair, hold=True)
    item = host.lay()
    guest.log_in(host.link())

    def do(path: str, **fields: str) -> httpx.Response:
        answer: httpx.Response = us.browser.post(
            f"{LINE}/desks/{host.desk}/{path}",
            data={"form_token": us.form_token()} | fields,
            headers={"Origin": us.address},
            follow_redirects=True,
        )
        return answer

    page = do("do/open")
    assert page.status_code == 200
    assert "HALT" in page.text
    guest.get("/desk/")
    guest.post("/desk/ask", wants="open-item", item=item)
    live = do("1/beat").text
    assert "guest 1</b> asks to open" in live
    asked = re.search(r'name="asked" value="(\d+)"', live)
    assert asked is not None
    assert guest.get(f"/desk/items/{item}/content?of={asked[1]}").status_code == 409
    do("1/do/consent", asked=asked[1])
    assert guest.get("/desk/state").json()["answered"] == 1
    assert guest.get(f"/desk/items/{item}/content?of={asked[1]}").text == "granted-paper"
    halted = do("1/do/halt")
    assert "HALTED" in halted.text
    assert "<td>halted</td>" in halted.text
    assert guest.get("/desk/").status_code == 409
    log = us.browser.get(f"{LINE}/desks/{host.desk}/1/log.jsonl").content
    assert json.loads(log.splitlines()[-1])["ended"] == "halted"
    assert us.browser.get(f"{LINE}/desks").status_code == 200
    assert us.browser.get(f"{LINE}/desks/{host.desk}").status_code == 200
    assert us.browser.get(f"{LINE}/desks/{host.desk}/collected.zip").content[:2] == b"PK"
