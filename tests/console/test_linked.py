"""Which reports are of one event, and the day's report: what the pages show, and what they do."""

import re
from html import unescape
from typing import Any

import httpx
import msgspec
import pytest

from detente.line import terms_from_wire
from detente.line.watching import STANDARD_WATCHING
from detente.node import roles
from detente.node.views import OfficerView
from detente.observations import Observation
from detente.volumes import Core, Shape
from detente.volumes.times import parse_time_s

NAME = "northern-watch"
LINKED = f"/console/lines/{NAME}/linked"
DAILY = f"/console/lines/{NAME}/daily"
OFFICER = OfficerView(name="watch-1", role="senior", active=True)


@pytest.fixture
def watched(pair: Any) -> Any:
    """Both sides have told of one shelling, on terms for watching together."""
    for desk in (pair.us, pair.ru):
        present = terms_from_wire(desk.node.line(NAME).terms)
        new = msgspec.structs.replace(present, version=2, watching=STANDARD_WATCHING)
        desk.node.sign_terms(NAME, new, officer="watch-1")
    pair.level()
    for desk in (pair.us, pair.ru):
        end_s = parse_time_s(desk.node.line(NAME).now) - 86_400
        shots = Observation(
            id="shots", kind="explosion", core=Core(Shape.POINT, (((68.6, 37.2),),)),
            radius_m=500.0, from_s=end_s - 1800, until_s=end_s, how="heard",
            confidence="moderate", marking="TLP:GREEN", district="Imam Sahib",
            text="three <b>bursts</b> near the bridge",
        )  # fmt: skip
        desk.node.note(shots, officer="watch-1")
        desk.node.report(NAME, "shots", officer=OFFICER)
    pair.level()
    return pair


def words(page: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


def send(desk: Any, path: str, *, status: int = 303, **fields: Any) -> httpx.Response:
    answer: httpx.Response = desk.browser.post(
        path,
        data={"form_token": desk.form_token(), **fields},
        headers={"Origin": desk.address},
        follow_redirects=False,
    )
    assert answer.status_code == status, answer.text
    return answer


def test_a_link_its_dispute_and_what_changed(watched: Any) -> None:
    us, ru = watched.us, watched.ru
    page = us.page(LINKED)
    assert "<b>bursts</b>" not in page
    assert "2 events by 2 reports that stand · nobody disputes it" in words(page)
    assert (
        send(us, f"{LINKED}/link", a="us/shots", b="ru/shots", note="one").headers["location"]
        == LINKED
    )
    watched.level()
    [link] = ru.node.events(NAME).links
    assert "Dispute: two events" in words(ru.page(LINKED))
    send(ru, f"{LINKED}/dispute", link=link.id)
    watched.level()
    page = words(us.page(LINKED))
    assert "2 events by 2 reports that stand · 2 as ru counts · 1 as us counts" in page
    assert "DISPUTED: counted as two ru says: two events" in page
    seen = re.search(r'name="seen" value="([^"]+)"', us.page(LINKED))
    assert seen is not None
    send(us, f"{LINKED}/seen", seen=unescape(seen[1]))
    send(us, f"{LINKED}/take-back", entry=link.id)
    page = words(us.page(LINKED))
    assert "link taken back ru/shots" in page
    assert "I have seen these 1" in page
    send(us, f"{LINKED}/seen", seen="[]", status=400)
    send(us, f"{LINKED}/nothing", status=404)


def test_suggestions_stand_beside_and_link_nothing(watched: Any) -> None:
    page = words(watched.us.page(f"{LINKED}?suggest=yes"))
    assert "may be the same event as" in page
    assert "0.0 km and 0 min apart the same kind both say “bridge, bursts, near, three”" in page
    assert watched.us.node.events(NAME).links == []


@pytest.mark.parametrize("role", roles.ROLES)
def test_what_each_role_sees_and_may(watched: Any, role: str) -> None:
    us = watched.us
    us.node.add_officer(f"one {role}", role)
    us.browser.get(f"/login?t={us.node.login_link(f'one {role}')}")
    single, releases = role in roles.MAY[roles.SINGLE], role in roles.MAY[roles.RELEASE]
    page = words(us.page(f"{LINKED}?suggest=yes"))
    assert ("near the bridge" in page) == single
    assert ("may be the same event as" in page) == single
    fields: dict[str, Any] = {"a": "us/shots", "b": "ru/shots"}
    send(us, f"{LINKED}/link", status=303 if releases else 403, **fields)
    day = us.node.last_day(NAME)
    shown = us.node.daily(NAME, day).joint_sha256
    send(us, f"{DAILY}/{day}/publish", status=303 if releases else 403, shown=shown)
    send(us, f"{LINKED}/seen", seen='{"us":2}')


def test_a_day_is_shown_published_and_checked(watched: Any) -> None:
    us, ru = watched.us, watched.ru
    day = us.node.last_day(NAME)
    answer = us.browser.get(DAILY, follow_redirects=False)
    assert answer.headers["location"] == f"{DAILY}/{day}"
    page = us.page(f"{DAILY}/{day}")
    assert "EXERCISE" in page
    assert "Everything else of the area: not observed by anybody who reports here." in words(page)
    assert "no district that was ever told of" not in words(page)
    joint = us.browser.get(f"{DAILY}/{day}/joint.json").content
    assert joint == ru.node.daily_joint(NAME, day)
    assert b'"exercise":"NORTHERN WATCH"' in joint
    shown = us.node.daily(NAME, day).joint_sha256
    own: dict[str, Any] = {
        "text": "<i>ours</i>",
        "conditions": "haze\n\n fog ",
        "areas": "the bridge",
    }
    send(us, f"{DAILY}/{day}/publish", shown=shown, **own)
    watched.level()
    page = ru.page(f"{DAILY}/{day}")
    assert "joint part agrees with what is computed here" in page
    assert "conditions: haze; fog" in words(page)
    assert "<i>ours" not in page
    assert us.browser.get(f"{DAILY}/2021-02-30").status_code == 400
    send(us, f"{DAILY}/{day}/publish", shown="0" * 64, status=409)


def test_without_terms_for_watching_a_day_has_no_end(pair: Any) -> None:
    answer = pair.us.browser.get(f"{DAILY}/2021-08-08")
    assert answer.status_code == 409
    assert "agree on no cut-off for daily reports" in words(answer.text)
    assert "Nobody has linked two reports" in pair.us.page(LINKED)


def test_every_page_that_counts_bears_the_narrowest_marking(watched: Any) -> None:
    day = watched.us.node.last_day(NAME)
    for page in (LINKED, f"{DAILY}/{day}", f"/console/lines/{NAME}/coverage"):
        said = words(watched.us.page(page))
        assert "TLP:GREEN may be shown to the parties' community, not in public" in said, page
    assert watched.us.node.daily(NAME, day).marking == "TLP:GREEN"


def test_a_disputed_count_stands_only_where_it_differs(watched: Any) -> None:
    us, ru = watched.us, watched.ru
    link = us.node.link_observations(NAME, "us/shots", "ru/shots", officer="watch-1")
    watched.level()
    ru.node.dispute_link(NAME, link.id, officer="watch-1")
    watched.level()
    page = words(us.page(f"/console/lines/{NAME}/observations"))
    assert "(2 as ru counts) (1 as us counts)" in page
    assert page.count("the total differs because of a dispute") == 1
