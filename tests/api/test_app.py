"""The officers' face over a real socket: every route, and everything it refuses."""

import json
import re
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from openapi_spec_validator import validate
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import BaseRoute, Mount
from starlette.routing import Route as StarletteRoute

from detente import errors
from detente.api.app import build
from detente.api.bodies import UPLOAD_BYTES_MAX
from detente.api.errors import STATUSES, status_of
from detente.api.table import ROUTES
from detente.node import roles

Plan = Callable[..., dict[str, Any]]
V1 = "/api/v1"


def refused(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The problem in an answer, which must be of this status and code and tell no more."""
    assert answer.status_code == status, answer.text
    problem: dict[str, Any] = answer.json()
    assert problem["error"] == code
    assert problem["message"]
    assert "Traceback" not in answer.text
    assert set(problem) <= {"error", "message", "remedy", "where", "size", "items"}
    return problem


# --- documents ----------------------------------------------------------------------------------


def served_routes(app: Starlette) -> list[tuple[str, list[BaseRoute]]]:
    """The routes of an application and of what is mounted in it, each with its prefix."""
    mounts = [route for route in app.routes if isinstance(route, Mount)]
    return [("", app.routes), *((mount.path, mount.routes) for mount in mounts)]


def test_openapi_is_valid_and_has_every_route(us: Any, desk: httpx.Client) -> None:
    document = desk.get("/openapi.json").json()
    validate(document)
    assert document["openapi"] == "3.1.0"
    served = {
        (method.lower(), prefix + route.path.replace(":path}", "}"))
        for prefix, routes in served_routes(build(us.node))
        for route in routes
        if isinstance(route, StarletteRoute)
        for method in (route.methods or set()) - {"HEAD"}
        if route.path not in ("/openapi.json", "/docs")
    }
    documented = {(m, path) for path, verbs in document["paths"].items() for m in verbs}
    assert served == documented
    names = [v["operationId"] for verbs in document["paths"].values() for v in verbs.values()]
    assert len(names) == len(set(names))


def test_what_any_caller_may_be_answered_is_documented(desk: httpx.Client) -> None:
    document = desk.get("/openapi.json").json()
    bare = {"Authorization": ""}
    wrong = {"Idempotency-Key": "k" * 129}
    for path, verbs in document["paths"].items():
        for method, operation in verbs.items():
            asked = dict.fromkeys(re.findall(r"{(\w+)}", path), "x")
            answers = [desk.request(method, path.format(**asked), headers=bare)]
            if any(one["name"] == "Idempotency-Key" for one in operation.get("parameters", ())):
                answers.append(desk.request(method, path.format(**asked), headers=wrong))
            for answer in answers:
                assert str(answer.status_code) in operation["responses"], (method, path)


def test_the_docs_page_names_every_route_and_loads_nothing(desk: httpx.Client) -> None:
    page = desk.get("/docs")
    assert page.headers["content-type"].startswith("text/html")
    for route in ROUTES:
        assert route.path in page.text
        assert route.summary.replace("'", "&#x27;") in page.text
    assert not re.search(r"<script|src=|@import|url\(", page.text)
    assert page.headers["content-security-policy"].startswith("default-src 'none'")


def test_every_error_has_a_status() -> None:
    def tree(kind: type[errors.DetenteError]) -> list[type[errors.DetenteError]]:
        return [kind] + [below for child in kind.__subclasses__() for below in tree(child)]

    for kind in tree(errors.DetenteError)[1:]:
        if kind.__module__ == "detente.errors":
            assert status_of(kind) != 500, kind
    assert status_of(errors.LimitError) == 413
    assert len({kind for kind, _ in STATUSES}) == len(STATUSES)


# --- who may --------------------------------------------------------------------------------------


def sample_path(path: str) -> str:
    return re.sub(r"{\w+}", "x", path)


def test_every_route_but_login_and_health_needs_a_token(us: Any) -> None:
    with httpx.Client(base_url=us.officers(), trust_env=False) as nobody:
        for route in ROUTES:
            answer = nobody.request(route.method, sample_path(route.path), json={})
            if route.open:
                assert answer.status_code != 401 or "token" not in answer.json()["message"]
            else:
                refused(answer, 401, "not-authenticated")
                assert answer.headers["www-authenticate"].startswith("Bearer")
        for path in ("/metrics", f"{V1}/events"):
            refused(nobody.get(path), 401, "not-authenticated")
        refused(
            nobody.get(f"{V1}/plans", headers={"Authorization": "Bearer " + "x" * 43}),
            401,
            "not-authenticated",
        )
        refused(
            nobody.get(f"{V1}/plans", headers={"Authorization": f"Basic {us.token}"}),
            401,
            "not-authenticated",
        )
        assert nobody.get("/healthz").json() == {
            **dict.fromkeys(("status", "store", "writer", "engine"), "ok"),
            "engine_read": "100%",
            "quota": "ok",
        }


def test_what_each_role_may_do() -> None:
    """The rules that the table must keep, whoever edits it."""
    may = {role: {act for act, able in roles.MAY.items() if role in able} for role in roles.ROLES}
    assert may["auditor"] == {"look", "audit", "single"}
    assert "single" not in may["admin"]
    assert not may["admin"] & {"plan", "talk", "release", "command", "terms"}
    assert "accounts" not in may["watch"] | may["releaser"] | may["senior"] | may["auditor"]
    assert may["watch"] < may["releaser"] < may["senior"]
    assert not any("talk" in may[role] for role in ("auditor", "admin"))
    writing = [one for one in ROUTES if one.writes or one.method != "GET"]
    looks = {one.path for one in writing if one.act == roles.LOOK and not one.open}
    # Two compute and write nothing; a password, and when one has looked, are one's own.
    prospect = f"{V1}/lines/{{line}}/conflicts/{{conflict}}/prospect"
    own = {f"{V1}/account/password", f"{V1}/lines/{{line}}/changed"}
    assert looks == {f"{V1}/record/verify", prospect} | own


def test_the_events_of_an_ended_officer_end(desk: httpx.Client, office: httpx.Client) -> None:
    token = office.post(f"{V1}/officers", json={"name": "watch-1"}).json()["token"]
    headers = {"Authorization": f"Bearer {token}"}
    with desk.stream("GET", f"{V1}/events", headers=headers, timeout=30) as stream:
        lines = stream.iter_lines()
        assert next(lines) == "retry: 2000"
        assert office.delete(f"{V1}/officers/watch-1").status_code == 204
        assert not any(line.startswith("data:") for line in lines)


def test_an_ended_officer_is_nobody(desk: httpx.Client, office: httpx.Client) -> None:
    token = office.post(f"{V1}/officers", json={"name": "watch-1"}).json()["token"]
    headers = {"Authorization": f"Bearer {token}"}
    assert desk.get(f"{V1}/node", headers=headers).status_code == 200
    assert office.delete(f"{V1}/officers/watch-1").status_code == 204
    refused(desk.get(f"{V1}/node", headers=headers), 401, "not-authenticated")


def test_a_login_link_works_once(us: Any, office: httpx.Client) -> None:
    link = office.post(f"{V1}/login-links", json={"officer": "admin"}).json()
    assert link["path"] == f"/login?t={link['code']}"
    nobody = {"Authorization": ""}
    body = {"code": link["code"]}
    session = office.post(f"{V1}/login", json=body, headers=nobody).json()["session"]
    headers = {"Authorization": f"Bearer {session}"}
    assert office.get(f"{V1}/node", headers=headers).json()["party"] == "us"
    refused(office.post(f"{V1}/login", json=body, headers=nobody), 401, "not-authenticated")
    refused(office.post(f"{V1}/login-links", json={"officer": "nobody"}), 404, "not-found")


def test_another_host_name_is_refused(desk: httpx.Client) -> None:
    """DNS rebinding: a web page's own name that resolves to 127.0.0.1."""
    for host in ("attacker.example", "attacker.example:80", "127.0.0.1.attacker.example", ""):
        refused(desk.get("/healthz", headers={"Host": host}), 403, "not-allowed")
    port = desk.base_url.port
    for host in (f"localhost:{port}", f"LOCALHOST:{port}", f"[::1]:{port}", "127.0.0.1"):
        assert desk.get("/healthz", headers={"Host": host}).status_code == 200


def test_a_name_that_was_set_is_accepted(us: Any) -> None:
    with httpx.Client(base_url=us.officers(hosts=["watch.example"]), trust_env=False) as client:
        headers = {"Host": "watch.example:8440"}
        assert client.get("/healthz", headers=headers).status_code == 200


def test_every_answer_has_the_security_headers(desk: httpx.Client) -> None:
    for path in ("/healthz", f"{V1}/plans", f"{V1}/nowhere", "/docs", "/openapi.json"):
        headers = desk.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert "default-src 'none'" in headers["content-security-policy"]
        assert headers["cache-control"] == "no-store"
        assert "server" not in headers


# --- plans ----------------------------------------------------------------------------------------


def test_a_plan_is_filed_changed_and_dropped(desk: httpx.Client, plan: Plan) -> None:
    filed = desk.post(f"{V1}/plans", json=plan(title="Orbit south"))
    assert filed.status_code == 201, filed.text
    assert filed.json()["title"] == "Orbit south"
    changed = plan(lon=69.0)
    del changed["id"]
    answer = desk.put(f"{V1}/plans/orbit-1", json=changed)
    assert answer.json()["revision"] == 2
    assert answer.json()["title"] == "Orbit south"
    assert desk.get(f"{V1}/plans/orbit-1").json() == answer.json()
    assert [p["id"] for p in desk.get(f"{V1}/plans").json()] == ["orbit-1"]
    assert desk.delete(f"{V1}/plans/orbit-1").status_code == 204
    refused(desk.get(f"{V1}/plans/orbit-1"), 404, "not-found")
    refused(desk.put(f"{V1}/plans/orbit-1", json=changed), 404, "not-found")


def test_a_request_under_one_key_is_done_once(desk: httpx.Client, plan: Plan) -> None:
    headers = {"Idempotency-Key": "k-1"}
    first = desk.post(f"{V1}/plans", json=plan(), headers=headers)
    again = desk.post(f"{V1}/plans", json=plan(), headers=headers)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    refused(desk.post(f"{V1}/plans", json=plan()), 409, "wrong-state")
    refused(desk.post(f"{V1}/plans", json=plan("other"), headers=headers), 409, "wrong-state")
    for key in ("", "x" * 129):
        answer = desk.post(f"{V1}/plans", json=plan("new"), headers={"Idempotency-Key": key})
        refused(answer, 400, "bad-input")


BAD_BODIES: list[tuple[bytes, str]] = [
    (b"", "not JSON"),
    (b"[]", "object"),
    (b'{"id":"a"}', "kind"),
    (b'{"id":"a","kind":"k","volumes":[],"tilte":"x"}', "tilte"),
    (b'{"id":"a","id":"b","kind":"k","volumes":[]}', "twice"),
    (b'{"id":"a","kind":"k","volumes":[NaN]}', "NaN"),
    (b'{"id":"a","kind":"k","volumes":' + b"[" * 40 + b"]" * 40 + b"}", "nested"),
    (b'{"id":"\\ud800","kind":"k","volumes":[]}', "surrogate"),
    (b'{"id":"a","kind":"k","volumes":[]}', "volumes"),
    (b"\xff", "UTF-8"),
]


@pytest.mark.parametrize(("body", "says"), BAD_BODIES, ids=[says for _, says in BAD_BODIES])
def test_a_bad_body_is_refused_with_its_reason(desk: httpx.Client, body: bytes, says: str) -> None:
    answer = desk.post(f"{V1}/plans", content=body, headers={"Content-Type": "application/json"})
    problem = refused(answer, 413 if says == "nested" else 400, answer.json()["error"])
    assert says in problem["message"]
    assert problem["remedy"]
    assert desk.get(f"{V1}/plans").json() == []


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        (("core", "coordinates"), [68.8, 91.0], "latitude"),
        (("radius_m",), -1.0, "radius"),
        (("end",), "2026-11-22T09:00:00Z", "end"),
        (("start",), "2026-11-22T10:00:00", "offset"),
        (("lower",), {"value_m": 1.0, "reference": "FL"}, "reference"),
    ],
)
def test_an_unsound_volume_is_refused(
    desk: httpx.Client, plan: Plan, path: tuple[str, ...], value: Any, says: str
) -> None:
    body = plan()
    inner = body["volumes"][0]
    for name in path[:-1]:
        inner = inner[name]
    inner[path[-1]] = value
    answer = desk.post(f"{V1}/plans", json=body)
    problem = refused(answer, 400, "bad-input")
    assert says in json.dumps(problem)
    assert "orbit-1" in problem["where"]
    assert desk.get(f"{V1}/plans").json() == []


def test_a_form_of_another_site_is_no_json(desk: httpx.Client, plan: Plan) -> None:
    for media in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        answer = desk.post(
            f"{V1}/plans", content=json.dumps(plan()), headers={"Content-Type": media}
        )
        refused(answer, 415, "bad-input")
    assert desk.get(f"{V1}/plans").json() == []


def test_a_body_over_the_limit_is_refused_declared_or_not(desk: httpx.Client) -> None:
    too_much = UPLOAD_BYTES_MAX + 1
    declared = desk.post(f"{V1}/plans/import?name=a.csv", content=b" " * too_much)
    refused(declared, 413, "over-limit")

    def chunks() -> Any:
        for _ in range(too_much // 65536 + 1):
            yield b" " * 65536

    chunked = desk.post(f"{V1}/plans/import?name=a.csv", content=chunks())
    refused(chunked, 413, "over-limit")
    assert desk.get(f"{V1}/plans").json() == []


def test_a_lie_about_the_length_is_found_before_the_body_is_read(
    us: Any, desk: httpx.Client
) -> None:
    with socket.create_connection((desk.base_url.host, desk.base_url.port or 0), 20) as raw:
        raw.sendall(
            b"POST /api/v1/plans HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999\r\n"
            b"Authorization: Bearer " + us.duty.encode() + b"\r\n"
            b"Expect: 100-continue\r\nContent-Type: application/json\r\n\r\n"
        )
        assert raw.recv(4096).startswith(b"HTTP/1.1 413")


def test_paths_and_methods_that_are_not_there(desk: httpx.Client) -> None:
    refused(desk.get(f"{V1}/nowhere"), 404, "not-found")
    answer = desk.post(f"{V1}/node")
    refused(answer, 405, "not-found")
    assert "GET" in answer.headers["allow"]


def test_the_console_answers_for_everything_but_the_api(us: Any) -> None:
    address = us.officers(console=PlainTextResponse("console"))
    headers = {"Authorization": f"Bearer {us.token}"}
    with httpx.Client(base_url=address, headers=headers, trust_env=False) as client:
        for path in ("/", "/login", "/anything"):
            assert client.get(path).text == "console"
        refused(client.get(f"{V1}/nowhere"), 404, "not-found")
        refused(client.post(f"{V1}/node"), 405, "not-found")
        assert client.get(f"{V1}/node").json()["party"] == "us"


def test_a_page_has_a_size(office: httpx.Client) -> None:
    for query in ("limit=0", "limit=1001", "start=-1", "start=x", "stat=1"):
        refused(office.get(f"{V1}/audit?{query}"), 400, "bad-input")
    assert len(office.get(f"{V1}/audit?limit=1").json()) == 1


def test_metrics_are_in_prometheus_format(desk: httpx.Client, plan: Plan) -> None:
    desk.post(f"{V1}/plans", json=plan())
    text = desk.get("/metrics").text
    assert "detente_plans 1.0" in text
    assert "# TYPE detente_plan_changes_total counter" in text
    assert "detente_plan_changes_total 1.0" in text


def test_the_guide_has_the_table_of_roles() -> None:
    guide = (Path(__file__).parents[2] / "docs/administrators-guide.md").read_text("utf-8")
    for role in roles.ROLES:
        cells = ["yes" if role in able else "–" for able in roles.MAY.values()]
        assert f"| `{role}` | {roles.DUTIES[role]} | {' | '.join(cells)} |" in guide
    assert f"| role | duty | {' | '.join(roles.MAY)} |" in guide
    for act, told in roles.ACTS.items():
        assert f"| {act} | {told} |" in guide
    assert roles.MAY.keys() == roles.ACTS.keys()
