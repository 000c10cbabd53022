"""`detente keys …`: the private keys that make a node the party's."""

from pathlib import Path
from typing import Annotated

import typer

from detente.cli.options import Directory

app = typer.Typer(help="Protect and change the node's private keys.", rich_markup_mode=None)


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


@app.command()
def show(directory: Directory) -> None:
    """Say of every line which keys sign since when, and who does not know a party's new card."""
    from urllib.parse import quote

    from detente.cli.ask import ask_json

    for line in ask_json(directory, "GET", "/lines"):
        print(line["name"])
        for party in ask_json(directory, "GET", f"/lines/{quote(line['name'], safe='')}/keys"):
            print(f"  {party['party']:<12} {party['card']}")
            for key in party["keys"]:
                second = "and ML-DSA-44" if key["second"] else "alone"
                vouched = ", vouched for by all others" if key["vouched"] else ""
                print(f"    from entry {key['start']}: {key['key'][:16]}… {second}{vouched}")
            if party["unknown_to"]:
                names = ", ".join(party["unknown_to"])
                print(f"    NOT KNOWN to have the newest card: {names}")


@app.command()
def rotate(
    directory: Directory,
    ca: Annotated[
        bool, typer.Option("--ca", help="Replace the authority of our certificates as well.")
    ] = False,
) -> None:
    """Sign with new keys from now on, on every line; the old ones sign that it is so.

    The second key (ML-DSA-44) is new then, too, and a node that had none has one. Name, languages
    and endpoint of the new card are those in detente.toml.
    """
    from detente.cli.folder import locked
    from detente.cli.passphrase import unlocked
    from detente.node import Node

    with locked(directory):
        secret = unlocked(directory)
        node = Node.open(directory, secret=secret)
        try:
            card = node.rotate_key(directory, secret, authority=ca, officer="operator")
        finally:
            node.close()
    print("This party signs with new keys. Its other parties learn of it from the record.")
    if ca:
        print("Start the node: it is known by its new authority where the record has arrived.")
    _print_fingerprint(card)


@app.command()
def replace(directory: Directory) -> None:
    """Make all keys new because they are lost, or somebody else may have them.

    Every other party then compares the new card's fingerprint with you, and vouches for the card on
    each line (`detente keys vouch`); then adopt the key there (`detente keys adopt`).
    """
    from detente.cli.folder import locked
    from detente.cli.passphrase import unlocked
    from detente.node.rekeying import replace

    with locked(directory):
        card = replace(directory, unlocked(directory), officer="operator").raw
    print("New keys are made. Give the new card (`detente card`) to every other party.")
    _print_fingerprint(card)


@app.command()
def vouch(
    directory: Directory,
    line: Annotated[str, typer.Argument(metavar="LINE", help="The line's name or id.")],
    card: Annotated[Path, typer.Argument(metavar="FILE", help="The other party's new card.")],
    confirm: Annotated[
        str, typer.Option(metavar="FINGERPRINT", help="As that party's operator read it out.")
    ],
) -> None:
    """Say on the record that another party's new card is its own."""
    from urllib.parse import quote

    from detente.cli.ask import ask
    from detente.cli.files import read_file

    body = {"card": read_file(card, 64 * 1024).decode("utf-8", "replace"), "fingerprint": confirm}
    ask(directory, "POST", f"/lines/{quote(line, safe='')}/key-vouches", body)


@app.command()
def adopt(
    directory: Directory,
    line: Annotated[str, typer.Argument(metavar="LINE", help="The line's name or id.")],
) -> None:
    """Sign with the replaced keys on a line, once all other parties have vouched for it."""
    from urllib.parse import quote

    from detente.cli.ask import ask

    ask(directory, "POST", f"/lines/{quote(line, safe='')}/key-adoption")


def _print_fingerprint(card: bytes) -> None:
    from detente.record import open_card

    print(f"Fingerprint of the new card: {open_card(card).fingerprint}")


@app.command("add-sealing")
def add_sealing(directory: Directory) -> None:
    """Give a node made by an older version the key that files carried to it by hand are sealed to.

    Its card changes by that, and so does its fingerprint. Lines that are there already learn of it
    with the next `detente keys rotate`, or from the card that you hand over (`line export --card`).
    """
    from detente.cli.folder import locked
    from detente.cli.passphrase import unlocked
    from detente.node.keys import add_sealing

    with locked(directory):
        add_sealing(directory / "keys", unlocked(directory))
    print("The node has a sealing key. Give the other parties its new card (`detente card`).")
