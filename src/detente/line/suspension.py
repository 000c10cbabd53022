"""What may still be written on a line that is declared suspended: protocol section 7.

A suspension ends talk, never safety: a line that is cut when it is needed most has cost lives.
A visit in progress is a matter of safety, too: people of one side are on the other's ground. What
it has reached, what is not as agreed, its end and what was sealed still pass; a new one does not.
What was granted or asked for can be taken back, for nobody is held to what cannot be.
Whatever *arrives* is stored and cosigned all the same.
"""

from collections.abc import Mapping
from typing import Any

from detente.line import abouts

ALLOWED = frozenset(
    {
        abouts.ACKNOWLEDGEMENT,
        abouts.CANCEL,
        abouts.CHECK,
        abouts.DEVIATION,
        abouts.FORGO,
        abouts.HONOURED,
        abouts.LAPSE,
        abouts.LEAVE,
        abouts.RECALL,
        abouts.RESUME,
        abouts.REVOKE,
        abouts.ROTATE,
        abouts.SEAL,
        abouts.SESSION,
        abouts.STAGE,
        abouts.UNSEAL,
        abouts.VOUCH,
    }
)
"""Types that pass whatever they say."""


def allowed_while_suspended(type: str, about: Mapping[str, Any]) -> bool:
    """Whether a node may write such an entry while any member's suspension lasts."""
    if type == abouts.MESSAGE:
        return about.get("precedence") == "urgent-safety"
    return type in ALLOWED
