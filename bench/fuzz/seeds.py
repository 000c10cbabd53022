"""The corpus: what is in it from the beginning, one valid input or more of each kind.

``./dev bench fuzz --seeds`` writes these files anew; signatures by ML-DSA-44 are other ones each
time. What a run has found stands beside them under its hash, and stays.
"""

import base64
import hashlib
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from bench.fuzz import media
from bench.fuzz.readers import CA, LINE, card_of, key_of, line, line_key, signed
from bench.fuzz.thirds import (
    LETTER,
    letter_by,
    log_keys,
    origin,
    root,
    sealed,
    sealing_key,
    signed_note,
    submission,
    witness,
    witnessed,
)
from detente.api.route import is_struct, operation_id
from detente.api.table import ROUTES
from detente.cli.terms import template
from detente.line import encode_terms
from detente.line.terms import TwoPerson
from detente.node import roles
from detente.record import (
    Checkpoint,
    Entry,
    checkpoint,
    entry_to_bundle,
    make_card,
    open_card,
    tree,
    write_entry,
)
from detente.record.envelope import Envelope
from detente.record.proof import encode_proof, prove_entries, prove_history
from detente.record.reading import encode_base64
from detente.record.strict_json import canonical

CORPUS = Path(__file__).resolve().parents[2] / "tests" / "fuzz" / "corpus"

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
    from detente.line import conflict_id

    return conflict_id(line().id, ("ru", "drop-2"), ("us", "orbit-1"))


OFFICE = ("found", "officer", "join", "rebuild", "password", "lock-out")
"""Requests by an administrator; all others are by an officer on watch."""


def requests() -> dict[str, dict[str, Any]]:
    """What officers send."""
    on = "/api/v1/lines/$line"
    plan = {"id": "orbit-1", "kind": "surveillance", "volumes": [VOLUME], "title": "orbit"}
    asked: dict[str, tuple[str, str, Any]] = {
        "file": ("POST", "/api/v1/plans", plan),
        "change": ("PUT", "/api/v1/plans/orbit-1", {"kind": "survey", "volumes": [AREA]}),
        "preview": ("POST", "/api/v1/plans/orbit-1/preview", {"line": "$line", "form": "coarse"}),
        "release": ("POST", "/api/v1/plans/orbit-1/release", {"line": "northern-watch"}),
        "withdraw": ("POST", "/api/v1/plans/orbit-1/withdraw", {"line": "northern-watch"}),
        "plans": ("GET", "/api/v1/plans?limit=10", None),
        "import": ("POST", "/api/v1/plans/import?name=a.geojson",
                   {"type": "Feature", "properties": {}, "geometry": {"type": "Point",
                    "coordinates": PLACE}}),
        "message": ("POST", f"{on}/messages", {"text": "hello", "language": "en"}),
        "phrase": ("POST", f"{on}/messages", {"phrase": "say-again", "slots": {}}),
        "recall": ("POST", f"{on}/recalls", {"entry": "$entry", "note": ""}),
        "commit": ("POST", f"{on}/commitments", {"text": "so", "language": "en"}),
        "propose": ("POST", f"{on}/proposals", {"conflict": "0" * 64, "moves": "us",
                    "shift": {"time_s": 60}, "note": ""}),
        "acknowledge": ("POST", f"{on}/acknowledgements", {"entry": "0" * 64,
                        "level": "understood"}),
        "check": ("POST", f"{on}/line-checks", {}),
        "lapse": ("POST", f"{on}/lapses", {"obligation": "x"}),
        "admit": ("POST", f"{on}/admissions", {"card": CARDS["tj"].decode(),
                  "fingerprint": open_card(CARDS["tj"]).fingerprint, "sees_everything": True}),
        "admissions": ("GET", f"{on}/admissions", None),
        "vouch": ("POST", f"{on}/key-vouches", {"card": CARDS["next"].decode(),
                  "fingerprint": open_card(CARDS["next"]).fingerprint}),
        "adopt": ("POST", f"{on}/key-adoption", None),
        "join": ("POST", "/api/v1/lines/join", {"founding": line().raw.decode(),
                 "confirm": {"ru": "0"}, "newcomer": True}),
        "pending": ("GET", f"{on}/pending", None),
        "confirm": ("POST", f"{on}/pending/0/confirm", {"sha256": "0" * 64}),
        "refuse": ("DELETE", f"{on}/pending/0", None),
        "parcel": ("POST", f"{on}/parcels", {"to": "ru", "log": "us", "start": 0, "card": None}),
        "parcel-in": ("POST", "/api/v1/parcels", "detente-parcel 1\n{}\n"),
        "open": ("POST", f"{on}/commitments/$commitment/open", None),
        "commit-plan": ("POST", f"{on}/commitments", {"plan": "orbit-1", "form": "coarse",
                        "open_from": "2026-11-22T09:00:00Z", "note": "soon"}),
        "suspend": ("POST", f"{on}/suspend", {"note": ""}),
        "resume": ("POST", f"{on}/resume", {"note": ""}),
        "prospect": ("POST", f"{on}/conflicts/{'0' * 64}/prospect", {"moves": "us",
                     "shift": {"time_s": 60}}),
        "policy": ("GET", f"{on}/logs/us/policy", None),
        "witnesses": ("GET", f"{on}/witnesses", None),
        "changes": ("GET", "/api/v1/changes?since=0&limit=10", None),
        "rebuild": ("POST", "/api/v1/record/rebuild", None),
        "password": ("DELETE", "/api/v1/officers/fuzz%20admin/password", None),
        "lock-out": ("DELETE", "/api/v1/officers/fuzz%20admin/lock-out", None),
        "terms": ("POST", f"{on}/terms", json.loads(encode_terms(line().terms))),
        "entries": ("GET", f"{on}/entries?party=us&start=0&limit=5", None),
        "log": ("GET", f"{on}/logs/us?from=0", None),
        "tile": ("GET", f"{on}/logs/us/tile/0/000.p/1", None),
        "conflicts": ("GET", f"{on}/conflicts", None),
        "found": ("POST", "/api/v1/lines/found", {"name": "other", "terms": {}, "cards": []}),
        "officer": ("POST", "/api/v1/officers", {"name": "one", "role": "watch"}),
    }  # fmt: skip
    return {
        name: {
            "method": method,
            "path": path,
            "body": body,
            "as": int(name in OFFICE),
        }
        for name, (method, path, body) in asked.items()
    }


NAMES = {"line": "$line", "plan": "orbit-1", "party": "us", "entry": "$entry",
         "commitment": "$commitment", "tile": "0/000.p/1"}  # fmt: skip
"""What stands for the parameters of a path; "0" for all others."""


def routes() -> dict[str, dict[str, Any]]:
    """One request for every route there is, with whatever its body has to have.

    They are no files: so whoever adds a route has it fuzzed, and has nothing to write. Leaving is
    left out: whoever has left is asked nothing more.
    """
    found = {}
    for route in (one for one in ROUTES if not one.path.endswith("/leave")):
        names = re.findall(r"{(\w+)}", route.path)
        body = _example(route.body) if is_struct(route.body) else None
        found[f"route-{operation_id(route)}"] = {
            "method": route.method,
            "path": route.path.format(**{name: NAMES.get(name, "0") for name in names}),
            "body": body,
            "as": int("admin" in roles.MAY[route.act] and "senior" not in roles.MAY[route.act]),
        }
    return found


def _example(kind: Any) -> Any:
    """A value that this type admits, as JSON; the least of it."""
    schema, components = msgspec.json.schema_components([kind], ref_template="{name}")
    return _of_schema(schema[0], components)


def _of_schema(schema: dict[str, Any], components: dict[str, Any]) -> Any:
    if "$ref" in schema:
        return _of_schema(components[schema["$ref"]], components)
    if "anyOf" in schema:
        return _of_schema(schema["anyOf"][0], components)
    if "enum" in schema or "const" in schema:
        return schema["const"] if "const" in schema else schema["enum"][0]
    if schema.get("type") == "object":
        inner = schema.get("properties", {})
        return {name: _of_schema(inner[name], components) for name in schema.get("required", ())}
    simple: dict[str, Any] = {
        "array": [],
        "integer": 1,
        "number": 1.5,
        "boolean": True,
        "null": None,
    }
    return simple.get(schema.get("type", ""), "2026-11-22T09:00:00Z")


def pushes() -> dict[str, dict[str, Any]]:
    """What a peer pushes."""
    entries = [{name: one[name] for name in ("type", "about", "body")}
               for talk in talks().values() for one in talk if one["party"] == "ru"]  # fmt: skip
    # What names another entry has no place in a push that begins anywhere.
    left = ("line.leave", "key.rotate")
    kept = [one for one in entries if one["type"] not in left and "$" not in json.dumps(one)]
    return {
        "hello": {"entries": [{}], "from": 0, "note": 0, "with": {}},
        "many": {"entries": [*kept, {}, {}], "from": 0, "note": 1, "with": {"urgent": True}},
        "rotate": {
            "entries": [
                {"type": "key.rotate", "about": rotation(), "body": CARDS["next"].decode()}
            ],
            "from": 0,
            "note": 0,
            "with": {},
        },
        "again": {"entries": [{}], "from": -1, "note": 0, "with": {"checkpoint": None}},
        "cosignatures": {"path": "/logs/us/cosignatures", "raw": '{"checkpoint":"x\\n"}'},
    }


def carried() -> dict[str, dict[str, Any]]:
    """What is carried by hand to ``us``."""
    heads = {"heads": {"tj": {"size": 2, "checkpoint": None}}}
    parcel = {"letter": {}, "rotations": [], "spans": [], "last": heads, "cut": 0}
    return {
        "hello": parcel | {"spans": [pushes()["hello"] | {"with": {"checkpoint": None}}]},
        "ahead": parcel | {"spans": [{"entries": [{}, {}], "skip": 1, "with": {"urgent": True}},
                                     {"entries": [{}], "with": {"checkpoint": None}}]},
        "short": parcel | {"cut": 5},
    }  # fmt: skip


def shown() -> dict[str, dict[str, Any]]:
    """What a witness is asked."""
    digest = hashlib.sha256(origin().encode()).hexdigest()
    other = Checkpoint(origin(), 9, bytes(32)).text
    return {
        "again": {"old": 0, "grow": 0},
        "checkpoint": {"path": f"{digest}/checkpoint"},
        "grows": {"old": 0, "grow": 7},
        "other": {"old": 0, "grow": 1, "text": other, "proof": []},
        "stale": {"old": 3, "grow": 8},
    }


def witness_calls() -> dict[str, list[dict[str, Any]]]:
    """What a witness answers."""
    cosigned = {"status": 200, "kind": "text/plain", "body": "$cosigned"}
    nothing = {"status": 404, "kind": "text/plain", "body": ""}
    stale = {"status": 409, "kind": "text/x.tlog.size", "body": "1\n"}
    return {
        "cosigned": [cosigned, nothing],
        "seen": [cosigned, nothing, nothing, nothing, cosigned | {"body": "$note"}],
        "stale": [stale, cosigned, nothing],
    }


def answers() -> dict[str, dict[str, Any]]:
    """What a peer answers."""
    head = {"size": 3, "checkpoint": _note("us", [_entry(0, "a")])}
    quota = {"error": "over-quota", "message": "used up", "remedy": "go on later", "retry_s": 3600}
    gap = {"error": "gap", "message": "entries before 5 are missing", "size": 3}
    return {
        "heads": {"status": 200, "body": {"heads": {"us": head}}},
        "page": {"status": 200, "body": {"entries": [], "checkpoint": None}},
        "receipt": {"status": 200, "body": {"size": 3, "cosignature": None}},
        "over-quota": {"status": 429, "body": quota},
        "gap": {"status": 409, "body": gap},
    }


def by_hand() -> dict[str, dict[str, bytes]]:
    """Sealed things, and what goes to a witness and back."""
    key, rotated = line_key("us"), signed(
        line_key("us"), LINE, "us", 3, {"type": "key.rotate", "about": rotation()}, CARDS["next"]
    )  # fmt: skip
    said = LETTER | {"label": "0" * 64}
    letters = {
        "plain": letter_by(key, said, []),
        "rotated": letter_by(key_of("us's next"), said, [rotated["envelope"]]),
    }
    bundle = entry_to_bundle(_entry(0, "a"))
    span = {"log": "us", "from": 0, "entries": [bundle], "checkpoint": None, "urgent": True}
    heads = {"heads": {"us": {"size": 1, "checkpoint": _note("us", [_entry(0, "a")])}}}
    parcel = sealed(
        "us",
        sealing_key().public,
        lambda digest: letter_by(key, LETTER | {"label": digest}, []),
        [canonical(span), canonical(heads)],
    )
    keys = [*log_keys(), *witness().keys]
    return {
        "letter": letters,
        "parcel": {"whole": parcel},
        "policy": {"log": "\n".join([f"log {log_keys()[0]}", "quorum none", ""]).encode()},
        "submission": {"first": submission(0, 7), "next": submission(4, 7)},
        "verifier-key": {str(number): text.encode() for number, text in enumerate(keys)},
        "witness-answer": {"lines": witnessed(signed_note(Checkpoint(origin(), 7, root(7)).text)),
                           "size": b"7\n"},
    }  # fmt: skip


def _entry(index: int, text: str) -> Entry:
    return write_entry(
        line_key("us"),
        line=LINE,
        party="us",
        index=index,
        type="message",
        time="2026-11-22T08:00:00.123Z",
        seen={},
        about={"precedence": "routine", "reply_to": None, "conflict": None},
        body=json.dumps({"text": text, "language": "en"}).encode(),
        salt=bytes(range(32)),
    )


def _note(key: str, entries: list[Entry]) -> str:
    root = tree.root_of(tree.leaf_hash(one.leaf) for one in entries)
    place = Checkpoint(checkpoint.origin(LINE, key), len(entries), root)
    return checkpoint.sign_checkpoint(line_key(key), place)


def record() -> dict[str, dict[str, bytes]]:
    """Signed things."""
    one, other = [_entry(n, "a") for n in range(4)], [_entry(n, "b") for n in range(4)]
    note = _note("us", one)
    cosigned = checkpoint.cosign(line_key("us"), "us", _note("ru", []), 1795334400)
    ru_note = checkpoint.sign_checkpoint(
        line_key("ru"), Checkpoint(checkpoint.origin(LINE, "ru"), 4, bytes(32))
    )
    cosignature = checkpoint.cosign(line_key("us"), "us", ru_note, 1795334400)
    history = prove_history(
        LINE, "us", None, [], [entry.envelope for entry in one], _note("us", other)
    )
    envelope: Envelope = one[0].envelope
    card = card_of("us")
    return {
        "bundle": {"message": canonical(entry_to_bundle(one[3]))},
        "card": {"us": card, "ru": card_of("ru"), "next": CARDS["next"]},
        "card-payload": {"us": base64.b64decode(json.loads(card)["payload"])},
        "checkpoint": {
            "text": Checkpoint(checkpoint.origin(LINE, "ru"), 4, bytes(32)).text.encode()
        },
        "envelope": {"message": envelope.to_json()},
        "founding": {"watch": line().raw},
        "header": {"message": envelope.payload},
        "note": {
            "twice": note.encode(),
            "cosigned": checkpoint.with_cosignatures(note, [cosigned]).encode(),
        },
        "proof": {
            "entries": encode_proof(prove_entries(LINE, "us", one[3].envelope, other[3].envelope)),
            "history": encode_proof(history),
        },
        "signature": {"cosignature": cosignature.encode()},
    }


SETTINGS = (
    'party = "us"\nname = "Us"\nlanguages = ["en"]\nendpoint = "https://192.0.2.1:7443"\n'
    'database = "detente.db"\napi = "127.0.0.1:7080"\n'
    'line = "[::1]:7443"\nhosts = []\npoll_s = 3.0\n'
)


def seeds() -> dict[str, dict[str, bytes]]:
    """All of it: by the reader, and by name."""

    def of(values: dict[str, Any]) -> dict[str, bytes]:
        return {
            name: json.dumps(value, ensure_ascii=False).encode() for name, value in values.items()
        }

    terms = template(datetime(2026, 11, 22, tzinfo=UTC))
    return (
        record()
        | by_hand()
        | media.seeds()
        | {
            "carried": of(carried()),
            "peer-answer": of(answers()),
            "shown": of(shown()),
            "witness-call": of(witness_calls()),
            "entries": of(talks()),
            "json": of({"all": [None, True, -1, 1.5e3, "Ж\n\u2028", {"a": {"b": []}}]}),
            "push": of(pushes()),
            "request": of(requests()),
            "settings": {"plain": SETTINGS.encode()},
            "terms": {"standard": encode_terms(line().terms), "witnessed": encode_terms(WITNESSED)},
            "terms-file": {"template": terms.encode()},
            "tile-path": {"leaf": b"tile/0/x001/x234/067", "entries": b"tile/entries/000.p/5"},
        }
    )


def write(folder: Path = CORPUS) -> None:
    """Write them."""
    for kind, named in seeds().items():
        (folder / kind).mkdir(parents=True, exist_ok=True)
        for name, data in named.items():
            (folder / kind / name).write_bytes(data)


def load(folder: Path = CORPUS) -> dict[str, dict[str, bytes]]:
    """What the corpus holds, with what was found since, and a request for every route."""
    found = {
        kind.name: {file.name: file.read_bytes() for file in sorted(kind.iterdir())}
        for kind in sorted(folder.iterdir())
        if kind.is_dir()
    }
    found["request"] |= {name: json.dumps(asked).encode() for name, asked in routes().items()}
    return found
