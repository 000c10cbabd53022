"""`detente observation …`: noting what was observed, reporting it on a line, and reading it.

What is noted or imported is private. Only `report` puts anything onto a line, after showing it.
Lists show counts by district and week; single observations are shown when they are asked for.
"""

import json
import re
import sys
from enum import StrEnum
from itertools import groupby
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from detente.cli import linking
from detente.cli.consent import TokenFile, Yes, agree, token_of
from detente.cli.files import write_file
from detente.cli.options import Directory
from detente.errors import InputError

app = typer.Typer(
    help="Note, import, report and read observations: counts by district and week first.",
    rich_markup_mode=None,
)


class Marking(StrEnum):
    """TLP 2.0."""

    CLEAR = "TLP:CLEAR"
    GREEN = "TLP:GREEN"
    AMBER = "TLP:AMBER"
    STRICT = "TLP:AMBER+STRICT"
    RED = "TLP:RED"


class Audience(StrEnum):
    """Who will read an export."""

    PUBLIC = "public"
    COMMUNITY = "community"
    CLIENTS = "clients"
    ORGANISATION = "organisation"


class Format(StrEnum):
    """What an export is written as."""

    GEOJSON = "geojson"
    CSV = "csv"
    STIX = "stix"


Line = Annotated[str, typer.Argument(metavar="LINE", help="The line's name or id.")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="Our own name for the observation.")]
Asked = Annotated[str | None, typer.Option()]
Counts = Annotated[
    list[str] | None, typer.Option("--count", metavar="WHAT=N", help="vehicles=40; repeatable.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Write JSON.")]

_COUNT = re.compile(r"([a-z][a-z0-9-]*)=(\d{1,10})", re.ASCII)
_AT = re.compile(r"([+-]?[\d.]+),([+-]?[\d.]+)", re.ASCII)


@app.command()
def note(
    directory: Directory,
    name: Name,
    kind: Annotated[str, typer.Option(help="A code of docs/observations.md.")],
    at: Annotated[str, typer.Option(metavar="LON,LAT", help="The middle of the place, degrees.")],
    radius_m: Annotated[float, typer.Option(help="It happened within so many metres of it.")],
    start: Annotated[str, typer.Option("--from", metavar="TIME", help="Not before this.")],
    end: Annotated[str, typer.Option("--until", metavar="TIME", help="Not after this.")],
    marking: Annotated[Marking, typer.Option(help="Who may see it (TLP 2.0).")],
    how: Annotated[str, typer.Option(help="seen, heard, sensor, visit, media …")] = "unknown",
    confidence: Annotated[str, typer.Option(help="low, moderate, high")] = "unknown",
    seeing: Annotated[str, typer.Option(help="good, limited, poor")] = "unknown",
    place: Annotated[str, typer.Option(help="The place's name.")] = "",
    district: Annotated[str, typer.Option(help="The district's name.")] = "",
    text: Annotated[str, typer.Option(help="In words; no names of persons.")] = "",
    language: Annotated[str, typer.Option(help="Of the text.")] = "en",
    source: Annotated[str, typer.Option(help="Where it was published.")] = "",
    count: Counts = None,
    token_file: TokenFile = None,
) -> None:
    """Note an observation. It stays private."""
    from detente.cli.ask import ask_json

    observed = {
        "kind": kind,
        "core": _point(at),
        "radius_m": radius_m,
        "from": start,
        "until": end,
        "how": how,
        "confidence": confidence,
        "seeing": seeing,
        "place": place,
        "district": district,
        "text": text,
        "language": language,
        "source": source,
        "counts": _counts(count),
    }
    body = {"id": name, "observed": observed, "marking": marking.value}
    noted = ask_json(directory, "POST", "/observations", body, token=token_of(token_file))
    print(f"Noted {noted['id']} in {noted['district']}, {noted['week']}. No line has been told.")


@app.command()
def revise(
    directory: Directory,
    name: Name,
    kind: Asked = None,
    at: Annotated[str | None, typer.Option(metavar="LON,LAT")] = None,
    radius_m: Annotated[float | None, typer.Option()] = None,
    start: Annotated[str | None, typer.Option("--from", metavar="TIME")] = None,
    end: Annotated[str | None, typer.Option("--until", metavar="TIME")] = None,
    marking: Annotated[Marking | None, typer.Option()] = None,
    how: Asked = None,
    confidence: Asked = None,
    seeing: Asked = None,
    place: Asked = None,
    district: Asked = None,
    text: Asked = None,
    count: Counts = None,
    token_file: TokenFile = None,
) -> None:
    """Change what is given of an observation; the rest stays. Lines are told by `report`."""
    from detente.cli.ask import ask_json

    token, path = token_of(token_file), f"/observations/{quote(name, safe='')}"
    held = ask_json(directory, "GET", path, token=token)
    given = {
        "kind": kind,
        "core": None if at is None else _point(at),
        "radius_m": radius_m,
        "from": start,
        "until": end,
        "how": how,
        "confidence": confidence,
        "seeing": seeing,
        "place": place,
        "district": district,
        "text": text,
        "counts": None if count is None else _counts(count),
    }
    changed = {field: value for field, value in given.items() if value is not None}
    body = {
        "observed": held["observed"] | changed,
        "marking": held["marking"] if marking is None else marking.value,
    }
    now = ask_json(directory, "PUT", path, body, token=token)
    print(f"{name} is revision {now['revision']}.", end=" ")
    lines = [one["line_name"] for one in now["reported"] if not one["same"]]
    print(f"Told otherwise: {', '.join(lines)}." if lines else "No line has been told otherwise.")


@app.command("import")
def import_(
    directory: Directory,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="UCDP GED .csv, .csv or .geojson.")],
    marking: Annotated[Marking, typer.Option(help="Of what bears none itself.")] = Marking.AMBER,
    as_json: AsJson = False,
    token_file: TokenFile = None,
) -> None:
    """Note every observation of a file; they stay private. Importing it again changes nothing.

    Exit status 1 if some rows could not be used; the others are kept.
    """
    found = _import(directory, file, marking.value, token_of(token_file))
    if as_json:
        print(json.dumps(found))
    else:
        print(
            f"{file.name} ({found['format']}): {found['new']:,} new, {found['revised']:,} revised, "
            f"{found['same']:,} the same. No line has been told."
        )
        for one in found["refused"]:
            print(f"detente: {one}", file=sys.stderr)
        more = found["refused_in_all"] - len(found["refused"])
        if more:
            print(f"detente: and {more:,} more that cannot be used", file=sys.stderr)
        if found["cut"]:
            print(f"detente: {file.name}: {found['cut']}", file=sys.stderr)
    if found["refused_in_all"] or found["cut"]:
        raise typer.Exit(1)


def _import(directory: Path, file: Path, marking: str, token: str | None) -> dict[str, Any]:
    import msgspec

    from detente.cli.ask import calling, checked, either
    from detente.cli.carry import PIECE_BYTES, Reading, opened, progress
    from detente.node import roles
    from detente.node.views import OfficerView

    def here() -> Any:
        with opened(directory) as node, Reading(file, told) as source:
            officer = OfficerView(name=roles.OPERATOR, role=roles.OPERATOR, active=True)
            if token is not None:
                officer = node.officer_of(token)
            roles.check(officer.name, officer.role, roles.PLAN)
            return msgspec.to_builtins(
                node.import_observations(file.name, source, marking, officer=officer.name)
            )

    def server(run: dict[str, Any]) -> Any:
        with calling(run, token) as client, Reading(file, told) as source:
            answer = client.post(
                "/api/v1/observations/import",
                content=iter(lambda: source.read(PIECE_BYTES), b""),
                params={"name": file.name, "marking": marking},
            )
            return msgspec.json.decode(checked(answer))

    with progress(f"Importing {file.name}") as told:
        found: dict[str, Any] = either(directory, here, server)
    return found


@app.command()
def report(
    directory: Directory,
    line: Line,
    name: Name,
    coarse: Annotated[
        bool, typer.Option("--coarse", help="Place to half a degree, time to days, no words.")
    ] = False,
    yes: Yes = False,
    token_file: TokenFile = None,
) -> None:
    """Report an observation as it now is, as its next version on a line, after showing it."""
    from detente.cli.ask import ask_json

    token, on = token_of(token_file), f"/lines/{quote(line, safe='')}/observations"
    body = {"observation": name, "coarse": coarse}
    shown = ask_json(directory, "POST", f"{on}/preview", body, token=token)
    print(f"{shown['line_name']} would see this, marked {shown['about']['marking']}:")
    for field, value in shown["observed"].items():
        if value not in ("", None, {}):
            print(f"  {field:<11} {value if isinstance(value, str) else json.dumps(value)}")
    agree("Do you report that?", yes=yes)
    entry = ask_json(directory, "POST", on, body | {"shown": shown["sha256"]}, token=token)
    print(f"Reported as version {entry['about']['version']}: entry {entry['id'][:12]}.")


@app.command()
def retract(
    directory: Directory,
    line: Line,
    name: Name,
    note: Annotated[str, typer.Option(help="Why; it goes onto the line.")] = "",
    token_file: TokenFile = None,
) -> None:
    """Say that what we reported does not stand. Its versions stay in the record."""
    from detente.cli.ask import ask_json

    path = f"/lines/{quote(line, safe='')}/observations/retract"
    body = {"observation": name, "note": note}
    entry = ask_json(directory, "POST", path, body, token=token_of(token_file))
    print(f"Retracted on {entry['line_name']}: entry {entry['id'][:12]}.")


@app.command("list")
def list_(
    directory: Directory,
    line: Annotated[str | None, typer.Option(help="What is reported there; else our own.")] = None,
    single: Annotated[bool, typer.Option("--single", help="One by one.")] = False,
    district: Annotated[str, typer.Option(help="With --single: only of this district.")] = "",
    week: Annotated[str, typer.Option(help="With --single: only of this week, 2021-W32.")] = "",
    kind: Annotated[str, typer.Option(help="With --single: only of this kind.")] = "",
    as_json: AsJson = False,
    token_file: TokenFile = None,
) -> None:
    """List observations: counts by district and week; with --single one by one."""
    from detente.cli.ask import ask_json

    token = token_of(token_file)
    path = "/observations" if line is None else f"/lines/{quote(line, safe='')}/observations"
    if not single:
        table = ask_json(directory, "GET", f"{path}/table", token=token)
        _print_table(table) if not as_json else print(json.dumps(table))
        return
    asked = {"district": district, "week": week, "kind": kind}
    found = ask_json(directory, "GET", path, token=token, **asked)
    notes = found["notes"] if line is None else found
    while line is None and found["more"]:
        found = ask_json(directory, "GET", path, token=token, after=found["more"], **asked)
        notes += found["notes"]
    if as_json:
        print(json.dumps(notes))
        return
    for one in notes:
        _print_one(one)


@app.command()
def export(
    directory: Directory,
    line: Line,
    out: Annotated[Path, typer.Option(metavar="FILE", help="A new file.")],
    audience: Annotated[Audience, typer.Option("--for", help="Who will read it.")],
    format: Annotated[Format, typer.Option(help="Of the file.")] = Format.GEOJSON,
    token_file: TokenFile = None,
) -> None:
    """Write what is reported on a line and its marking lets an audience see into a new file."""
    from detente.cli.ask import ask_json

    found = ask_json(
        directory,
        "GET",
        f"/lines/{quote(line, safe='')}/observations/export",
        token=token_of(token_file),
        format=format.value,
        audience=audience.value,
    )
    write_file(out, found["document"].encode())
    print(f"{out}: {found['exported']:,} observations, {found['marking']}.")
    if found["withheld"]:
        print(
            f"{found['withheld']:,} more stand on the line: their marking keeps them from "
            f"{audience.value}."
        )


def _point(at: str) -> dict[str, Any]:
    match = _AT.fullmatch(at.strip())
    try:
        position = [float(part) for part in match.groups()] if match else []
    except ValueError:
        position = []
    if not position:
        raise InputError(f"{at[:40]!r} is no position", where="--at", remedy="write 68.605,37.185")
    return {"type": "Point", "coordinates": position, "edges": "geodesic"}


def _counts(given: list[str] | None) -> dict[str, int]:
    counts: dict[str, int] = {}
    for one in given or ():
        match = _COUNT.fullmatch(one)
        if match is None:
            raise InputError(
                f"{one[:40]!r} is no count", where="--count", remedy="write vehicles=40"
            )
        counts[match[1]] = int(match[2])
    return counts


def _held(events_of: int, as_held: dict[str, int]) -> str:
    """How the parties to a dispute count, where it is not ``events_of`` for all of them."""
    if not set(as_held.values()) - {events_of}:
        return ""
    return "".join(f" ({events} as {party} counts)" for party, events in as_held.items())


def _print_blank(weeks: list[str], running: str) -> None:
    """Weeks in a row of which nobody told here, as one line; not that nothing happened."""
    from detente.observations import untold

    for words, group in groupby(weeks, key=lambda week: untold(week, running)):
        first, *more = group
        print(f"  {first} … {more[-1]}: {words}" if more else f"  {first:<9} {words}")


def _print_table(table: dict[str, Any]) -> None:
    cells = {(one["district"], one["week"]): one for one in table["cells"]}
    for district in table["districts"]:
        print(district)
        blank: list[str] = []
        for week in table["weeks"]:
            cell = cells.get((district, week))
            if cell is None:
                blank.append(week)
                continue
            _print_blank(blank, table["running"])
            blank = []
            counts = ", ".join(
                f"{kind} {size}{_held(size, cell['as_held'].get(kind, {}))}"
                for kind, size in cell["counts"].items()
            )
            seeing = ", ".join(f"{how} {size}" for how, size in cell["seeing"].items())
            ahead = week != "unknown" and week > table["running"]
            print(
                f"  {week:<9} {counts}  (conditions: {seeing})"
                f"{'  TOLD OF A TIME TO COME' if ahead else ''}"
            )
        _print_blank(blank, table["running"])
    print(
        f"{table['events']:,} events by {table['counted']:,} observations"
        f"{_held(table['events'], table['as_held'])}{linking.watched_nothing(table['watched'])}"
        f", {table['marking']}.",
        end="",
    )
    beside = [
        f"{table[name]:,} {word}"
        for name, word in (
            ("retracted", "retracted"),
            ("recalled", "recalled"),
            ("unknown", "of which it is not known here what they say"),
            ("withheld", "not for you, by their marking"),
        )
        if table[name]
    ]
    print(f" Not counted: {', '.join(beside)}." if beside else "")
    if _held(table["events"], table["as_held"]):
        print("The total differs by who counts, because of a dispute.")


def _print_one(one: dict[str, Any]) -> None:
    name = one.get("observation") or one["id"]
    who = f"{one['party']}/" if "party" in one else ""
    print(f"{who}{name}  {one['marking'] or ''}  {one.get('state', 'private')}")
    observed = one["observed"]
    if observed is None:
        print("  what it says is not known here" if one["state"] == "unknown" else "")
        return
    lon_lat = json.dumps(observed["core"]["coordinates"])
    print(f"  {observed['kind']}, {observed['from']} to {observed['until']}")
    print(f"  {one['district']}: within {observed['radius_m']:,.0f} m of {lon_lat}")
    print(
        f"  {observed['how']}, confidence {observed['confidence']}, conditions {observed['seeing']}"
    )
    if observed["text"]:
        print(f"  “{observed['text']}”")


for command in (
    linking.events,
    linking.link,
    linking.dispute,
    linking.takeback,
    linking.suggest,
    linking.changed,
):
    app.command()(command)
