"""A line's logs, as exported, verified by a tool that nobody here wrote.

It is `fsck` of Tessera, the transparency-dev project's own checker of C2SP tlog-tiles, over Go's
`golang.org/x/mod/sumdb/note`. Not Debian's `fsck`, which checks disks; so its path is given::

    go install github.com/transparency-dev/tessera/cmd/fsck@v1.0.4
    DETENTE_TLOG_FSCK=~/go/bin/fsck pytest tests/foreign
"""

import os
import subprocess
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from detente.cli.main import run
from detente.line import Area, standard_terms
from detente.node import Node
from detente.node.settings import Settings
from detente.node.setup import create
from detente.record import open_card

FSCK = os.environ.get("DETENTE_TLOG_FSCK", "")
COUNT = 600

pytestmark = pytest.mark.skipif(
    not FSCK, reason="DETENTE_TLOG_FSCK does not name the checker of C2SP tlog-tiles"
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An export of a line on which one party has said much and the other little."""
    base = tmp_path_factory.mktemp("foreign")
    nodes = {}
    for party in ("ru", "us"):
        settings = Settings(party=party, name=party, endpoint="https://192.0.2.1:7443")
        create(base / party, settings)
        nodes[party] = Node.open(base / party)
    us, ru = nodes["us"], nodes["ru"]
    terms = standard_terms(
        ["ru", "us"],
        area=Area(west=65, south=35, east=73, north=40),
        effective_from_s=1_795_334_400.0,
        review_on=date(2027, 11, 22),
    )
    founding = us.found("north", terms, [ru.card()])
    for node, other in ((us, ru), (ru, us)):
        card = open_card(other.card())
        node.join(founding, {card.card.party: card.fingerprint})
    line = us.line("north").id
    push(ru, us, line)
    for n in range(COUNT - 1):
        us.send("north", text=f"test {n}", officer="a")
    push(us, ru, line)
    for node in nodes.values():
        node.close()
    assert run(["record", "export", str(base / "us"), "--line", "north", "--tiles",
                str(base / "out")]) == 0  # fmt: skip
    return base / "out"


def push(sender: Node, receiver: Node, line: str) -> None:
    """All of the sender's own log, and the cosignatures back."""
    start = 0
    while (page := sender.read_log(line, sender.party, start, receiver.party)).entries:
        receiver.receive(line, sender.party, start, page.entries, page.checkpoint, sender.party)
        start += len(page.entries)
    note = receiver.log_checkpoint(line, sender.party, receiver.party).decode()
    sender.receive_cosignatures(line, sender.party, note, receiver.party)


@pytest.fixture
def fsck(folder: Path, tmp_path: Path) -> Callable[[str], str]:
    def check(party: str) -> str:
        """What the tool says of a party's log, told its key and no more."""
        log = (folder / party / "policy").read_text().split("\n")[0]
        key = tmp_path / "key"
        key.write_text(log.removeprefix("log "))
        done = subprocess.run(
            [FSCK, "--ui=false", "--N=4", "--public_key", str(key),
             "--storage_url", f"file://{folder / party}/"],
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        return done.stderr

    return check


@pytest.mark.parametrize(("party", "size"), [("us", COUNT), ("ru", 1)])
def test_the_foreign_tool_finds_the_log_sound(
    fsck: Callable[[str], str], party: str, size: int
) -> None:
    assert f"Successfully fsck'd log with size {size} " in fsck(party)


@pytest.mark.parametrize("file", ["checkpoint", "tile/0/001", "tile/entries/000", "tile/1/000.p/2"])
def test_the_foreign_tool_finds_one_changed_byte(
    folder: Path, fsck: Callable[[str], str], file: str
) -> None:
    path = folder / "us" / file
    data = path.read_bytes()
    at = data.index(b"\n") + 1 if file == "checkpoint" else 100 if len(data) > 100 else 1
    path.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
    try:
        said = fsck("us")
    finally:
        path.write_bytes(data)
    assert "Successfully" not in said
    assert "failed" in said
