"""Who comes in: log-in links, the session's cookie, and proof that a request is the officer's own.

A session is a random token that the node knows (``Node.log_in``); the browser keeps it in a cookie
no script can read and no other site can make it send (``HttpOnly``, ``SameSite=Strict``). Cookies
are shared by all ports of a host, so the cookie's name holds the party: two parties' consoles can
be open in one browser, as in the exercise.

A request that changes something must come from our own pages. It must carry the session's form
token, which other sites cannot read, *and* an ``Origin`` that is our own address; either alone
would do, and the two fail for different reasons.
"""

import hashlib
import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message

from detente.api.bodies import read_body
from detente.errors import AccessError, CredentialError
from detente.node.officers import SESSION_LIFE_S
from detente.node.views import OfficerView

if TYPE_CHECKING:
    from detente.node import Node

FORM_BYTES_MAX = 256 * 1024
FIELDS_MAX = 60


@dataclass(frozen=True)
class Caller:
    """The officer behind a request, and the token that this session's forms carry."""

    officer: OfficerView
    form_token: str


def cookie_name(node: "Node") -> str:
    """The session cookie's name at this party's console."""
    return f"detente_{node.party}"


async def caller(node: "Node", request: Request) -> Caller:
    """Who calls; ``CredentialError`` if nobody has logged in."""
    session = request.cookies.get(cookie_name(node), "")
    if not session:
        raise CredentialError(
            "nobody has logged in here",
            remedy="open a log-in link; `detente login` makes one",
        )
    officer = await run_in_threadpool(node.officer_of, session)
    return Caller(officer, form_token_of(session))


def keep_session(
    node: "Node",
    request: Request,
    response: Response,
    session: str,
    *,
    name: str | None = None,
    path: str = "/",
) -> None:
    """Give the browser its session; a guest's has a ``name`` and a ``path`` of its own."""
    response.set_cookie(
        name or cookie_name(node),
        session,
        max_age=SESSION_LIFE_S,
        path=path,
        httponly=True,
        samesite="strict",
        secure=_scheme(request) == "https",
    )


async def own_form(
    node: "Node", request: Request, limit_bytes: int = FORM_BYTES_MAX
) -> tuple[Caller, FormData]:
    """The form of a request that may change something, bounded and proven to be our own."""
    who = await caller(node, request)
    form = await read_form(request, limit_bytes)
    check_form(request, form, who.form_token)
    return who, form


async def read_form(
    request: Request, limit_bytes: int, *, files_max: int = 1, fields_max: int = FIELDS_MAX
) -> FormData:
    """A form that nothing is known of but its bounds."""
    raw = await read_body(request, limit_bytes)

    async def replay() -> Message:
        return {"type": "http.request", "body": raw, "more_body": False}

    return await Request(request.scope, replay).form(
        max_files=files_max, max_fields=fields_max, max_part_size=FORM_BYTES_MAX
    )


def check_form(request: Request, form: FormData, form_token: str) -> None:
    """Refuse what is not of the session whose forms carry ``form_token``, or of another's page."""
    sent = form.get("form_token")
    if not isinstance(sent, str) or not hmac.compare_digest(sent.encode(), form_token.encode()):
        raise AccessError(
            "this form does not belong to your session",
            remedy="reload the page and try again",
        )
    check_origin(request)


def check_origin(request: Request) -> None:
    """Refuse what another site's page has sent. Browsers name the page's origin on every POST."""
    own = f"{_scheme(request)}://{request.headers.get('host', '')}"
    if request.headers.get("origin") != own:
        raise AccessError(
            "this request does not come from this console's own page",
            remedy="use the console at the address in your browser's bar",
        )


def _scheme(request: Request) -> str:
    """How the browser calls us. A proxy that ends TLS says so in ``X-Forwarded-Proto``.

    Nobody gains by saying so falsely: another site's page cannot set the header on a form, and the
    cookie it gets would only be kept more strictly.
    """
    forwarded = request.headers.get("x-forwarded-proto", "").strip().lower()
    return "https" if forwarded == "https" else request.url.scheme


def form_token_of(session: str) -> str:
    """The token that a session's forms carry."""
    # Derived, so that nothing more has to be kept: whoever cannot read the cookie cannot make it.
    return hmac.new(session.encode(), b"detente console form", hashlib.sha256).hexdigest()
