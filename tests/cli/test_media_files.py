"""Files of sealed media are written whole or not at all, and nothing else is touched by it."""

import io
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from detente.cli.media_files import opened_into, written
from detente.errors import StoreError
from detente.record.media import Part, Sealer

KEY = bytes(range(32))
LINE, VISIT = "a" * 64, "b" * 64


def _sealed(content: bytes) -> tuple[io.BytesIO, Any]:
    """A sealed file of one part, and as much of its manifest as opening it needs."""
    sealer = Sealer(LINE, VISIT, "roll-1", KEY)
    data = sealer.head + b"".join(sealer.seal([content]))
    manifest = SimpleNamespace(
        line=LINE,
        visit=VISIT,
        item="roll-1",
        sealed_by="us",
        files=(Part("a.jpg", len(content)),),
        size_bytes=len(content),
        content_sha256=sealer.content_sha256,
    )
    return io.BytesIO(data), manifest


def _told(_done: int, _total: int) -> None:
    pass


def test_opening_and_sealing_leave_alone_what_bears_the_working_name(tmp_path: Path) -> None:
    source, manifest = _sealed(b"picture")
    mine = tmp_path / "roll-1.part"
    mine.mkdir()
    (mine / "only-copy").write_text("kept")
    with pytest.raises(StoreError, match="is there already"):
        opened_into(tmp_path / "roll-1", source, manifest, KEY, _told)
    assert (mine / "only-copy").read_text() == "kept"
    (tmp_path / "roll-2.part").write_text("kept")
    with pytest.raises(StoreError, match="is there already"), written(tmp_path / "roll-2"):
        pytest.fail("it must not be written")
    assert (tmp_path / "roll-2.part").read_text() == "kept"


def test_what_is_opened_is_for_its_opener_alone(tmp_path: Path) -> None:
    source, manifest = _sealed(b"picture")
    out = tmp_path / "new" / "roll-1"
    assert opened_into(out, source, manifest, KEY, _told)[0]
    assert (out / "a.jpg").read_bytes() == b"picture"
    if os.name == "posix":
        assert out.stat().st_mode & 0o077 == 0


def test_nothing_is_left_of_what_was_changed(tmp_path: Path) -> None:
    source, manifest = _sealed(b"picture")
    data = bytearray(source.getvalue())
    data[-1] ^= 1
    intact, _, why = opened_into(tmp_path / "roll-1", io.BytesIO(data), manifest, KEY, _told)
    assert (intact, list(tmp_path.iterdir())) == (False, [])
    assert "chunk 0" in why
