"""An exported record, read with no node: what its parties signed, whoever hands the folder over."""

import io
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from detente.cli.main import run
from detente.errors import DetenteError, RecordError, SignatureError
from detente.line.exported import Exported, read_exported
from detente.node import rekeying
from detente.record import open_card

LINE = "northern-watch"


def export(pair: Any, party: str, folder: Path) -> Path:
    with redirect_stdout(io.StringIO()):
        words = ["record", "export", str(pair.directory / party), "--line", LINE, "--tiles"]
        assert run([*words, str(folder)]) == 0
    return folder


def opener(folder: Path) -> Callable[[str], BinaryIO | None]:
    def open_(path: str) -> BinaryIO | None:
        return (folder / path).open("rb") if (folder / path).exists() else None

    return open_


def read(folder: Path) -> Exported:
    return read_exported(opener(folder))


def test_it_holds_what_the_node_holds(pair: Any, tmp_path: Path) -> None:
    us, ru = pair.nodes["us"], pair.nodes["ru"]
    us.recall(LINE, us.send(LINE, text="not for others", officer="a").id, officer="a")
    ru.send(LINE, text="heard", officer="a")
    pair.sync()
    found = read(export(pair, "ru", tmp_path / "record"))
    assert found.sizes == {log.party: log.entries for log in ru.logs(LINE)}
    assert found.founding.id == ru.line(LINE).id
    assert found.view.get("log", "us") is not None


def test_a_key_for_which_the_others_vouched(pair: Any, tmp_path: Path) -> None:
    us, ru = pair.nodes["us"], pair.nodes["ru"]
    us.send(LINE, text="before", officer="a")
    pair.sync()
    us.close()
    folder = pair.directory / "us"
    card = rekeying.replace(folder, None, officer="admin", clock=pair.clock).raw
    us = pair.open("us")
    ru.vouch_key(LINE, card, open_card(card).fingerprint, officer="admin")
    pair.sync()
    us.adopt_key(LINE, officer="admin")
    pair.push(us, ru)
    us.send(LINE, text="after", officer="a")
    pair.push(us, ru)
    record = export(pair, "ru", tmp_path / "record")
    found = read(record)
    assert found.keys["us"].newest.raw == open_card(card).public.raw
    assert len(found.keys["us"].all) == 2
    # Without the log in which the other vouched, nobody can tell that the key is its party's.
    (record / "ru" / "checkpoint").unlink()
    with pytest.raises(SignatureError, match="ru has not vouched for the key of us"):
        read(record)


def test_a_party_that_was_taken_in(pair: Any, tmp_path: Path) -> None:
    pair.create({"tj": "detente.db"})
    tj = pair.nodes["tj"]
    confirm = {one: open_card(pair.nodes[one].card()).fingerprint for one in ("us", "ru")}
    tj.join(pair.nodes["us"].founding(LINE), confirm, newcomer=True)
    card = open_card(tj.card())
    for one in ("us", "ru"):
        pair.nodes[one].admit(LINE, card.raw, card.fingerprint, officer="a")
    ways = [("us", "ru"), ("tj", "us"), ("us", "tj"), ("ru", "us"), ("tj", "ru"), ("ru", "tj")]
    for caller, server in ways * 2:
        pair.exchange(caller, server)[0].run()
    tj.send(LINE, text="here we are", officer="a")
    found = read(export(pair, "tj", tmp_path / "record"))
    assert set(found.sizes) == {"ru", "tj", "us"}
    assert found.sizes["tj"] == 2


def test_nothing_in_it_can_be_changed(pair: Any, tmp_path: Path) -> None:
    """But what no signature covers: whoever has cosigned may be left out of a checkpoint."""
    pair.nodes["us"].send(LINE, text="said", officer="a")
    pair.sync()
    record = export(pair, "us", tmp_path / "record")
    for path in [record / "founding.json", *(record / "us" / "bundles").rglob("*")]:
        if path.is_dir():
            continue
        data = path.read_bytes()
        for at in range(3, len(data), len(data) // 40):
            path.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
            with pytest.raises(DetenteError):
                read(record)
        for short in (data[: len(data) // 2], data + data, b""):
            path.write_bytes(short)
            with pytest.raises(DetenteError):
                read(record)
        path.write_bytes(data)
    note = (record / "us" / "checkpoint").read_bytes()
    for size in (b"1", b"99", b"x"):
        lines = note.split(b"\n")
        (record / "us" / "checkpoint").write_bytes(b"\n".join([lines[0], size, *lines[2:]]))
        with pytest.raises(RecordError):
            read(record)
