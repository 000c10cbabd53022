"""Errors as HTTP answers: one JSON shape, a status for every error in the tree.

::

    {"error":"not-found","message":"there is no such plan","remedy":"list the plans",
     "where":"orbit-1"}

``error`` is the stable word of ``detente.errors``; the rest is for a person. What was not foreseen
is logged here and answered with ``internal``; no trace of it leaves the process.
"""

import msgspec
import structlog
from starlette.responses import Response

from detente import errors

log = structlog.get_logger("detente.api")


class Item(msgspec.Struct, frozen=True, omit_defaults=True):
    """One item of an upload that could not be used."""

    where: str
    message: str
    remedy: str = ""


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """Why a request was refused. Nothing of a refused request is kept.

    ``size`` comes with ``gap`` only: how many entries of that log are held. ``retry_s`` comes with
    ``over-quota`` only. ``items`` comes with a refused upload: everything in it that could not be
    used.
    """

    error: str
    message: str
    remedy: str = ""
    where: str = ""
    size: int | None = None
    retry_s: int | None = None
    items: list[Item] = []  # msgspec copies an empty list default


class UploadError(errors.InputError):
    """An upload of which some items cannot be used, so that none was kept."""

    def __init__(self, message: str, items: list[Item], *, where: str = "") -> None:
        super().__init__(message, remedy="correct the items listed and send it again", where=where)
        self.items = items


class BusyError(errors.DetenteError):
    """The node has more to do for this caller than it will do at once."""

    code = "busy"


class MediaError(errors.InputError):
    """A body of a kind that this path does not take."""


STATUSES: tuple[tuple[type[errors.DetenteError], int], ...] = (
    # The first that fits counts, so the more special stand first.
    (errors.LimitError, 413),
    (MediaError, 415),
    (errors.InputError, 400),
    (errors.GapError, 409),
    (errors.ForkError, 409),
    (errors.RecordError, 400),
    (errors.CredentialError, 401),
    (errors.AccessError, 403),
    (errors.NotFoundError, 404),
    (errors.QuotaError, 429),
    (errors.StateError, 409),
    (errors.StoreError, 503),
    (BusyError, 503),
)


def status_of(error: type[errors.DetenteError]) -> int:
    """The HTTP status that answers an error of this type."""
    return next((status for kind, status in STATUSES if issubclass(error, kind)), 500)


def problem_of(error: errors.DetenteError) -> Problem:
    """What the caller is told of an error."""
    return Problem(
        error=error.code,
        message=error.message,
        remedy=error.remedy,
        where=error.where,
        size=error.size if isinstance(error, errors.GapError) else None,
        retry_s=error.retry_s if isinstance(error, errors.QuotaError) else None,
        items=error.items if isinstance(error, UploadError) else [],
    )


def refusal(error: errors.DetenteError) -> Response:
    """The answer to a request that met this error."""
    status = status_of(type(error))
    headers = {}
    if status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="detente"'
    if isinstance(error, errors.QuotaError):
        headers["Retry-After"] = str(error.retry_s)
    if status == 503:
        headers["Retry-After"] = "2"
    if status == 413:
        # What is left of a body that is too large is never read, so the connection cannot go on.
        headers["Connection"] = "close"
    return json_answer(problem_of(error), status, headers)


def internal(error: Exception, *, where: str) -> Response:
    """The answer to a request that met a defect of ours."""
    log.error("unforeseen error", where=where, exc_info=error)
    return json_answer(
        Problem(
            error="internal",
            message="the node met an error that it did not foresee",
            remedy="try again; if it stays, look at the node's log",
        ),
        500,
    )


def json_answer(
    content: object, status: int = 200, headers: dict[str, str] | None = None
) -> Response:
    """``content`` as JSON."""
    return Response(
        msgspec.json.encode(content), status, headers or {}, media_type="application/json"
    )
