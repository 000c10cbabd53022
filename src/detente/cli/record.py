"""`detente record …`: the joint record, verified and as it stands."""

import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from detente.cli.export import export

PAGE = 200

app = typer.Typer(help="Verify and read the joint record.", rich_markup_mode=None)
app.command()(export)

Directory = Annotated[Path, typer.Argument(metavar="DIR", help="The node's folder.")]
Line = Annotated[str, typer.Option(help="The line's name or id.")]


class Format(StrEnum):
    """How the result is written."""

    TABLE = "table"
    JSON = "json"


@app.command()
def verify(directory: Directory) -> None:
    """Verify signatures, trees, cosignatures, and that every projection equals a rebuild.

    Exit status 1 if anything is wrong; the first line then names the first bad entry.
    """
    from detente.cli.ask import ask_json

    findings = ask_json(directory, "POST", "/record/verify")
    if findings:
        for finding in findings:
            print(_finding(finding))
        raise typer.Exit(1)
    _print_logs(directory)
    print("Nothing is wrong: every signature, tree, cosignature and projection holds.")


@app.command()
def state(directory: Directory, line: Line) -> None:
    """Write a line's state as canonical JSON: the same bytes wherever the same entries are held."""
    from detente.cli.ask import ask

    sys.stdout.buffer.write(ask(directory, "GET", f"/lines/{_quoted(line)}/state"))


@app.command()
def entries(
    directory: Directory,
    line: Line,
    party: Annotated[str | None, typer.Option(help="Only this party's log.")] = None,
    start: Annotated[int, typer.Option(help="The first index.")] = 0,
    limit: Annotated[int, typer.Option(help="How many at most.")] = PAGE,
    format: Annotated[Format, typer.Option(help="How the result is written.")] = Format.TABLE,
) -> None:
    """List entries of a line."""
    from detente.cli.ask import ask_json

    chosen = {"party": party} if party is not None else {}
    found = ask_json(
        directory, "GET", f"/lines/{_quoted(line)}/entries", start=start, limit=limit, **chosen
    )
    if format is Format.JSON:
        print(json.dumps(found))
        return
    for entry in found:
        void = f"  VOID: {entry['void']}" if entry["void"] else ""
        print(
            f"{entry['party']:<12} {entry['index']:>6}  {entry['time']}  {entry['type']:<20} "
            f"{entry['id'][:16]}…{void}"
        )


def _print_logs(directory: Path) -> None:
    """How much of each line was verified."""
    from detente.cli.ask import ask_json

    for line in ask_json(directory, "GET", "/lines"):
        links = ask_json(directory, "GET", f"/lines/{line['id']}/links")
        own = links[0]["own_size"] if links else 0
        print(f"{line['name']:<24} {line['own']:<12} {own:>8} entries")
        for link in links:
            print(f"{'':<24} {link['peer']:<12} {link['held_by_us']:>8} entries")


def _finding(finding: dict[str, Any]) -> str:
    index = "" if finding["index"] is None else f" entry {finding['index']}"
    where = f"{finding['line_name'] or finding['line']}: log of {finding['party']}{index}"
    return f"{where}: {finding['what']}; {finding['remedy']}"


def _quoted(text: str) -> str:
    from urllib.parse import quote

    return quote(text, safe="")
