"""Both faces against anything that can be sent: never a 500, never a word without its shape."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from detente.api import peers as peers_module
from detente.api.openapi import openapi
from detente.api.table import ROUTES
from detente.node.channel import client_context

FUZZ = settings(
    max_examples=250,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
DOCUMENT = openapi(ROUTES)

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=20),
    st.sampled_from(["us", "ru", "northern-watch", "exact", "orbit-1", "2026-11-22T08:00:00Z", ""]),
)

KNOWN = {
    "line": ["northern-watch"],
    "plan": ["orbit-1"],
    "party": ["us", "ru"],
    "entry": ["$entry", "$release"],
    "commitment": ["$commitment"],
    "officer": ["watch-2"],
    "tile": ["0/000.p/1", "entries/000.p/1"],
}
"""What there is to be named, by the parameter: a name made up is answered with 404 and no more."""
NAMED = sorted({name for names in KNOWN.values() for name in names})

values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


def of_schema(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Values that fit a schema, and sometimes ones that do not."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return of_schema(DOCUMENT["components"]["schemas"][name])
    if "enum" in schema:
        return st.one_of(st.sampled_from(schema["enum"]), scalars)
    if "properties" in schema:
        fields = {name: of_schema(inner) for name, inner in schema["properties"].items()}
        needed = {name: fields.pop(name) for name in schema.get("required", [])}
        return st.fixed_dictionaries(needed, optional=fields) | values
    if schema.get("type") == "array":
        return st.lists(of_schema(schema.get("items", {})), max_size=3) | scalars
    if schema.get("type") == "string":
        return st.sampled_from([*NAMED, "en"]) | st.text(max_size=30)
    return values


def request(route: Any) -> st.SearchStrategy[tuple[Any, dict[str, str], Any]]:
    wild = st.sampled_from([*NAMED, "0" * 64]) | st.text(min_size=1)
    path = st.fixed_dictionaries(
        {
            name: st.one_of(*[st.sampled_from(KNOWN[name])] * 8, wild) if name in KNOWN else wild
            for name in re.findall(r"{(\w+)}", route.path)
        }
    )
    operation = DOCUMENT["paths"][route.path][route.method.lower()]
    content = operation.get("requestBody", {}).get("content", {})
    schema = content.get("application/json", {}).get("schema")
    return st.tuples(st.just(route), path, of_schema(schema) if schema else values)


def check(answer: Any) -> None:
    assert answer.status_code < 500, (answer.request.url, answer.request.content, answer.text)
    if answer.status_code >= 400:
        problem = answer.json()
        assert problem["error"] != "internal"
        assert problem["message"]


@pytest.fixture
def pair(posts: Callable[..., list[Any]], joined: Callable[..., str]) -> tuple[Any, Any, str]:
    """Two nodes on one line in force."""
    us, ru = posts("us", "ru")
    line = joined([us, ru])
    page = ru.node.read_log(line, "ru", 0, "us")
    us.node.receive(line, "ru", 0, page.entries, page.checkpoint, "ru")
    return us, ru, line


@pytest.fixture
def officers(pair: tuple[Any, Any, str], plan: Callable[..., Any]) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {pair[0].duty}"}
    url = pair[0].officers()
    with httpx.Client(base_url=url, headers=headers, trust_env=False, timeout=60) as client:
        assert client.post("/api/v1/plans", json=plan()).status_code == 201
        yield client


@pytest.fixture
def ids(officers: httpx.Client) -> dict[str, str]:
    """What names that begin with a dollar stand for: entries of ours on the line."""
    on = "/api/v1/lines/northern-watch"
    asked = {
        "$entry": officers.post(f"{on}/messages", json={"text": "hello", "language": "en"}),
        "$release": officers.post("/api/v1/plans/orbit-1/release", json={"line": "northern-watch"}),
        "$commitment": officers.post(f"{on}/commitments", json={"text": "so", "language": "en"}),
    }
    return {name: answer.raise_for_status().json()["id"] for name, answer in asked.items()}


def _filled(value: Any, ids: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {name: _filled(inner, ids) for name, inner in value.items()}
    if isinstance(value, list):
        return [_filled(inner, ids) for inner in value]
    return ids.get(value, value) if isinstance(value, str) else value


# Ending the officer whose token we use would end the test; its paths are in test_app.
CALLED = [route for route in ROUTES if route.path != "/api/v1/officers/{officer}"]


@FUZZ
@given(st.sampled_from(CALLED).flatmap(request))
def test_the_officers_face_answers_everything(
    officers: httpx.Client, ids: dict[str, str], asked: tuple[Any, dict[str, str], Any]
) -> None:
    route, names, body = asked
    named = {name: _quoted(ids.get(value, value)) for name, value in names.items()}
    path = route.path.format(**named)
    content = b"" if body is None else json.dumps(_filled(body, ids)).encode()
    headers = {"Content-Type": "application/json"}
    query = {"name": "plans.geojson"} if route.body is bytes else {}
    check(officers.request(route.method, path, content=content, headers=headers, params=query))


def _quoted(text: str) -> str:
    from urllib.parse import quote

    return quote(text.encode("utf-8", "replace").decode(), safe="")


@pytest.fixture
def peers(pair: tuple[Any, Any, str]) -> Iterator[tuple[httpx.Client, str, dict[str, Any]]]:
    """The line's face of ``us`` called by ``ru``, the line, and a push that is good."""
    us, ru, line = pair
    trust = us.listen()
    for peer in us.node.peers():
        trust.learn(peer.line, peer.party, peer.authorities[0])
    page = ru.node.read_log(line, "ru", 0, "ru")
    push = {"from": 0, "entries": page.entries, "checkpoint": page.checkpoint}
    context = client_context(ru.keys, (us.keys / "ca.crt").read_text())
    context.check_hostname = False
    url = f"https://127.0.0.1:{us.port}"
    with httpx.Client(base_url=url, verify=context, trust_env=False, timeout=60) as client:
        yield client, line, push


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a JSON value."""
    yield path
    if isinstance(value, dict | list):
        for name, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from places(item, (*path, name))


def replaced(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    """The value with something else at a place."""
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = replaced(copy[path[0]], path[1:], new)
    return copy


@FUZZ
@given(data=st.data())
def test_the_lines_face_answers_everything(
    peers: tuple[httpx.Client, str, dict[str, Any]],
    data: st.DataObject,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(peers_module, "REQUESTS_PER_SECOND", 1e9)
    client, line, push = peers
    where = data.draw(st.sampled_from(list(places(push))))
    body = replaced(push, where, data.draw(values))
    log = data.draw(st.sampled_from(["ru", "us", "tj", "%00", "x" * 300]))
    check(client.post(f"/line/v1/{line}/logs/{log}", json=body))
    check(client.post(f"/line/v1/{line}/logs/{log}/cosignatures", json=data.draw(values)))
    check(client.get(f"/line/v1/{line}/logs/{log}", params={"from": str(data.draw(scalars))}))
