"""Which characters may stand in a name: a rule that does not grow with Unicode.

``str.isprintable`` follows the Unicode version of the Python that runs, so that one node would take
a name that another refuses. What is refused here are ranges of code points, as docs/protocol.md,
section 1 lists them: controls, blanks other than the space, what is invisible or turns the
direction of writing round, surrogates, private use and noncharacters. A character that is assigned
only later is printable already.
"""

import re

_NOT_PRINTABLE = re.compile(
    "["
    "\x00-\x1f\x7f-\xa0\xad\u061c\u1680\u180e"
    "\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000"
    "\ud800-\uf8ff\ufdd0-\ufdef\ufeff\ufff0-\ufffb\ufffe\uffff"
    + "".join(f"{chr(plane << 16 | 0xFFFE)}{chr(plane << 16 | 0xFFFF)}" for plane in range(1, 15))
    + "\U000e0000-\U000e007f\U000f0000-\U0010ffff"
    "]"
)


def is_printable(text: str) -> bool:
    """Whether all characters of ``text`` are printable; there may be none."""
    return _NOT_PRINTABLE.search(text) is None
