"""A peer that only parcels have come from: its entries are held, and it is not shown as there."""

import io
import shutil
from contextlib import ExitStack
from pathlib import Path

from detente.console.board import Board
from detente.console.render import fragment
from detente.exercise import northern_watch as exercise
from detente.node import Node
from detente.volumes.times import format_time, parse_time_s


def told(node: Node) -> tuple[list[str], str]:
    """What waits by the list of lines, and the panel of links."""
    board = Board(node, node.line(exercise.LINE), "en")
    panel = fragment("panels/links.html", board.base() | board.links())
    return [text for text, _ in board.waiting()], " ".join(panel.split())


def carry(sender: Node, receiver: Node) -> None:
    parcel = sender.pack(exercise.LINE, receiver.party, officer="watch-1")
    taken = receiver.unpack(io.BytesIO(b"".join(parcel.pieces)), officer="watch-1")
    assert taken.problems == []


def test_what_came_by_parcel_is_told_of_a_peer_that_was_never_heard(
    tmp_path: Path, joined: Path
) -> None:
    with ExitStack() as stack:
        nodes = []
        for party in ("us", "ru"):
            shutil.copytree(joined / party, tmp_path / party)
            nodes.append(Node.open(tmp_path / party))
            stack.callback(nodes[-1].close)
        us, ru = nodes
        waiting, panel = told(us)
        assert "ru: NEVER HEARD" in waiting
        assert "its newest entry" not in panel

        carry(us, ru)
        sent = ru.send(exercise.LINE, text="by courier", officer="watch-1")
        carry(ru, us)
        waiting, panel = told(us)
        line = us.line(exercise.LINE)
        written = format_time(parse_time_s(sent.time) + line.clock_offset_s)
        assert written.startswith("2021-08-0")
        newest = f"by parcel, its newest entry is of {written[9]} Aug 2021 {written[11:16]}Z"
        assert f"ru: NEVER HEARD; {newest}" in waiting
        assert f"{newest} · " in panel
        assert '<li class="link never" data-peer="ru">' in panel
        assert "in contact" not in panel
