"""What may still be written on a line that is declared suspended: protocol section 7.

A suspension ends talk, never safety: a line that is cut when it is needed most has cost lives.
Whatever *arrives* is stored and cosigned all the same.
"""

from collections.abc import Mapping
from typing import Any

from detente.line import abouts

ALLOWED = frozenset(
    {
        abouts.ACKNOWLEDGEMENT,
        abouts.CHECK,
        abouts.HONOURED,
        abouts.LAPSE,
        abouts.LEAVE,
        abouts.RECALL,
        abouts.RESUME,
        abouts.ROTATE,
        abouts.VOUCH,
    }
)
"""Types that pass whatever they say."""


def allowed_while_suspended(type: str, about: Mapping[str, Any]) -> bool:
    """Whether a node may write such an entry while any member's suspension lasts."""
    if type == abouts.MESSAGE:
        return about.get("precedence") == "urgent-safety"
    return type in ALLOWED
