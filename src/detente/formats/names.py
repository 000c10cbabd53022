"""Ids made of the names that people give to things."""

import re
import unicodedata

_LENGTH_MAX = 56
"""Characters of an id before its number; an activity's id has up to 64."""


class Names:
    """Makes ids of names, each one once: a second ``Area 1`` becomes ``Area-1.2``."""

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._counts: dict[str, int] = {}

    def take(self, name: str, otherwise: str) -> str:
        """An id like ``name`` that nothing else here has; like ``otherwise`` if no letter of the
        name can stand in an id."""
        plain = unicodedata.normalize("NFKD", name[:1_000]).encode("ascii", "ignore").decode()
        base = re.sub(r"[^A-Za-z0-9.:_]+", "-", plain).strip("-.:_")[:_LENGTH_MAX] or otherwise
        number = self._counts.get(base, 0) + 1
        identifier = base if number == 1 else f"{base}.{number}"
        while identifier in self._taken:
            number += 1
            identifier = f"{base}.{number}"
        self._counts[base] = number
        self._taken.add(identifier)
        return identifier

    def reserve(self, identifier: str) -> None:
        """Keep an id that somebody gave from being made of a name."""
        self._taken.add(identifier)
