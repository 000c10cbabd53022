"""Keys at rest: encrypted on the disk, opened by the passphrase, and never lost by a crash."""

import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from detente.errors import CredentialError, InputError
from detente.node import Node
from detente.node.protection import is_protected, protect, read_key, unlock
from detente.node.settings import Settings
from detente.node.setup import create
from detente.record import SigningKey

FIRST = "herons over a frozen lake"
SECOND = "seven lamps in a quiet street"


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A node whose keys are not protected."""
    folder = tmp_path_factory.mktemp("plain") / "us"
    folder.mkdir()
    create(folder, Settings(party="us", name="Us", endpoint="https://127.0.0.1:7443"))
    return folder


@pytest.fixture
def folder(plain: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(plain, tmp_path / "us"))


def public(folder: Path, secret: bytes | None) -> bytes:
    return SigningKey.from_pem(read_key(folder / "keys/signing.pem", secret)).public.raw


def test_protected_keys_open_with_the_passphrase_and_with_no_other(folder: Path) -> None:
    before = public(folder, None)
    secrets_before = [path.read_bytes() for path in (folder / "keys").glob("*.pem")]
    assert unlock(folder / "keys", lambda: pytest.fail("nothing is protected")) is None
    protect(folder / "keys", FIRST, None)
    on_disk = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    for pem in secrets_before:
        assert pem.splitlines()[1] not in on_disk
    for path in (folder / "keys").iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path

    with pytest.raises(CredentialError):
        Node.open(folder)
    with pytest.raises(CredentialError):
        unlock(folder / "keys", lambda: SECOND)
    secret = unlock(folder / "keys", lambda: FIRST)
    assert public(folder, secret) == before
    node = Node.open(folder, secret=secret)
    node.close()


def test_openssl_reads_the_keys_with_the_secret(folder: Path) -> None:
    protect(folder / "keys", FIRST, None)
    secret = unlock(folder / "keys", lambda: FIRST)
    assert secret is not None
    for name in ("signing.pem", "ca.pem", "node.pem"):
        for password, status in ((secret.decode(), 0), ("another", 1)):
            done = subprocess.run(
                ["openssl", "pkey", "-in", folder / "keys" / name, "-noout",
                 "-passin", f"pass:{password}"],
                capture_output=True,
            )  # fmt: skip
            assert done.returncode == status, (name, done.stderr)


def test_a_changed_passphrase_opens_and_the_old_one_does_not(folder: Path) -> None:
    before = public(folder, None)
    protect(folder / "keys", FIRST, None)
    protect(folder / "keys", SECOND, unlock(folder / "keys", lambda: FIRST))
    with pytest.raises(CredentialError):
        unlock(folder / "keys", lambda: FIRST)
    assert public(folder, unlock(folder / "keys", lambda: SECOND)) == before


class Crash(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("step", range(12))
def test_stopped_at_any_write_every_key_opens_and_the_next_run_finishes(
    folder: Path, step: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys, before = folder / "keys", public(folder, None)
    real_fsync, real_replace, left = os.fsync, Path.replace, [step]

    def stumble() -> None:
        left[0] -= 1
        if left[0] < 0:
            raise Crash

    def fsync(descriptor: int) -> None:
        stumble()
        real_fsync(descriptor)

    def replace(self: Path, target: Path) -> Path:
        stumble()
        return real_replace(self, target)

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", fsync)
        patched.setattr(Path, "replace", replace)
        with pytest.raises(Crash):
            protect(keys, FIRST, None)
    secret = unlock(keys, lambda: FIRST)
    assert public(folder, secret) == before
    Node.open(folder, secret=secret).close()
    protect(keys, FIRST, secret)
    secret = unlock(keys, lambda: FIRST)
    assert public(folder, secret) == before
    assert b"BEGIN PRIVATE KEY" not in b"".join(p.read_bytes() for p in keys.glob("*.pem"))


@pytest.mark.parametrize("passphrase", ["", "short", "x" * 1025])
def test_a_passphrase_that_guards_nothing_is_refused(folder: Path, passphrase: str) -> None:
    with pytest.raises(InputError):
        protect(folder / "keys", passphrase, None)
    assert not is_protected(folder / "keys")


@pytest.mark.parametrize(
    "data",
    [
        b"", b"junk", b"[]", b"{}", b'{"v":2}', b"\xff" * 9000,
        b'{"v":1,"kdf":"argon2id","memory_kib":99999999,"iterations":3,"lanes":4,'
        b'"salt":"AAAA","nonce":"AAAA","sealed":"AAAA"}',
        b'{"v":1,"kdf":"argon2id","memory_kib":8192,"iterations":1,"lanes":4,'
        b'"salt":"","nonce":"","sealed":""}',
    ],
)  # fmt: skip
def test_a_damaged_seal_is_named(folder: Path, data: bytes) -> None:
    (folder / "keys/protection.json").write_bytes(data)
    with pytest.raises(InputError, match=r"protection\.json"):
        unlock(folder / "keys", lambda: FIRST)


def test_encrypted_keys_without_their_seal_are_named(folder: Path) -> None:
    protect(folder / "keys", FIRST, None)
    (folder / "keys/protection.json").unlink()
    with pytest.raises(InputError, match="encrypted"):
        Node.open(folder)
