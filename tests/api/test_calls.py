"""The officers' face on a line: each call does what the node does, and shows it."""

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from detente.record import open_card

V1 = "/api/v1"
Plan = Callable[..., dict[str, Any]]


class Side:
    """One party's officer at the API of its own node, on a line with one other party."""

    def __init__(self, post: Any, line: str, stack: ExitStack) -> None:
        self.post = post
        self.line = f"{V1}/lines/{line}"
        headers = {"Authorization": f"Bearer {post.duty}"}
        self.http = stack.enter_context(
            httpx.Client(base_url=post.officers(), headers=headers, trust_env=False, timeout=30)
        )

    def get(self, what: str) -> Any:
        answer = self.http.get(f"{self.line}/{what}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    def say(self, what: str, body: Any) -> Any:
        answer = self.http.post(f"{self.line}/{what}", json=body)
        assert answer.status_code == 201, answer.text
        return answer.json()


def exchange(*sides: Side) -> None:
    """Carry every entry and cosignature between the nodes, without a network."""
    for _ in range(2):
        for source in sides:
            for target in sides:
                if source is not target:
                    _carry(source.post, target.post, source.line.rsplit("/", 1)[1])


def _carry(source: Any, target: Any, line: str) -> None:
    for party, head in source.node.heads(line, target.party).items():
        held = target.node.heads(line, source.party)[party].size
        page = source.node.read_log(line, party, held, target.party)
        target.node.receive(line, party, held, page.entries, page.checkpoint, source.party)
        if head.checkpoint is not None:
            target.node.receive_cosignatures(line, party, head.checkpoint, source.party)


@pytest.fixture
def sides(
    posts: Callable[..., list[Any]], joined: Callable[..., str]
) -> Iterator[tuple[Side, Side]]:
    """Officers of ``us`` and ``ru`` on one line."""
    with ExitStack() as stack:
        both = posts("us", "ru")
        line = joined(both)
        us, ru = (Side(post, line, stack) for post in both)
        exchange(us, ru)
        yield us, ru


def test_a_plan_is_seen_exactly_as_it_was_previewed(sides: tuple[Side, Side], plan: Plan) -> None:
    us, ru = sides
    us.http.post(f"{V1}/plans", json=plan(title="secret name"))
    body = {"line": "northern-watch", "form": "coarse"}
    preview = us.http.post(f"{V1}/plans/orbit-1/preview", json=body).json()
    assert ru.get("activities") == []
    entry = us.http.post(f"{V1}/plans/orbit-1/release", json=body)
    assert entry.status_code == 201, entry.text
    exchange(us, ru)
    (seen,) = ru.get("activities")
    assert seen["volumes"] == preview["volumes"]
    assert (seen["form"], seen["title"], seen["own"]) == ("coarse", None, False)
    assert "secret" not in json.dumps(ru.get("entries"))
    assert ru.get(f"entries/{entry.json()['id']}")["about"] == preview["about"]


def test_a_conflict_is_settled_through_the_api(sides: tuple[Side, Side], plan: Plan) -> None:
    us, ru = sides
    for side, lon in ((us, 68.8), (ru, 68.85)):
        side.http.post(f"{V1}/plans", json=plan(f"of-{side.post.party}", lon=lon))
        body = {"line": "northern-watch"}
        side.http.post(f"{V1}/plans/of-{side.post.party}/release", json=body)
    exchange(us, ru)
    (ours,), (theirs,) = (side.get("conflicts")["conflicts"] for side in (us, ru))
    assert (ours["id"], ours["state"], ours["basis"]) == (theirs["id"], "open", "joint")
    suggestion = next(
        s for s in theirs["suggestions"] if s["moves"] == "ru" and s["shift"]["time_s"]
    )

    proposal = ru.say(
        "proposals", {"conflict": theirs["id"], "moves": "ru", "shift": suggestion["shift"]}
    )
    exchange(us, ru)
    (shown,) = us.get("proposals")
    assert (shown["id"], shown["may_answer"]) == (proposal["id"], True)
    us.say(f"proposals/{proposal['id']}/assent", {"note": "agreed"})
    exchange(us, ru)
    ru.say(f"proposals/{proposal['id']}/carry-out", {})
    exchange(us, ru)
    for side in sides:
        assert [c["state"] for c in side.get("conflicts")["conflicts"]] == ["ended"]
        assert [p["status"] for p in side.get("proposals")] == ["carried-out"]
    states = {side.http.get(f"{side.line}/state").content for side in sides}
    assert len(states) == 1
    for side in sides:
        assert side.http.post(f"{V1}/record/verify").json() == []


def test_talk_is_acknowledged_and_owed(sides: tuple[Side, Side]) -> None:
    us, ru = sides
    said = us.say("messages", {"text": "Is the convoy on time?", "language": "en"})
    phrase = us.say("messages", {"phrase": us.http.get(f"{V1}/phrases").json()[0]["code"]})
    assert phrase["type"] == "message"
    exchange(us, ru)
    messages = ru.get("messages")
    assert messages[0]["text"] == "Is the convoy on time?"
    owed = [o for o in ru.get("obligations") if o["entry"] == said["id"]]
    assert {(o["what"], o["state"], o["owed_by"]) for o in owed} == {("understood", "due", "ru")}
    ru.say("acknowledgements", {"entry": said["id"], "level": "understood"})
    exchange(us, ru)
    (met,) = [o for o in us.get("obligations") if o["entry"] == said["id"]]
    assert met["state"] == "met"
    assert us.get("messages")[0]["receipts"]["ru"] is not None


def test_a_suspended_line_takes_safety_traffic_only(sides: tuple[Side, Side]) -> None:
    us = sides[0]
    us.say("suspend", {"note": "by order"})
    assert us.http.get(us.line).json()["suspended_by"] == ["us"]
    refused = us.http.post(f"{us.line}/messages", json={"text": "x", "language": "en"})
    assert (refused.status_code, refused.json()["error"]) == (409, "wrong-state")
    urgent = {"text": "x", "language": "en", "precedence": "urgent-safety"}
    us.say("messages", urgent)
    us.say("line-checks", {})
    us.say("resume", {})
    us.say("messages", {"text": "x", "language": "en"})


def test_lines_are_founded_and_joined_over_the_api(posts: Callable[..., list[Any]]) -> None:
    with ExitStack() as stack:
        us, ru = (Side(post, "x", stack) for post in posts("us", "ru"))
        for side in (us, ru):
            side.http.headers["Authorization"] = f"Bearer {side.post.token}"
        cards = {side.post.party: side.http.get(f"{V1}/card").text for side in (us, ru)}
        prints = {
            side.post.party: side.http.get(f"{V1}/node").json()["fingerprint"] for side in (us, ru)
        }
        now = datetime.now(UTC).replace(microsecond=0)
        terms = {
            "version": 1,
            "members": ["ru", "us"],
            "area": {"west": 65.0, "south": 35.0, "east": 73.0, "north": 40.0},
            "separation": {"lateral_m": 9260.0, "vertical_m": 304.8, "time_s": 600.0},
            "notice": {"normal_s": 43200, "emergency_s": 3600},
            "acknowledge": {
                "understood_s": 900, "disseminated_s": 3600, "urgent_understood_s": 300
            },
            "line_checks": {"hours_utc": [0, 6, 12, 18], "grace_s": 1800},
            "languages": ["en"],
            "effective_from": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "review_on": (now + timedelta(days=365)).date().isoformat(),
            "exercise": None,
        }  # fmt: skip
        founding = us.http.post(
            f"{V1}/lines/found", json={"name": "panj", "terms": terms, "cards": [cards["ru"]]}
        )
        assert founding.status_code == 200, founding.text
        for side, other in ((us, "ru"), (ru, "us")):
            wrong = {"founding": founding.text, "confirm": {other: "0000 " * 8}}
            refused = side.http.post(f"{V1}/lines/join", json=wrong)
            assert refused.json()["error"] == "bad-signature"
            assert side.http.get(f"{V1}/lines").json() == []
            body = {"founding": founding.text, "confirm": {other: prints[other]}}
            joined = side.http.post(f"{V1}/lines/join", json=body)
            assert joined.status_code == 201, joined.text
            assert joined.json()["id"] == hashlib.sha256(founding.content).hexdigest()
            assert side.http.get(f"{V1}/lines/panj").json()["own"] == side.post.party


def test_an_import_is_all_or_nothing(desk: httpx.Client, plan: Plan) -> None:
    def feature(identifier: str, lat: float, **more: Any) -> dict[str, Any]:
        properties = {
            "id": identifier, "kind": "patrol", "radius_m": 1000, "altitude_lower": 0,
            "altitude_upper": 1000, "start": "2026-11-22T10:00:00Z", "end": "2026-11-22T11:00:00Z",
            **more,
        }  # fmt: skip
        geometry = {"type": "Point", "coordinates": [68.8, lat]}
        return {"type": "Feature", "geometry": geometry, "properties": properties}

    def send(*features: dict[str, Any], name: str = "plans.geojson") -> httpx.Response:
        content = json.dumps({"type": "FeatureCollection", "features": features})
        return desk.post(f"{V1}/plans/import", params={"name": name}, content=content)

    refused = send(feature("good", 36.0), feature("bad", 91.0), feature("his", 36.0, party="ru"))
    assert refused.status_code == 400
    items = refused.json()["items"]
    assert any("bad" in i["where"] and "plans.geojson" in i["where"] for i in items)
    assert any("his" in i["where"] and "ru" in i["message"] for i in items)
    assert desk.get(f"{V1}/plans").json() == []

    filed = send(feature("good", 36.0), feature("too", 36.5))
    assert filed.status_code == 201, filed.text
    assert [p["id"] for p in filed.json()] == ["good", "too"]
    again = send(feature("new", 36.0), feature("good", 36.0))
    assert [i["where"] for i in again.json()["items"]] == ["plans.geojson: good"]
    assert len(desk.get(f"{V1}/plans").json()) == 2
    for name in ("plans.geojson.gz", "plans.kmz", "", "x" * 201, "a\nb.csv", "plans.exe"):
        assert send(feature("new", 36.0), name=name).status_code == 400


def test_a_time_with_an_offset_is_filed_and_released_in_utc(desk: httpx.Client, plan: Plan) -> None:
    window = {"start": " 2026-11-22t14:30:00+04:30", "end": "2026-11-22 11:00:00.0001Z"}
    body = plan()
    body["volumes"][0] |= window
    assert desk.post(f"{V1}/plans", json=body).status_code == 201
    geometry = {"type": "Point", "coordinates": [68.8, 36.2]}
    altitudes = {"altitude_lower": 0, "altitude_upper": 1000}
    properties = {"id": "filed", "kind": "patrol", "radius_m": 1000, **altitudes, **window}
    feature = {"type": "Feature", "geometry": geometry, "properties": properties}
    content = json.dumps({"type": "FeatureCollection", "features": [feature]})
    sent = desk.post(f"{V1}/plans/import", params={"name": "plans.geojson"}, content=content)
    assert sent.status_code == 201, sent.text
    for one in desk.get(f"{V1}/plans").json():
        [volume] = one["volumes"]
        ends = (volume["start"], volume["end"])
        assert ends == ("2026-11-22T10:00:00Z", "2026-11-22T11:00:00.001Z")


def test_changes_are_streamed_as_they_come(desk: httpx.Client, plan: Plan) -> None:
    before = desk.get(f"{V1}/changes").json()[-1]["n"]
    with desk.stream("GET", f"{V1}/events", timeout=30) as events:
        assert events.headers["content-type"].startswith("text/event-stream")
        lines = events.iter_lines()
        assert next(lines).startswith("retry:")
        desk.post(f"{V1}/plans", json=plan())
        data = next(line for line in lines if line.startswith("data:"))
        change = json.loads(data.removeprefix("data:"))
        assert (change["kind"], change["key"]) == ("plan", "orbit-1")
        assert change["n"] > before
    with desk.stream("GET", f"{V1}/events", headers={"Last-Event-ID": str(before)}) as events:
        assert f"id: {change['n']}" in (line for line in events.iter_lines())
    for wrong in ("x", "-1", "9" * 16, "²"):
        answer = desk.get(f"{V1}/events", params={"since": wrong})
        assert (answer.status_code, answer.json()["error"]) == (400, "bad-input")


def test_a_party_is_taken_in_in_as_many_words(
    posts: Callable[..., list[Any]], joined: Callable[..., str]
) -> None:
    with ExitStack() as stack:
        *both, newcomer = posts("us", "ru", "tj")
        line = joined(both)
        us, ru = (Side(post, line, stack) for post in both)
        exchange(us, ru)
        card = newcomer.node.card()
        body = {"card": card.decode(), "fingerprint": open_card(card).fingerprint}
        for words in ({}, {"sees_everything": False}):
            refused = us.http.post(f"{us.line}/admissions", json={**body, **words})
            assert (refused.status_code, refused.json()["error"]) == (400, "bad-input")
        assert us.get("admissions") == {"entries": 2, "bodies": 2, "parties": []}
        entry = us.say("admissions", {**body, "sees_everything": True})
        assert (entry["type"], entry["party"]) == ("line.admit", "us")
        exchange(us, ru)
        for side in (us, ru):
            [asked] = side.get("admissions")["parties"]
            assert (asked["party"], asked["fingerprint"]) == ("tj", body["fingerprint"])
            assert (asked["signed_by"], asked["waits_for"]) == (["us"], ["ru"])
            assert not asked["admitted"]
