"""What the writer of a log says it held of the others."""

import msgspec

from detente.line.view import View, load
from detente.record.header import Seen


def seen_by(view: View, party: str) -> dict[str, Seen]:
    """The checkpoint of every other log that the newest entry of ``party`` names: its claim."""
    log = load(view, "log", party)
    return {} if log is None else msgspec.convert(log["seen"], dict[str, Seen])
