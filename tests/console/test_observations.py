"""The observations' page: counts first, what nobody observed is never a nought, forms that work."""

import re
from datetime import UTC, datetime
from html import unescape
from typing import Any

import msgspec
import pytest

from detente.line import observe_draft
from detente.node.saying import say
from detente.node.views import OfficerView
from detente.observations import Observation
from detente.volumes import Core, Edges, Shape
from detente.volumes.times import format_time, parse_time_s

LINE = "/console/lines/northern-watch"
NAME = "northern-watch"
PAGE = f"{LINE}/observations"
RELEASER = OfficerView(name="r", role="releaser", active=True)
SECRET = "forty vehicles wait at the gate"


def words_of(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def report(node: Any, name: str, **changes: Any) -> Observation:
    now_s = parse_time_s(node.line(NAME).now)
    ago_s = changes.pop("ago_s", 3600.0)
    lon, lat = changes.pop("at", (68.605, 37.185))
    fields: dict[str, Any] = {
        "id": name,
        "kind": "crossing-closed",
        "core": Core(Shape.POINT, (((lon, lat),),), Edges.GEODESIC),
        "radius_m": 20_000.0,
        "from_s": now_s - ago_s,
        "until_s": now_s - ago_s + 60,
        "how": "seen",
        "confidence": "moderate",
        "marking": "TLP:GREEN",
        "seeing": "good",
        "text": SECRET,
    }
    one = Observation(**(fields | changes))
    node.note(one, officer="watch-1")
    if one.marking != "TLP:RED":
        node.report(NAME, name, officer=RELEASER)
    return one


@pytest.fixture
def observed(pair: Any) -> Any:
    """Both have reported in two weeks with one between; we have noted something more."""
    week_s = 7 * 86_400.0
    us, ru = pair.us.node, pair.ru.node
    report(us, "gate", seeing="limited")
    report(us, "post", kind="quiet", at=(69.7, 37.1), district="Rustaq")
    report(ru, "shots", kind="fighting", ago_s=2 * week_s, marking="TLP:AMBER")
    report(us, "for-me", marking="TLP:RED")
    pair.level()
    pair.us.log_in()
    return pair


def week(node: Any, ago_s: float) -> str:
    now_s = parse_time_s(node.line(NAME).now)
    return datetime.fromtimestamp(now_s - ago_s, UTC).strftime("%G-W%V")


def cell_of(html: str, district: str, when: str) -> str:
    match = re.search(rf'<td class="([^"]*)" data-cell="{district}/{when}">(.*?)</td>', html, re.S)
    assert match, f"{district}/{when}"
    return f"{match[1]} | {words_of(match[2])}"


def test_it_opens_with_counts_and_no_single_one(observed: Any) -> None:
    html = observed.us.page(PAGE)
    node = observed.us.node
    now, before, between = (week(node, days * 86_400 + 3600) for days in (0, 14, 7))
    assert cell_of(html, "N37.0 E068.5", now) == (
        "cell limited | crossing closed 1 conditions: 1 limited"
    )
    assert cell_of(html, "N37.0 E068.5", before) == "cell seen | fighting 1"
    # Hatched, in words, and no nought.
    assert cell_of(html, "N37.0 E068.5", between) == "cell unseen | not observed"
    assert cell_of(html, "Rustaq", now) == "cell quiet | watched, nothing seen 1"
    assert "TLP:AMBER may be shown to the parties' own organisations" in words_of(html)
    assert SECRET not in html.partition('id="notes"')[0]
    assert 'id="map"' not in html


def columns(html: str) -> list[str]:
    head = html.partition('<table class="grid">')[2].partition("</thead>")[0]
    return [words_of(one) for one in re.findall(r"<th[^>]*>(.*?)</th>", head, re.S)][1:]


def test_the_week_that_runs_is_there_though_nobody_told_of_it(observed: Any) -> None:
    desk = observed.us
    newest = week(desk.node, 3600)
    week_s = 7 * 86_400
    desk.clock.ahead_s = 3 * week_s
    desk.log_in()
    html = desk.page(PAGE)
    now = week(desk.node, 0)
    assert columns(html)[-1] == f"{now} this week"
    assert cell_of(html, "Rustaq", now) == "cell unseen | nothing told yet"
    assert cell_of(html, "Rustaq", week(desk.node, week_s)) == "cell unseen | not observed"
    assert "The newest week that is told of is" not in words_of(html)
    # Twelve weeks later nothing of what was reported is in view.
    desk.clock.ahead_s = 12 * week_s
    desk.log_in()
    html = desk.page(PAGE)
    assert (len(columns(html)), columns(html)[-1]) == (12, f"{week(desk.node, 0)} this week")
    assert set(re.findall(r'<td class="cell (\w+)', html)) == {"unseen"}
    assert f"The newest week that is told of is {newest}" in words_of(html)
    before = desk.page(f"{PAGE}?until={newest}")
    assert columns(before)[-1] == newest
    assert cell_of(before, "Rustaq", newest) == "cell quiet | watched, nothing seen 1"
    later = re.search(r'href="([^"]+)">Later weeks', before)
    assert later
    assert columns(desk.page(unescape(later[1]))) == columns(html)
    for nonsense in ("2095-W01", "unknown", "x" * 400):
        assert columns(desk.page(f"{PAGE}?until={nonsense}")) == columns(html)


def test_nothing_that_is_told_of_a_week_to_come_reads_as_seen(observed: Any) -> None:
    ru, desk = observed.ru.node, observed.us
    now_s = parse_time_s(desk.node.line(NAME).now)
    one = report(ru, "later", kind="quiet", district="Rustaq")
    to_come_s = now_s + 3 * 7 * 86_400
    said = msgspec.structs.replace(one, from_s=to_come_s, until_s=to_come_s)
    draft = observe_draft(said, version=2, supersedes=ru.observation(NAME, "ru", "later")[-1].id)
    say(ru._core, NAME, lambda _: draft, officer="a", key=None, action="x", content={})
    observed.level()
    html = desk.page(PAGE)
    assert columns(html)[-1] == f"{week(desk.node, 0)} this week"
    link = re.search(r'href="([^"]+)"><b class="late">Something is told of 1 week to come', html)
    assert link
    to_come = week(desk.node, -3 * 7 * 86_400)
    html = desk.page(unescape(link[1]))
    assert columns(html)[-1] == f"{to_come} to come"
    assert cell_of(html, "Rustaq", to_come) == (
        "cell ahead | watched, nothing seen 1 told of a time to come"
    )
    assert cell_of(html, "N37.0 E068.5", to_come) == "cell unseen | nothing told"


def test_single_ones_are_shown_when_a_cell_is_chosen(observed: Any) -> None:
    now = week(observed.us.node, 3600)
    params = f"?district=N37.0%20E068.5&week={now}"
    html = observed.us.page(PAGE + params)
    articles = re.findall(r'<article data-observation="([^"]+)">', html)
    assert articles == ["us/gate"]
    shown = words_of(html)
    assert "TLP:GREEN" in shown
    assert "within 20,000 m of 37°11.1′N 068°36.3′E" in shown
    assert "seen · confidence moderate · conditions limited" in shown
    assert SECRET in shown
    document = msgspec.json.decode(observed.us.page(f"{PAGE}/map.json{params}"))
    roles = [one["properties"]["role"] for one in document["features"]["features"]]
    assert roles == ["outline", "name"]
    everything = observed.us.page(f"{PAGE}?all=1")
    assert len(re.findall("<article data-observation", everything)) == 3


def test_who_may_not_see_single_ones_sees_the_counts(observed: Any, stranger: Any) -> None:
    node = observed.us.node
    node.add_officer("one admin", "admin")
    stranger.get(f"/login?t={node.login_link('one admin')}")
    html = stranger.get(f"{PAGE}?all=1").text
    assert "crossing closed" in html
    assert "<article" not in html
    assert SECRET not in html
    assert "Single observations are not for your role." in html
    assert stranger.get(f"{PAGE}/map.json?all=1").status_code == 403
    assert stranger.get(f"{PAGE}/export?format=csv&audience=clients").status_code == 403


def send(desk: Any, action: str, **fields: str) -> Any:
    return desk.browser.post(
        f"{LINE}/{action}",
        data={"form_token": desk.form_token(), "back": "observations"} | fields,
        headers={"Origin": desk.address},
        follow_redirects=True,
    )


def test_from_note_to_report_to_retraction(observed: Any) -> None:
    desk = observed.us
    desk.node.add_officer("rel", "releaser")
    desk.browser.get(f"/login?t={desk.node.login_link('rel')}")
    at = format_time(parse_time_s(desk.node.line(NAME).now) - 60)
    typed = {
        "id": "typed", "kind": "displacement", "marking": "TLP:GREEN", "longitude": "69.5",
        "latitude": "37.4", "radius_m": "800", "from": at, "until": at, "how": "heard",
        "confidence": "low", "seeing": "poor", "text": "on foot",
    }  # fmt: skip
    answer = send(desk, "observe", **typed)
    assert "No line has been told" in words_of(answer.text) or "no line has been told" in words_of(
        answer.text
    )
    answer = send(desk, "observe", **(typed | {"id": "late", "until": "2095-01-01T00:00:00Z"}))
    assert (answer.status_code, "is in the future" in answer.text) == (400, True)
    sheet = desk.page(f"{PAGE}?note=typed&coarse=1")
    assert "would see exactly this, rounded to its district and day" in words_of(sheet)
    assert "on foot" not in sheet.partition('id="note"')[2].partition("</article>")[0]
    shown = re.search(r'name="shown" value="(\w+)"', sheet)
    assert shown
    answer = send(desk, "report", observation="typed", coarse="1", shown=shown[1])
    assert "Reported: it is on the record." in words_of(answer.text)
    [one] = desk.node.observations(NAME, kind="displacement")
    assert one.observed["core"]["coordinates"] == [69.75, 37.25]
    form = sheet.partition('value="typed" readonly')[2]
    assert "<option selected>poor</option>" in form
    assert ">on foot</textarea>" in form
    answer = send(desk, "observe", **(typed | {"seeing": "good"}), change="1")
    assert desk.node.own_note("typed", officer=RELEASER).revision == 2
    assert desk.node.own_note("typed", officer=RELEASER).observed["seeing"] == "good"
    answer = send(desk, "retract", observation="typed", note="not there")
    assert "The retraction is on the record." in words_of(answer.text)
    assert desk.node.observation_table(NAME).retracted == 1
    red = words_of(desk.page(f"{PAGE}?note=for-me"))
    assert "It cannot be reported: is marked TLP:RED" in red


def test_a_report_is_recalled_from_its_page(observed: Any) -> None:
    desk = observed.us
    desk.node.add_officer("rel", "releaser")
    desk.browser.get(f"/login?t={desk.node.login_link('rel')}")
    link = re.search(r'id="recall-gate" href="([^"]+)"', desk.page(f"{PAGE}?all=1"))
    assert link
    sheet = desk.page(unescape(link[1]))
    entry = re.search(r'name="entry" value="(\w+)"', sheet)
    assert entry
    desk.do("recall", entry=entry[1], note="sent in error")
    observed.level()
    assert "1 recalled" in words_of(desk.page(PAGE))
    [gone] = [one for one in observed.ru.node.observations(NAME) if one.state == "recalled"]
    assert (gone.observation, gone.observed) == ("gate", None)


def test_an_export_leaves_out_what_its_readers_may_not_see(observed: Any) -> None:
    desk = observed.us
    desk.node.add_officer("rel", "releaser")
    desk.browser.get(f"/login?t={desk.node.login_link('rel')}")
    answer = desk.browser.get(f"{PAGE}/export?format=csv&audience=community")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert "northern-watch-observations-community.csv" in answer.headers["content-disposition"]
    assert [row.partition(",")[0] for row in answer.text.splitlines()] == ["id", "gate", "post"]
    [act] = [one for one in desk.node.audit(0, 1000) if one.action == "observation.export"]
    assert (act.officer, act.detail["exported"], act.detail["withheld"]) == ("rel", 2, 1)
    for bad in ("format=csv&audience=everybody", "format=xml&audience=public"):
        assert desk.browser.get(f"{PAGE}/export?{bad}").status_code == 400


def test_words_of_a_page_never_come_from_its_address(observed: Any) -> None:
    html = observed.us.page(f"{PAGE}?said=The+line+is+closed&district=%3Cscript%3E")
    assert "The line is closed" not in html
    assert "<script>" not in html.replace('<script type="module"', "")
