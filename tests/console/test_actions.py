"""What officers do on the page ends up on the record, once, and on both sides."""

import json
import re
from html import unescape
from typing import Any

import pytest

from detente.console.changes import link, read_shift
from detente.console.planform import fields_of
from detente.errors import InputError
from detente.volumes.times import parse_time_s

LINE = "/console/lines/northern-watch"
NAME = "northern-watch"


def open_conflict(desk: Any) -> Any:
    return next(c for c in desk.node.conflicts(NAME) if c.state == "open" and c.basis == "joint")


def test_two_officers_settle_the_conflict_from_their_pages(pair: Any) -> None:
    pair.release()
    conflict = open_conflict(pair.ru)
    said = pair.ru.do(
        "propose", conflict=conflict.id, moves="ru", amount="45 min", direction="later", note=""
    )
    assert "ru moves 45 min later" in said
    pair.level()
    proposal = pair.us.node.proposals(NAME)[0]
    form = pair.us.page(f"{LINE}/desk/answer?answer=assent&proposal={proposal.id}")
    assert "at 09 Aug 03:50–04:55Z instead of 09 Aug 03:05–04:10Z" in form
    pair.us.do("answer", proposal=proposal.id, answer="assent", note="agreed")
    pair.level()
    pair.ru.do("answer", proposal=proposal.id, answer="carry-out")
    pair.level()
    for desk in (pair.us, pair.ru):
        assert [c.state for c in desk.node.conflicts(NAME) if c.basis == "joint"] == ["ended"]
        page = " ".join(desk.page().split())
        assert "0 open" in page
        detail = desk.page(f"{LINE}/panels/detail?selected=conflict:{conflict.id}")
        assert "<svg" in detail
        assert "until version 2 of ru recon-panj-kunduz ended it" in detail
        assert "begins in" not in detail
        assert 'class="meet"' not in detail  # what has ended is not drawn as if it stood
        assert ">settled: no conflict between parties is known" in page


def test_suggestions_fill_in_the_proposal(pair: Any) -> None:
    """Every button carries the change itself: what it opens does not depend on a list's order."""
    pair.release()
    conflict = pair.us.node.conflict(NAME, open_conflict(pair.us).id)
    kinds = set()
    for suggestion in conflict.suggestions:
        shift = suggestion.shift
        form = pair.us.page(f"{LINE}/desk/propose?conflict={conflict.id}&{link(suggestion)}")
        entry_fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form))
        entry_fields |= dict(re.findall(r'<select name="(\w+)".*?<option[^>]*? selected>', form))
        picked = re.findall(r"<option(?: value=\"(\w+)\")? selected>(\w+)", form)
        for value, text in picked:
            entry_fields["moves" if value else "direction"] = value or text
        fields = {name: unescape(value) for name, value in entry_fields.items()}
        assert fields["moves"] == suggestion.moves
        read = read_shift(fields)
        kinds.add(fields["direction"])
        if shift.altitude_m is not None:
            assert read.altitude_m == pytest.approx(shift.altitude_m)
        else:
            assert read == shift
    # Earlier would be in the past by then.
    assert kinds == {"later", "higher", "lower", "sideways", "round"}


def test_a_suggestion_is_proposed_as_it_was_read(pair: Any) -> None:
    """The list is another one by then: a proposal is a proposal of what stood on the button."""
    pair.release()
    conflict = pair.us.node.conflict(NAME, open_conflict(pair.us).id)
    later = next(s for s in conflict.suggestions if (s.shift.time_s or 0) > 0)
    url = f"{LINE}/desk/propose?conflict={conflict.id}&{link(later)}"
    pair.us.clock.ahead_s = 600.0
    assert 'value="41 min"' in pair.us.page(url)
    gone = f"{LINE}/desk/propose?conflict={conflict.id}&moves=ru&round={'0' * 32}"
    answer = pair.us.browser.get(gone)
    assert answer.status_code == 404
    assert "that way round is no longer suggested" in answer.text


def test_a_form_sent_twice_is_done_once(pair: Any) -> None:
    for _ in range(2):
        pair.us.do("send", text="once", precedence="routine", key="the-form's-own-key")
    assert [m.text for m in pair.us.node.messages(NAME)] == ["once"]


def test_the_acknowledgement_ladder(pair: Any) -> None:
    pair.release()
    convoy = next(a for a in pair.ru.node.activities(NAME) if a.id == "convoy-kunduz")
    for level in ("understood", "disseminated"):
        pair.ru.do("acknowledge", entry=convoy.entry, level=level)
    pair.level()
    page = pair.us.page(f"{LINE}/panels/detail?selected=activity:us/convoy-kunduz")
    assert "understood by ru" in page
    assert "disseminated by ru" in page
    pair.ru.do("acknowledge", entry=convoy.entry, level="approved", status=400)


def test_a_reply_names_what_it_answers(pair: Any) -> None:
    asked = pair.ru.node.send(NAME, text="what is orbit-kunduz?", officer="watch-1")
    pair.level()
    form = pair.us.page(f"{LINE}/desk/message?reply_to={asked.id}")
    assert "Reply to ru" in form
    pair.us.do("send", text="a survey", precedence="priority", reply_to=asked.id)
    pair.level()
    answer = next(m for m in pair.ru.node.messages(NAME) if m.text == "a survey")
    assert answer.reply_to == asked.id
    assert "re: what is orbit-kunduz?" in pair.ru.page(f"{LINE}/panels/messages")


def test_a_phrase_with_its_slots(pair: Any) -> None:
    slots = pair.us.page(f"{LINE}/desk/slots?phrase=request-later")
    assert 'name="slot-activity"' in slots
    assert 'placeholder="45min"' in slots
    pair.us.do(
        "send",
        phrase="request-later",
        precedence="routine",
        **{"slot-activity": "recon-panj-kunduz", "slot-by": "45min"},
    )
    assert "later by 45 min" in pair.us.node.messages(NAME)[0].text
    wrong = pair.us.do(
        "send",
        phrase="request-later",
        precedence="routine",
        status=400,
        **{"slot-activity": "recon-panj-kunduz", "slot-by": "45"},
    )
    assert "unit" in wrong


SAFETY_SLOTS = {
    "slot-radius": "20 km",
    "slot-position": "36.73N 068.87E",
    "slot-until": "2021-08-09T04:00:00Z",
}


def test_a_safety_phrase_goes_out_as_urgent_safety(pair: Any) -> None:
    for path in ("desk/slots?phrase=stop-within", "desk/message?mode=phrase&phrase=stop-within"):
        form = pair.us.page(f"{LINE}/{path}")
        assert '<input type="hidden" name="precedence" value="urgent-safety">' in form
        assert "always goes out as urgent safety" in form
        assert 'value="routine"' not in form
    kept = pair.us.page(f"{LINE}/desk/slots?phrase=say-again&precedence=priority")
    assert 'value="priority" checked' in kept
    refused = pair.us.do(
        "send", phrase="stop-within", precedence="routine", status=400, **SAFETY_SLOTS
    )
    assert "urgent-safety" in refused
    pair.us.do("send", phrase="stop-within", precedence="urgent-safety", **SAFETY_SLOTS)
    pair.level()
    assert "URGENT SAFETY" in pair.ru.page(f"{LINE}/panels/attention")


PLAN = {
    "id": "orbit-9",
    "kind": "surveillance",
    "title": "secret name",
    "positions": "36°34.8′N 068°37.2′E\n42S VF 65930 48390",
    "radius": "5NM",
    "lower": "FL240",
    "upper": "FL260",
    "start": "2021-08-09T06:00:00Z",
    "end": "2021-08-09T07:00:00Z",
}


def test_a_plan_is_filed_from_the_small_form_and_stays_private(pair: Any) -> None:
    assert "private until you release it" in pair.us.do("file", **PLAN)
    plan = pair.us.node.plan("orbit-9")
    assert plan.volumes[0]["radius_m"] == 9260.0
    pair.level()
    assert "orbit-9" not in pair.ru.page()
    pair.us.do(
        "release",
        plan="orbit-9",
        shown=pair.us.node.preview("orbit-9", "northern-watch", "coarse").sha256,
        **{"as": "coarse"},
    )
    pair.level()
    assert "orbit-9" in pair.ru.page()
    assert "secret name" not in pair.ru.page()
    pair.us.do("withdraw", plan="orbit-9", note="not flown")
    pair.level()
    assert "orbit-9" not in pair.ru.page(f"{LINE}/panels/activities")


def test_a_private_plan_is_changed_and_dropped(pair: Any) -> None:
    pair.us.do("file", **PLAN)
    detail = f"{LINE}/panels/detail?selected=activity:us/orbit-9"
    shown = pair.us.page(detail)
    assert "36°34.8′N 068°37.2′E · 42S VF" in shown
    assert "corridor, half width 5.0 NM" in shown
    form = pair.us.page(f"{LINE}/desk/plan?plan=orbit-9")
    for value in ("FL240", "FL260", "5 NM", "secret name", "2021-08-09T06:00:00Z"):
        assert f'value="{value}"' in form
    held = pair.us.node.plan("orbit-9")
    fields = fields_of(held)
    assert fields is not None
    assert "is changed" in pair.us.do(
        "change", **(fields | {"upper": "5000 m MSL", "lower": "SFC"})
    )
    changed = pair.us.node.plan("orbit-9")
    assert (changed.revision, changed.title) == (2, "secret name")
    assert changed.volumes[0]["upper"] == {"value_m": 5000.0, "reference": "MSL"}
    pair.us.do(
        "release",
        plan="orbit-9",
        shown=pair.us.node.preview("orbit-9", "northern-watch", "exact").sha256,
        **{"as": "exact"},
    )
    assert "Drop…" not in pair.us.page(detail)
    pair.us.do("drop", plan="orbit-9", status=409)
    pair.us.do("withdraw", plan="orbit-9", note="")
    assert "Drop…" in pair.us.page(detail)
    assert "is dropped" in pair.us.do("drop", plan="orbit-9")
    assert pair.us.node.plans() == []


def test_a_plan_that_the_form_cannot_say_is_replaced_by_a_file(pair: Any) -> None:
    good: Any = {"type": "FeatureCollection", "features": [feature("a")]}
    ring = [[68.0, 36.0], [69.0, 36.0], [69.0, 37.0], [68.0, 36.0]]
    good["features"][0]["geometry"] = {"type": "Polygon", "coordinates": [ring]}
    upload(pair.us, json.dumps(good).encode())
    form = pair.us.page(f"{LINE}/desk/plan?plan=a")
    assert "Upload it again as a file" in form
    assert 'name="positions"' not in form
    good["features"][0]["properties"]["kind"] = "training"
    assert "a is changed" in upload(pair.us, json.dumps(good).encode(), replaces="a").text
    assert pair.us.node.plan("a").kind == "training"
    good["features"][0]["properties"]["id"] = "b"
    assert upload(pair.us, json.dumps(good).encode(), replaces="a").status_code == 400


REFUSED = [
    ("id", "", "empty"),
    ("id", "-x", "id"),
    ("positions", "91N 068E", "90"),
    ("positions", "nowhere", "position"),
    ("radius", "5", "unit"),
    ("lower", "5000 FT", "reference"),
    ("lower", "240", "no unit and no reference"),
    ("upper", "7500.5", "FL240, 3000 m MSL"),
    ("lower", "FL270", "above"),
    ("end", "2021-08-09T05:00:00Z", "end"),
    ("start", "2021-08-09T06:00:00", "offset"),
    ("start", "soon", "time"),
]


def test_what_cannot_be_filed_is_said_with_its_remedy(pair: Any) -> None:
    for field, value, says in REFUSED:
        said = pair.us.do("file", status=400, **(PLAN | {field: value}))
        assert said.startswith("Not done."), (field, value)
        assert says in said, (field, value, said)
    assert pair.us.node.plans() == []


def feature(name: str, **properties: Any) -> dict[str, Any]:
    return {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [68.8, 36.6]},
        "properties": {
            "id": name,
            "party": "us",
            "kind": "surveillance",
            "radius_m": 5000,
            "altitude_lower": 7000,
            "altitude_upper": 8000,
            "start": PLAN["start"],
            "end": PLAN["end"],
        }
        | properties,
    }


def upload(desk: Any, content: bytes, **fields: str) -> Any:
    return desk.browser.post(
        f"{LINE}/upload",
        data={"form_token": desk.form_token()} | fields,
        files={"file": ("plans.geojson", content)},
        headers={"Origin": desk.address, "HX-Request": "true"},
    )


def test_a_file_of_plans_is_filed_whole_or_not_at_all(pair: Any) -> None:
    good = {"type": "FeatureCollection", "features": [feature("a"), feature("b")]}
    assert "2 plans are filed" in upload(pair.us, json.dumps(good).encode()).text
    bad = {"type": "FeatureCollection", "features": [feature("c"), feature("d", radius_m=-1)]}
    refused = upload(pair.us, json.dumps(bad).encode())
    assert refused.status_code == 400
    assert "plans.geojson" in refused.text
    assert sorted(p.id for p in pair.us.node.plans()) == ["a", "b"]


def test_a_file_over_the_limit_is_refused_unread(pair: Any) -> None:
    answer = upload(pair.us, b" " * (10 * 1024 * 1024 + 1))
    assert answer.status_code == 413
    assert "10 MB" in answer.text


def test_a_form_over_the_limit_is_refused(pair: Any) -> None:
    pair.us.do("send", text="x" * 300_000, precedence="routine", status=413)
    pair.us.do("send", text="x" * 4_001, precedence="routine", status=400)


def test_a_lapse_is_stated_and_shown(pair: Any) -> None:
    owed = next(
        o
        for o in pair.us.node.obligations(NAME)
        if o.owed_by == "ru" and o.what == "line-check" and o.state == "late"
    )
    form = pair.us.page(f"{LINE}/desk/lapse?obligation={owed.id}")
    assert "It says that it did not come, not why." in form
    pair.us.do("lapse", obligation=owed.id)
    pair.level()
    assert "its lapse is on the record" in pair.ru.page(f"{LINE}/panels/owed")
    assert "OVERDUE" in pair.ru.page(f"{LINE}/panels/attention")  # stated, and owed still


def test_a_conflict_that_goes_on_now_stands_in_the_stripe(pair: Any) -> None:
    pair.release()
    conflict = open_conflict(pair.us)
    assert "CONFLICT NOW" not in pair.us.page(f"{LINE}/panels/attention")
    pair.us.clock.ahead_s = 60 + (
        parse_time_s(conflict.start) - parse_time_s(pair.us.node.line(NAME).now)
    )
    stripe = pair.us.page(f"{LINE}/panels/attention")
    assert "CONFLICT NOW" in stripe
    assert f"conflict:{conflict.id}" in stripe


def test_a_line_check_is_made(pair: Any) -> None:
    slot = "2021-08-09T00:00:00Z"
    assert "OVERDUE" in pair.us.page(f"{LINE}/panels/attention")
    pair.us.do("check", slot=slot)
    assert "OVERDUE" not in pair.us.page(f"{LINE}/panels/attention")


def test_suspension_is_declared_and_ended(pair: Any) -> None:
    pair.ru.do("suspend", note="")
    pair.level()
    assert "ru has declared the line suspended" in pair.us.page(f"{LINE}/panels/attention")
    assert "suspended by ru" in pair.us.page(f"{LINE}/panels/state")
    assert "resume…" in pair.ru.page(f"{LINE}/panels/state")
    assert "resume…" in pair.ru.page(f"{LINE}/panels/hint")
    pair.us.do("send", text="routine talk", precedence="routine", status=409)
    pair.us.do("send", text="mayday", precedence="urgent-safety")
    pair.ru.do("resume", note="")
    pair.level()
    assert "suspended" not in pair.us.page(f"{LINE}/panels/attention")


def test_without_script_a_form_leads_back_to_the_page(pair: Any) -> None:
    answer = pair.us.browser.post(
        f"{LINE}/send",
        data={"form_token": pair.us.form_token(), "text": "plain", "precedence": "routine"},
        headers={"Origin": pair.us.address},
    )
    assert (answer.status_code, answer.headers["location"]) == (303, LINE)
    assert [m.text for m in pair.us.node.messages(NAME)] == ["plain"]


def test_shifts_are_read_with_their_units() -> None:
    def read(amount: str, direction: str, **more: str) -> Any:
        return read_shift({"amount": amount, "direction": direction, **more})

    assert read("45 min", "later").time_s == 2700
    assert read("3 h 51 min", "later").time_s == 13_860
    assert read("1h", "earlier").time_s == -3600
    assert read("1000ft", "lower").altitude_m == pytest.approx(-304.8)
    aside = read("14 km", "sideways", bearing="045", lon="68.87", lat="36.65")
    assert (aside.distance_m, aside.bearing_deg, aside.place.lat) == (14_000.0, 45.0, 36.65)
    assert read("8 NM", "sideways", bearing="360°", lon="1", lat="2").bearing_deg == 0.0
    for amount, direction in (("45", "later"), ("45 min", "higher"), ("1000ft", "up")):
        with pytest.raises(InputError):
            read(amount, direction)
    for bearing in ("", "-5", "361", "north", "4.5", "٤٥", "1" * 400):
        with pytest.raises(InputError, match="is no bearing"):
            read("14 km", "sideways", bearing=bearing, lon="68.87", lat="36.65")
    for lon in ("", "east", "NaN", "1e999", "\ud800"):
        with pytest.raises(InputError, match="is no number"):
            read("14 km", "sideways", bearing="45", lon=lon, lat="36.65")
    for volumes in ("", "{}", "[1]", "\ud800"):
        with pytest.raises(InputError, match="cannot be read"):
            read("", "round", volumes=volumes)


def test_what_only_our_exact_plan_shows_stays_with_us(pair: Any) -> None:
    """A private plan's conflict is shown here, and nothing on the page would send its id."""
    pair.release()
    pair.us.do("file", **(PLAN | {"id": "near", "start": "2021-08-09T03:00:00Z",
                                  "end": "2021-08-09T04:00:00Z"}))  # fmt: skip
    own = next(c for c in pair.us.node.conflicts(NAME) if c.basis == "own")
    page = pair.us.page(f"{LINE}/panels/detail?selected=conflict:{own.id}")
    assert "only you see this" in page
    assert "desk/propose" not in page
    assert "desk/message" not in page
    assert own.id[:4].upper() not in pair.ru.page()


def test_a_coarse_release_that_alone_conflicts_can_be_answered(pair: Any) -> None:
    pair.us.do("file", **(PLAN | {"id": "small", "positions": "36.5N 68.5E\n36.5N 69.5E",
                                  "radius": "1NM"}))  # fmt: skip
    pair.us.do(
        "release",
        plan="small",
        shown=pair.us.node.preview("small", "northern-watch", "coarse").sha256,
        **{"as": "coarse"},
    )
    pair.ru.do("file", **(PLAN | {"id": "north", "positions": "36.75N 69.0E", "radius": "1NM"}))
    pair.ru.do(
        "release",
        plan="north",
        shown=pair.ru.node.preview("north", "northern-watch", "exact").sha256,
        **{"as": "exact"},
    )
    pair.level()
    conflict = open_conflict(pair.us)
    page = " ".join(pair.us.page(f"{LINE}/panels/detail?selected=conflict:{conflict.id}").split())
    assert "Our exact plan does <b>not</b> meet what they released" in page
    assert "Say: no conflict at exact precision…" in page
    theirs = pair.ru.page(f"{LINE}/panels/detail?selected=conflict:{conflict.id}")
    assert "exact plan" not in theirs
    assert "exact precision" not in theirs
    form = pair.us.page(
        f"{LINE}/desk/message?mode=phrase&phrase=no-conflict-exact&conflict={conflict.id}"
    )
    assert '<option value="no-conflict-exact" selected>' in form
