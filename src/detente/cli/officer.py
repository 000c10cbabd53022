"""`detente officer …` and `detente login`: who may use this node."""

from enum import StrEnum
from typing import Annotated

import typer

from detente.cli.options import Directory

app = typer.Typer(help="Add, list and end officers.", rich_markup_mode=None)

Name = Annotated[str, typer.Option(help="The officer's name.")]


class Role(StrEnum):
    """What an officer may do."""

    WATCH = "watch"
    RELEASER = "releaser"
    SENIOR = "senior"
    AUDITOR = "auditor"
    ADMIN = "admin"


@app.command()
def add(
    directory: Directory,
    name: Name,
    role: Annotated[
        Role, typer.Option(help="What the officer may do; see the administrator's guide.")
    ] = Role.WATCH,
) -> None:
    """Add an officer and print the token for the HTTP API, this once."""
    from detente.cli.ask import ask_json

    added = ask_json(directory, "POST", "/officers", {"name": name, "role": role.value})
    print(added["token"])


@app.command("list")
def list_officers(directory: Directory) -> None:
    """List the officers of this node."""
    from detente.cli.ask import ask_json

    for officer in ask_json(directory, "GET", "/officers"):
        ended = "" if officer["active"] else "  ended"
        print(f"{officer['name']:<24} {officer['role']}{ended}")


@app.command()
def end(directory: Directory, name: Name) -> None:
    """End an officer's access: the token and all sessions."""
    from urllib.parse import quote

    from detente.cli.ask import ask

    ask(directory, "DELETE", f"/officers/{quote(name, safe='')}")


@app.command()
def reset(directory: Directory, name: Name) -> None:
    """Forget an officer's password and codes; then make a log-in link (`detente login`)."""
    from urllib.parse import quote

    from detente.cli.ask import ask

    ask(directory, "DELETE", f"/officers/{quote(name, safe='')}/password")


def login(
    directory: Directory,
    name: Annotated[
        str | None, typer.Option(help="Whose session. Default: the first administrator's.")
    ] = None,
) -> None:
    """Print a link that opens the console once, without a token."""
    from detente.cli.ask import ask_json
    from detente.cli.folder import read_run_file
    from detente.errors import NotFoundError
    from detente.node.settings import load_settings

    if name is None:
        officers = ask_json(directory, "GET", "/officers")
        admins = [o["name"] for o in officers if o["active"] and o["role"] == "admin"]
        if not admins:
            raise NotFoundError(
                "there is no active administrator",
                where=str(directory),
                remedy="add one with `detente officer add DIR --name … --role admin`",
            )
        name = admins[0]
    link = ask_json(directory, "POST", "/login-links", {"officer": name})
    run = read_run_file(directory)
    print((run["api"] if run else f"http://{load_settings(directory).api}") + link["path"])
