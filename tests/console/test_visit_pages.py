"""The pages of visits: driven from notice to two accounts by their own forms, by both sides."""

import re
from typing import Any

import httpx
import pytest

from detente.console import visits, words
from detente.console.board import Board
from detente.node import roles
from detente.volumes.times import format_time, parse_time_s

NAME = "northern-watch"
VISITS = f"/console/lines/{NAME}/visits"
DAY_S = 86_400.0
AIRFIELD = {
    "name": "Kunduz airfield",
    "core": {"type": "Point", "coordinates": [68.91, 36.66], "edges": "geodesic"},
    "radius_m": 50_000.0,
}
ASKED: dict[str, Any] = {
    "purpose": "observe",
    "places": [AIRFIELD],
    "people": [{"role": "observer", "count": 3}],
    "equipment": [{"item": "camera", "count": 2}],
}


@pytest.fixture
def granted(watched: Any) -> Any:
    """A request of ``us`` that ``ru`` has granted, for ten days from now."""
    us, ru = watched.us.node, watched.ru.node
    start, end = (at(watched, days) for days in (0, 10))
    [request] = us.request_permission(
        [(NAME, "ru")], "north", "visit", ASKED, start=start, end=end, officer="watch-1"
    )
    watched.level()
    ru.answer_permission(NAME, request.id, "granted", officer="watch-1")
    watched.level()
    return watched


def at(pair: Any, days: float) -> str:
    """So many days from now on the line's clock, to the second."""
    now_s = parse_time_s(pair.us.node.line(NAME).now)
    return format_time(now_s // 1 + days * DAY_S)


def notify(pair: Any, **fields: str) -> str:
    """Notice of a visit; its page."""
    request = pair.us.node.permissions(NAME)[0].id
    form = {
        "request": request, "visit": "v-1", "point_of_entry": "Kunduz",
        "start": at(pair, 4), "end": at(pair, 5), "people": "3 observer", "equipment": "2 camera",
    }  # fmt: skip
    answer = pair.us.send(VISITS, **{**form, **fields})
    pair.level()
    return str(answer.headers["location"])


def test_a_visit_from_notice_to_two_accounts(granted: Any) -> None:
    us, ru = granted.us, granted.ru
    assert "No visit has been notified" in us.page(VISITS)
    assert "north with ru" in us.page(VISITS)
    assert "Give notice of a visit" not in ru.page(VISITS)
    page = notify(granted)
    assert "NOTICE GIVEN" in us.words(VISITS)
    theirs = ru.page(page)
    assert 'data-clock-name="acknowledge"' in theirs
    assert 'data-until="' in theirs
    owed = ru.page(f"/console/lines/{NAME}/panels/owed")
    assert f"{VISITS}" in owed

    ru.send(f"{page}/acknowledge", escorts="2 escort officer", hours="02:00-14:00")
    granted.level()
    assert "2 × escort officer" in us.words(page)
    assert "Release the mission on this line first" in us.page(page)
    granted.release()
    activity = next(one.id for one in us.node.activities(NAME) if one.own)
    us.send(f"{page}/plan", status=409, activity=activity)
    us.send(f"{page}/plan", activity=activity, exceed="on")
    granted.level()
    assert "EXCEEDS" in ru.words(page)
    ru.send(f"{page}/review", answer="safety", text="keep north of the road")
    granted.level()
    assert "asks for a change: safety “keep north of the road”" in us.words(page)
    ru.send(f"{page}/restrict", start=at(granted, 4), end=at(granted, 5), hours="20:00-02:00",
            text="<closed> at night")  # fmt: skip
    granted.level()
    assert "closed 20:00–02:00 UTC" in us.words(page)
    assert "&lt;closed&gt; at night" in us.page(page)

    for desk in (us, ru):
        desk.clock.ahead_s += 4.2 * DAY_S
        desk.log_in()
    us.send(f"{page}/stage", stage="arrived", at="", text="")
    ru.send(f"{page}/stage", stage="arrived", at=at(granted, -0.1), text="at the gate")
    ru.send(f"{page}/inspect", found="2 camera\n1 drone\n1 camera", note="")
    us.send(f"{page}/deviate", text="the gate was closed", at="")
    granted.level()
    shown = us.words(page)
    for said in ("THEY DIFFER", "DIFFERS ; camera: 3 of 2; drone: 1 of 0",
                 "the gate was closed", "OFF BY THE TERMS"):  # fmt: skip
        assert said in shown, said
    us.send(f"{page}/report", text="seen", language="en", not_observed="the bridge", conditions="")
    ru.send(f"{page}/report", text="shown", language="en", access_denied="", conditions="haze")
    granted.level()
    shown = us.words(page)
    assert "Two accounts, side by side" in shown
    assert "NOT OBSERVED the bridge" in shown
    us.send(f"{page}/report", same_as="ru")
    granted.level()
    assert "Joint report" in ru.words(page)
    assert us.node.state_document(NAME) == ru.node.state_document(NAME)


def waiting(desk: Any) -> list[tuple[str, bool]]:
    return Board(desk.node, desk.node.line(NAME), "en").waiting()


def test_the_list_of_lines_counts_what_waits_of_a_visit(granted: Any) -> None:
    us, ru = granted.us, granted.ru
    page = notify(granted)
    assert ("1 owed on visits and permissions", False) in waiting(ru)
    assert not any("owed" in text for text, _ in waiting(us))
    ru.send(f"{page}/deviate", text="the gate was closed", at="")
    granted.level()
    assert ("1 visit alert", True) in waiting(us)
    [alert] = us.node.visit_alerts(NAME)
    us.node.acknowledge(NAME, alert.entry, "understood", officer="watch-1")
    assert not any("alert" in text for text, _ in waiting(us))


def test_a_late_restriction_says_on_the_watch_what_it_closes_and_until_when(granted: Any) -> None:
    us, ru = granted.us, granted.ru
    page = notify(granted)
    for desk in (us, ru):
        desk.clock.ahead_s += 4.1 * DAY_S
        desk.log_in()
    start, end = at(granted, 0.1), at(granted, 0.2)
    ru.send(f"{page}/restrict", start=start, end=end, hours="20:00-02:00", text="<mines>",
            places="the <old> bridge; 36.66 N 68.91 E; 5 km")  # fmt: skip
    granted.level()
    panel = f"/console/lines/{NAME}/panels/attention"
    window = words.window(start, end, parse_time_s(us.node.line(NAME).now))
    shown = us.words(panel)
    assert f"· {window}, closed 20:00–02:00 UTC, closed: the <old> bridge · <mines>" in shown
    assert "the &lt;old&gt; bridge" in us.page(panel)
    [alert] = us.node.visit_alerts(NAME)
    offset_s = us.node.line(NAME).clock_offset_s
    assert f"ru {words.clock(alert.time, offset_s)}" in shown
    for desk in (us, ru):
        desk.clock.ahead_s += 2 * DAY_S
        desk.log_in()
    assert f"ru {words.stamp_minute(alert.restriction.made)}" in us.words(panel)


def test_a_late_host_and_a_lapse(granted: Any) -> None:
    page = notify(granted)
    for desk in (granted.us, granted.ru):
        desk.clock.ahead_s += 1.5 * DAY_S
        desk.log_in()
    assert "LATE" in granted.us.words(VISITS)
    [late] = [one for one in granted.us.node.visits(NAME)[0].clocks if one.state == "late"]
    granted.us.send(f"{page}/lapse", obligation=late.obligation)
    assert "lapse stated" in granted.us.page(page)
    granted.us.send(f"{page}/cancel", ground="weather", note="storm")
    assert "CANCELLED" in granted.us.words(VISITS)


def test_what_each_role_may_state(granted: Any, stranger: httpx.Client) -> None:
    page = notify(granted)
    for role in roles.ROLES:
        granted.us.node.add_officer(f"one {role}", role)
        stranger.get(f"/login?t={granted.us.node.login_link(f'one {role}')}")
        assert stranger.get(page).status_code == 200
        token = re.search(r'name="form_token" value="(\w+)"', stranger.get("/console/account").text)
        assert token is not None
        tries = {VISITS: roles.RELEASE}
        tries |= {f"{page}/{name}": needs for name, (_, needs) in visits.ACTS.items()}
        for path, needs in tries.items():
            answer = stranger.post(
                path,
                # Nothing that these fields say can be stated: who may state it is refused for that.
                data={"form_token": token[1], "hours": "never", "found": "?", "at": "never"},
                headers={"Origin": granted.us.address},
                follow_redirects=False,
            )
            assert answer.status_code != 303, path
            barred = role not in roles.MAY[needs]
            assert (answer.status_code == 403) == barred, (role, path, answer.status_code)
    assert stranger.get(f"{VISITS}/{'0' * 64}").status_code == 404
    assert granted.us.browser.get("/console/lines/nowhere/visits").status_code == 404
