"""The ledger's pages: what is asked, answered and exceeded at a glance, and the forms for it."""

import re
from html import unescape
from typing import Any

import httpx
import pytest

from detente.console import giving, ledger
from detente.errors import InputError
from detente.node import roles

NAME = "northern-watch"
LEDGER = "/console/ledger"
WINDOW: dict[str, Any] = {"start": "2021-08-12T00:00:00Z", "end": "2021-08-19T00:00:00Z"}
ASKED = {
    "permission": "north",
    "kind": "visit",
    "purpose": "observe <the> crossings",
    "places": "Kunduz airfield; 36.6600N 068.9100E; 5 km\nSher Khan",
    "people": "4 observer\n1 interpreter",
    "equipment": "2 daylight camera",
    "quota": "observation visits",
    "note": "",
    **WINDOW,
}


def words(page: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split())


def ask(pair: Any, **changes: Any) -> str:
    pair.us.send(f"{LEDGER}/ask", **{**ASKED, "host": f"{NAME}/ru", **changes})
    pair.level()
    name = changes.get("permission", ASKED["permission"])
    return next(str(one.id) for one in pair.us.node.ledger() if one.permission == name)


def test_from_asking_to_revoking(watched: Any) -> None:
    us, ru = watched.us, watched.ru
    assert "Nobody has asked for anything" in us.page(LEDGER)
    form = us.page(f"{LEDGER}/ask")
    assert f'value="{NAME}/ru"' in form
    assert "observation visits: 1 with ru" in form
    entry = ask(watched)
    [one] = us.node.ledger()
    assert one.asked["people"] == [
        {"role": "observer", "count": 4}, {"role": "interpreter", "count": 1},
    ]  # fmt: skip
    assert [place["name"] for place in one.asked["places"]] == ["Kunduz airfield", "Sher Khan"]
    assert one.asked["places"][0]["core"]["coordinates"] == [68.91, 36.66]
    assert one.asked["places"][0]["radius_m"] == 5000.0

    theirs = ru.page(LEDGER)
    assert "Waits for our answer" in theirs
    assert "observe &lt;the&gt; crossings" in theirs
    assert 'data-until="' in theirs
    assert "answer due in |overdue" in theirs
    owed = ru.page(f"/console/lines/{NAME}/panels/owed")
    assert f"{LEDGER}/{NAME}/{entry}" in owed
    assert "acknowledge" not in owed.partition("permission-answer")[2].partition("</li>")[0]

    page = f"{LEDGER}/{NAME}/{entry}"
    assert "Answer, as the host" in ru.page(page)
    assert "Answer, as the host" not in us.page(page)
    ru.send(f"{page}/answer", answer="limited", hours="02:00-14:00", people="3 observer",
         equipment="none", note="by day", start="", end="", places="", purpose="",
         quota_units="1")  # fmt: skip
    watched.level()
    shown = words(us.page(LEDGER))
    for said in ("GRANTED WITH LIMITS", "02:00-14:00 UTC only", "3 × observer", "no equipment",
                 "1 visit", "12 Aug 2021 00:00Z – 19 Aug 2021 00:00Z"):  # fmt: skip
        assert said in shown
    one_page = words(us.page(page))
    assert "4 × observer, 1 × interpreter 3 × observer" in one_page
    assert "02:00–14:00" in one_page

    ru.send(f"{page}/revoke", start="", note="works on the runway")
    watched.level()
    shown = words(us.page(LEDGER))
    assert "REVOKED" in shown
    assert "works on the runway" in shown
    us.send(f"{page}/renew", **WINDOW)
    again = us.node.ledger()[-1].id
    assert "Asked of ru under this name" in words(us.page(f"{LEDGER}/{NAME}/{again}"))
    us.send(f"{LEDGER}/{NAME}/{again}/withdraw", note="not needed")
    assert "WITHDRAWN visit “not needed”" in words(us.page(LEDGER))
    assert us.node.verify() == []


def test_silence_and_what_exceeds_stand_out(watched: Any) -> None:
    us = watched.us
    ask(watched, start="2021-08-12T00:00:00Z", end="2021-12-12T00:00:00Z")
    wrong = {**ASKED, "host": f"{NAME}/ru", "permission": "second"}
    refused = us.send(f"{LEDGER}/ask", status=409, **wrong)
    assert "1 units, and 1 are drawn" in words(refused.text)
    ask(watched, permission="second", overdraw="on")
    shown = us.page(LEDGER)
    assert "alert urgent" in shown
    assert "EXCEEDS observation visits: 2 of 1 drawn or asked for" in words(shown)
    for desk in (watched.us, watched.ru):
        desk.clock.ahead_s += 7.5 * 86_400
        desk.log_in()
    entry = us.node.ledger()[0].id
    assert "NO ANSWER" in us.page(LEDGER)
    page = f"{LEDGER}/{NAME}/{entry}"
    assert "no answer came" in us.page(page)
    us.send(f"{page}/lapse", obligation=us.node.permissions(NAME)[0].obligation)
    assert "lapse stated" in us.page(LEDGER)
    assert "no answer came" not in us.page(page)


def test_what_each_role_sees_and_may_do(watched: Any, stranger: httpx.Client) -> None:
    entry = ask(watched)
    page = f"{LEDGER}/{NAME}/{entry}"
    for path in (LEDGER, f"{LEDGER}/ask", page):
        assert stranger.get(path).status_code == 401
    for role in roles.ROLES:
        entry = ask(watched, permission=role, quota="")
        page = f"{LEDGER}/{NAME}/{entry}"
        watched.us.node.add_officer(f"one {role}", role)
        stranger.get(f"/login?t={watched.us.node.login_link(f'one {role}')}")
        assert stranger.get(LEDGER).status_code == 200
        may = role in ("releaser", "senior")
        assert ("Withdraw on the record" in stranger.get(page).text) == may
        assert ("Ask them on the record" in stranger.get(f"{LEDGER}/ask").text) == may
        token = re.search(r'name="form_token" value="(\w+)"', stranger.get("/console/account").text)
        assert token is not None
        for act in ("ask", *(f"{NAME}/{entry}/{one}" for one in ledger.ACTS)):
            answer = stranger.post(
                f"{LEDGER}/{act}",
                data={"form_token": token[1], "obligation": "none"},
                headers={"Origin": watched.us.address},
                follow_redirects=False,
            )
            needs = ledger.NEEDS.get(act.rpartition("/")[2], roles.RELEASE)
            barred = role not in roles.MAY[needs]
            assert (answer.status_code == 403) == barred, (role, act, answer.status_code)
        # Empty forms of who may do it do nothing but the withdrawal, which needs no field.
        one = next(each for each in watched.us.node.ledger() if each.id == entry)
        assert one.state == ("withdrawn" if may else "asked")


def test_forms_that_say_nothing_that_can_be_asked(watched: Any) -> None:
    us = watched.us
    for fields, said in [
        ({"host": f"{NAME}/tj"}, "no member"),
        ({"people": "observers"}, "number and a role"),
        ({"places": "Kunduz; nowhere; 5 km"}, "position"),
        ({"places": "Kunduz; 36.66N 068.91E"}, "not a place"),
        ({"kind": "raid"}, "basing"),
        ({"end": "2021-08-01T00:00:00Z"}, "ended at"),
        ({"purpose": ""}, "purpose"),
    ]:
        answer = us.browser.post(
            f"{LEDGER}/ask",
            data={"form_token": us.form_token(), **ASKED, "host": f"{NAME}/ru", **fields},
            headers={"Origin": us.address},
        )
        assert answer.status_code in (400, 422), (fields, answer.status_code)
        assert said in words(answer.text), fields
    assert us.node.ledger() == []
    foreign = us.browser.post(
        f"{LEDGER}/ask", data={**ASKED, "host": f"{NAME}/ru"}, headers={"Origin": us.address}
    )
    assert foreign.status_code == 403
    assert us.browser.get(f"{LEDGER}/{NAME}/{'0' * 64}").status_code == 404


@pytest.mark.parametrize(
    ("text", "rows"),
    [("", None), (" \n", None), ("none", []), ("4 x observer", [{"role": "observer", "count": 4}]),
     ("1  escort officer\n2× driver", [{"role": "escort officer", "count": 1},
                                       {"role": "driver", "count": 2}])],
    ids=["empty", "blank", "none", "one", "two"],
)  # fmt: skip
def test_people_as_they_are_typed(text: str, rows: Any) -> None:
    assert giving.counted(text, "role", "people") == rows


def test_hours_as_they_are_typed() -> None:
    assert giving.hours("") is None
    assert giving.hours("22:00-02:30, 5:15 – 6:00") == [[22.0, 2.5], [5.25, 6.0]]
    for text in ("2-14", "02:60-03:00", "noon"):
        with pytest.raises(InputError):
            giving.hours(text)
