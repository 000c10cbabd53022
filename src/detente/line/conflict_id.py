"""The name of a conflict: the same on every node, whatever versions the two activities are at.

::

    SHA-256("detente/conflict/v1\\n" ‖ line id ‖ "\\n" ‖ p1 ‖ "\\n" ‖ a1 ‖ "\\n" ‖ p2 ‖ "\\n" ‖ a2)
"""

import hashlib

Pair = tuple[str, str]
"""A party and an id of one of its activities."""


def conflict_id(line: str, one: Pair, other: Pair) -> str:
    """Hex; the order of the two does not matter."""
    (p1, a1), (p2, a2) = sorted((one, other))
    text = "\n".join(("detente/conflict/v1", line, p1, a1, p2, a2))
    return hashlib.sha256(text.encode("utf-8")).hexdigest()
