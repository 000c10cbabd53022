"""Parcels over HTTP: of any length, one chunk at a time, with a reason for whoever is refused."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import anyio
import httpx
import pytest
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from detente.api import bodies
from detente.api.bodies import Incoming
from detente.errors import InputError, LimitError

V1 = "/api/v1"


@pytest.fixture
def both(
    posts: Callable[..., list[Any]], joined: Callable[..., str]
) -> Iterator[tuple[httpx.Client, httpx.Client]]:
    """Officers on duty of ``us`` and ``ru``, whose nodes know each other's line and no way."""
    with ExitStack() as stack:
        us, ru = posts("us", "ru")
        joined([us, ru])
        yield tuple(
            stack.enter_context(
                httpx.Client(
                    base_url=post.officers(),
                    headers={"Authorization": f"Bearer {post.duty}"},
                    timeout=60,
                    trust_env=False,
                )
            )
            for post in (us, ru)
        )  # type: ignore[misc]


def exported(http: httpx.Client, to: str, **asked: Any) -> httpx.Response:
    return http.post(f"{V1}/lines/northern-watch/parcels", json={"to": to, **asked})


def test_a_parcel_goes_out_of_one_node_and_into_the_other(
    both: tuple[httpx.Client, httpx.Client],
) -> None:
    us, ru = both
    out = exported(us, "ru")
    assert out.status_code == 200, out.text
    assert out.headers["content-type"] == "application/octet-stream"
    assert 0 < int(out.headers["x-estimated-bytes"]) < 2**20
    assert out.content.startswith(b"detente-parcel 1\n")
    pieces = (out.content[at : at + 7] for at in range(0, len(out.content), 7))
    taken = ru.post(f"{V1}/parcels", content=pieces)
    assert taken.status_code == 200, taken.text
    assert (taken.json()["sealed_by"], taken.json()["whole"]) == ("us", True)
    assert {log["party"]: log["added"] for log in taken.json()["logs"]} == {"ru": 0, "us": 1}


def test_what_cannot_be_exported_is_refused(both: tuple[httpx.Client, httpx.Client]) -> None:
    wrong: list[Any] = [
        {"to": "tj"},
        {"to": "ru", "log": "tj"},
        {"to": "ru", "start": -1},
        {"to": "ru", "card": "{}"},
        {"to": "ru", "from": 1},
        {},
    ]
    for asked in wrong:
        refused = both[0].post(f"{V1}/lines/northern-watch/parcels", json=asked)
        assert (refused.status_code, refused.json()["error"]) == (400, "bad-input"), asked


def test_what_is_no_parcel_is_refused_while_it_still_comes(
    both: tuple[httpx.Client, httpx.Client],
) -> None:
    """Its sender reads why, and the node serves on."""
    us, ru = both
    label = exported(us, "ru").content[:2000]

    def long(begins: bytes) -> Iterator[bytes]:
        yield begins
        for _ in range(16):
            yield bytes(2**20)

    for begins, code in ((b"PK", "bad-record"), (label, "bad-record"), (b"", "bad-record")):
        refused = ru.post(f"{V1}/parcels", content=long(begins))
        assert (refused.status_code, refused.json()["error"]) == (400, code)
    assert ru.post(f"{V1}/parcels", content=exported(us, "ru").content).json()["whole"]


def read_all(sent: list[Any], limit_bytes: int, size: int) -> list[bytes]:
    """What a handler in a thread reads of a body that comes as ``sent``."""

    async def receive() -> Any:
        message = sent.pop(0)
        if message is None:
            await anyio.sleep(60)
        if isinstance(message, float):
            await anyio.sleep(message)
            message = sent.pop(0)
        return message

    async def serve() -> list[bytes]:
        scope = {"type": "http", "headers": [], "method": "POST", "path": "/"}
        incoming = Incoming(Request(scope, receive), limit_bytes)

        def handle() -> list[bytes]:
            return list(iter(lambda: incoming.read(size), b""))

        try:
            return await run_in_threadpool(handle)
        finally:
            await incoming.finish()

    return anyio.run(serve)


def body(*pieces: bytes) -> list[Any]:
    last = len(pieces) - 1
    return [
        {"type": "http.request", "body": piece, "more_body": at < last}
        for at, piece in enumerate(pieces)
    ]


def test_a_body_is_read_as_it_comes() -> None:
    assert read_all(body(b"abcdef", b"", b"gh"), 8, 4) == [b"abcd", b"ef", b"gh"]
    assert read_all(body(b""), 8, 4) == []


def test_a_body_that_is_too_long_slow_or_broken_off_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(LimitError, match="larger than"):
        read_all(body(b"abcd", b"efgh", b"i"), 8, 4)
    with pytest.raises(InputError, match="went away"):
        read_all([body(b"abcd", b"")[0], {"type": "http.disconnect"}], 8, 4)
    monkeypatch.setattr(bodies, "BODY_SECONDS_MAX", 0.01)
    with pytest.raises(LimitError, match="did not arrive"):
        read_all([body(b"abcd", b"")[0], None], 8, 4)


def test_a_body_that_trickles_in_has_a_bound_in_all(monkeypatch: pytest.MonkeyPatch) -> None:
    pieces = body(*[b"x"] * 40, b"")
    trickle = [part for piece in pieces for part in (0.05, piece)]
    monkeypatch.setattr(bodies, "BODY_SECONDS_MAX", 1.0)
    monkeypatch.setattr(bodies, "BODY_BYTES_PER_S_MIN", 1e6)
    with pytest.raises(LimitError, match="did not arrive"):
        read_all(trickle, 99, 4)
    monkeypatch.setattr(bodies, "BODY_SECONDS_MAX", 60.0)
    assert b"".join(read_all([0.05, *body(b"x" * 40, b"")], 99, 4)) == b"x" * 40
