"""`detente visit …`: a visit step by step, as its guest or its host, and how far each visit is.

A visit is named by ``<guest>/<name>``, or by how its id begins, in six hex characters or more.
What is long is read from a TOML or JSON file with the protocol's fields (section 10), such as a
notice::

    point_of_entry = "Khujand"
    people = [{ role = "observer", count = 4 }]
    equipment = [{ item = "daylight camera", count = 2 }]

Times are the line's domain time, UTC.
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
    help="Give notice of visits, receive them, and see how far each is.", rich_markup_mode=None
)


class Stage(StrEnum):
    """What a visit reaches."""

    ARRIVED = "arrived"
    BEGUN = "begun"
    ENDED = "ended"
    DEPARTED = "departed"


class Answer(StrEnum):
    """What a host says of a mission plan."""

    AGREED = "agreed"
    CHANGE = "change"


class Change(StrEnum):
    """On which ground a host asks for a change."""

    SAFETY = "safety"
    LOGISTICS = "logistics"


class Ground(StrEnum):
    """Why a visit ends before its time."""

    SAFETY = "safety"
    LOGISTICS = "logistics"
    WEATHER = "weather"
    NOT_AGREED = "not-agreed"
    RESTRICTION = "restriction"
    OTHER = "other"


Visit = Annotated[
    str, typer.Argument(metavar="VISIT", help="GUEST/NAME, or how the visit's id begins.")
]
Line = Annotated[str | None, typer.Option(help="The line, if visits on two are named alike.")]
Start = Annotated[str, typer.Option("--from", metavar="TIME", help="2026-11-26T08:00:00Z")]
End = Annotated[str, typer.Option("--until", metavar="TIME", help="2026-11-29T08:00:00Z")]
At = Annotated[str | None, typer.Option(metavar="TIME", help="Now, if left out.")]
Text = Annotated[str, typer.Option(help="Words; they go onto the line.")]
Language = Annotated[str | None, typer.Option(help="Of the words; our first one, if left out.")]
Exceed = Annotated[
    bool, typer.Option("--exceed", help="Also beyond what was granted; it is shown as that.")
]
MaybeFile = Annotated[
    Path | None, typer.Option("--file", metavar="FILE", help="What is said: .toml or .json.")
]


@app.command()
def notify(
    directory: Directory,
    line: Annotated[str, typer.Option(help="The line, by name or id.")],
    name: Annotated[str, typer.Option(help="The visit's name, new among ours.")],
    under: Annotated[str, typer.Option(metavar="REQUEST", help="Our request, by name or id.")],
    start: Start,
    end: End,
    file: Annotated[Path, typer.Option(metavar="FILE", help="As in examples/visit-notice.toml.")],
    late: Annotated[bool, typer.Option("--late", help="Also later than the terms say.")] = False,
    exceed: Exceed = False,
    token_file: TokenFile = None,
) -> None:
    """Give notice of a visit to the host that granted it, and to all parties of the line."""
    from detente.cli.ask import ask_json

    body = {
        "visit": name,
        "request": under,
        "start": start,
        "end": end,
        "body": read_fields(file),
        "late": late,
        "exceed": exceed,
    }
    path = f"/lines/{quote(line, safe='')}/visits"
    entry = ask_json(directory, "POST", path, body, token=token_of(token_file))
    print(f"Notified {entry['about']['host']}: {entry['id']}")


@app.command()
def acknowledge(
    directory: Directory,
    visit: Visit,
    file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="As in examples/visit-acknowledge.toml.")
    ] = None,
    line: Line = None,
    token_file: TokenFile = None,
) -> None:
    """As the host: take note of a visit, and say how it is received."""
    body = {"body": None if file is None else read_fields(file)}
    _post(directory, line, visit, "acknowledge", body, token_file)
    print("Acknowledged: taken note of")


@app.command()
def stage(
    directory: Directory,
    visit: Visit,
    stage: Annotated[Stage, typer.Argument(help="What was reached.")],
    at: At = None,
    text: Text = "",
    language: Language = None,
    line: Line = None,
    token_file: TokenFile = None,
) -> None:
    """State that a visit arrived, began, ended or departed."""
    body = {"stage": stage.value, "at": at, "text": text, "language": language}
    entry = _post(directory, line, visit, "stages", body, token_file)
    print(f"Stated: {stage.value} at {entry['about']['at']}")


@app.command()
def inspect(
    directory: Directory,
    visit: Visit,
    item: Annotated[
        list[str],
        typer.Option(metavar="'ITEM=AGREED/FOUND'", help="'daylight camera=2/2'; repeatable."),
    ],
    note: Note = "",
    line: Line = None,
    token_file: TokenFile = None,
) -> None:
    """State what an inspection of the equipment found."""
    body = {"body": {"items": [_item(one) for one in item], "note": note}}
    entry = _post(directory, line, visit, "inspections", body, token_file)
    print(f"Inspected: {entry['about']['finding']}")


@app.command()
def plan(
    directory: Directory,
    visit: Visit,
    activity: Annotated[str, typer.Option(help="An activity of ours that was released.")],
    note: Note = "",
    exceed: Exceed = False,
    line: Line = None,
    token_file: TokenFile = None,
) -> None:
    """Name a released activity of ours as the next version of the mission plan."""
    body = {"activity": activity, "note": note, "exceed": exceed}
    entry = _post(directory, line, visit, "plans", body, token_file)
    print(f"Planned: version {entry['about']['version']}")


@app.command()
def review(
    directory: Directory,
    visit: Visit,
    answer: Annotated[Answer, typer.Argument(help="Agreed as it is, or to be changed.")],
    ground: Annotated[Change | None, typer.Option(help="Why it is to be changed.")] = None,
    text: Text = "",
    language: Language = None,
    line: Line = None,
    token_file: TokenFile = None,
) -> None:
    """As the host: agree to the newest plan, or ask for a change for safety or logistics."""
    if (answer is Answer.CHANGE) != (ground is not None):
        raise InputError(
            "a ground is given for a change, and for nothing else",
            where="--ground",
            remedy="add --ground safety or --ground logistics to change",
        )
    body = {"ground": ground and ground.value, "text": text, "language": language}
    _post(directory, line, visit, "reviews", body, token_file)
    print(f"Reviewed: {answer.value}")


@app.command()
def restrict(
    directory: Directory,
    visit: Visit,
    start: Start,
    end: End,
    hours: Annotated[
        list[str] | None, typer.Option(metavar="02:00-06:00", help="Closed, UTC; repeatable.")
    ] = None,
    text: Text = "",
    language: Annotated[str, typer.Option(help="Of the words.")] = "en",
    file: MaybeFile = None,
    line: Line = None,
    token_file: TokenFile = None,
) -> None:
    """As the host: close hours or places to a visit. A late one is flagged with its time."""
    said = {} if file is None else read_fields(file)
    if text:
        said.update(text=text, language=language)
    if hours:
        said["hours_utc"] = [read_hours(one) for one in hours]
    body = {"start": start, "end": end, "body": said}
    _post(directory, line, visit, "restrictions", body, token_file)
    print("Restricted")


@app.command()
def deviate(
    directory: Directory,
    visit: Visit,
    text: Annotated[str, typer.Option(help="What was not as agreed.")],
    at: At = None,
    language: Language = None,
    line: Line = None,
    token_file: TokenFile = None,
) -> None:
    """State that something was not as agreed."""
    body = {"text": text, "at": at, "language": language}
    entry = _post(directory, line, visit, "deviations", body, token_file)
    print(f"Stated: a deviation at {entry['about']['at']}")


@app.command()
def cancel(
    directory: Directory,
    visit: Visit,
    ground: Annotated[Ground, typer.Option(help="Why.")],
    note: Note = "",
    line: Line = None,
    token_file: TokenFile = None,
) -> None:
    """End a visit before its time."""
    _post(directory, line, visit, "cancel", {"ground": ground.value, "note": note}, token_file)
    print(f"Cancelled: {ground.value}")


@app.command()
def report(
    directory: Directory,
    visit: Visit,
    file: MaybeFile = None,
    same_as: Annotated[
        str | None, typer.Option(metavar="PARTY", help="The very report of the other side.")
    ] = None,
    line: Line = None,
    token_file: TokenFile = None,
) -> None:
    """Report on a visit: our own account, or the other side's, which makes it joint."""
    body = {"body": None if file is None else read_fields(file), "same_as": same_as}
    entry = _post(directory, line, visit, "reports", body, token_file)
    print(f"Reported: version {entry['about']['version']}")


@app.command("list")
def list_(
    directory: Directory,
    line: Annotated[str | None, typer.Option(help="Only this line's, by name or id.")] = None,
    format: Annotated[Format, typer.Option(help="How the result is written.")] = Format.TABLE,
) -> None:
    """Show every visit and how far it is."""
    found = _visits(directory, line)
    if format is Format.JSON:
        _print_json(found)
        return
    if not found:
        print("No visits.")
    for one in found:
        name = f"{one['party']}/{one['name']}"
        late = [clock["name"] for clock in one["clocks"] if clock["state"] == "late"]
        told = f"  LATE: {', '.join(late)}" if late else ""
        mark = "EXERCISE " if one["exercise"] else ""
        print(
            f"{name:<20} to {one['host']:<10} {one['phase'].upper():<13} {one['start']} to "
            f"{one['end']}  {mark}{one['line_name']}{told}"
        )


@app.command()
def show(
    directory: Directory,
    visit: Visit,
    line: Line = None,
    format: Annotated[Format, typer.Option(help="How the result is written.")] = Format.TABLE,
) -> None:
    """Show one visit: its clocks, what each side stated, and what exceeds the grant."""
    one = named(directory, line, visit)
    if format is Format.JSON:
        _print_json(one)
    else:
        for row in told(one):
            print(row)


def told(one: dict[str, Any]) -> list[str]:
    """One visit in lines of text."""
    mark = "EXERCISE  " if one["exercise"] else ""
    rows = [
        f"{mark}{one['party']}/{one['name']} to {one['host']} on {one['line_name']}: "
        f"{one['phase'].upper()}, plan {one['mission']}, reports {one['accounts']}",
        f"  {one['start']} to {one['end']}, by {one['point_of_entry'] or 'unknown'}; now "
        f"{one['now']}",
        f"  id {one['id']}",
    ]
    rows += [
        f"  {clock['name']:<12} {clock['owed_by']:<10} {clock['state'].upper():<9} "
        f"due {clock['due'] or 'unknown'}{', met ' + clock['met_at'] if clock['met_at'] else ''}"
        f"{', stated as a lapse' if clock['lapse'] else ''}"
        for clock in one["clocks"]
    ]
    rows += [f"  {_restriction(each)}" for each in one["restrictions"]]
    for each in one["stages"]:
        by = ", ".join(f"{party} {said['at']}" for party, said in each["stated"].items())
        rows.append(f"  {each['stage']}: {by}{' (DIFFERS)' if each['differs'] else ''}")
    rows += [
        f"  deviation, {each['party']}: {each['at']} {each['text']}" for each in one["deviations"]
    ]
    rows += [f"  cancelled by {each['party']}: {each['ground']}" for each in one["cancels"]]
    rows += [
        f"  {item['name']}: {item['state']}{', found ' + item['found'] if item['found'] else ''}"
        for item in one["items"]
    ]
    rows += [f"  session {session['name']}: {session['state']}" for session in one["sessions"]]
    rows += [
        f"  {'EXCEEDS' if more['known'] else 'MAY EXCEED'}: {more['why']}"
        for more in one["exceeding"]
    ]
    return rows + [f"  NOTE: {remark}" for remark in one["remarks"]]


def _restriction(one: dict[str, Any]) -> str:
    """What the host closes: when, in which hours, which places, and its words."""
    told = f"restricted by {one['party']}: {one['start']} to {one['end']}"
    if one["hours_utc"]:
        told += f", {', '.join(f'{_clock(a)}-{_clock(b)}' for a, b in one['hours_utc'])} UTC"
    if one["places"]:
        told += f", closed: {'; '.join(_place(each) for each in one['places'])}"
    if one["text"]:
        told += f" “{one['text']}”"
    if one["unknown"]:
        told += f" (what it says is UNKNOWN: {one['unknown']})"
    return f"{told}; {one['late'] + ', at' if one['late'] else 'made'} {one['made']}"


def _place(one: dict[str, Any]) -> str:
    core = one.get("core")
    if core is None:
        return f"{one['name']} (where is not stated)"
    if core["type"] != "Point":
        return f"{one['name']} ({core['type']})"
    lon, lat = core["coordinates"]
    return f"{one['name']} ({lat:.4f}, {lon:.4f}, within {one['radius_m'] / 1000:g} km)"


def _clock(hour: float) -> str:
    minutes = round(hour * 60)
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def _item(text: str) -> dict[str, Any]:
    name, equals, counts = text.rpartition("=")
    agreed, slash, found = counts.partition("/")
    if not (equals and slash and name and agreed.isdecimal() and found.isdecimal()):
        raise InputError(
            f"{text[:80]!r} is not an item, how many were agreed and how many found",
            where="--item",
            remedy="write it as --item 'daylight camera=2/2'",
        )
    return {"item": name, "agreed": int(agreed[:9]), "found": int(found[:9])}


def _post(
    directory: Path,
    line: str | None,
    visit: str,
    what: str,
    body: dict[str, Any],
    token_file: Path | None,
) -> dict[str, Any]:
    from detente.cli.ask import ask_json

    token = token_of(token_file)
    one = named(directory, line, visit)
    path = f"/lines/{one['line']}/visits/{one['id']}/{what}"
    entry: dict[str, Any] = ask_json(directory, "POST", path, body, token=token)
    return entry


def named(directory: Path, line: str | None, visit: str) -> dict[str, Any]:
    """The visit of this ``<guest>/<name>``, or the one whose id begins so. NotFoundError."""
    found = _visits(directory, line)
    meant = [one for one in found if visit == f"{one['party']}/{one['name']}"]
    if not meant and len(visit) >= PREFIX_MIN:
        meant = [one for one in found if one["id"].startswith(visit.lower())]
    if len(meant) != 1:
        raise NotFoundError(
            f"{len(meant)} visits are named {visit[:64]!r}",
            where="visit",
            remedy="name one of `detente visit list` as GUEST/NAME, with its --line if two are "
            "named alike",
        )
    return meant[0]


def _visits(directory: Path, line: str | None) -> list[dict[str, Any]]:
    from detente.cli.ask import ask_json

    if line is not None:
        found: list[dict[str, Any]] = ask_json(
            directory, "GET", f"/lines/{quote(line, safe='')}/visits"
        )
        return found
    lines = [one["id"] for one in ask_json(directory, "GET", "/lines")]
    return [one for each in lines for one in ask_json(directory, "GET", f"/lines/{each}/visits")]


def _print_json(value: Any) -> None:
    import json

    print(json.dumps(value, ensure_ascii=False, indent=1))
