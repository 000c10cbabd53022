"""`detente witness …`: a witness of logs, run by an organisation that is no party of any line."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from detente.cli.options import Format

if TYPE_CHECKING:
    from detente.witness.store import WitnessStore

app = typer.Typer(
    help="Run a witness: it cosigns checkpoints and sees no entries.", rich_markup_mode=None
)

FOUNDING_BYTES_MAX = 1024 * 1024

Directory = Annotated[Path, typer.Argument(metavar="DIR", help="The witness's folder.")]
Key = Annotated[
    list[str] | None,
    typer.Option(
        help="A log's verifier key, name+id+base64; its name is the log's origin. Repeatable."
    ),
]


@app.command()
def init(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="A folder not there yet.")],
    name: Annotated[str, typer.Option(help="Its key name, like witness.example/w1.")],
    url: Annotated[str, typer.Option(metavar="URL", help="Where logs reach it, https://….")],
    listen: Annotated[
        str, typer.Option(metavar="HOST:PORT", help="Where it listens.")
    ] = "127.0.0.1:7450",
    protect: Annotated[
        bool, typer.Option("--protect", help="Ask for a passphrase and encrypt the keys with it.")
    ] = False,
) -> None:
    """Make a witness: its keys, a certificate, and what a line's terms say of it."""
    import os

    from detente.cli.passphrase import ask_new
    from detente.witness.settings import create

    os.umask(0o077)
    create(directory, name, url, listen, ask_new() if protect else None)
    print(f"# The witness {name} is in {directory}. What a line's terms say of it:")
    terms(directory)


@app.command()
def terms(directory: Directory) -> None:
    """Print the witness as the terms of a line name it, for its parties to copy."""
    from detente.witness.settings import as_in_terms

    witness = as_in_terms(directory)
    print("[[witnesses]]")
    # A TOML basic string is written like a JSON string.
    print(f"name = {json.dumps(witness.name)}")
    print(f"keys = {json.dumps(witness.keys, indent=2)}")
    print(f"url = {json.dumps(witness.url)}")
    if witness.ca is not None:
        print(f'ca = """\n{witness.ca.strip()}\n"""')


@app.command()
def allow(
    directory: Directory,
    founding: Annotated[
        list[Path] | None, typer.Argument(help="Founding documents of lines to serve.")
    ] = None,
    key: Key = None,
    policy: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            help="The policy of a log, as `record export --tiles` writes it: all its log lines.",
        ),
    ] = None,
) -> None:
    """Serve the logs of lines, or any log by its keys. A running witness knows at once.

    A log that signs with two keys needs both: every `log` line of its policy.
    """
    from detente.cli.files import read_file
    from detente.witness import served

    kept = _store(directory)
    try:
        for path in founding or []:
            for origin in served.allow_line(kept, read_file(path, FOUNDING_BYTES_MAX)):
                print(f"serves {origin}")
        for path in policy or []:
            for text in served.allow_policy(kept, read_file(path, FOUNDING_BYTES_MAX)):
                print(f"trusts {text[:80]}")
        for text in key or []:
            new = served.allow(kept, text)
            print(f"trusts {text[:80]}" if new else f"trusted already: {text[:80]}")
    finally:
        kept.close()


@app.command()
def forbid(directory: Directory, key: Key = None) -> None:
    """Trust keys no more. What was cosigned stays known, also if the log is served again."""
    from detente.witness import served

    kept = _store(directory)
    try:
        for text in key or []:
            known = served.forbid(kept, text)
            print(f"trusts no more {text[:80]}" if known else f"was not trusted: {text[:80]}")
    finally:
        kept.close()


@app.command()
def logs(
    directory: Directory,
    format: Annotated[Format, typer.Option(help="How the result is written.")] = Format.TABLE,
) -> None:
    """List the logs served, how far each is cosigned, and what was refused of it."""
    from detente.record.note import verifier_key
    from detente.volumes.times import format_time
    from detente.witness import store

    kept = _store(directory)
    try:
        with kept.read() as tx:
            refused = store.all_refused(tx)
            turned_away = store.all_turned_away(tx)
            found: list[dict[str, Any]] = [
                {
                    "origin": one.origin,
                    "size": one.size,
                    "root": one.root.hex(),
                    "keys": [verifier_key(k.name, k.type, k.raw) for k in keys],
                    "refused": [
                        {"time_s": no.time_s, "why": no.why, "checkpoint": no.note, "held": no.held}
                        for no in refused
                        if no.origin == one.origin
                    ],
                    "turned_away": [
                        {"time_s": no.time_s, "why": no.why, "key_ids": no.key_ids}
                        for no in turned_away
                        if no.origin == one.origin
                    ],
                }
                for one in store.all_latest(tx)
                for keys in [store.keys_of(tx, one.origin)]
            ]
    finally:
        kept.close()
    if format is Format.JSON:
        print(json.dumps(found))
        return
    for log in found:
        state = "" if log["keys"] else "  NOT SERVED: no key is trusted"
        print(f"{log['size']:>10}  {log['origin']}{state}")
        for no in log["refused"]:
            print(f"            REFUSED: {no['why']}")
    if turned_away:
        print("Turned away, newest first. To allow a log, have its party show you its policy: each")
        print("key id below is the middle part of a log line there.")
    for away in turned_away:
        # Whoever submits chooses these names.
        origin = away.origin.encode("unicode_escape").decode()
        ids = ", ".join(away.key_ids) or "no key under its name"
        print(f"  {format_time(away.time_s)}  {origin}: {away.why}; signed by {ids}, not trusted")


@app.command()
def serve(
    directory: Directory,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="The port, instead of the one set.")
    ] = None,
) -> None:
    """Run the witness. Ends cleanly on SIGTERM and Ctrl-C."""
    import asyncio
    import os

    from detente.cli.folder import held, remove_run_file
    from detente.witness.settings import load_settings

    load_settings(directory)
    with held(directory, "another process serves this witness"):
        from detente.cli.serving import log_to_stderr
        from detente.cli.witnessing import Witnessing

        os.umask(0o077)
        log_to_stderr()
        remove_run_file(directory)
        with Witnessing(directory, port) as witnessing:
            asyncio.run(witnessing.run())


def _store(directory: Path) -> "WitnessStore":
    from detente.witness.settings import load_settings
    from detente.witness.store import FILE, WitnessStore

    load_settings(directory)
    return WitnessStore(directory / FILE)
