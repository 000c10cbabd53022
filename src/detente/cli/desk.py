"""`detente desk …`: the host's side of a guest's desk, and the check of a session's log.

Sessions are opened, witnessed and halted on the escort's page of the console, which has to stay
open; here is what is done before and after. `log verify` needs no node.
"""

import base64
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from detente.cli.consent import TokenFile, token_of
from detente.cli.files import read_file
from detente.cli.options import Directory, Line

app = typer.Typer(help="Lay out a desk for a visit's guests; check sessions' logs.",
                  rich_markup_mode=None)  # fmt: skip
log = typer.Typer(help="Logs of sessions at a guest's desk.", rich_markup_mode=None)
app.add_typer(log, name="log")

DeskId = Annotated[str, typer.Option("--desk", help="The desk's id; `detente desk list` has it.")]
LogFile = Annotated[Path, typer.Argument(metavar="FILE", help="A session's log.")]


@app.command("list")
def list_desks(directory: Directory, line: Line) -> None:
    """List the desks for visits to us: what lies there, who sits there, which sessions there were.

    The session's number after the desk's id, as 3fa1c209-1, names it.
    """
    from detente.cli.ask import ask_json

    for desk in ask_json(directory, "GET", f"/lines/{_quoted(line)}/desks"):
        state = f"may be used until {desk['until']}" if desk["open"] else f"closed: {desk['why']}"
        print(f"{desk['id']}  {desk['visit_name']} of {desk['guest']}: {state}")
        for one in desk["laid"]:
            away = "  (put away)" if one["away"] else ""
            marked = "  marked for the sealing" if one["collected"] else ""
            print(f"  {one['item']:<5} {one['title']}{marked}{away}")
        for one in desk["guests"]:
            print(f"  guest {one['number']}: account {one['account']}")
        for one in desk["sessions"]:
            print(f"  session {one['id']}: {one['state']} {one['why']}, {one['lines']} lines")


@app.command("open")
def open_desk(
    directory: Directory,
    line: Line,
    visit: Annotated[str, typer.Option(help="GUEST/NAME, or how the visit's id begins.")],
    hold: Annotated[
        bool, typer.Option("--hold", help="Each thing waits for the escort's consent.")
    ] = False,
    token_file: TokenFile = None,
) -> None:
    """Set up the desk of a visit to us that is granted, and print its id."""
    from detente.cli.ask import ask_json
    from detente.cli.visit import named

    body = {"visit": named(directory, line, visit)["id"], "hold": hold}
    path = f"/lines/{_quoted(line)}/desks"
    print(ask_json(directory, "POST", path, body, token=token_of(token_file))["id"])


@app.command()
def materials(
    directory: Directory,
    desk: DeskId,
    file: Annotated[
        Path | None, typer.Option(help="Lay out this text, PNG or JPEG picture.")
    ] = None,
    plan: Annotated[str | None, typer.Option(help="Lay out this plan of ours.")] = None,
    entry: Annotated[
        str | None, typer.Option(help="Lay out this release or observation, by its entry id.")
    ] = None,
    away: Annotated[str | None, typer.Option(help="Put this thing away, such as f1.")] = None,
    title: Annotated[str, typer.Option(help="What the guest reads.")] = "",
    token_file: TokenFile = None,
) -> None:
    """Lay something out for the guest, or put it away; it is released to the guest by that."""
    from detente.cli.ask import ask, ask_json
    from detente.errors import InputError

    given = [one for one in (file, plan, entry, away) if one is not None]
    if len(given) != 1:
        raise InputError(
            "one thing at a time", remedy="give one of --file, --plan, --entry and --away"
        )
    token, path = token_of(token_file), f"/desks/{_quoted(desk)}"
    if away is not None:
        ask(directory, "DELETE", f"{path}/items/{_quoted(away)}", token=token)
        return
    body: dict[str, Any]
    if file is not None:
        from detente.node.together.desk_showable import FILE_BYTES_MAX

        content = base64.b64encode(read_file(file, FILE_BYTES_MAX)).decode()
        kind, body = "files", {"title": title or file.stem, "content": content}
    elif plan is not None:
        kind, body = "plans", {"plan": plan, "title": title}
    else:
        kind, body = "entries", {"entry": entry, "title": title}
    laid = ask_json(directory, "POST", f"{path}/{kind}", body, token=token)["laid"][-1]
    print(f"{laid['item']}  {laid['title']}, {laid['size_bytes']:,} bytes, {laid['sha256']}")


@app.command()
def accounts(directory: Directory, desk: DeskId) -> None:
    """Make an account for the next guest at a desk, and print the link that lets it in once."""
    from detente.cli.ask import ask_json
    from detente.cli.folder import read_run_file
    from detente.node.settings import load_settings

    made = ask_json(directory, "POST", f"/desks/{_quoted(desk)}/guests")
    run = read_run_file(directory)
    address = run["api"] if run else f"http://{load_settings(directory).api}"
    print(f"guest {made['number']}: account {made['account']}")
    print(address + made["path"])


@app.command()
def close(directory: Directory, desk: DeskId, token_file: TokenFile = None) -> None:
    """Close a desk for good: its session and its guests' accounts end."""
    from detente.cli.ask import ask

    ask(directory, "DELETE", f"/desks/{_quoted(desk)}", token=token_of(token_file))


@app.command()
def collected(
    directory: Directory,
    desk: DeskId,
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="Write this new file.")],
    token_file: TokenFile = None,
) -> None:
    """Write what the guest has marked into one file, to be sealed by `detente media seal`."""
    from detente.cli.ask import ask

    data = ask(directory, "GET", f"/desks/{_quoted(desk)}/collected", token=token_of(token_file))
    _write(out, data)


@log.command()
def save(
    directory: Directory,
    session: Annotated[str, typer.Option(help="The session, such as 3fa1c209-1.")],
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="Write this new file.")],
) -> None:
    """Write a session's log to a file, to be handed to the guest."""
    from detente.cli.ask import ask

    _write(out, ask(directory, "GET", f"/desk-sessions/{_quoted(session)}/log"))


@log.command()
def verify(file: LogFile) -> None:
    """Check the chain of a session's log and say whose it is. Needs no node.

    Whether it is the log that the host put on the record, `log list` says of the hash printed here.
    """
    from detente.record.session_log import LOG_BYTES_MAX, read_session_log

    found = read_session_log(read_file(file, LOG_BYTES_MAX))
    first = found.opened
    print(f"{first.session} of {first.guest}'s visit to {first.host}, {first.visit}")
    ended = f"{found.end.ended}: {found.end.why}" if found.end else "HAS NOT ENDED"
    print(f"{found.actions} lines, {ended}. The chain holds.")
    print(f"SHA-256 {found.sha256}")


@log.command()
def confirm(
    directory: Directory,
    line: Line,
    file: LogFile,
    note: Annotated[str, typer.Option(help="Goes onto the line.")] = "",
    token_file: TokenFile = None,
) -> None:
    """Check a session's log and say on the line that we hold it."""
    from detente.cli.ask import ask_json
    from detente.record.session_log import LOG_BYTES_MAX

    text = read_file(file, LOG_BYTES_MAX).decode("utf-8", "replace")
    path = f"/lines/{_quoted(line)}/session-logs"
    entry = ask_json(
        directory, "POST", path, {"log": text, "note": note}, token=token_of(token_file)
    )
    print(f"We hold {entry['about']['log_sha256']}: entry {entry['id']}")


@log.command("list")
def list_logs(directory: Directory, line: Line) -> None:
    """List which log of each session either side says it holds. Exit status 1 if two differ."""
    from detente.cli.ask import ask_json

    found = ask_json(directory, "GET", f"/lines/{_quoted(line)}/session-logs")
    for one in found:
        words = {True: "same as the other side's", False: "NOT THE OTHER SIDE'S"}
        agrees = words.get(one["agrees"], "the other side has said nothing yet")
        print(f"{one['session']:<12} {one['party']:<12} {one['ended']:<7} {one['actions']:>6} lines"
              f"  {one['log_sha256']}  {agrees}")  # fmt: skip
    if any(one["agrees"] is False for one in found):
        raise typer.Exit(1)


def _write(out: Path, data: bytes) -> None:
    from detente.errors import StateError

    try:
        with out.open("xb") as file:
            file.write(data)
    except OSError as error:
        raise StateError(
            f"cannot be written: {error.strerror}", where=str(out), remedy="choose a new file"
        ) from None


def _quoted(text: str) -> str:
    return quote(text, safe="")
