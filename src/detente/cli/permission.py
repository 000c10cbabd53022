"""`detente permission …`: asking hosts, answering as one, and who answered, side by side.

What is long is read from a TOML or JSON file with the protocol's fields (section 10)::

    purpose = "observe the border crossings"
    quota = "observation visits"
    people = [{ role = "observer", count = 4 }]
    equipment = [{ item = "daylight camera", count = 2 }]

    [[places]]
    name = "Khujand airfield"
    radius_m = 5000.0
    core = { type = "Point", coordinates = [69.69, 40.21], edges = "geodesic" }

People are told by role and number, never by name. Times are the line's domain time, UTC.
"""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from detente.cli.consent import TokenFile, token_of
from detente.cli.fields import read_fields, read_hours
from detente.cli.options import PREFIX_MIN, Directory, Format, Note
from detente.errors import InputError, NotFoundError

app = typer.Typer(
    help="Ask hosts for permission, answer, and see who answered.", rich_markup_mode=None
)


class Kind(StrEnum):
    """What is asked for."""

    BASING = "basing"
    TRANSIT = "transit"
    VISIT = "visit"


class Answer(StrEnum):
    """What a host can answer."""

    GRANTED = "granted"
    LIMITED = "limited"
    REFUSED = "refused"


Request = Annotated[
    str, typer.Argument(metavar="REQUEST", help="A request's id, or how it begins.")
]
Start = Annotated[str, typer.Option("--from", metavar="TIME", help="2026-11-22T08:00:00Z")]
End = Annotated[str, typer.Option("--until", metavar="TIME", help="2026-11-29T08:00:00Z")]
MaybeStart = Annotated[
    str | None, typer.Option("--from", metavar="TIME", help="As asked, if left out.")
]
MaybeEnd = Annotated[
    str | None, typer.Option("--until", metavar="TIME", help="As asked, if left out.")
]
Overdraw = Annotated[
    bool, typer.Option("--overdraw", help="Also where the quota has no units left.")
]


@app.command()
def request(
    directory: Directory,
    name: Annotated[str, typer.Option(help="One name for all hosts that are asked.")],
    host: Annotated[
        list[str], typer.Option(metavar="LINE/PARTY", help="Whom, on which line; repeatable.")
    ],
    kind: Annotated[Kind, typer.Option(help="What is asked for.")],
    start: Start,
    end: End,
    file: Annotated[
        Path, typer.Option(metavar="FILE", help="As in examples/permission-request.toml.")
    ],
    overdraw: Overdraw = False,
    token_file: TokenFile = None,
) -> None:
    """Ask one host or several, on one line or several: all of them, or none."""
    from detente.cli.ask import ask_json

    hosts = [_host(one) for one in host]
    body = {
        "permission": name,
        "hosts": hosts,
        "kind": kind.value,
        "start": start,
        "end": end,
        "asked": read_fields(file),
        "overdraw": overdraw,
    }
    written = ask_json(directory, "POST", "/permissions", body, token=token_of(token_file))
    for one, entry in zip(hosts, written, strict=True):
        print(f"Asked {one['host']} on {one['line']}: {entry['id'][:12]}")


@app.command()
def renew(
    directory: Directory,
    request: Request,
    start: Start,
    end: End,
    file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="What is asked, if not the same as before.")
    ] = None,
    overdraw: Overdraw = False,
    token_file: TokenFile = None,
) -> None:
    """Ask the same host again, for another window."""
    asked = None if file is None else read_fields(file)
    body = {"start": start, "end": end, "asked": asked, "overdraw": overdraw}
    entry = _post(directory, request, "renew", body, token_file)
    print(f"Asked again: {entry['id'][:12]}")


@app.command()
def answer(
    directory: Directory,
    request: Request,
    answer: Annotated[Answer, typer.Argument(help="The answer.")],
    start: MaybeStart = None,
    end: MaybeEnd = None,
    limits: Annotated[
        Path | None, typer.Option(metavar="FILE", help="As in examples/permission-limits.toml.")
    ] = None,
    hours: Annotated[
        list[str] | None, typer.Option(metavar="02:00-14:00", help="UTC; repeatable.")
    ] = None,
    units: Annotated[int | None, typer.Option(help="For how many visits it is good.")] = None,
    note: Note = "",
    token_file: TokenFile = None,
) -> None:
    """Answer a request that is asked of us."""
    given = {} if limits is None else read_fields(limits)
    if hours:
        given["hours_utc"] = [read_hours(one) for one in hours]
    if units is not None:
        given["quota_units"] = units
    body = {
        "answer": answer.value,
        "start": start,
        "end": end,
        "limits": given or None,
        "note": note,
    }
    _post(directory, request, "answer", body, token_file)
    print(f"Answered: {answer.value}")


@app.command()
def revoke(
    directory: Directory,
    request: Request,
    start: Annotated[
        str | None, typer.Option("--from", metavar="TIME", help="From now, if left out.")
    ] = None,
    note: Note = "",
    token_file: TokenFile = None,
) -> None:
    """Take back what we granted, from a time on."""
    entry = _post(directory, request, "revoke", {"start": start, "note": note}, token_file)
    print(f"Revoked from {entry['about']['from']}")


@app.command()
def withdraw(
    directory: Directory, request: Request, note: Note = "", token_file: TokenFile = None
) -> None:
    """Give up a request of ours, answered or not."""
    _post(directory, request, "withdraw", {"note": note}, token_file)
    print("Withdrawn")


@app.command("list")
def list_(
    directory: Directory,
    line: Annotated[str | None, typer.Option(help="Only this line's, by name or id.")] = None,
    format: Annotated[Format, typer.Option(help="How the result is written.")] = Format.TABLE,
) -> None:
    """Show who was asked, who answered, and what is granted until when, hosts side by side."""
    from detente.cli.ask import ask, ask_json

    path = "/permissions" if line is None else f"/lines/{quote(line, safe='')}/permissions"
    if format is Format.JSON:
        print(ask(directory, "GET", path).decode())
        return
    found = ask_json(directory, "GET", path)
    if not found:
        print("Nobody has asked for anything.")
    for name, asked in grouped(found).items():
        print(f"{name[1]}  asked by {name[0]}")
        for one in asked:
            _print_row(one)


def grouped(found: list[dict[str, Any]]) -> dict[tuple[str, str], list[dict[str, Any]]]:
    """The newest request to each host, by who asks and the permission's name."""
    rows: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for one in sorted(found, key=lambda one: (one["party"], one["permission"], one["host"])):
        if one["newest"] or one["permits"]:
            rows.setdefault((one["party"], one["permission"]), []).append(one)
    return rows


def _print_row(one: dict[str, Any]) -> None:
    mark = "EXERCISE " if one["exercise"] else ""
    print(
        f"  {one['host']:<12} {one['state'].upper():<11} {one['id'][:12]}  {mark}{one['line_name']}"
        f"  {told(one)}"
    )
    for limit in one["limits"]:
        print(f"               limited: {limit}")
    for more in one["exceeding"]:
        print(f"               {'EXCEEDS' if more['known'] else 'MAY EXCEED'}: {more['why']}")


def told(one: dict[str, Any]) -> str:
    """What the state means, with its times."""
    grant = one["grant"]
    match one["state"]:
        case "asked":
            due = one["due"]
            return f"answer due {due}" if due else "not received there yet"
        case "unanswered":
            return f"answer was due {one['due']}"
        case "granted" | "limited":
            return f"{grant['start']} to {grant['end']}{'' if one['permits'] else ', not now'}"
        case "revoked":
            return f"from {one['revoked_from']}"
        case "withdrawn":
            return f"at {one['withdrawn']}"
        case "refused":
            return one["answer_note"] or f"at {one['answered']}"
    return f"until {grant['end'] if grant else one['end']}"


def _post(
    directory: Path, request: str, verb: str, body: dict[str, Any], token_file: Path | None
) -> dict[str, Any]:
    from detente.cli.ask import ask_json

    token = token_of(token_file)
    one = _request(directory, request)
    path = f"/lines/{one['line']}/permissions/{one['id']}/{verb}"
    entry: dict[str, Any] = ask_json(directory, "POST", path, body, token=token)
    return entry


def _request(directory: Path, request: str) -> dict[str, Any]:
    """The request of this id, or the one whose id begins so."""
    from detente.cli.ask import ask_json

    found = ask_json(directory, "GET", "/permissions")
    meant = [one for one in found if one["id"].startswith(request)]
    if len(request) < PREFIX_MIN or len(meant) != 1:
        raise NotFoundError(
            f"{len(meant)} requests begin with {request[:64]!r}",
            where="request",
            remedy=f"give at least {PREFIX_MIN} digits of one from `detente permission list`",
        )
    one: dict[str, Any] = meant[0]
    return one


def _host(text: str) -> dict[str, str]:
    line, slash, host = text.rpartition("/")
    if not (slash and line and host):
        raise InputError(
            f"{text[:80]!r} is not a line and a party on it",
            where="--host",
            remedy="write it as --host northern-watch/tj",
        )
    return {"line": line, "host": host}
