"""`detente record …`: the joint record, verified and as it stands."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from detente.cli.consent import TokenFile, token_of
from detente.cli.export import export
from detente.cli.holding import holders, proofs, prove
from detente.cli.options import Directory, Format, Line

PAGE = 200
HOLDER_WORDS = {
    "erased": "says it has erased it",
    "holds": "STILL HOLDS IT",
    "unknown": "NOT KNOWN whether it holds it",
}

app = typer.Typer(help="Verify and read the joint record.", rich_markup_mode=None)
for command in (export, holders, proofs, prove):
    app.command()(command)


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
def rebuild(directory: Directory) -> None:
    """Drop the state of every line, fold it anew from the entries, and say if it was the same.

    Exit status 1 if it was not; it is then.
    """
    from detente.cli.ask import ask_json

    done = ask_json(directory, "POST", "/record/rebuild")
    for line in done:
        told = f"{line['line_name']}: {line['rows']:,} rows of {line['entries']:,} entries rebuilt"
        if line["equal"]:
            print(f"{told}; they were the same, byte for byte.")
        else:
            print(f"{told}; {line['different']:,} were not: {', '.join(line['named'])}")
    if not all(line["equal"] for line in done):
        raise typer.Exit(1)


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
            f"{entry['id']}{void}"
        )


@app.command()
def recall(
    directory: Directory,
    line: Line,
    entry: Annotated[str, typer.Option(help="The id of a release or message of ours.")],
    note: Annotated[str, typer.Option(help="Why; it goes onto the line and stays there.")] = "",
    token_file: TokenFile = None,
) -> None:
    """Ask all parties to erase what an entry of ours said. It cannot make them forget."""
    from detente.cli.ask import ask_json

    body = {"entry": entry, "note": note}
    path = f"/lines/{_quoted(line)}/recalls"
    ask_json(directory, "POST", path, body, token=token_of(token_file))
    print("The recall is on the record, and what it names is erased here.")
    recalls(directory, line)


@app.command()
def recalls(
    directory: Directory,
    line: Line,
    format: Annotated[Format, typer.Option(help="How the result is written.")] = Format.TABLE,
) -> None:
    """List what was recalled, and who still holds it by what its node has signed."""
    from detente.cli.ask import ask_json

    found = ask_json(directory, "GET", f"/lines/{_quoted(line)}/recalls")
    if format is Format.JSON:
        print(json.dumps(found))
        return
    for one in found:
        print(f"{one['party']:<12} {one['time']}  {one['subject']}  {one['entry']}")
        for holder in one["holders"]:
            since = f" since {holder['since']}" if holder["since"] else ""
            told = "" if holder["told"] else ", not reached yet"
            print(f"  {holder['party']:<12} {HOLDER_WORDS[holder['state']]}{since}{told}")


@app.command()
def commit(
    directory: Directory,
    line: Line,
    plan: Annotated[str | None, typer.Option(help="A plan of ours, as it now is.")] = None,
    text: Annotated[str | None, typer.Option(help="Or a statement.")] = None,
    open_from: Annotated[str | None, typer.Option(help="Not to be opened before, UTC.")] = None,
    open_by: Annotated[str | None, typer.Option(help="To be opened by then, UTC.")] = None,
    note: Annotated[str, typer.Option(help="Goes onto the line at once.")] = "",
    token_file: TokenFile = None,
) -> None:
    """Fix a plan or a statement on the record without telling it yet."""
    from detente.cli.ask import ask_json

    body = {"plan": plan, "text": text, "open_from": open_from, "open_by": open_by, "note": note}
    path = f"/lines/{_quoted(line)}/commitments"
    made = ask_json(directory, "POST", path, body, token=token_of(token_file))
    print(f"Fixed on the record as {made['id']}.")
    print("Only this node can open it: what it holds is in the node's database and nowhere else.")


@app.command()
def open(
    directory: Directory,
    line: Line,
    commitment: Annotated[str, typer.Option(help="The id of a commitment of ours.")],
    token_file: TokenFile = None,
) -> None:
    """Tell what a commitment of ours has fixed."""
    from detente.cli.ask import ask_json

    path = f"/lines/{_quoted(line)}/commitments/{_quoted(commitment)}/open"
    ask_json(directory, "POST", path, token=token_of(token_file))
    print("It is opened: whoever holds the record can check that it is what was fixed.")


@app.command()
def commitments(
    directory: Directory,
    line: Line,
    format: Annotated[Format, typer.Option(help="How the result is written.")] = Format.TABLE,
) -> None:
    """List commitments, and how each was opened."""
    from detente.cli.ask import ask_json

    found = ask_json(directory, "GET", f"/lines/{_quoted(line)}/commitments")
    if format is Format.JSON:
        print(json.dumps(found))
        return
    for one in found:
        state = {
            "unopened": "UNKNOWN: not opened" + (", OVERDUE" if one["overdue"] else ""),
            "wrong": "UNKNOWN: what was opened is NOT what was fixed",
            "opened": f"opened {one['opened']}, {one['timing']}",
        }[one["state"]]
        print(f"{one['party']:<12} {one['time']}  {one['subject']:<9} {one['id']}  {state}")


def _print_logs(directory: Path) -> None:
    """How much of each line was verified."""
    from detente.cli.ask import ask_json

    for line in ask_json(directory, "GET", "/lines"):
        logs = ask_json(directory, "GET", f"/lines/{line['id']}/logs")
        for number, log in enumerate(sorted(logs, key=lambda one: (not one["own"], one["party"]))):
            name = "" if number else line["name"]
            left = " (left)" if log["left"] else ""
            print(f"{name:<24} {log['party']:<12} {log['entries']:>8} entries{left}")


def _finding(finding: dict[str, Any]) -> str:
    index = "" if finding["index"] is None else f" entry {finding['index']}"
    where = f"{finding['line_name'] or finding['line']}: log of {finding['party']}{index}"
    return f"{where}: {finding['what']}; {finding['remedy']}"


def _quoted(text: str) -> str:
    from urllib.parse import quote

    return quote(text, safe="")
