"""Making and opening a node's folder."""

import os
from pathlib import Path
from typing import Any

import msgspec
import pytest

from detente.errors import DetenteError, InputError, StateError, StoreError
from detente.node import Node
from detente.node.settings import Settings, address, load_settings, write_settings
from detente.node.setup import create
from detente.record import open_card

SETTINGS = Settings(
    party="us",
    name='Cell "Gulf" – Залив',
    endpoint="https://192.0.2.1:7443",
    languages=("en", "ru"),
)


def test_settings_are_read_as_they_were_written(tmp_path: Path) -> None:
    settings = msgspec.structs.replace(SETTINGS, hosts=("node.example", "other"))
    write_settings(tmp_path, settings)
    assert load_settings(tmp_path, {}) == settings
    assert (tmp_path / "detente.toml").stat().st_mode & 0o777 == 0o600


def test_the_environment_goes_before_the_file(tmp_path: Path) -> None:
    write_settings(tmp_path, SETTINGS)
    given = {
        "DETENTE_DATABASE": "postgresql://db/x",
        "DETENTE_API": "[::1]:80",
        "DETENTE_HOSTS": "x",
    }
    settings = load_settings(tmp_path, given)
    assert (settings.database, settings.api, settings.hosts) == (
        "postgresql://db/x",
        "[::1]:80",
        (),
    )


@pytest.mark.parametrize(
    "text",
    [
        "party = ",
        "party = 3",
        'party = "us"',
        'party = "US"\nname = "x"\nendpoint = "https://a:1"',
        'party = "us"\nname = "x"\nendpoint = "https://a:1"\nunknown = 1',
        'party = "us"\nname = "x"\nendpoint = "https://a:1"\napi = "nowhere"',
        'party = "us"\nname = "x"\nendpoint = "https://a:1"\nline = "a:70000"',
        "\xff",
    ],
)
def test_unsound_settings_are_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "detente.toml").write_bytes(text.encode("latin-1"))
    with pytest.raises(InputError, match=r"detente\.toml"):
        load_settings(tmp_path, {})


def test_an_empty_folder_is_no_node(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="detente init"):
        Node.open(tmp_path)


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [("127.0.0.1:7080", "127.0.0.1", 7080), ("[::1]:1", "::1", 1), ("a.example:0", "a.example", 0)],
)
def test_addresses(text: str, host: str, port: int) -> None:
    assert address(text, "x") == (host, port)


@pytest.mark.parametrize("text", ["", "7080", ":7080", "host:", "host:http", "host:-1", "host:１"])
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(InputError):
        address(text, "x")


def test_a_new_node(tmp_path: Path) -> None:
    folder = tmp_path / "us"
    token = create(folder, SETTINGS, officer="first")
    node = Node.open(folder)
    try:
        assert (node.party, node.name) == ("us", SETTINGS.name)
        officer = node.officer_of(token)
        assert (officer.name, officer.role) == ("first", "admin")
        card = open_card(node.card()).card
        assert (card.party, card.endpoint, card.languages) == (
            "us",
            SETTINGS.endpoint,
            ("en", "ru"),
        )
        assert node.verify() == []
    finally:
        node.close()
    files = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert files == {
        "detente.toml",
        "detente.db",
        *(
            f"keys/{name}"
            for name in (
                "signing.pem",
                "sealing-ml-kem.pem",
                "sealing-x25519.pem",
                "signing-ml-dsa.pem",
                "store.pem",
                "ca.pem",
                "ca.crt",
                "node.pem",
                "node.crt",
            )
        ),
    }
    assert all((folder / file).stat().st_mode & 0o077 == 0 for file in files)


def test_its_card_is_the_same_every_time(tmp_path: Path) -> None:
    create(tmp_path / "us", SETTINGS)
    cards = set()
    for _ in range(2):
        node = Node.open(tmp_path / "us")
        cards.add(node.card())
        node.close()
    assert len(cards) == 1


def test_a_node_is_not_made_over_another(tmp_path: Path) -> None:
    create(tmp_path / "us", SETTINGS)
    key = (tmp_path / "us/keys/signing.pem").read_bytes()
    with pytest.raises(StateError, match="already"):
        create(tmp_path / "us", SETTINGS)
    assert (tmp_path / "us/keys/signing.pem").read_bytes() == key


@pytest.mark.parametrize(
    "changes",
    [{"party": "US"}, {"endpoint": "http://a"}, {"name": ""}, {"languages": ()}, {"name": "a\nb"}],
)
def test_settings_that_make_no_card_make_no_node(tmp_path: Path, changes: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        create(tmp_path / "us", msgspec.structs.replace(SETTINGS, **changes))
    assert not (tmp_path / "us").exists()


@pytest.mark.parametrize(
    ("file", "data", "error"),
    [
        ("keys/signing.pem", None, InputError),
        ("keys/signing.pem", b"junk", DetenteError),
        ("keys/ca.crt", None, InputError),
        ("keys/ca.crt", b"junk", DetenteError),
        ("keys/ca.crt", b"\xff", DetenteError),
        ("keys/node.crt", None, InputError),
        ("keys/node.crt", b"junk", InputError),
        ("detente.db", b"junk" * 1000, StoreError),
    ],
)
def test_a_damaged_folder_is_named(
    tmp_path: Path, file: str, data: bytes | None, error: type[DetenteError]
) -> None:
    create(tmp_path / "us", SETTINGS)
    path = tmp_path / "us" / file
    path.unlink() if data is None else path.write_bytes(data)
    with pytest.raises(error) as caught:
        Node.open(tmp_path / "us")
    assert caught.value.remedy


def test_a_store_is_not_opened_with_another_partys_keys(tmp_path: Path) -> None:
    create(tmp_path / "us", SETTINGS)
    create(tmp_path / "ru", msgspec.structs.replace(SETTINGS, party="ru"))
    os.replace(tmp_path / "us/detente.db", tmp_path / "ru/detente.db")
    with pytest.raises(StateError, match="us"):
        Node.open(tmp_path / "ru")
