"""`detente record holders`, `proofs` and `prove`: who holds what, and who signed two histories."""

from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from detente.cli.options import Directory, Line

PAGE = 200


def holders(
    directory: Directory,
    line: Line,
    party: Annotated[str | None, typer.Option(help="Only this party's log.")] = None,
    start: Annotated[int, typer.Option(help="The first index.")] = 0,
    limit: Annotated[int, typer.Option(help="How many at most.")] = PAGE,
) -> None:
    """List for each entry who has signed for holding it durably, and since when.

    An entry is joint once every other party of the line has, and every witness that its terms name
    has cosigned a checkpoint that covers it. A witness sees that checkpoint and holds no entry.
    """
    from detente.cli.ask import ask_json

    chosen = {"party": party} if party is not None else {}
    path = f"/lines/{quote(line, safe='')}/entries"
    for entry in ask_json(directory, "GET", path, start=start, limit=limit, **chosen):
        print(f"{entry['party']:<12} {entry['index']:>6}  {entry['type']:<20} {_joint(entry)}")
        for holder, since in sorted(entry["receipts"].items()):
            print(f"  {holder:<12} {since or 'not received, as far as is known'}")
        for witness, since in sorted(entry["witnesses"].items()):
            seen = f"{since}, saw a checkpoint that covers it; holds no entry"
            print(f"  {witness:<12} {seen if since else 'no checkpoint that covers it seen yet'}")


def _joint(entry: dict[str, Any]) -> str:
    return f"joint since {entry['joint']}" if entry["joint"] else "NOT JOINT"


def proofs(
    directory: Directory,
    line: Line,
    out: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Write each proof into a file there.")
    ] = None,
) -> None:
    """List the parties caught in signing two histories; write the proofs for others to check."""
    from detente.cli.ask import ask_json
    from detente.cli.files import make_folder, write_file
    from detente.record.proof import encode_proof

    path = f"/lines/{quote(line, safe='')}/proofs"
    for number, found in enumerate(ask_json(directory, "GET", path), 1):
        print(f"{number:>3}  {found['party']:<12} {found['what']}")
        if found["proof"] is None:
            print("     What is kept of it convinces only who holds the log.")
        elif out is not None:
            make_folder(out)
            file = out / f"{found['party']}-{found['index']}-{number}.json"
            write_file(file, encode_proof(found["proof"]))
            print(f"     {file}")
            print(f"     to be checked with the card {found['card']}")


def prove(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The proof.")],
    card: Annotated[Path, typer.Argument(metavar="CARD", help="The card of the party it names.")],
) -> None:
    """Check a proof that a party signed two histories, with nothing but that party's card."""
    from detente.cli.files import read_file
    from detente.line import KeyChain
    from detente.record import open_card
    from detente.record.proof import MAX_PROOF_BYTES, check_proof

    opened = open_card(read_file(card, 64 * 1024).strip())
    party = opened.card.party
    keys = KeyChain.from_card(opened.public)
    proven = check_proof(read_file(file, MAX_PROOF_BYTES), party, keys)
    print(f"Proven: {party} {proven.what}, on line {proven.line}.")
    print(f"Fingerprint of the card that it is proven by: {opened.fingerprint}")
