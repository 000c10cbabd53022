"""Two parties that do not trust each other settle where their plans meet, and hold one record.

Told in the order in which the officers live it, on two real processes. The tests of this file are
the steps of one story and run in their order.
"""

from collections.abc import Mapping
from functools import partial

import pytest

from detente.exercise import northern_watch as exercise
from detente.exercise.officer import Json, Officer, RefusedError, wait_for
from detente.exercise.opening import open_conflicts, wait_until_level
from detente.exercise.stage import Stage, run
from detente.exercise.walk import tamper


@pytest.fixture
def us(officers: Mapping[str, Officer]) -> Officer:
    return officers["us"]


@pytest.fixture
def ru(officers: Mapping[str, Officer]) -> Officer:
    return officers["ru"]


def the_conflict(officer: Officer) -> Json:
    """The one joint conflict of the exercise, as one side's node finds it."""
    (conflict,) = wait_for("the conflict", partial(open_conflicts, officer))
    return conflict


def test_the_line_is_in_force_at_both_nodes(us: Officer, ru: Officer) -> None:
    for officer in (us, ru):
        line = officer.get(f"/lines/{officer.line}")
        assert line["state"] == "in-force"
        assert [m["party"] for m in line["members"]] == ["ru", "us"]
        assert line["exercise"] == exercise.NAME


def test_a_filed_plan_stays_private(us: Officer, ru: Officer) -> None:
    us.file(exercise.TANKER)
    assert us.on_line("activities") == []
    assert ru.on_line("activities") == []
    assert [e["type"] for e in us.on_line("entries") if e["own"]] == ["line.join"]


def test_a_preview_is_exactly_what_the_line_then_sees(us: Officer, ru: Officer) -> None:
    tanker = exercise.TANKER.id
    preview = us.post(f"/plans/{tanker}/preview", {"line": us.line, "form": "coarse"})
    assert preview["larger_by"], "a coarse release that is no larger hides nothing"
    us.release(tanker, "coarse")
    wait_until_level({"us": us})
    (seen,) = ru.on_line("activities")
    assert seen["volumes"] == preview["volumes"]
    assert seen["form"] == "coarse"
    assert seen["title"] is None


def test_both_find_the_same_conflict_under_the_same_identifier(us: Officer, ru: Officer) -> None:
    # The tanker is out already; filing and releasing it again would be a second version.
    officers = {"us": us, "ru": ru}
    for party, officer in officers.items():
        for plan in exercise.PLANS[party]:
            if plan.id != exercise.TANKER.id:
                officer.file(plan)
        for plan_id, form in exercise.RELEASED[party]:
            if plan_id != exercise.TANKER.id:
                officer.release(plan_id, form)
    wait_until_level(officers)

    ours, theirs = the_conflict(us), the_conflict(ru)
    assert ours["id"] == theirs["id"]
    for field in ("start", "end", "lateral_m", "vertical_m", "place", "parts", "suggestions"):
        assert ours[field] == theirs[field]
    assert {ours["a"]["id"], ours["b"]["id"]} == {
        exercise.ORBIT.id,
        exercise.RECONNAISSANCE.id,
    }
    # By hand: the corridor's second leg begins 03:25, the orbit ends 03:55, five minutes each way.
    assert (ours["start"], ours["end"]) == ("2021-08-09T03:20:00Z", "2021-08-09T04:00:00Z")
    assert (ours["lateral_m"], ours["vertical_m"]) == (0, 0)


def test_the_least_change_that_would_end_it_is_suggested(us: Officer) -> None:
    minutes = {
        (s["moves"], s["shift"]["time_s"] / 60)
        for s in the_conflict(us)["suggestions"]
        if s["shift"]["time_s"] is not None
    }
    # 40 minutes of overlap, counted with the separation, touch still: 41 minutes part them.
    # The orbit of us has begun: its time is past changing.
    assert ("ru", 41) in minutes
    assert "us" not in {moves for moves, _ in minutes}
    feet = {
        (s["moves"], round(s["shift"]["altitude_m"] / 0.3048))
        for s in the_conflict(us)["suggestions"]
        if s["shift"]["altitude_m"] is not None
    }
    # FL230–250 against FL240–260: 2,000 ft apart leaves 1,000 ft exactly, which still counts.
    assert {("ru", -2100), ("us", 2100)} <= feet


def test_a_conflict_of_a_private_plan_is_known_to_its_own_side_alone(
    us: Officer, ru: Officer
) -> None:
    near = exercise.RECONNAISSANCE
    private = type(near)("us", "private-near-ayvaj", "surveillance", near.volumes)
    filed = us.file(private)
    assert [c["basis"] for c in filed["conflicts"]] == ["own"]
    assert [c["b"]["id"] for c in open_conflicts(us)] == [c["b"]["id"] for c in open_conflicts(ru)]
    assert b"private-near-ayvaj" not in ru.raw(f"/lines/{ru.line}/state")


def test_the_other_side_assents_and_the_superseding_version_ends_it(
    us: Officer, ru: Officer
) -> None:
    conflict = the_conflict(ru)
    too_little = {"time_s": 40 * 60}
    body = {"conflict": conflict["id"], "moves": "ru", "shift": too_little}
    small = ru.say("proposals", body)
    wait_until_level({"us": us, "ru": ru})
    us.say(f"proposals/{small['id']}/decline", {"note": "EXERCISE. It would still touch."})

    proposal = ru.say("proposals", {**body, "shift": {"time_s": exercise.PROPOSED_SHIFT_S}})
    with pytest.raises(RefusedError):
        ru.say(f"proposals/{proposal['id']}/assent", {"note": ""})
    wait_until_level({"us": us, "ru": ru})
    with pytest.raises(RefusedError):
        ru.say(f"proposals/{proposal['id']}/carry-out")
    us.say(f"proposals/{proposal['id']}/assent", {"note": ""})
    wait_until_level({"us": us, "ru": ru})
    ru.say(f"proposals/{proposal['id']}/carry-out")
    wait_until_level({"us": us, "ru": ru})

    for officer in (us, ru):
        assert open_conflicts(officer) == []
        (ended,) = [c for c in officer.on_line("conflicts")["conflicts"] if c["basis"] == "joint"]
        assert (ended["id"], ended["state"]) == (conflict["id"], "ended")
        status = {p["id"]: p["status"] for p in officer.on_line("proposals")}
        assert status == {small["id"]: "declined", proposal["id"]: "carried-out"}


def test_a_message_is_received_understood_and_disseminated(us: Officer, ru: Officer) -> None:
    sent = us.say(
        "messages",
        {
            "phrase": "stop-within",
            "slots": {
                "radius": "20 km",
                "position": "36.73N 068.87E",
                "until": "2021-08-09T04:00:00Z",
            },
            "precedence": "urgent-safety",
        },
    )
    wait_until_level({"us": us})
    (read,) = [m for m in ru.on_line("messages") if m["id"] == sent["id"]]
    assert read["text"] == read["rendered"]["ru"], "shown in the reader's first language"
    assert read["rendered"]["en"].startswith("URGENT")
    assert read["receipts"]["ru"] is not None

    def owed() -> dict[str, str]:
        return {
            o["what"]: o["state"] for o in us.on_line("obligations") if o["entry"] == sent["id"]
        }

    assert owed() == {"understood": "due", "disseminated": "due"}
    ru.acknowledge(sent["id"], "understood")
    wait_until_level({"ru": ru})
    assert owed() == {"understood": "met", "disseminated": "due"}
    ru.acknowledge(sent["id"], "disseminated")
    wait_until_level({"ru": ru})
    assert owed() == {"understood": "met", "disseminated": "met"}


def test_silence_is_a_fact(us: Officer, ru: Officer) -> None:
    late = [
        o for o in us.on_line("obligations") if o["what"] == "line-check" and o["state"] == "late"
    ]
    of_ru = next(o for o in late if o["owed_by"] == "ru")
    assert of_ru["slot"] == "2021-08-09T00:00:00Z"
    us.say("lapses", {"obligation": of_ru["id"]})
    wait_until_level({"us": us})
    at_ru = next(o for o in ru.on_line("obligations") if o["slot"] == of_ru["slot"] and o["own"])
    assert at_ru["lapse"] is not None


def test_a_suspended_line_still_carries_safety(us: Officer, ru: Officer) -> None:
    us.say("suspend", {"note": "EXERCISE."})
    with pytest.raises(RefusedError):
        us.say("messages", {"text": "EXERCISE. Routine.", "language": "en"})
    us.say(
        "messages",
        {"text": "EXERCISE. Safety.", "language": "en", "precedence": "urgent-safety"},
    )
    us.say("line-checks", {"slot": None})
    wait_until_level({"us": us})
    assert ru.get(f"/lines/{ru.line}")["state"] == "suspended"
    us.say("resume", {"note": "EXERCISE."})
    wait_until_level({"us": us})
    assert ru.get(f"/lines/{ru.line}")["state"] == "in-force"


def test_both_export_the_same_logs(stage: Stage, officers: Mapping[str, Officer]) -> None:
    """As static files that anybody's tools for C2SP logs verify."""
    wait_until_level(officers)
    exports = {}
    for party, node in stage.nodes.items():
        folder = stage.directory / f"export-{party}"
        line = officers[party].line
        run("record", "export", str(node.directory), "--line", line, "--tiles", str(folder))
        files = {path for path in folder.rglob("*") if path.is_file()}
        # Who cosigned last may not have told everybody yet.
        exports[party] = {
            str(path.relative_to(folder)): path.read_bytes()
            for path in files
            if path.name != "checkpoint"
        }
        assert len(list(folder.glob("*/checkpoint"))) == len(stage.nodes)
    assert exports["us"] == exports["ru"]
    assert exports["us"].keys() >= {"founding.json", "us/policy", "ru/policy"}
    bundles = [name for name in exports["us"] if "/bundles/" in name]
    assert len(bundles) == len(stage.nodes)


def test_both_records_verify_and_one_changed_byte_is_named(
    stage: Stage, officers: Mapping[str, Officer]
) -> None:
    wait_until_level(officers)
    assert len({o.raw(f"/lines/{o.line}/state") for o in officers.values()}) == 1
    for node in stage.nodes.values():
        node.stop()
        run("record", "verify", str(node.directory))
        folder = stage.directory / f"export-{node.directory.name}-stopped"
        line = officers[node.directory.name].line
        run("record", "export", str(node.directory), "--line", line, "--tiles", str(folder))
    copy = stage.directory / "tampered"
    tamper(stage.directory / "ru", copy, party="us", index=3)
    printed = run("record", "verify", str(copy), status=1)
    assert "us/3" in printed or "us entry 3" in printed
