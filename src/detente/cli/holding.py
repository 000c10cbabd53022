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
    """List the parties and witnesses caught in signing two histories; write the proofs.

    Others check them with `detente record prove`.
    """
    from detente.cli.ask import ask_json
    from detente.cli.files import make_folder, write_file
    from detente.record.proof import encode_proof

    path = f"/lines/{quote(line, safe='')}/proofs"
    for number, found in enumerate(ask_json(directory, "GET", path), 1):
        witness = found["witness"]
        who = f"witness {witness}" if witness else f"{found['party']:<12}"
        print(f"{number:>3}  {who} {found['what']}")
        if found["proof"] is None:
            print("     What is kept of it convinces only who holds the log.")
        elif out is not None:
            make_folder(out)
            of = "witness" if witness else found["index"]
            file = out / f"{found['party']}-{of}-{number}.json"
            write_file(file, encode_proof(found["proof"]))
            print(f"     {file}")
            with_what = _keys_of(found) if witness else f"the card {found['card']}"
            print(f"     to be checked with {with_what}")


def _keys_of(found: dict[str, Any]) -> str:
    """The witness's keys by their names and ids."""
    return "the keys " + " and ".join(key.rpartition("+")[0] for key in found["keys"])


def prove(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The proof.")],
    card: Annotated[
        Path,
        typer.Argument(
            metavar="CARD", help="The card of the party it names, or what gives a witness's keys."
        ),
    ],
) -> None:
    """Check a proof that a party signed two histories, with nothing but that party's card.

    Against a witness it takes the witness's keys: any file that gives them, as the line's terms,
    its founding document, the policy of an export or `detente witness terms`.
    """
    from detente.cli.files import read_file
    from detente.line import KeyChain
    from detente.record import open_card
    from detente.record.proof import MAX_PROOF_BYTES, check_proof
    from detente.record.witness_proof import named_witness

    data = read_file(file, MAX_PROOF_BYTES)
    witness = named_witness(data)
    if witness is not None:
        _prove_witness(data, witness, card)
        return
    opened = open_card(read_file(card, 64 * 1024).strip())
    party = opened.card.party
    keys = KeyChain.from_card(opened.public)
    proven = check_proof(data, party, keys)
    print(f"Proven: {party} {proven.what}, on line {proven.line}.")
    print(f"Fingerprint of the card that it is proven by: {opened.fingerprint}")


def _prove_witness(data: bytes, witness: str, keys: Path) -> None:
    from detente.cli.files import read_file
    from detente.record.checkpoint import cosigner_keys
    from detente.record.witness_proof import KEYS_BYTES_MAX, check_twice, keys_in

    public = keys_in(read_file(keys, KEYS_BYTES_MAX), witness)
    proven = check_twice(data, witness, public)
    print(f"Proven: the witness {witness} has {proven.what}, on line {proven.line}.")
    for key in cosigner_keys(witness, public):
        print(f"Proven by its key {key.rpartition('+')[0]}")
