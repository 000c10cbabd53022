"""Who may call what: every route for every role, as declared here and nowhere else.

The table below is written by hand, not taken from the code's own: a route that is added, or whose
guard is changed, fails here until somebody has said who may call it. Then the object: who may call
a route may still not touch another line's entries, or confirm what they asked for themselves.
"""

import re
from typing import Any

import httpx
import pytest
from starlette.routing import Route

from detente.api.app import build
from detente.api.table import ROUTES
from detente.node import roles

V1 = "/api/v1"
LINE, OTHER = "northern-watch", "southern-watch"

LETTERS = {
    "W": "watch", "R": "releaser", "S": "senior", "A": "auditor", "M": "admin", "O": "operator",
}  # fmt: skip
ANYBODY = "anybody"
"""Also without a session."""

TABLE = {
    "GET /node": "WRSAMO",
    "GET /card": "WRSAMO",
    "GET /officers": "MO",
    "POST /officers": "MO",
    "DELETE /officers/{officer}": "MO",
    "POST /login-links": "MO",
    "POST /login": ANYBODY,
    "POST /login/password": ANYBODY,
    "POST /account/password": "WRSAMO",
    "DELETE /officers/{officer}/password": "MO",
    "DELETE /officers/{officer}/lock-out": "MO",
    "GET /audit": "AMO",
    "GET /changes": "WRSAMO",
    "GET /observations/table": "WRSAMO",
    "GET /observations": "WRSA",
    "POST /observations": "WRS",
    "POST /observations/import": "WRS",
    "GET /observations/{observation}": "WRSA",
    "GET /observations/{observation}/versions": "WRSA",
    "PUT /observations/{observation}": "WRS",
    "DELETE /observations/{observation}": "WRS",
    "GET /lines/{line}/observations/table": "WRSAMO",
    "GET /lines/{line}/observations": "WRSA",
    "GET /lines/{line}/observations/export": "RS",
    "GET /lines/{line}/observations/by/{party}/{observation}": "WRSA",
    "POST /lines/{line}/observations/preview": "WRS",
    "POST /lines/{line}/observations": "RS",
    "POST /lines/{line}/observations/retract": "RS",
    "GET /plans": "WRSAMO",
    "POST /plans": "WRS",
    "POST /plans/import": "WRS",
    "GET /plans/{plan}": "WRSAMO",
    "PUT /plans/{plan}": "WRS",
    "DELETE /plans/{plan}": "WRS",
    "POST /plans/{plan}/preview": "WRS",
    "POST /plans/{plan}/release": "RS",
    "POST /plans/{plan}/withdraw": "RS",
    "GET /lines": "WRSAMO",
    "POST /lines/found": "MO",
    "POST /lines/join": "MO",
    "GET /lines/{line}": "WRSAMO",
    "GET /lines/{line}/founding": "WRSAMO",
    "POST /lines/{line}/terms": "SO",
    "POST /lines/{line}/key-vouches": "MO",
    "POST /lines/{line}/key-adoption": "MO",
    "GET /lines/{line}/pending": "WRSAMO",
    "POST /lines/{line}/pending/{request}/confirm": "RSM",
    "DELETE /lines/{line}/pending/{request}": "RSM",
    "GET /lines/{line}/keys": "WRSAMO",
    "GET /lines/{line}/links": "WRSAMO",
    "GET /lines/{line}/witnesses": "WRSAMO",
    "GET /lines/{line}/admissions": "WRSAMO",
    "POST /lines/{line}/admissions": "SO",
    "GET /lines/{line}/activities": "WRSAMO",
    "GET /lines/{line}/conflicts": "WRSAMO",
    "GET /lines/{line}/conflicts/{conflict}": "WRSAMO",
    "POST /lines/{line}/conflicts/{conflict}/prospect": "WRSAMO",
    "POST /lines/{line}/line-checks": "WRS",
    "POST /lines/{line}/suspend": "S",
    "POST /lines/{line}/leave": "MO",
    "POST /lines/{line}/resume": "S",
    "POST /lines/{line}/parcels": "WRSMO",
    "POST /parcels": "WRSMO",
    "GET /lines/{line}/events": "WRSAMO",
    "GET /lines/{line}/event-links/suggestions": "WRSA",
    "POST /lines/{line}/event-links": "RS",
    "POST /lines/{line}/event-links/{link}/dispute": "RS",
    "POST /lines/{line}/take-backs": "RS",
    "GET /lines/{line}/changed": "WRSAMO",
    "POST /lines/{line}/changed": "WRSAMO",
    "GET /lines/{line}/dailies": "WRSAMO",
    "GET /lines/{line}/dailies/{day}": "WRSAMO",
    "GET /lines/{line}/dailies/{day}/joint": "WRSAMO",
    "POST /lines/{line}/dailies/{day}": "RS",
    "GET /lines/{line}/desks": "WRSAMO",
    "POST /lines/{line}/desks": "RS",
    "GET /desks/{desk}": "WRSAMO",
    "DELETE /desks/{desk}": "RS",
    "POST /desks/{desk}/files": "RS",
    "POST /desks/{desk}/plans": "RS",
    "POST /desks/{desk}/entries": "RS",
    "DELETE /desks/{desk}/items/{item}": "RS",
    "POST /desks/{desk}/guests": "MO",
    "GET /desks/{desk}/collected": "RS",
    "GET /desk-sessions/{session}/log": "WRSAMO",
    "POST /desk-sessions/{session}/halt": "WRS",
    "GET /lines/{line}/session-logs": "WRSAMO",
    "POST /lines/{line}/session-logs": "WRS",
    "GET /phrases": "WRSAMO",
    "GET /lines/{line}/messages": "WRSAMO",
    "POST /lines/{line}/messages": "WRS",
    "POST /lines/{line}/acknowledgements": "WRS",
    "GET /lines/{line}/proposals": "WRSAMO",
    "POST /lines/{line}/proposals": "WRS",
    "POST /lines/{line}/proposals/{proposal}/assent": "WRS",
    "POST /lines/{line}/proposals/{proposal}/decline": "WRS",
    "POST /lines/{line}/proposals/{proposal}/carry-out": "RS",
    "GET /lines/{line}/obligations": "WRSAMO",
    "POST /lines/{line}/lapses": "WRS",
    "GET /lines/{line}/recalls": "WRSAMO",
    "POST /lines/{line}/recalls": "RS",
    "GET /lines/{line}/commitments": "WRSAMO",
    "POST /lines/{line}/commitments": "RS",
    "POST /lines/{line}/commitments/{commitment}/open": "RS",
    "GET /lines/{line}/logs": "WRSAMO",
    "GET /lines/{line}/entries": "WRSAMO",
    "GET /lines/{line}/entries/{entry}": "WRSAMO",
    "GET /lines/{line}/state": "WRSAMO",
    "GET /lines/{line}/logs/{party}": "WRSAMO",
    "GET /lines/{line}/logs/{party}/checkpoint": "WRSAMO",
    "GET /lines/{line}/logs/{party}/policy": "WRSAMO",
    "GET /lines/{line}/logs/{party}/tile/{tile}": "WRSAMO",
    "GET /lines/{line}/proofs": "WRSAMO",
    "GET /lines/{line}/looked": "WRSAMO",
    "GET /lines/{line}/visits/{visit}/sealing": "WRSAMO",
    "POST /lines/{line}/media/seals": "RS",
    "POST /lines/{line}/media/shares": "RS",
    "POST /lines/{line}/media/keys": "RS",
    "POST /lines/{line}/media/openings": "RS",
    "POST /record/verify": "WRSAMO",
    "POST /record/rebuild": "MO",
    "GET /permissions": "WRSAMO",
    "POST /permissions": "RS",
    "GET /lines/{line}/permissions": "WRSAMO",
    "POST /lines/{line}/permissions/{request}/renew": "RS",
    "POST /lines/{line}/permissions/{request}/answer": "RS",
    "POST /lines/{line}/permissions/{request}/revoke": "RS",
    "POST /lines/{line}/permissions/{request}/withdraw": "RS",
    "GET /lines/{line}/visits": "WRSAMO",
    "GET /lines/{line}/visits/{visit}": "WRSAMO",
    "POST /lines/{line}/visits": "RS",
    "POST /lines/{line}/visits/{visit}/acknowledge": "RS",
    "POST /lines/{line}/visits/{visit}/stages": "WRS",
    "POST /lines/{line}/visits/{visit}/inspections": "WRS",
    "POST /lines/{line}/visits/{visit}/plans": "RS",
    "POST /lines/{line}/visits/{visit}/reviews": "RS",
    "POST /lines/{line}/visits/{visit}/restrictions": "RS",
    "POST /lines/{line}/visits/{visit}/deviations": "WRS",
    "POST /lines/{line}/visits/{visit}/cancel": "RS",
    "POST /lines/{line}/visits/{visit}/reports": "RS",
}
"""W watch, R releaser, S senior, A auditor, M administrator, O the operator at the node's folder.

Everybody who has logged in may look at lines and plans: a node is one party's, on one watch. The
audit log is for those who answer for it. Who confirms as a second officer is judged again by what
is confirmed (``tests/node/test_seconding.py``).
"""

BESIDE = {
    "GET /api/v1/events": "WRSAMO",
    "GET /metrics": "WRSAMO",
    "GET /healthz": ANYBODY,
    "GET /docs": ANYBODY,
    "GET /openapi.json": ANYBODY,
}
"""What is served beside the table of routes, by its whole path."""


def sample(path: str) -> str:
    return re.sub(r"{\w+}", "x", path)


def test_every_route_is_in_the_table_and_nothing_else() -> None:
    assert TABLE.keys() == {f"{one.method} {one.path.removeprefix(V1)}" for one in ROUTES}


def test_everything_that_is_served_is_in_one_of_the_tables(us: Any) -> None:
    app = build(us.node)
    served = {
        f"{method} {prefix}{route.path.replace(':path}', '}')}"
        for prefix, routes in [("", app.routes), (V1, _mounted(app))]
        for route in routes
        if isinstance(route, Route)
        for method in (route.methods or set()) - {"HEAD"}
    }
    declared = {f"{key.split(' ')[0]} {V1}{key.split(' ')[1]}" for key in TABLE}
    assert served == declared | BESIDE.keys()


def _mounted(app: Any) -> Any:
    return next(one.routes for one in app.routes if getattr(one, "path", "") == V1)


@pytest.fixture
def callers(us: Any) -> dict[str, str]:
    """A token of every role; that of nobody is empty."""
    tokens = {role: us.node.add_officer(f"one {role}", role) for role in roles.ROLES}
    return {**tokens, roles.OPERATOR: us.operator, "": "", "a stranger": "x" * 43}


def test_every_route_for_every_role(us: Any, desk: httpx.Client, callers: dict[str, str]) -> None:
    """What is not permitted is refused before the request is even read."""
    whole = {f"{key.split(' ')[0]} {V1}{key.split(' ')[1]}": who for key, who in TABLE.items()}
    wrong = []
    for key, who in (whole | BESIDE).items():
        method, path = key.split(" ")
        may = {LETTERS[letter] for letter in who} if who != ANYBODY else set(callers)
        for role, token in callers.items():
            headers = {"Authorization": f"Bearer {token}"} if token else {"Authorization": ""}
            with desk.stream(method, sample(path), content=b"?", headers=headers) as answer:
                status = answer.status_code
                said = "" if path.endswith("/events") else answer.read().decode()[:80]
            known = role in LETTERS.values()
            refused = status == (403 if known else 401) and (who != ANYBODY or "token" in said)
            if refused == (role in may):
                wrong.append((key, role or "nobody", status, said))
    assert wrong == []


@pytest.fixture
def two_lines(posts: Any, joined: Any) -> Any:
    """``us`` and ``ru`` on two lines, everything delivered by hand."""
    us, ru = both = posts("us", "ru")
    lines = [joined(both, name) for name in (LINE, OTHER)]
    ru.node.add_officer("r", "releaser")
    _level(lines, both)
    ru.node.send(OTHER, text="on the other line", language="en", officer="r")
    us.node.send(OTHER, text="ours on the other line", language="en", officer="duty")
    _level(lines, both)
    return us


def _level(lines: list[str], posts: Any) -> None:
    for _ in range(2):
        for sender, receiver in (posts, posts[::-1]):
            for line in lines:
                party = sender.party
                size = receiver.node.heads(line, party)[party].size
                page = sender.node.read_log(line, party, size, receiver.party)
                receiver.node.receive(line, party, size, page.entries, page.checkpoint, party)


def test_what_stands_on_one_line_is_nothing_on_another(two_lines: Any) -> None:
    """An officer who may do a thing on this line does it to this line's own objects only."""
    node = two_lines.node
    theirs, ours = (
        next(m.id for m in node.messages(OTHER) if m.party == party) for party in ("ru", "us")
    )
    commitment = node.commit(OTHER, text="later", officer="duty").id
    tries = [
        ("acknowledgements", {"entry": theirs, "level": "understood"}),
        ("recalls", {"entry": ours}),
        ("messages", {"text": "x", "language": "en", "reply_to": theirs}),
        (f"proposals/{theirs}/assent", {}),
        (f"proposals/{theirs}/carry-out", None),
        (f"commitments/{commitment}/open", None),
        ("lapses", {"obligation": f"understood:{ours}:ru"}),
    ]
    headers = {"Authorization": f"Bearer {two_lines.duty}"}
    base = two_lines.officers()
    before = [e.id for e in node.entries(LINE, "us")], [e.id for e in node.entries(OTHER, "us")]
    with httpx.Client(base_url=base, headers=headers, trust_env=False, timeout=30) as client:
        for path, body in tries:
            answer = client.post(f"{V1}/lines/{LINE}/{path}", json=body)
            assert answer.status_code in (404, 409), (path, answer.text)
        for path in (f"entries/{theirs}", f"pending/{theirs}/confirm"):
            if path.startswith("pending"):
                answer = client.post(f"{V1}/lines/{LINE}/{path}", json={"sha256": "0" * 64})
            else:
                answer = client.get(f"{V1}/lines/{LINE}/{path}")
            assert answer.status_code == 404, (path, answer.text)
    after = [e.id for e in node.entries(LINE, "us")], [e.id for e in node.entries(OTHER, "us")]
    assert after == before


def test_a_role_holds_until_the_account_ends_and_not_a_request_longer(
    us: Any, desk: httpx.Client
) -> None:
    token = us.node.add_officer("late", "admin")
    session = us.node.log_in(us.node.login_link("late"))
    for secret in (token, session):
        headers = {"Authorization": f"Bearer {secret}"}
        assert desk.get(f"{V1}/audit", headers=headers).status_code == 200
    us.node.end_officer("late")
    for secret in (token, session):
        headers = {"Authorization": f"Bearer {secret}"}
        assert desk.get(f"{V1}/audit", headers=headers).status_code == 401
        assert desk.get(f"{V1}/lines", headers=headers).status_code == 401
