"""`detente keys …`: the private keys that make a node the party's."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="Protect the node's private keys.", rich_markup_mode=None)

Directory = Annotated[Path, typer.Argument(metavar="DIR", help="The node's folder.")]


@app.command()
def protect(directory: Directory) -> None:
    """Encrypt the private keys under a passphrase, or change the passphrase.

    The passphrase is asked for on the terminal, or read from the file descriptor whose number is in
    DETENTE_PASSPHRASE_FD: first the old one, if there is one, then the new one, a line each.
    """
    from detente.cli.folder import locked
    from detente.cli.passphrase import ask_new, unlocked
    from detente.node.protection import protect

    with locked(directory):
        secret = unlocked(directory)
        protect(directory / "keys", ask_new(), secret)
    if secret is not None:
        print("The passphrase is changed.")
        return
    print("The private keys are protected. Without the passphrase nobody can open them.")
    print("Copies made before, and what the disk keeps of overwritten files, are not.")
