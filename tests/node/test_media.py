"""Sealed media between two nodes: sealed, countersigned, opened with both keys, and proven broken.

Through the command line, because that is where the files are made and read. ``us`` is the guest and
``ru`` the host of a visit.
"""

import hashlib
import io
import json
from contextlib import redirect_stderr, redirect_stdout, suppress
from pathlib import Path
from typing import Any

import pytest

from detente.cli.main import run
from detente.errors import RecordError, SignatureError
from detente.line import bodies, notice_draft, request_draft
from detente.node.saying import say
from detente.record import SigningKey, media
from detente.record.countersigned import Countersigned

LINE = "northern-watch"
NOW_S = 1_795_334_400.0
DAY_S = 86_400.0
NOTES = b"Nothing was seen. EXERCISE\n"
FILM = bytes(range(256)) * 5000


def command(*words: object, status: int = 0) -> str:
    """Run one command; what it printed, on standard error if it failed."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        ended = run([str(word) for word in words])
    assert ended == status, (words, out.getvalue(), err.getvalue())
    return err.getvalue() if status == 2 else out.getvalue()


class Visit:
    """Two nodes, a visit of ``us`` to ``ru``, and what was collected on it."""

    def __init__(self, pair: Any, folder: Path) -> None:
        self.pair, self.folder = pair, folder
        us = pair.nodes["us"]
        asked = bodies.RequestBody(purpose="watch the crossing", places=())
        window: Any = {"from_s": NOW_S + 4 * DAY_S, "until_s": NOW_S + 5 * DAY_S}
        request = request_draft("watch", "ru", "visit", asked, **window)
        request_id = self._say(us, request).id
        notice = notice_draft(
            "visit-1",
            host="ru",
            request=request_id,
            body=bodies.NoticeBody(point_of_entry="Khujand"),
            **window,
        )
        self.id = self._say(us, notice).id
        self.tokens = {}
        for party, node in pair.nodes.items():
            self.tokens[party] = folder / f"{party}.token"
            self.tokens[party].write_text(node.add_officer("releaser-1", "releaser"))
        pair.sync()
        self.content = [folder / "film.raw", folder / "notes.txt"]
        self.content[0].write_bytes(FILM)
        self.content[1].write_bytes(NOTES)

    @staticmethod
    def _say(node: Any, draft: Any) -> Any:
        return say(node._core, LINE, lambda _: draft, officer="a", key=None, action="t", content={})

    def node(self, party: str) -> Path:
        found: Path = self.pair.directory / party
        return found

    def run(self, what: str, party: str, *words: object, status: int = 0) -> str:
        """`detente media` in a party's node, by its releaser."""
        token = ("--token-file", self.tokens[party])
        return command("media", what, self.node(party), *words, *token, status=status)

    def seal(self, out: str = "roll.signed", *, item: str = "roll-1", by: str = "us") -> Path:
        path = self.folder / out
        self.run("seal", by, LINE, self.id, *self.content, "--item", item, "--out", path)
        self.pair.sync()
        return path

    def both(self, out: str = "roll.media") -> Path:
        """A file that both have signed, on the record of both."""
        path = self.folder / out
        self.run("countersign", "ru", self.seal(), *self.content, "--out", path)
        self.pair.sync()
        return path

    def share(self, sealed: Path, by: str = "ru") -> Path:
        path = self.folder / f"{sealed.name}.{by}.share"
        self.run("share", by, sealed, "--out", path)
        return path

    def record(self, party: str, name: str = "record") -> Path:
        path = self.folder / name
        command("record", "export", self.node(party), "--line", LINE, "--tiles", path)
        return path

    def verify(self, sealed: Path, record: Path, status: int = 0) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(
            command("media", "verify", sealed, "--record", record, "--json", status=status)
        )
        return found

    def entries(self, kind: str) -> list[Any]:
        return [one for one in self.pair.nodes["ru"].entries(LINE) if one.type == kind]


@pytest.fixture
def visit(pair: Any, tmp_path: Path) -> Visit:
    return Visit(pair, tmp_path)


def rotate(pair: Any, party: str) -> None:
    """New keys for a party, known to both nodes."""
    pair.nodes[party].rotate_key(pair.directory / party, None, officer="admin")
    pair.open(party)
    for caller in pair.nodes:
        other = next(one for one in pair.nodes if one != caller)
        exchange, _ = pair.exchange(caller, other)
        with suppress(RecordError):
            exchange.run()
    pair.sync()


def test_from_collecting_to_opening(visit: Visit) -> None:
    sealed = visit.both()
    assert "signed by both" in visit.run(
        "countersign", "ru", visit.folder / "roll.signed", *visit.content,
        "--out", visit.folder / "again",
    )  # fmt: skip
    assert (visit.folder / "again").read_bytes() == sealed.read_bytes()
    assert NOTES not in sealed.read_bytes()
    assert len(visit.entries("visit.seal")) == 2
    # Each opens it with what the other hands over, and says so on the line.
    for party, other in (("us", "ru"), ("ru", "us")):
        folder = visit.folder / f"opened-{party}"
        said = visit.run("open", party, sealed, visit.share(sealed, other), "--out", folder)
        assert "INTACT" in said
        assert {path.name: path.read_bytes() for path in folder.iterdir()} == {
            "film.raw": FILM,
            "notes.txt": NOTES,
        }
    visit.pair.sync()
    found = [one.about for one in visit.entries("visit.open")]
    assert [one["finding"] for one in found] == ["intact", "intact"]
    assert {one["found_sha256"] for one in found} == {hashlib.sha256(FILM + NOTES).hexdigest()}
    # And whoever has the record and the file sees that it is the one, with no node and no key.
    told = visit.verify(sealed, visit.record("us"))
    assert told["differences"] == []
    assert [one["party"] for one in told["seals"]] == ["us", "ru"]
    assert "NOT VERIFIED" not in command("media", "show", sealed)


def test_one_key_alone_opens_nothing(visit: Visit) -> None:
    sealed = visit.both()
    own = visit.share(sealed, "us")
    folder = visit.folder / "opened"
    said = visit.run("open", "us", sealed, own, "--out", folder, status=2)
    assert "is from us for ru, not from ru for us" in said
    assert not folder.exists()


def test_a_file_that_one_has_signed_is_not_opened(visit: Visit) -> None:
    sealed = visit.seal()
    said = visit.run("share", "us", sealed, "--out", visit.folder / "s", status=2)
    assert "ru has not sealed roll-1 on this record" in said


def test_other_content_is_not_countersigned(visit: Visit) -> None:
    sealed = visit.seal()
    visit.content[1].write_bytes(NOTES.replace(b"Nothing", b"A lot.."))
    out = visit.folder / "out"
    said = visit.run("countersign", "ru", sealed, *visit.content, "--out", out, status=2)
    assert "was not sealed from these files: other bytes" in said
    said = visit.run("countersign", "ru", sealed, visit.content[0], "--out", out, status=2)
    assert "other names or sizes: notes.txt" in said
    said = visit.run("countersign", "ru", sealed, "--out", out, status=2)
    assert "nothing was given to compare it with" in said
    assert not out.exists()
    assert len(visit.entries("visit.seal")) == 1


def test_a_broken_seal_is_proven_by_the_record_and_the_file_alone(visit: Visit) -> None:
    sealed, record = visit.both(), visit.record("ru")
    data = bytearray(sealed.read_bytes())
    data[700_000] ^= 1
    changed = visit.folder / "changed"
    changed.write_bytes(data)
    found = visit.verify(changed, record, status=1)
    assert len(found["differences"]) == 1
    assert "its sealed content is not what its manifest names" in found["differences"][0]
    # Opened all the same, it is found to be broken, and that is on the line.
    folder = visit.folder / "opened"
    said = visit.run("open", "us", changed, visit.share(sealed), "--out", folder, status=1)
    assert "BROKEN: chunk 0 does not open" in said
    assert not folder.exists()
    visit.pair.sync()
    [opening] = visit.entries("visit.open")
    assert opening.about["finding"] == "broken"
    assert opening.about["found_sha256"] == hashlib.sha256(data).hexdigest()
    # Cut short it has no manifest, and the record says which one it should have.
    changed.write_bytes(sealed.read_bytes()[:-10])
    found = visit.verify(changed, record, status=1)
    manifest = media.read_media(io.BytesIO(sealed.read_bytes())).manifest_sha256
    assert any(f"us (entry 3) sealed roll-1 with the manifest {manifest}" in one
               for one in found["differences"])  # fmt: skip
    visit.run("broken", "ru", LINE, visit.id, changed, "--item", "roll-1")
    visit.pair.sync()
    assert len(visit.entries("visit.open")) == 2


def test_a_file_sealed_anew_is_not_the_one_on_the_record(visit: Visit) -> None:
    """The host has both keys to hand, and seals other content under the same name."""
    sealed = visit.both()
    found = media.read_media(io.BytesIO(sealed.read_bytes()))
    other = json.loads(found.envelope.payload) | {"content_sha256": "00" * 32}
    envelope = Countersigned(media.MANIFEST_TYPE, json.dumps(other).encode(), {})
    for party in ("us", "ru"):
        envelope = envelope.signed(visit.pair.nodes[party]._core.key)
    changed = visit.folder / "changed"
    changed.write_bytes(
        sealed.read_bytes()[: found.manifest.sealed_bytes] + media.trailer(envelope)
    )
    told = visit.verify(changed, visit.record("us"), status=1)
    assert len(told["differences"]) == 4, told
    assert all("sealed the manifest" in one or "sealed the content" in one
               for one in told["differences"])  # fmt: skip


def test_a_seal_by_a_wrong_key_is_refused(visit: Visit) -> None:
    sealed = visit.seal()
    found = media.read_media(io.BytesIO(sealed.read_bytes()))
    right, wrong = visit.pair.nodes["us"]._core.key.public, SigningKey.generate()
    facts = json.loads(found.envelope.payload)
    facts["parties"]["us"]["sign_key"] = wrong.public.keyid
    envelope = Countersigned(media.MANIFEST_TYPE, json.dumps(facts).encode(), {}).signed(wrong)
    with pytest.raises(SignatureError, match=f"the key of us is {right.keyid[:16]}"):
        visit.pair.nodes["ru"].seal_media(LINE, envelope.to_json().decode(), officer="a")
    unsigned = Countersigned(media.MANIFEST_TYPE, found.envelope.payload, {})
    with pytest.raises(SignatureError, match="nobody; the key of us is"):
        visit.pair.nodes["ru"].seal_media(LINE, unsigned.to_json().decode(), officer="a")
    assert len(visit.entries("visit.seal")) == 1


def test_two_files_under_one_name(visit: Visit) -> None:
    sealed = visit.seal()
    said = visit.run(
        "seal", "us", LINE, visit.id, *visit.content, "--item", "roll-1",
        "--out", visit.folder / "second", status=2,
    )  # fmt: skip
    assert "we have sealed roll-1 with another manifest (entry 3)" in said
    said = visit.run(
        "seal", "ru", LINE, visit.id, *visit.content, "--item", "roll-1",
        "--out", visit.folder / "third", status=2,
    )  # fmt: skip
    assert "us has sealed roll-1 with another manifest (entry 3" in said
    assert not list(visit.folder.glob("*.part"))
    assert sealed.exists()


def test_keys_that_were_rotated_since(visit: Visit) -> None:
    """The key that a party had when it sealed counts, and what was sealed to it still opens."""
    sealed = visit.both()
    share = visit.share(sealed, "ru")
    rotate(visit.pair, "us")
    assert visit.verify(sealed, visit.record("ru"))["differences"] == []
    visit.run("open", "us", sealed, share, "--out", visit.folder / "opened")
    share = visit.folder / "after"
    visit.run("share", "us", sealed, "--out", share)
    visit.run("open", "ru", sealed, share, "--out", visit.folder / "opened-ru")


def test_a_record_that_was_changed_proves_nothing(visit: Visit) -> None:
    sealed, record = visit.both(), visit.record("us")
    [bundles] = (record / "us" / "bundles").glob("**/*.p/*")
    lines = bundles.read_bytes().split(b"\n")
    for data in (
        b"\n".join([*lines[:-2], lines[-2].replace(b'"salt":"', b'"salt":"A', 1), b""]),
        b"\n".join([*lines[:-2], b""]),
        b"\n".join([lines[0], lines[0], *lines[2:]]),
        b"\n".join([*lines[:-1], lines[-2], b""]),
        b"",
    ):
        bundles.write_bytes(data)
        command("media", "verify", sealed, "--record", record, status=2)
    bundles.unlink()
    said = command("media", "verify", sealed, "--record", record, status=2)
    assert "is not in the folder" in said


def test_who_has_not_the_role_does_not_seal(visit: Visit) -> None:
    said = command(
        "media", "seal", visit.node("us"), LINE, visit.id, *visit.content,
        "--item", "roll-1", "--out", visit.folder / "x", status=2,
    )  # fmt: skip
    assert "this needs the role releaser or senior" in said
    assert not (visit.folder / "x").exists()
