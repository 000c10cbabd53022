"""`detente line sign-terms`: the next version of a line's terms, read before it is signed."""

from collections.abc import Iterator
from json import loads
from pathlib import Path
from typing import Annotated, Any

import typer

from detente.cli.consent import TokenFile, Yes, agree, token_of
from detente.cli.files import read_file
from detente.cli.options import Directory

TERMS_BYTES_MAX = 64 * 1024


def sign_terms(
    directory: Directory,
    line: Annotated[str, typer.Argument(metavar="LINE", help="The line's name or id.")],
    terms: Annotated[Path, typer.Argument(metavar="FILE", help="The new terms: .toml or .json.")],
    yes: Yes = False,
    token_file: TokenFile = None,
) -> None:
    """Sign the next version of a line's terms. It holds once every party has signed the same."""
    from urllib.parse import quote

    from detente.cli.ask import ask_json
    from detente.cli.terms import read_terms
    from detente.line.terms import encode_terms, terms_from_wire

    token = token_of(token_file)
    path = f"/lines/{quote(line, safe='')}"
    found = ask_json(directory, "GET", path)
    old = found["terms"]
    data = read_file(terms, TERMS_BYTES_MAX)
    wire = read_terms(terms, data, old["members"], old["version"] + 1)
    signed = encode_terms(terms_from_wire(wire))
    for one in told(found, signed):
        print(one)
    agree("Do you sign that for your party?", yes=yes)
    ask_json(directory, "POST", f"{path}/terms", {"terms": loads(signed)}, token=token)
    print("Signed. It holds once every party has signed the same.")


def told(found: dict[str, Any], signed: bytes) -> Iterator[str]:
    """What the terms ``signed`` change on the line ``found``, and who has signed the same already.

    Compared as the node writes them, so that 5 NM written in metres is no change, and as JSON says
    them: a list there, and a tuple here, would be one.
    """
    from detente.line.terms import terms_sha256

    old, new = found["terms"], loads(signed)
    yield (
        f"Version {new['version']} of the terms of {found['name']}, after version "
        f"{old['version']}, which holds now. What changes:"
    )
    for name, was, becomes in _changes(old, new):
        if name != "version":
            yield f"  {name:<34} {was} -> {becomes}"
    for other in found["terms_proposed"]:
        if other["version"] == new["version"]:
            # Only the same bytes come into force together, and a signature names them by hash.
            same = other["terms_sha256"] == terms_sha256(signed)
            which = "the same as these" if same else "OTHER terms than these"
            yield f"Signed by {', '.join(other['signed_by'])}: {which}."


def _changes(old: Any, new: Any, name: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Every field that differs, by its whole name, as it was and as it becomes; None: not there."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted(old.keys() | new.keys()):
            yield from _changes(old.get(key), new.get(key), f"{name}.{key}" if name else key)
    elif old != new:
        yield name, old, new
