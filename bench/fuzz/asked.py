"""What officers ask of a node, in the corpus: what is worth asking, and a request of each route."""

import json
import re
from typing import Any

import msgspec

from bench.fuzz.readers import line
from bench.fuzz.said import AREA, CARDS, PLACE, VOLUME
from detente.api.route import is_struct, operation_id
from detente.api.table import ROUTES
from detente.line import encode_terms
from detente.node import roles
from detente.record import open_card

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
