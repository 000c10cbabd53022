"""`detente observation events|link|dispute|takeback|suggest|changed`: what is of one event.

Reports are named by party and name (`ru/shelling-3`). Links and disputes go onto the line.
"""

from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from detente.cli.consent import TokenFile, token_of
from detente.cli.options import Directory, Note

Line = Annotated[str, typer.Argument(metavar="LINE", help="The line's name or id.")]
Report = Annotated[str, typer.Argument(metavar="PARTY/NAME", help="A report, such as ru/shots-3.")]
Entry = Annotated[str, typer.Argument(metavar="ENTRY", help="The id that `events` shows.")]


def events(directory: Directory, line: Line) -> None:
    """Count the events that reports are of, and show the links and who disputes them."""
    from detente.cli.ask import ask_json

    found = ask_json(directory, "GET", f"{_path(line)}/events")
    print(_figures(found["figures"]))
    for event in found["joined"]:
        print(f"one event: {', '.join(event)}")
    for one in found["links"]:
        print(
            f"{one['id']}  {one['state'].upper():<10} {one['a']} and {one['b']}, by {one['party']}"
        )
        for dispute in one["disputes"]:
            over = " (taken back)" if dispute["taken_back"] else ""
            print(f"{dispute['id']}    disputed by {dispute['party']}{over}")


def _figures(one: dict[str, Any]) -> str:
    noun = "event" if one["events"] == 1 else "events"
    said = f"{one['events']:,} {noun} by {one['reports']:,} reports"
    for party, held in one["as_held"].items():
        said += f"; {held:,} as {party} counts"
    return said + watched_nothing(one["watched"])


def watched_nothing(times: int) -> str:
    """How often nothing was seen, which is no event and in no figure of them."""
    noun = "time" if times == 1 else "times"
    return f"; {times:,} {noun} watched, nothing seen" if times else ""


def link(
    directory: Directory,
    line: Line,
    a: Report,
    b: Report,
    note: Note = "",
    token_file: TokenFile = None,
) -> None:
    """Say on the line that two reports are of one event."""
    _say(directory, line, "event-links", {"a": a, "b": b, "note": note}, token_of(token_file))


def dispute(
    directory: Directory, line: Line, link: Entry, note: Note = "", token_file: TokenFile = None
) -> None:
    """Say on the line that the two reports of another party's link are of two events."""
    path = f"event-links/{quote(link, safe='')}/dispute"
    _say(directory, line, path, {"note": note}, token_of(token_file))


def takeback(
    directory: Directory, line: Line, entry: Entry, note: Note = "", token_file: TokenFile = None
) -> None:
    """Take a link or a dispute of ours back."""
    _say(directory, line, "take-backs", {"entry": entry, "note": note}, token_of(token_file))


def suggest(
    directory: Directory,
    line: Line,
    score_min: Annotated[float, typer.Option(help="The least score, from 0 to 1.")] = 0.9,
    most: Annotated[int, typer.Option(help="How many pairs at most.")] = 20,
    token_file: TokenFile = None,
) -> None:
    """List reports that may be of one event, and why. It links nothing."""
    from detente.cli.ask import ask_json

    path = f"{_path(line)}/event-links/suggestions"
    token = token_of(token_file)
    query: dict[str, Any] = {"score_min": str(score_min), "most": most}
    found = ask_json(directory, "GET", path, token=token, **query)
    for one in found:
        print(f"{one['score']:.2f}  {one['a']} may be the same event as {one['b']}: {why(one)}")
    if not found:
        print("No two reports score so much. That says nothing of whether any are of one event.")


def why(one: dict[str, Any]) -> str:
    """What a suggestion rests on, in words."""
    said = [
        f"{one['distance_m'] / 1000:.1f} km and {one['apart_s'] / 60:.0f} min apart",
        "same kind" if one["same_kind"] else "another kind",
    ]
    if one["shared_words"]:
        said.append(f"both say {', '.join(one['shared_words'][:6])}")
    against = [name for name, weight in one["weights"].items() if weight < 0]
    return "; ".join(said) + (f"; against it: {', '.join(against)}" if against else "")


def changed(
    directory: Directory,
    line: Line,
    mark: Annotated[bool, typer.Option("--mark", help="Mark what is listed as seen.")] = False,
    token_file: TokenFile = None,
) -> None:
    """List what of the observations changed since you last marked it as seen."""
    from detente.cli.ask import ask_json

    token = token_of(token_file)
    found = ask_json(directory, "GET", f"{_path(line)}/changed", token=token)
    print(f"since {found['looked'] or 'the beginning'}, for {found['officer']}:")
    for one in found["changes"]:
        void = f" (void: {one['void']})" if one["void"] else ""
        print(f"{one['time']}  {one['party']:<10} {one['what']}: {', '.join(one['reports'])}{void}")
    if not found["changes"]:
        print("Nothing of what is held here.")
    if found["more"]:
        print("There is more: mark this as seen and list again.")
    if mark:
        path = f"{_path(line)}/changed"
        ask_json(directory, "POST", path, {"seen": found["seen"]}, token=token)
        print("Marked as seen.")


def _path(line: str) -> str:
    return f"/lines/{quote(line, safe='')}"


def _say(directory: Path, line: str, path: str, body: dict[str, Any], token: str | None) -> None:
    from detente.cli.ask import ask_json

    entry = ask_json(directory, "POST", f"{_path(line)}/{path}", body, token=token)
    print(
        f"On the line: {entry['type']}, entry {entry['index']} of {entry['party']}.\n{entry['id']}"
    )
