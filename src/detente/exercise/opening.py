"""How the exercise stands when it opens: filed, released and said by both parties' officers.

What a visitor finds at 01:20 Z: one open conflict with a proposal to shift 45 minutes; the convoy
understood but not disseminated, its obligation counting down; an unanswered message from the other
side; the 00 Z line check lapsed; plans on each side that have not been released.

Every step has its own idempotency key, so that an opening that was interrupted is taken up where
it stopped and nothing stands twice.
"""

from collections.abc import Mapping
from functools import partial

from detente.exercise import northern_watch as exercise
from detente.exercise.officer import Json, Officer, wait_for

TITLES = {
    exercise.ORBIT.id: "Surveillance orbit south of Kunduz",
    exercise.TANKER.id: "Tanker anchor, Baghlan",
    exercise.AIRLIFT.id: "Airlift Kabul to Mazar-i-Sharif",
    exercise.CONVOY.id: "Relief convoy Sher Khan Bandar to Kunduz",
    exercise.KABUL_AIRPORT.id: "Kabul airport, open as the way out",
    exercise.HOSPITAL.id: "Regional hospital, Kunduz",
    exercise.ORBIT_WEST.id: "Surveillance orbit, west",
    exercise.ORBIT_EAST.id: "Surveillance orbit, east",
    exercise.RECONNAISSANCE.id: "Reconnaissance Dushanbe, Panj, Kunduz, Ayvaj",
    exercise.PATROL.id: "Helicopter patrol along the Panj",
    exercise.TRAINING.id: "Training ground, exercise on 9 August",
    exercise.PANJ_LINE.id: "Coordination line along the Panj",
    exercise.PATROL_NIGHT.id: "Night patrol along the Panj",
}


def open_exercise(us: Officer, ru: Officer) -> None:
    """Bring both nodes to the state in which the exercise opens."""
    officers = {"us": us, "ru": ru}
    wait_until_in_force(officers)
    file_and_release(officers)
    wait_until_level(officers)
    _acknowledge_all_but_the_convoy(us, ru)
    propose_shift(us, ru)
    us.say(
        "messages",
        {
            "text": "EXERCISE. Has the notice of the convoy reached your patrols?",
            "language": "en",
            "precedence": "priority",
        },
        key="opening-message-us",
    )
    ru.say(
        "messages",
        {"phrase": "request-explanation", "slots": {"activity": exercise.TANKER.id}},
        key="opening-message-ru",
    )
    _state_lapsed_check(us)
    wait_until_level(officers)


def file_and_release(officers: Mapping[str, Officer]) -> None:
    """File every plan privately and release those that the exercise opens with."""
    for party, officer in officers.items():
        for plan in exercise.PLANS[party]:
            officer.file(plan, TITLES[plan.id], key=f"opening-file-{plan.id}")
        for plan_id, form in exercise.RELEASED[party]:
            officer.release(plan_id, form, key=f"opening-release-{plan_id}")


def propose_shift(us: Officer, ru: Officer) -> Json:
    """``ru`` proposes to fly its corridor later. Returns the entry."""
    conflict = wait_for("the conflict", lambda: open_conflicts(ru))[0]
    entry: Json = ru.say(
        "proposals",
        {
            "conflict": conflict["id"],
            "moves": "ru",
            "shift": {"time_s": exercise.PROPOSED_SHIFT_S},
            "note": "EXERCISE. We can fly 45 minutes later.",
        },
        key="opening-proposal",
    )
    wait_for("the proposal at the other node", lambda: us.on_line("proposals"))
    return entry


def open_conflicts(officer: Officer) -> list[Json]:
    """The line's joint conflicts that are open."""
    found: list[Json] = officer.on_line("conflicts")["conflicts"]
    return [c for c in found if c["state"] == "open" and c["basis"] == "joint"]


def wait_until_in_force(officers: Mapping[str, Officer]) -> None:
    """Wait until every node holds the first entry of every party."""
    for officer in officers.values():
        wait_for(f"the line in force at {officer.party}", partial(_is_in_force, officer))


def _is_in_force(officer: Officer) -> bool:
    return bool(officer.get(f"/lines/{officer.line}")["state"] == "in-force")


def wait_until_level(officers: Mapping[str, Officer]) -> None:
    """Wait until every node has received, and compared, everything the others have written."""
    for officer in officers.values():
        wait_for(f"{officer.party} and its peers level", partial(_is_level, officer))


def _is_level(officer: Officer) -> bool:
    received = all(
        link["held_by_us"] == link["peer_size"] and link["held_by_peer"] == link["own_size"] > 0
        for link in officer.on_line("links")
    )
    # Conflicts with what has been recalled stay unknown; all others are known by then.
    compared = all(activity["compared"] for activity in officer.on_line("activities"))
    return received and compared and not any(plan["unknown"] for plan in officer.get("/plans"))


def _acknowledge_all_but_the_convoy(us: Officer, ru: Officer) -> None:
    for officer in (us, ru):
        for activity in officer.on_line("activities"):
            if activity["own"]:
                continue
            level = "understood" if activity["id"] == exercise.CONVOY.id else "disseminated"
            officer.say(
                "acknowledgements",
                {"entry": activity["entry"], "level": level, "note": ""},
                key=f"opening-acknowledge-{activity['id']}",
            )


def _state_lapsed_check(us: Officer) -> None:
    """Nobody made the 00 Z check; ``us`` waited for it and says so on the record."""
    for obligation in us.on_line("obligations"):
        if (obligation["what"], obligation["state"]) == ("line-check", "late") and not (
            obligation["own"]
        ):
            us.say("lapses", {"obligation": obligation["id"]}, key="opening-lapse")
