"""What members of a line say to each other, in the corpus: one valid talk or more of each kind."""

import hashlib
from typing import Any

import msgspec

from bench.fuzz.readers import CA, card_of, key_of, line
from bench.fuzz.thirds import sealing_key, witness
from detente.line import conflict_id
from detente.line.terms import TwoPerson
from detente.record import make_card, open_card
from detente.record.reading import encode_base64

VOLUME = {
    "core": {
        "type": "LineString",
        "coordinates": [[68.8, 36.2], [69.1, 36.2]],
        "edges": "geodesic",
    },
    "radius_m": 9260.0,
    "lower": {"value_m": 7315.2, "reference": "STD"},
    "upper": {"value_m": 7924.8, "reference": "STD"},
    "start": "2026-11-22T09:00:00Z",
    "end": "2026-11-22T10:00:00Z",
}
SQUARE = [[68.5, 36.0], [69.5, 36.0], [69.5, 36.5], [68.5, 36.5], [68.5, 36.0]]
AREA = VOLUME | {
    "core": {"type": "Polygon", "coordinates": [SQUARE], "edges": "straight"},
    "radius_m": 0.0,
    "lower": None,
    "upper": {"value_m": 9000.0, "reference": "MSL"},
}
RELEASED = {"kind": "surveillance", "volumes": [VOLUME], "note": ""}
PLACE = [68.87, 36.65513]
NOTHING: dict[str, Any] = {}

CARDS = {
    "us": card_of("us"),
    "tj": card_of("tj"),
    "next": make_card(
        key_of("us's next"),
        party="us",
        name="Cell us",
        ca=CA,
        endpoint="https://192.0.2.1:7443",
        languages=["en"],
        sealing=sealing_key().public,
    ),
}
"""Cards of a member, of a newcomer, and of the member with all keys changed."""


def rotation() -> dict[str, Any]:
    """What the header of a change of keys says: that to those of the card ``next``, both halves."""
    public = open_card(CARDS["next"]).public
    assert public.ml_dsa is not None
    return {
        "sign_key": encode_base64(public.raw),
        "card_sha256": hashlib.sha256(CARDS["next"]).hexdigest(),
        "vouched": False,
        "ml_dsa_44_key": encode_base64(public.ml_dsa.raw),
    }


def admission() -> dict[str, Any]:
    """What the header of a signature for a newcomer says."""
    return {
        "party": "tj",
        "sign_key": encode_base64(open_card(CARDS["tj"]).public.raw),
        "card_sha256": hashlib.sha256(CARDS["tj"]).hexdigest(),
    }


def release(party: str, name: str, **more: Any) -> dict[str, Any]:
    """A release of version 1."""
    about = {"activity": name, "version": 1, "supersedes": None, "form": "exact", "settles": None}
    said = {"party": party, "type": "activity.release", "about": about, "body": RELEASED}
    return said | more


def say(party: str, kind: str, about: dict[str, Any], body: Any = None) -> dict[str, Any]:
    """Any entry."""
    return {
        "party": party,
        "type": kind,
        "about": about,
        "body": {"note": ""} if body is None else body,
    }


def talks() -> dict[str, list[dict[str, Any]]]:
    """What members say to each other, by what it is about."""
    hello = {"precedence": "routine", "reply_to": None, "conflict": None}
    conflict = line_conflict()
    versions = {"ru": "$1", "us": "$0"}
    area = {"kind": "danger area", "volumes": [AREA], "note": ""}
    proposal = {"conflict": conflict, "versions": versions, "moves": "ru"}
    side = {"place": PLACE, "bearing_deg": 45.0, "distance_m": 13000.0}
    commitment = {"sha256": "0" * 64, "subject": "statement", "open_from": None, "open_by": None}
    sides = [release("us", "orbit-1"), release("ru", "drop-2")]
    return {
        "messages": [
            say("us", "message", hello, {"text": "hello", "language": "en"}),
            say("ru", "message", hello | {"reply_to": "$0"}, {"phrase": "say-again", "slots": {}}),
            say("ru", "acknowledgement", {"entry": "$0", "level": "understood"}),
            say("us", "lapse", {"owed_by": "ru", "entry": "$0", "what": "disseminated",
                                "due": "2026-11-22T08:30:00Z"}, NOTHING),
        ],
        "settled": [
            *sides,
            say("us", "proposal", proposal, {"shift": {"time_s": 2700}, "note": ""}),
            say("ru", "proposal.assent", {"proposal": "$2"}),
        ],
        "sideways": [
            *sides,
            say("us", "proposal", proposal, {"shift": side, "note": ""}),
            say("ru", "proposal.decline", {"proposal": "$2"}),
            say("us", "proposal", proposal, {"shift": {"altitude_m": -609.6}, "note": ""}),
            say("us", "proposal", proposal, {"shift": {"volumes": [AREA]}, "note": ""}),
        ],
        "areas": [release("us", "orbit-1"), release("ru", "sca", body=area)],
        "withdrawn": [
            release("us", "orbit-1"),
            say("us", "activity.withdraw",
                {"activity": "orbit-1", "version": 2, "supersedes": "$0"}),
        ],
        "recalled": [
            release("us", "orbit-1"),
            say("us", "recall", {"entry": "$0"}),
            say("ru", "recall.honoured", {"recall": "$1"}, NOTHING),
        ],
        "committed": [
            say("us", "commitment", commitment),
            say("us", "commitment.open", {"commitment": "$0"}, {"text": "so", "language": "en"}),
        ],
        "suspended": [
            say("ru", "line.suspend", {}),
            say("ru", "line.check", {"slot": "2026-11-22T12:00:00Z"}, NOTHING),
            say("ru", "line.resume", {}),
            say("ru", "line.leave", {}),
        ],
        "rotated": [
            say("us", "key.rotate", rotation(), CARDS["next"].decode()),
            say("ru", "key.vouch", {"party": "us", "card_sha256": "$0"}, CARDS["us"].decode()),
        ],
        "vouched": [
            say("ru", "key.vouch", {"party": "us", "card_sha256": rotation()["card_sha256"]},
                CARDS["next"].decode()),
            say("us", "key.rotate", rotation() | {"vouched": True}, CARDS["next"].decode()),
        ],
        "admitted": [
            say(party, "line.admit", admission(), CARDS["tj"].decode()) for party in ("us", "ru")
        ],
        "fixed-plan": [
            say("us", "commitment", commitment | {"subject": "activity",
                "open_from": "2026-11-22T09:00:00Z", "open_by": "2026-11-23T09:00:00Z"}),
            say("us", "commitment.open", {"commitment": "$0"}, RELEASED),
        ],
        **watching(),
        "unknown": [say("ru", "visit.later", {"to": "tj"}, {"anything": [1, 2, {"more": None}]})],
    }  # fmt: skip


def watching() -> dict[str, list[dict[str, Any]]]:
    """What members say when they watch together: permissions, visits, observations."""
    core = {"type": "Point", "coordinates": PLACE, "edges": "geodesic"}
    hours = {"from": "2026-11-25T06:00:00Z", "until": "2026-11-26T06:00:00Z"}
    people, things = [{"role": "observer", "count": 3}], [{"item": "camera", "count": 2}]
    place = {"name": "Kunduz", "core": core, "radius_m": 20_000.0}
    asked = {"permission": "summer", "host": "ru", "kind": "visit", **hours, "renews": None}
    purpose = {"purpose": "look", "places": [place], "people": people, "equipment": things}
    limits = {"hours_utc": [[4.0, 14.0]], "people": people, "quota_units": 1}
    told = {"visit": "$2"}
    plan = {**told, "version": 1, "supersedes": None, "activity": "orbit-1", "release": "$4"}
    remark = {"text": "so", "language": "en"}
    media = {"item": "film-1", "manifest_sha256": "3" * 64}
    seen = {"observation": "shots-1", "version": 1, "supersedes": None, "marking": "TLP:GREEN"}
    event = {
        "kind": "explosion",
        "core": core,
        "radius_m": 500.0,
        "from": "2026-11-22T07:00:00Z",
        "until": "2026-11-22T07:10:00Z",
        "how": "heard",
        "confidence": "moderate",
        "counts": {"shots": 3},
        "text": "a bang",
        "language": "en",
    }
    pair = {
        "a": {"party": "ru", "observation": "shots-1"},
        "b": {"party": "us", "observation": "shots-1"},
    }
    return {
        "permissions": [
            say("us", "permission.request", asked, purpose | {"quota": "visits", "note": ""}),
            say("ru", "permission.answer", {"request": "$0", "answer": "limited", **hours},
                {"limits": limits, "note": ""}),
            say("us", "permission.request", asked | {"renews": "$0"}, purpose),
            say("ru", "permission.answer",
                {"request": "$2", "answer": "refused", "from": None, "until": None}, NOTHING),
            say("ru", "permission.revoke", {"request": "$0", "from": hours["from"]}),
            say("us", "permission.withdraw", {"request": "$2"}),
        ],
        "visit": [
            say("us", "permission.request", asked, purpose),
            say("ru", "permission.answer", {"request": "$0", "answer": "granted", **hours},
                NOTHING),
            say("us", "visit.notice", {"visit": "autumn", "host": "ru", "request": "$0", **hours},
                {"point_of_entry": "Kunduz", "people": people, "equipment": things}),
            say("ru", "visit.acknowledge", told, {"escorts": people, "hours_utc": [[4.0, 14.0]]}),
            release("us", "orbit-1"),
            say("us", "visit.plan", plan),
            say("ru", "visit.review", {"plan": "$5", "answer": "change", "ground": "safety"}),
            say("ru", "visit.inspect", told | {"finding": "differs"},
                {"items": [{"item": "camera", "agreed": 2, "found": 3}]}),
            say("us", "visit.stage", told | {"stage": "begun", "at": hours["from"]}, remark),
            say("ru", "visit.restrict", told | hours, {"places": [place], **remark}),
            say("us", "visit.deviation", told | {"at": hours["from"]}, remark),
        ],
        "visited": [
            say("us", "permission.request", asked, purpose),
            say("ru", "permission.answer", {"request": "$0", "answer": "granted", **hours},
                NOTHING),
            say("us", "visit.notice", {"visit": "autumn", "host": "ru", "request": "$0", **hours},
                {"point_of_entry": "Kunduz"}),
            *(say(party, "visit.seal", told | media | {"content_sha256": "4" * 64,
                  "size_bytes": 9}, NOTHING) for party in ("us", "ru")),
            say("ru", "visit.open", told | media | {"finding": "broken", "found_sha256": "5" * 64}),
            say("ru", "visit.session", told | {"session": "one", "ended": "halted", "actions": 3,
                "log_sha256": "6" * 64}),
            *(say(party, "visit.report", told | {"version": 1, "supersedes": None,
                  "report_sha256": "7" * 64}, remark | {"not_observed": ["the north"]})
              for party in ("us", "ru")),
            say("ru", "visit.cancel", told | {"ground": "weather"}, remark),
        ],
        "observations": [
            say("us", "observation.report", seen, event),
            say("ru", "observation.report", seen, event | {"radius_m": 0.0, "visit": "0" * 64}),
            say("us", "observation.link", pair),
            say("ru", "observation.dispute", {"link": "$2"}, remark),
            say("ru", "observation.takeback", {"of": "$3"}),
            say("us", "observation.report", seen | {"version": 2, "supersedes": "$0"}, event),
            say("us", "observation.retract",
                {"observation": "shots-1", "version": 3, "supersedes": "$5"}),
            say("us", "report.daily", {"day": "2026-11-22", "cutoff": "2026-11-22T18:00:00Z",
                "joint_sha256": "8" * 64}, {"text": "quiet", "language": "en"}),
        ],
    }  # fmt: skip


WITNESSED = msgspec.structs.replace(
    line().terms,
    version=2,
    witnesses=(witness(),),
    two_person=TwoPerson(exact_releases=("*",), terms=True, leaving=True),
)
"""Terms that ask for more than the standard ones."""


def line_conflict() -> str:
    """The id of the conflict of the two activities."""
    return conflict_id(line().id, ("ru", "drop-2"), ("us", "orbit-1"))
