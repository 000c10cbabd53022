"""An officer of the exercise at one node: everything they do goes through the node's public API.

The exercise and the story tests hold no privileged way in; what they can do, a party's own systems
can do. Answers are the API's JSON, untyped on purpose: a client has the OpenAPI document and not
our classes.
"""

import time
import uuid
from collections.abc import Callable
from typing import Any, Self, TypeVar

import httpx

from detente.errors import DetenteError, StateError
from detente.volumes import Activity
from detente.volumes.codec import volumes_to_wire

Json = dict[str, Any]
T = TypeVar("T")


class RefusedError(DetenteError):
    """The node answered with an error: its ``status``, and ``code`` and text from its body."""

    def __init__(self, status: int, code: str, message: str, remedy: str = "") -> None:
        super().__init__(message, remedy=remedy, where=f"the node answered {status} {code}")
        self.status = status
        self.code = code


class Officer:
    """A client of one node's API.

    ``address`` is the API's base URL; ``token`` the officer's bearer token; ``line`` the id of the
    line that the shorthand methods speak on.
    """

    def __init__(self, party: str, address: str, token: str, line: str) -> None:
        self.party = party
        self.address = address
        self.line = line
        self._http = httpx.Client(
            base_url=f"{address}/api/v1",
            headers={"Authorization": f"Bearer {token}"},
            timeout=30.0,
            trust_env=False,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection; the node does not notice."""
        self._http.close()

    def get(self, path: str) -> Any:
        """GET a path below ``/api/v1``."""
        return self._call("GET", path, None, None)

    def post(self, path: str, body: Json | None = None, *, key: str | None = None) -> Any:
        """POST to a path below ``/api/v1``.

        ``key`` is the idempotency key; the same key again repeats the answer and does nothing else.
        """
        return self._call("POST", path, body, key or uuid.uuid4().hex)

    def put(self, path: str, body: Json, *, key: str | None = None) -> Any:
        """PUT to a path below ``/api/v1``."""
        return self._call("PUT", path, body, key or uuid.uuid4().hex)

    def raw(self, path: str) -> bytes:
        """The exact bytes that a path answers."""
        answer = self._http.get(path)
        _refuse(answer)
        return answer.content

    def on_line(self, what: str) -> Any:
        """What stands on the line: ``activities``, ``conflicts``, ``messages``, …."""
        return self.get(f"/lines/{self.line}/{what}")

    def say(self, what: str, body: Json | None = None, *, key: str | None = None) -> Json:
        """Write on the line: ``messages``, ``proposals``, ``acknowledgements``, …."""
        entry: Json = self.post(f"/lines/{self.line}/{what}", body or {}, key=key)
        return entry

    def file(self, activity: Activity, title: str = "", *, key: str | None = None) -> Json:
        """File a plan; it stays private."""
        body = {
            "id": activity.id,
            "kind": activity.kind,
            "title": title,
            "volumes": volumes_to_wire(activity.volumes),
        }
        filed: Json = self.post("/plans", body, key=key)
        return filed

    def release(self, activity_id: str, form: str = "exact", *, key: str | None = None) -> Json:
        """Release a plan onto the line."""
        body = {"line": self.line, "form": form}
        entry: Json = self.post(f"/plans/{activity_id}/release", body, key=key)
        return entry

    def acknowledge(self, entry: str, level: str, note: str = "") -> Json:
        """Acknowledge an entry: ``understood`` or ``disseminated``."""
        return self.say("acknowledgements", {"entry": entry, "level": level, "note": note})

    def _call(self, method: str, path: str, body: Json | None, key: str | None) -> Any:
        headers = {"Idempotency-Key": key} if key else {}
        answer = self._http.request(method, path, json=body, headers=headers)
        _refuse(answer)
        return answer.json() if answer.content else None


def wait_for(what: str, ask: Callable[[], T | None], timeout_s: float = 30.0) -> T:
    """Ask again and again until the answer is neither None nor empty.

    Raises ``StateError`` that says ``what`` did not come about in time.
    """
    deadline = time.monotonic() + timeout_s
    while True:
        if found := ask():
            return found
        if time.monotonic() > deadline:
            raise StateError(
                f"{what}: not within {timeout_s:g} s",
                remedy="look at both nodes' logs and at how each reaches the other",
            )
        time.sleep(0.05)


def _refuse(answer: httpx.Response) -> None:
    if answer.is_success:
        return
    try:
        refused = answer.json()
        error = RefusedError(
            answer.status_code, refused["error"], refused["message"], refused["remedy"]
        )
    except (ValueError, KeyError, TypeError):
        error = RefusedError(answer.status_code, "error", answer.text[:200])
    raise error
