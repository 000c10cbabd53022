"""The line's face against callers who are nobody, somebody else, too large, too many or too old."""

import base64
import json
import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest

from detente.api import peers as peers_module
from detente.api.bodies import LINE_BYTES_MAX
from detente.node.certificates import node_host
from detente.node.channel import client_context
from detente.node.quota import Quota

Caller = Callable[[Any], httpx.Client]


class Line:
    """``us`` serves its face to ``ru`` and ``tj``; each pair shares a line of its own."""

    def __init__(self, us: Any, ru: Any, tj: Any, lines: dict[str, str], stack: ExitStack) -> None:
        self.us, self.ru, self.tj = us, ru, tj
        self.lines = lines
        self._stack = stack

    def caller(self, post: Any) -> httpx.Client:
        """``post`` calling ``us``, with its own certificate."""
        authority = (self.us.keys / "ca.crt").read_text()
        client = httpx.Client(
            base_url=f"https://127.0.0.1:{self.us.port}/line/v1/",
            verify=client_context(post.keys, authority),
            trust_env=False,
            timeout=30,
            event_hooks={"request": [_named]},
        )
        return self._stack.enter_context(client)


def _named(request: httpx.Request) -> None:
    request.extensions = {**request.extensions, "sni_hostname": node_host("us")}


@pytest.fixture
def line(posts: Callable[..., list[Any]], joined: Callable[..., str]) -> Iterator[Line]:
    with ExitStack() as stack:
        us, ru, tj = posts("us", "ru", "tj")
        lines = {"ru": joined([us, ru], "with-ru"), "tj": joined([us, tj], "with-tj")}
        trust = us.listen()
        for peer in us.node.peers():
            trust.learn(peer.line, peer.party, peer.authorities[0])
        yield Line(us, ru, tj, lines, stack)


def own_log(post: Any, line: str, start: int = 0) -> dict[str, Any]:
    """A push of a node's own log."""
    page = post.node.read_log(line, post.party, start, post.party)
    return {"from": start, "entries": page.entries, "checkpoint": page.checkpoint}


def refused(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    problem: dict[str, Any] = answer.json()
    assert problem["error"] == code
    return problem


def test_a_member_reads_and_pushes(line: Line) -> None:
    ru, on = line.caller(line.ru), line.lines["ru"]
    heads = ru.get(f"{on}/heads").json()["heads"]
    assert {party: head["size"] for party, head in heads.items()} == {"ru": 0, "us": 1}
    page = ru.get(f"{on}/logs/us").json()
    assert len(page["entries"]) == 1
    receipt = line.ru.node.receive(on, "us", 0, page["entries"], page["checkpoint"], "us")
    assert receipt.size == 1
    assert ru.get(f"{on}/logs/us?from=1").json()["entries"] == []

    pushed = ru.post(f"{on}/logs/ru", json=own_log(line.ru, on)).json()
    assert pushed["size"] == 1
    assert pushed["cosignature"].startswith("— detente.invalid/party/us ")


def test_a_replay_is_answered_alike_and_stored_once(line: Line) -> None:
    ru, on = line.caller(line.ru), line.lines["ru"]
    push = own_log(line.ru, on)
    answers = [ru.post(f"{on}/logs/ru", json=push).json() for _ in range(3)]
    assert answers[0] == answers[1] == answers[2]
    assert len(line.us.node.entries(on, "ru")) == 1


def test_a_member_over_its_quota_is_told_when_to_go_on(line: Line) -> None:
    ru, on = line.caller(line.ru), line.lines["ru"]
    assert ru.post(f"{on}/logs/ru", json=own_log(line.ru, on)).status_code == 200
    log = line.us.node.read_log(on, "us", 0, "us")
    line.ru.node.receive(on, "us", 0, log.entries, log.checkpoint, "us")
    line.us.node._core.quota = Quota(day_entries=2, day_mib=1, entries=20, mib=1)
    for _ in range(2):
        line.ru.node.send(on, text="hello", officer="watch")
    push = own_log(line.ru, on, start=1)
    answer = ru.post(f"{on}/logs/ru", json=push)
    problem = refused(answer, 429, "over-quota")
    assert answer.headers["Retry-After"] == str(problem["retry_s"])
    assert 0 < problem["retry_s"] <= 86_401
    assert problem["remedy"]
    assert ru.get(f"{on}/heads").json()["heads"]["ru"]["size"] == 1
    line.us.node._core.quota = Quota(day_entries=20, day_mib=1, entries=2, mib=1)
    refused(ru.post(f"{on}/logs/ru", json=push), 429, "over-quota")
    refused(ru.post(f"{on}/logs/ru", json=push | {"urgent": "yes"}), 400, "bad-input")
    line.us.node._core.quota = Quota(day_entries=20, day_mib=1, entries=20, mib=1)
    assert ru.post(f"{on}/logs/ru", json=push | {"urgent": True}).json()["size"] == 3


def test_who_calls_is_not_what_the_request_says(line: Line) -> None:
    """``tj`` is a genuine peer, and for the line with ``ru`` it is nobody."""
    tj, on = line.caller(line.tj), line.lines["ru"]
    nowhere = secrets.token_hex(32)
    told = []
    for path in (on, nowhere):
        told += [
            refused(tj.get(f"{path}/heads"), 404, "not-found"),
            refused(tj.get(f"{path}/logs/us"), 404, "not-found"),
            refused(tj.post(f"{path}/logs/ru", json=own_log(line.ru, on)), 404, "not-found"),
            refused(
                tj.post(f"{path}/logs/us/cosignatures", json={"checkpoint": ""}), 404, "not-found"
            ),
        ]
    assert all(problem == told[0] for problem in told)
    assert line.us.node.entries(on, "ru") == []


def test_a_member_may_bring_anothers_entries_but_not_write_them(line: Line) -> None:
    ru, on = line.caller(line.ru), line.lines["ru"]
    refused(ru.get(f"{on}/logs/tj"), 404, "not-found")
    theirs = own_log(line.tj, line.lines["tj"])
    refused(ru.post(f"{on}/logs/ru", json=theirs), 400, "bad-signature")
    forged = own_log(line.ru, on)
    refused(ru.post(f"{on}/logs/us", json={**forged, "from": 1}), 400, "bad-record")
    assert len(line.us.node.entries(on)) == 1


def _flipped(text: str, at: int) -> str:
    raw = bytearray(base64.b64decode(text))
    raw[at] ^= 1
    return base64.b64encode(raw).decode()


def changed(push: dict[str, Any], part: str) -> dict[str, Any]:
    """A push of which one byte is another."""
    push = json.loads(json.dumps(push))
    bundle = push["entries"][0]
    if part == "payload":
        # The last byte but a few is inside the header's last value.
        bundle["envelope"]["payload"] = _flipped(bundle["envelope"]["payload"], -4)
    elif part == "sig":
        signature = bundle["envelope"]["signatures"][0]
        signature["sig"] = _flipped(signature["sig"], 0)
    elif part == "checkpoint":
        # One of a greater size would be left alone: it may be by a key that is still to come.
        lines = push["checkpoint"].split("\n")
        lines[2] = _flipped(lines[2], 0)
        push["checkpoint"] = "\n".join(lines)
    else:
        bundle[part] = _flipped(bundle[part], 0)
    return push


def test_a_changed_byte_refuses_the_whole_push(line: Line) -> None:
    ru, on = line.caller(line.ru), line.lines["ru"]
    good = own_log(line.ru, on)
    for part in ("payload", "sig", "body", "salt", "checkpoint"):
        answer = ru.post(f"{on}/logs/ru", json=changed(good, part))
        assert answer.status_code == 400, (part, answer.text)
        assert answer.json()["error"] in ("bad-signature", "bad-record"), part
        assert line.us.node.entries(on, "ru") == [], part
    assert ru.post(f"{on}/logs/ru", json=good).json()["size"] == 1


def test_a_gap_says_how_much_is_held(line: Line) -> None:
    ru, on = line.caller(line.ru), line.lines["ru"]
    ours = own_log(line.us, on)
    line.ru.node.receive(on, "us", 0, ours["entries"], ours["checkpoint"], "us")
    line.ru.node.send(on, text="one", language="en", officer="watch")
    push = own_log(line.ru, on, start=1)
    problem = refused(ru.post(f"{on}/logs/ru", json=push), 409, "gap")
    assert problem["size"] == 0


NO_PUSHES = [
    b"",
    b"[]",
    b"null",
    b'{"from":0,"entries":[]}',
    b'{"from":-1,"entries":[],"checkpoint":null}',
    b'{"from":0.5,"entries":[],"checkpoint":null}',
    b'{"from":0,"from":0,"entries":[],"checkpoint":null}',
    b'{"from":0,"entries":{},"checkpoint":null}',
    b'{"from":0,"entries":[1],"checkpoint":null}',
    b'{"from":0,"entries":[{}],"checkpoint":null}',
    b'{"from":0,"entries":[],"checkpoint":"x"}',
    b'{"from":0,"entries":[],"checkpoint":NaN}',
    b'{"from":9007199254740993,"entries":[],"checkpoint":null}',
    b'{"from":0,"entries":[],"checkpoint":"\\ud800"}',
    b"\xff\xfe",
]


def test_what_is_not_a_push_is_refused(line: Line) -> None:
    ru, on = line.caller(line.ru), line.lines["ru"]
    for body in NO_PUSHES:
        answer = ru.post(f"{on}/logs/ru", content=body)
        assert answer.status_code == 400, (body, answer.text)
        assert answer.json()["error"] in ("bad-input", "bad-record"), body
    for start in ("-1", "x", "1e3", "²", "9" * 16):
        refused(ru.get(f"{on}/logs/us?from={start}"), 400, "bad-input")


def test_too_much_is_refused_while_it_is_read(line: Line) -> None:
    ru, on = line.caller(line.ru), line.lines["ru"]
    refused(ru.post(f"{on}/logs/ru", content=b" " * (LINE_BYTES_MAX + 1)), 413, "over-limit")

    def chunks() -> Iterator[bytes]:
        for _ in range(LINE_BYTES_MAX // 65536 + 1):
            yield b" " * 65536

    refused(ru.post(f"{on}/logs/ru", content=chunks()), 413, "over-limit")
    many = {**own_log(line.ru, on), "entries": own_log(line.ru, on)["entries"] * 257}
    refused(ru.post(f"{on}/logs/ru", json=many), 413, "over-limit")
    deep = b'{"from":0,"entries":' + b"[" * 50 + b"]" * 50 + b',"checkpoint":null}'
    refused(ru.post(f"{on}/logs/ru", content=deep), 413, "over-limit")
    assert line.us.node.entries(on, "ru") == []


def test_a_slow_body_is_given_up(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peers_module, "BODY_SECONDS_MAX", 0.2)
    ru, on = line.caller(line.ru), line.lines["ru"]

    def drip() -> Iterator[bytes]:
        import time

        yield b"{"
        time.sleep(1)
        yield b"}"

    refused(ru.post(f"{on}/logs/ru", content=drip()), 413, "over-limit")


def test_one_caller_cannot_use_up_what_another_needs(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(peers_module, "REQUESTS_BURST", 5.0)
    monkeypatch.setattr(peers_module, "REQUESTS_PER_SECOND", 0.0)
    ru, tj = line.caller(line.ru), line.caller(line.tj)
    answers = [ru.get(f"{line.lines['ru']}/heads") for _ in range(8)]
    assert [a.status_code for a in answers] == [200] * 5 + [503] * 3
    assert refused(answers[-1], 503, "busy")
    assert answers[-1].headers["retry-after"]
    assert tj.get(f"{line.lines['tj']}/heads").status_code == 200


def test_paths_of_the_officers_face_are_not_here(line: Line) -> None:
    ru = line.caller(line.ru)
    for path in ("/api/v1/plans", "/healthz", "/docs", "/line/v1/", f"{line.lines['ru']}/nothing"):
        refused(ru.get(path), 404, "not-found")
    refused(ru.delete(f"{line.lines['ru']}/heads"), 404, "not-found")
