"""What a guest's pages say outside a session: that it is an exercise, and how the last one ended.

It tells nothing of what is laid out. How a session ended is the last line of its log, which the
guest is handed anyway; so its words may be read here already.
"""

import msgspec

from detente.errors import DetenteError
from detente.node.core import Core
from detente.node.show.reader import LineReader
from detente.node.together.desk_guests import guest_of
from detente.record.session_log import Ended
from detente.store import desks
from detente.store.store import Tx

NO_SESSION = "no session is open at this desk"


def why_none(core: Core, account: str) -> tuple[str, str]:
    """Why no session is open for this guest, and what comes next, in the guest's words."""
    with core.store.read() as tx:
        _, desk = guest_of(core, tx, account)
        held = desks.sessions(tx, desk.desk)
        newest = None if not held else desks.newest_line(tx, held[-1].session)
    if newest is None or held[-1].ended is None:
        return NO_SESSION, "your escort opens one, and stays with you"
    last = msgspec.json.decode(newest[1], type=Ended)
    return (
        f"{held[-1].name} was {last.ended} by the host at {last.at[:10]} {last.at[11:19]}Z "
        f"(the line's clock): {last.why}",
        "its log will be handed over to you; the next session is your escort's to open",
    )


def exercise(core: Core, account: str | None) -> str:
    """The name of the exercise that a guest's visit is part of; empty if it is none.

    Of somebody who is not known yet: the exercises of the open desks here, if every one of these
    is part of one. Where any is not, a page that may be its guest's must not say EXERCISE.
    """
    with core.store.read() as tx:
        if account is not None:
            try:
                _, desk = guest_of(core, tx, account)
            except DetenteError:
                return ""
            return _of_line(core, tx, desk.line)
        names = {_of_line(core, tx, line) for line in desks.lines_open(tx)}
    return "" if "" in names else ", ".join(sorted(names))


def _of_line(core: Core, tx: Tx, line: str) -> str:
    held = LineReader(core, tx, line).terms.exercise
    return held.name if held else ""
