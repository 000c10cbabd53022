"""A database brought back from a backup is noticed before anything is signed on it."""

import base64
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from detente.errors import GapError, InputError, StateError
from detente.node.marks import Marks

LINE = "northern-watch"


def backup(pair: Any, party: str, to: Path) -> None:
    """What a backup of the database alone would hold, the node being stopped."""
    pair.nodes[party].close()
    shutil.copy(pair.directory / party / "detente.db", to)
    pair.open(party)


def restore(pair: Any, party: str, source: Path) -> None:
    pair.nodes[party].close()
    for path in (pair.directory / party).glob("detente.db*"):
        path.unlink()
    shutil.copy(source, pair.directory / party / "detente.db")
    pair.open(party)


def test_a_restored_node_writes_nothing_before_it_has_its_entries_back(
    pair: Any, tmp_path: Path
) -> None:
    backup(pair, "us", tmp_path / "backup.db")
    said = pair.nodes["us"].send(LINE, text="one", officer="a")
    pair.sync()
    restore(pair, "us", tmp_path / "backup.db")
    # No peer has been heard since.
    behind = {(found.party, found.what) for found in pair.nodes["us"].verify()}
    assert ("us", "2 entries of us have been shown to others, and 1 are held here") in behind
    with pytest.raises(StateError, match="restored from an older copy"):
        pair.nodes["us"].send(LINE, text="another", officer="a")
    pair.sync()
    us, ru = pair.nodes["us"], pair.nodes["ru"]
    assert us.entry(LINE, said.id).index == said.index
    assert us.send(LINE, text="two", officer="a").index == said.index + 1
    pair.sync()
    assert [link.forks for link in ru.links(LINE)] == [[]]
    assert us.verify() == ru.verify() == []


def test_what_nobody_was_shown_may_be_written_anew(pair: Any, tmp_path: Path) -> None:
    """Such as after a crash that lost a disk: no history but this one is anywhere."""
    backup(pair, "us", tmp_path / "backup.db")
    first = pair.nodes["us"].send(LINE, text="one", officer="a")
    restore(pair, "us", tmp_path / "backup.db")
    assert pair.nodes["us"].send(LINE, text="another", officer="a").index == first.index
    pair.sync()
    assert [link.forks for link in pair.nodes["ru"].links(LINE)] == [[]]


def test_a_store_written_on_since_by_another_is_noticed(pair: Any, tmp_path: Path) -> None:
    """The marks were away, the node wrote, and they are back."""
    backup(pair, "us", tmp_path / "backup.db")
    pair.nodes["us"].send(LINE, text="one", officer="a")
    pair.sync()
    marks = pair.directory / "us/shown.json"
    away = marks.rename(tmp_path / "shown.json")
    restore(pair, "us", tmp_path / "backup.db")
    for text in ("another", "and more"):
        pair.nodes["us"].send(LINE, text=text, officer="a")
    pair.nodes["us"].close()
    away.rename(marks)
    us = pair.open("us")
    # To show the other history to somebody takes nothing back.
    us.heads(us.line(LINE).id, "ru")
    with pytest.raises(StateError, match="written on since"):
        us.send(LINE, text="third", officer="a")


def test_a_restored_node_cosigns_no_less_than_it_has(pair: Any, tmp_path: Path) -> None:
    ru = pair.nodes["ru"]
    line = ru.line(LINE).id
    first = ru.send(LINE, text="one", officer="b").index + 1
    page = ru.read_log(line, "ru", first - 1, "us")
    backup(pair, "us", tmp_path / "backup.db")
    ru.send(LINE, text="two", officer="b")
    pair.sync()
    restore(pair, "us", tmp_path / "backup.db")
    us = pair.nodes["us"]
    receipt = us.receive(line, "ru", first - 1, page.entries, page.checkpoint, "ru")
    assert (receipt.size, receipt.cosignature) == (first, None)
    page = ru.read_log(line, "ru", first, "us")
    assert us.receive(line, "ru", first, page.entries, page.checkpoint, "ru").cosignature


def test_a_cosignature_that_a_crash_left_unmarked_is_marked_before_it_is_shown(pair: Any) -> None:
    marks = pair.directory / "ru/shown.json"
    before = marks.read_bytes()
    size = pair.nodes["us"].send(LINE, text="one", officer="a").index + 1
    pair.sync()
    pair.nodes["ru"].close()
    marks.write_bytes(before)
    ru = pair.open("ru")
    line = ru.line(LINE).id
    assert Marks(marks.parent).of(line, "us")[0] < size
    ru.heads(line, "us")
    assert Marks(marks.parent).of(line, "us")[0] == size


def test_marks_never_go_back_and_come_back_from_their_file(tmp_path: Path) -> None:
    marks = Marks(tmp_path)
    assert marks.of("a", "us")[0] == 0
    marks.show("a", "us", 3, b"3" * 32)
    marks.show("a", "us", 2, b"2" * 32)
    marks.show("b", "ru", 1, b"1" * 32)
    again = Marks(tmp_path)
    assert (again.of("a", "us"), again.of("b", "ru")) == ((3, b"3" * 32), (1, b"1" * 32))


@pytest.mark.parametrize(
    "data", [b"", b"{}", b"\xff", b'{"v":1,"shown":{"a":{"us":[1,"x"]}}}', b'{"v":2,"shown":{}}']
)
def test_a_damaged_file_is_named(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "shown.json").write_bytes(data)
    with pytest.raises(InputError, match="cannot be read"):
        Marks(tmp_path)


@pytest.fixture
def forgetful(pair: Any, tmp_path: Path) -> Any:
    """``us`` was restored with its marks, so that it knows nothing of an entry that ``ru`` holds;
    nor of the recall that ``ru`` wrote before it held that entry, and of the one that followed."""
    slips = [pair.nodes["ru"].send(LINE, text=text, officer="b") for text in ("one", "two")]
    pair.sync()
    (pair.directory / "us/shown.json").unlink()
    backup(pair, "us", tmp_path / "backup.db")
    pair.nodes["us"].send(LINE, text="forgotten", officer="a")
    pair.nodes["ru"].recall(LINE, slips[0].id, officer="b")
    pair.push(pair.nodes["us"], pair.nodes["ru"])
    pair.nodes["ru"].recall(LINE, slips[1].id, officer="b")
    restore(pair, "us", tmp_path / "backup.db")
    (pair.directory / "us/shown.json").unlink()
    pair.open("us")
    return pair


def types_of(pair: Any, party: str) -> list[str]:
    return [entry.type for entry in pair.nodes[party].entries(LINE, party)]


def test_a_restored_node_answers_no_recall_by_whom_has_seen_more_of_its_log(
    forgetful: Any,
) -> None:
    us, ru = forgetful.nodes["us"], forgetful.nodes["ru"]
    line, before = us.line(LINE).id, types_of(forgetful, "us")
    start = us.heads(line, "us")["ru"].size
    page = ru.read_log(line, "ru", start, "us")
    assert [entry.type for entry in ru.entries(LINE, "ru")][start:] == ["recall", "recall"]
    us.receive(line, "ru", start, page.entries, page.checkpoint, "ru")
    us.honour(LINE)
    assert types_of(forgetful, "us") == before


def test_a_restored_node_answers_the_recalls_it_holds_as_soon_as_its_own_log_is_back(
    forgetful: Any,
) -> None:
    """Whoever gives it back may be the only one who can call; nothing else need ever follow."""
    us, ru = forgetful.nodes["us"], forgetful.nodes["ru"]
    line = us.line(LINE).id
    for party in ("ru", "us"):
        start = us.heads(line, "us")[party].size
        page = ru.read_log(line, party, start, "us")
        us.receive(line, party, start, page.entries, page.checkpoint, "ru")
    assert types_of(forgetful, "us")[-3:] == ["message", "recall.honoured", "recall.honoured"]


def test_a_peer_gives_a_restored_node_its_own_log_back_before_anything_else(
    forgetful: Any,
) -> None:
    """Also before a recall that was written earlier, which the node answers by itself."""
    exchange, _ = forgetful.exchange("ru", "us")
    exchange.run()
    assert types_of(forgetful, "us")[-3:] == ["message", "recall.honoured", "recall.honoured"]
    assert [link.forks for link in forgetful.nodes["ru"].links(LINE)] == [[]]


def test_its_own_checkpoint_tells_a_restored_node_whatever_brings_it(forgetful: Any) -> None:
    us, ru = forgetful.nodes["us"], forgetful.nodes["ru"]
    line = us.line(LINE).id
    note = str(ru.heads(line, "us")["us"].checkpoint)
    with pytest.raises(GapError):
        us.receive_cosignatures(line, "us", note, "ru")
    with pytest.raises(StateError, match="restored from an older copy"):
        us.send(LINE, text="another", officer="a")


def test_what_was_taken_back_is_marked_as_shown(forgetful: Any, tmp_path: Path) -> None:
    """Or the next backup that is brought back would find marks as old as itself."""
    forgetful.push(forgetful.nodes["ru"], forgetful.nodes["us"])
    restore(forgetful, "us", tmp_path / "backup.db")
    with pytest.raises(StateError, match="restored from an older copy"):
        forgetful.nodes["us"].send(LINE, text="another", officer="a")


def test_a_node_may_write_again_before_it_has_back_what_others_wrote(
    pair: Any, tmp_path: Path
) -> None:
    """What its newest entry says that it has seen, it has seen, and says again."""
    us, ru = pair.nodes["us"], pair.nodes["ru"]
    line = us.line(LINE).id
    backup(pair, "us", tmp_path / "backup.db")
    ru.send(LINE, text="one", officer="b")
    pair.sync()
    pair.nodes["us"].send(LINE, text="two", officer="a")
    pair.sync()
    restore(pair, "us", tmp_path / "backup.db")
    us = pair.nodes["us"]
    page = ru.read_log(line, "us", 1, "us")
    us.receive(line, "us", 1, page.entries, page.checkpoint, "ru")
    assert us.heads(line, "us")["ru"].size == 1
    us.send(LINE, text="urgent", precedence="urgent-safety", officer="a")
    pair.sync()
    assert us.verify() == ru.verify() == []
    headers = [
        json.loads(base64.b64decode(one["envelope"]["payload"]))
        for one in ru.read_log(line, "us", 2, "us").entries
    ]
    assert [one["seen"]["ru"]["size"] for one in headers] == [2]


def test_a_recall_reaches_what_an_older_copy_brought_back(pair: Any, tmp_path: Path) -> None:
    """The opening and its recall come from the peer; what was opened comes from the backup."""
    us = pair.nodes["us"]
    commitment = us.commit(LINE, text="secret-statement", officer="a").id
    pair.sync()
    backup(pair, "us", tmp_path / "backup.db")
    us = pair.nodes["us"]
    opened = us.open_commitment(LINE, commitment, officer="a").id
    us.recall(LINE, opened, officer="a")
    pair.sync()
    restore(pair, "us", tmp_path / "backup.db")
    pair.sync()
    pair.sync()
    us = pair.nodes["us"]
    [recall] = us.recalls(LINE)
    assert {one.party: one.state for one in recall.holders} == {"ru": "erased", "us": "erased"}
    files = b"".join(path.read_bytes() for path in (pair.directory / "us").glob("detente.db*"))
    assert b"secret-statement" not in files
    assert us.verify() == pair.nodes["ru"].verify() == []


def test_a_line_joined_since_the_backup_is_taken_back_from_its_first_entry_on(
    strangers: Any, tmp_path: Path
) -> None:
    pair = strangers
    backup(pair, "us", tmp_path / "backup.db")
    line = pair.join()
    said = pair.nodes["us"].send(LINE, text="one", officer="a")
    pair.sync()
    founding = pair.nodes["us"].founding(LINE)
    restore(pair, "us", tmp_path / "backup.db")
    us, ru = pair.nodes["us"], pair.nodes["ru"]
    assert us.lines() == []
    assert us.join(founding, pair.confirm(us), officer="b").id == line
    assert us.heads(line, "ru")["us"].size == 0
    with pytest.raises(StateError, match="not in force"):
        us.send(LINE, text="another", officer="a")
    run, _ = pair.exchange("us", "ru")
    run.run()
    assert us.entry(LINE, said.id).index == said.index == 1
    assert us.send(LINE, text="two", officer="a").index == 2
    pair.sync()
    assert [link.forks for link in ru.links(LINE)] == [[]]
    assert us.state_document(LINE) == ru.state_document(LINE)
    assert us.verify() == ru.verify() == []
    assert ("b", "line.take-back") in [(row.officer, row.action) for row in us.audit(0, 100)]


def test_what_a_restored_store_has_forgotten_is_unknown_and_not_clear(
    pair: Any, tmp_path: Path
) -> None:
    """No peer was heard since: that something is missing, the marks alone know."""
    pair.sync()
    backup(pair, "us", tmp_path / "backup.db")
    for party in ("us", "ru"):
        node = pair.nodes[party]
        node.file(pair.circle(party, f"{party}-1"), title="", officer="a")
        node.release(f"{party}-1", LINE, "exact", officer="a")
    pair.sync()
    us = pair.nodes["us"]
    assert [one.basis for one in us.conflicts(LINE)] == ["joint"]
    assert us.conflicts_and_unknown(LINE).unknown == []
    restore(pair, "us", tmp_path / "backup.db")
    us = pair.nodes["us"]
    found = us.conflicts_and_unknown(LINE)
    assert found.conflicts == []
    assert found.unknown == ["not held here yet: 1 entry of ru", "not held here yet: 1 entry of us"]
    pair.sync()
    assert [one.basis for one in us.conflicts(LINE)] == ["joint"]
    assert us.conflicts_and_unknown(LINE).unknown == []
    us.send(LINE, text="we are back", officer="a")
    pair.sync()
    assert us.conflicts_and_unknown(LINE).unknown == []
