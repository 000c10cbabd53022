"""The ``detente`` command: one command per job, each in a module of its own.

An error is one line on standard error, ``where: what; remedy``, and exit status 2. What a command
needs beyond typer is imported when it runs, so that ``detente --help`` answers at once.
"""

import os
import sys
from collections.abc import Sequence
from typing import Annotated

import typer
from typer.exceptions import TyperException

import detente
from detente.cli import (
    check,
    coverage,
    daily,
    demo,
    desk,
    init,
    keys,
    line,
    media,
    observation,
    officer,
    party,
    permission,
    record,
    serve,
    visit,
    witness,
)
from detente.cli.failing import fail
from detente.errors import DetenteError

app = typer.Typer(
    name="detente",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.command("check")(check.check)
app.command("coverage")(coverage.coverage)
app.command("init")(init.init)
app.command("serve")(serve.serve)
app.command("demo")(demo.demo)
app.command("card")(party.card)
app.command("fingerprint")(party.fingerprint)
app.add_typer(line.app, name="line")
app.command("lines")(line.lines)
app.add_typer(keys.app, name="keys")
app.add_typer(officer.app, name="officer")
app.command("login")(officer.login)
app.add_typer(desk.app, name="desk")
app.add_typer(record.app, name="record")
app.add_typer(daily.app, name="daily")
app.add_typer(media.app, name="media")
app.add_typer(observation.app, name="observation")
app.add_typer(permission.app, name="permission")
app.add_typer(visit.app, name="visit")
app.add_typer(witness.app, name="witness")


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"detente {detente.__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            help="Print the version and exit.",
            callback=_print_version,
            is_eager=True,
        ),
    ] = False,
) -> None:
    """A deconfliction line between parties that do not share a command.

    It informs; it never gives permission.
    """


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and exit with its status."""
    status = run(sys.argv[1:] if arguments is None else arguments)
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read our output has seen enough (`… | head`). Nothing may be written any more,
        # also not by the interpreter as it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(status)


def run(arguments: Sequence[str]) -> int:
    """Run one command; its exit status."""
    try:
        answer = app(list(arguments) or ["--help"], prog_name="detente", standalone_mode=False)
    except DetenteError as error:
        return fail(str(error))
    except typer.Exit as stop:
        return stop.exit_code
    except (typer.Abort, KeyboardInterrupt):
        return 130
    except BrokenPipeError:
        return 0
    except TyperException as error:
        context = getattr(error, "ctx", None)
        command = context.command_path if context is not None else "detente"
        return fail(f"{error.format_message().rstrip('.')}; see `{command} --help`")
    return answer if isinstance(answer, int) else 0
