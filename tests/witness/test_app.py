"""What a witness answers over HTTP, status by status as C2SP tlog-witness has it."""

import asyncio
import hashlib
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from detente.record.checkpoint import read_checkpoint
from detente.record.note import parse_note
from detente.record.witness import MAX_SUBMISSION_BYTES, Submission, encode_submission
from detente.witness.app import ADDRESSES_MAX, REQUESTS_BURST, Share, WitnessFace

Kept = Any
Log = Any
Ask = Callable[..., httpx.Response]


@pytest.fixture
def ask(kept: Kept) -> Ask:
    def send(method: str, path: str, content: bytes = b"") -> httpx.Response:
        async def call() -> httpx.Response:
            transport = httpx.ASGITransport(WitnessFace(kept.cosigner).app())
            async with httpx.AsyncClient(transport=transport, base_url="https://w") as client:
                return await client.request(method, path, content=content)

        return asyncio.run(call())

    return send


def add(ask: Ask, body: bytes) -> tuple[int, str, str]:
    answer = ask("POST", "/add-checkpoint", body)
    return answer.status_code, answer.headers["content-type"], answer.text


def test_a_cosignature_is_signature_lines(ask: Ask, log: Log) -> None:
    status, _, text = add(ask, log.submission(0, 3))
    assert status == 200
    assert text.endswith("\n")
    parsed = parse_note(f"text\n\n{text}")
    assert [line.name for line in parsed.signatures] == ["witness.example/w1"] * 2


def test_another_size_is_told_exactly_as_the_specification_has_it(ask: Ask, log: Log) -> None:
    add(ask, log.submission(0, 3))
    assert add(ask, log.submission(0, 5)) == (409, "text/x.tlog.size", "3\n")


def test_every_refusal_has_its_status(ask: Ask, log: Log, fork: Log, make_log: Any) -> None:
    thief = make_log(hybrid=True)
    assert add(ask, make_log().submission(0, 1))[0] == 403
    thief.origin = "log.example/unknown"
    assert add(ask, thief.submission(0, 1))[0] == 404
    assert add(ask, b"nonsense")[0] == 400
    assert add(ask, encode_submission(Submission(3, (), log.note(2))))[0] == 400
    assert add(ask, log.submission(0, 5))[0] == 200
    assert add(ask, encode_submission(Submission(5, (), log.note(6))))[0] == 422
    assert add(ask, encode_submission(Submission(5, (), fork.note(5))))[0] == 422
    assert add(ask, fork.submission(0, 5))[0] == 409
    assert ask("GET", "/add-checkpoint").status_code == 405
    assert ask("GET", "/").status_code == 404


def test_the_newest_checkpoint_is_shown_with_all_signatures(ask: Ask, log: Log) -> None:
    path = f"/{hashlib.sha256(log.origin.encode()).hexdigest()}/checkpoint"
    assert ask("GET", path).status_code == 404
    body = log.submission(0, 3)
    text = add(ask, body)[2]
    assert ask("GET", path).text == body.decode().split("\n\n", 1)[1] + text
    assert read_checkpoint(ask("GET", path).text).size == 3
    for other in ("0" * 64, "x" * 64, "0" * 63, log.origin):
        assert ask("GET", f"/{other}/checkpoint").status_code == 404


def test_a_body_is_bounded(ask: Ask) -> None:
    assert add(ask, b"x" * (MAX_SUBMISSION_BYTES + 1))[0] == 413


def test_who_asks_too_often_is_told_so() -> None:
    share, burst = Share(), int(REQUESTS_BURST)
    assert [share.take("a", 0.0) for _ in range(burst + 1)] == [True] * burst + [False]
    assert share.take("b", 0.0), "another address has a share of its own"
    assert share.take("a", 1.0), "and time gives it back"


def test_addresses_are_forgotten_before_they_fill_the_memory() -> None:
    share = Share()
    for n in range(ADDRESSES_MAX + 1):
        share.take(str(n), 0.0)
    assert len(share) == ADDRESSES_MAX
