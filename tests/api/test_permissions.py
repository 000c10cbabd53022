"""The permission ledger over HTTP: asked, answered, renewed, and what is refused."""

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import httpx
import msgspec
import pytest

from detente.line import terms_from_wire
from detente.line.watching import STANDARD_WATCHING

V1 = "/api/v1"
LINE = "northern-watch"
WINDOW = {"start": "2095-01-01T00:00:00Z", "end": "2095-02-01T00:00:00Z"}
ASKED = {
    "purpose": "observe",
    "people": [{"role": "observer", "count": 4}],
    "places": [{"name": "Kunduz"}],
}


@pytest.fixture
def two(posts: Callable[..., Any], joined: Callable[..., str]) -> Any:
    us, ru = both = posts("us", "ru")
    joined(both, LINE)
    level(both)
    for post in both:
        present = terms_from_wire(post.node.line(LINE).terms)
        new = msgspec.structs.replace(present, version=2, watching=STANDARD_WATCHING)
        post.node.sign_terms(LINE, new, officer="duty")
    level(both)
    return us, ru


def level(both: Any) -> None:
    line = both[0].node.line(LINE).id
    for _ in range(2):
        for sender, receiver in (both, both[::-1]):
            size = receiver.node.heads(line, sender.party)[sender.party].size
            page = sender.node.read_log(line, sender.party, size, receiver.party)
            receiver.node.receive(
                line, sender.party, size, page.entries, page.checkpoint, sender.party
            )


def test_from_request_to_renewal(two: Any) -> None:
    with ExitStack() as stack:
        us, ru = (
            stack.enter_context(
                httpx.Client(
                    base_url=f"{post.officers()}{V1}",
                    headers={"Authorization": f"Bearer {post.duty}"},
                    trust_env=False,
                    timeout=30,
                )
            )
            for post in two
        )
        body = {
            "permission": "north", "hosts": [{"line": LINE, "host": "ru"}], "kind": "visit",
            "asked": ASKED, **WINDOW,
        }  # fmt: skip
        key = {"Idempotency-Key": "once"}
        first = us.post("/permissions", json=body, headers=key)
        assert first.status_code == 201, first.text
        [request] = first.json()
        assert us.post("/permissions", json=body, headers=key).json()[0]["id"] == request["id"]
        assert us.post("/permissions", json=body).status_code == 409
        level(two)
        path = f"/lines/{LINE}/permissions/{request['id']}"
        [theirs] = ru.get("/permissions").json()
        assert (theirs["state"], theirs["may_answer"], theirs["asked"]["people"]) == (
            "asked", True, ASKED["people"],
        )  # fmt: skip
        for wrong, status in [
            ({"answer": "perhaps"}, 400),
            ({"answer": "granted", "limit": {}}, 400),
            ({"answer": "limited"}, 400),
            ({"answer": "limited", "limits": {"people": [{"role": "pilot", "count": 1}]}}, 400),
            ({"answer": "granted", "start": "soon"}, 400),
        ]:
            answer = ru.post(f"{path}/answer", json=wrong)
            assert answer.status_code == status, (wrong, answer.text)
        assert us.post(f"{path}/answer", json={"answer": "granted"}).status_code == 409
        answered = ru.post(
            f"{path}/answer", json={"answer": "limited", "limits": {"quota_units": 1}}
        )
        assert answered.status_code == 201, answered.text
        level(two)
        [row] = us.get(f"/lines/{LINE}/permissions").json()
        assert (row["state"], row["limits"], row["grant"]["quota_units"]) == (
            "limited", ["1 visit"], 1,
        )  # fmt: skip
        assert ru.post(f"{path}/revoke", json={"note": "works"}).status_code == 201
        level(two)
        again = us.post(f"{path}/renew", json=WINDOW)
        assert again.status_code == 201, again.text
        renewed = f"/lines/{LINE}/permissions/{again.json()['id']}"
        assert us.post(f"{renewed}/withdraw", json={}).status_code == 201
        states = [one["state"] for one in us.get("/permissions").json()]
        assert sorted(states) == ["revoked", "withdrawn"]
        assert us.post(f"/lines/{LINE}/permissions/{'0' * 64}/revoke", json={}).status_code == 404


def test_requests_that_are_refused_whole(two: Any) -> None:
    us = two[0]
    with httpx.Client(
        base_url=f"{us.officers()}{V1}",
        headers={"Authorization": f"Bearer {us.duty}"},
        trust_env=False,
        timeout=30,
    ) as client:
        good: dict[str, Any] = {
            "permission": "north", "hosts": [{"line": LINE, "host": "ru"}], "kind": "visit",
            "asked": ASKED, **WINDOW,
        }  # fmt: skip
        changes: list[dict[str, Any]] = [
            {"hosts": []},
            {"hosts": [{"line": LINE, "host": "tj"}]},
            {"hosts": good["hosts"] * 2},
            {"kind": "raid"},
            {"asked": {}},
            {"asked": {**ASKED, "names": ["somebody"]}},
            {"permission": "a" * 65},
            {"start": WINDOW["end"], "end": WINDOW["start"]},
            {"more": 1},
        ]
        for change in changes:
            answer = client.post("/permissions", json={**good, **change})
            assert answer.status_code == 400, (change, answer.text)
            assert answer.json()["remedy"]
        missing = {"hosts": [{"line": "nowhere", "host": "ru"}]}
        assert client.post("/permissions", json={**good, **missing}).status_code == 404
        assert client.get("/permissions").json() == []
