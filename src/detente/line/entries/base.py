"""A draft: what a party is about to say, before it is signed."""

from typing import Any, NamedTuple

import msgspec

from detente.line.abouts import About, read_about


class Draft(NamedTuple):
    """An entry not yet signed: its type, the facts for its header, and its body.

    ``salt`` is that of a commitment which it opens; any other entry gets a new one.
    """

    type: str
    about: dict[str, Any]
    body: bytes
    salt: bytes | None = None


def draft(type_: str, facts: About, body: bytes) -> Draft:
    """A draft of facts already in their Struct, read as a peer will read them."""
    return checked(type_, msgspec.to_builtins(facts), body)


def checked(type_: str, facts: dict[str, Any], body: bytes) -> Draft:
    """A draft whose facts a peer would take; else InputError."""
    read_about(type_, facts)
    return Draft(type_, facts, body)
