"""`detente daily …`: a line's daily report, shown, published and checked.

The joint part is the same bytes at every party that holds the same entries; each party's own part
stands beside it, and nobody adjudicates between them.
"""

import sys
from enum import StrEnum
from typing import Annotated, Any
from urllib.parse import quote

import typer

from detente.cli.consent import TokenFile, Yes, agree, token_of
from detente.cli.options import Directory, Line

app = typer.Typer(help="Show, publish and check daily reports.", rich_markup_mode=None)

Day = Annotated[str, typer.Option(metavar="DATE", help="The day, such as 2021-08-09.")]
Several = Annotated[list[str] | None, typer.Option(help="May be given several times.")]

VERDICTS = {
    "agrees": "its joint part is what is computed here from what its writer had seen",
    "differs": "ITS JOINT PART IS NOT WHAT IS COMPUTED HERE from the same entries",
    "unknown": "cannot be checked here",
}


class Format(StrEnum):
    """How the result is written."""

    TEXT = "text"
    JSON = "json"


@app.command()
def show(
    directory: Directory,
    line: Line,
    day: Day,
    format: Annotated[
        Format, typer.Option(help="Text, or the joint part as the JSON that is hashed.")
    ] = Format.TEXT,
) -> None:
    """Show a day: the joint part by all that is held here, and each party's report of it."""
    from detente.cli.ask import ask, ask_json

    path = _path(line, day)
    if format is Format.JSON:
        sys.stdout.buffer.write(ask(directory, "GET", f"{path}/joint"))
        return
    print("\n".join(text_of(ask_json(directory, "GET", path))))


@app.command()
def publish(
    directory: Directory,
    line: Line,
    day: Day,
    text: Annotated[str, typer.Option(help="Our own words on the day.")] = "",
    language: Annotated[str, typer.Option(help="What they are written in.")] = "en",
    conditions: Several = None,
    access_denied: Several = None,
    not_observed: Several = None,
    areas: Several = None,
    yes: Yes = False,
    token_file: TokenFile = None,
) -> None:
    """Publish our report of a day that is over. What it says goes onto the line for good."""
    from detente.cli.ask import ask_json

    path, token = _path(line, day), token_of(token_file)
    view = ask_json(directory, "GET", path)
    print("\n".join(text_of(view)))
    if view["missing"]:
        print(f"Not held here yet: {', '.join(view['missing'])}: the joint part may still change.")
    agree("Publish this joint part with your own part?", yes=yes)
    own = {
        "text": text,
        "language": language,
        "conditions": conditions or [],
        "access_denied": access_denied or [],
        "not_observed": not_observed or [],
        "areas": areas or [],
        "shown": view["joint_sha256"],
    }
    entry = ask_json(directory, "POST", path, own, token=token)
    print(f"Published: entry {entry['index']} of {entry['party']}.")


@app.command()
def verify(directory: Directory, line: Line) -> None:
    """Check every daily report's joint part. Exit status 1 if one differs from what we compute."""
    from detente.cli.ask import ask_json

    found = ask_json(directory, "GET", f"/lines/{quote(line, safe='')}/dailies")
    for one in found:
        print(f"{one['day']}  {_report_text(one)}")
    if not found:
        print("Nobody has published a daily report on this line.")
    if any(one["verdict"] == "differs" for one in found):
        raise typer.Exit(1)


def _path(line: str, day: str) -> str:
    return f"/lines/{quote(line, safe='')}/dailies/{quote(day, safe='')}"


def text_of(view: dict[str, Any]) -> list[str]:
    """A day in lines of text."""
    joint = view["joint"]
    lines = [
        *([f"EXERCISE {view['exercise']}"] if view["exercise"] else []),
        f"Daily report {view['day']}, line {view['line_name']}",
        f"from {joint['from']} to {joint['cutoff']}"
        + ("" if view["over"] else "  THE DAY IS NOT OVER"),
        f"{view['marking']}: the narrowest marking of what is counted here",
        f"joint part {view['joint_sha256']}",
        "of " + ", ".join(f"{party} {at['size']}" for party, at in joint["logs"].items()),
        "",
        f"{'':<44}{'day':>16}{'day before':>16}{'week before':>16}",
    ]
    rows = [("all but quiet", joint["totals"])]
    rows += [(f"{cell['district']}: {cell['kind']}", cell) for cell in joint["cells"]]
    for name, of in rows:
        figures = "".join(f"{_figure(of[at]):>16}" for at in ("day", "day_before", "week_before"))
        lines.append(f"{name[:43]:<44}{figures}")
    for one in joint["disputed"]:
        by = f"{', '.join(one['linked_by']) or 'nobody now'}: one event; "
        lines.append(
            f"IN DISPUTE {one['a']} and {one['b']}: {by}{', '.join(one['disputed_by'])}: two"
        )
    if any(_held(of) for of in joint["totals"].values()):
        lines.append(
            "Because of a dispute the total differs by who counts; so do rows that say it."
        )
    gone = joint["not_observed"]
    lines += [
        "",
        _not_observed(gone["districts"], joint["seeing"]),
        "Everything else of the area: not observed by anybody who reports here.",
        f"observed poorly only: {', '.join(gone['poorly']) or 'none'}",
        *_denied(joint["access_denied"]),
        *(_visit(one) for one in joint["visits"]),
        *(
            f"line checks of {one['party']}: {one['made']} of {one['due']}"
            for one in joint["line_checks"]
        ),
        *(f"lapse: {one['owed_by']} owed {one['what']} by {one['due']}" for one in joint["lapses"]),
        *(
            f"{name}: {', '.join(joint[name])}"
            for name in ("late", "retracted", "recalled", "unknown")
            if joint[name]
        ),
        "",
    ]
    for one in view["reports"]:
        lines += [_report_text(one), *_own_text(one)]
    if not view["reports"]:
        lines.append("Nobody has published a report of this day.")
    return lines


def _not_observed(districts: list[str], seeing: list[Any]) -> str:
    """What was not observed of the districts ever told of; in words, where that is none."""
    if districts:
        return f"not observed: {', '.join(districts)}"
    if seeing:
        return "Every district ever told of on this line was reported on this day."
    return "Nothing was observed: no district had been told of on this line by then."


def _figure(one: dict[str, Any]) -> str:
    """``2 of 3`` events of reports; where the parties to a dispute count otherwise, how."""
    if not one["reports"]:
        return "none told"
    held = _held(one)
    return f"{one['events']} of {one['reports']}" + (f" ({held})" if held else "")


def _held(one: dict[str, Any]) -> str:
    """How the parties to a dispute count, if that is another figure for any of them."""
    as_held = one.get("as_held", {})
    if not set(as_held.values()) - {one["events"]}:
        return ""
    return " ".join(f"{party}:{events}" for party, events in as_held.items())


def _denied(denied: dict[str, Any]) -> list[str]:
    return [
        *(
            f"restricted by {one['host']}: {one['from']} to {one['until']}"
            for one in denied["restrictions"]
        ),
        *(
            f"refused by {one['host']}: {one['permission']}, asked by {one['asked_by']}"
            for one in denied["refusals"]
        ),
        *(f"obstructed: {one}" for one in denied["observations"]),
    ]


def _visit(one: dict[str, Any]) -> str:
    stages = "; ".join(
        f"{side}: {', '.join(f'{stage} {at}' for stage, at in said.items())}"
        for side, said in one["stages"].items()
        if said
    )
    ended = "CANCELLED " if one["cancelled"] else ""
    return (
        f"visit {one['name']} of {one['guest']} to {one['host']}: {ended}{stages or 'no stage yet'}"
    )


def _report_text(one: dict[str, Any]) -> str:
    said = VERDICTS[one["verdict"]] + (f": {one['why']}" if one["why"] else "")
    for party, entries in one["behind"].items():
        said += f"; written before {entries} more of {party} had reached it"
    if not one["as_agreed"]:
        said += f"; CUT OFF AT {one['cutoff']}, not as the terms say"
    later = "" if one["newest"] else " (replaced by a later one)"
    return f"report of {one['party']}{later}: {said}"


def _own_text(one: dict[str, Any]) -> list[str]:
    own = one["own_part"]
    if own is None:
        return [f"  its own part is not known here: {one['unknown_own']}"]
    return [
        *(["  " + own["text"]] if own["text"] else []),
        *(
            f"  {name.replace('_', ' ')}: {each}"
            for name in ("conditions", "access_denied", "not_observed", "areas")
            for each in own[name]
        ),
    ]
