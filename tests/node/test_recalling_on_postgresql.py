"""On PostgreSQL too, of what was recalled no byte is left in the tables' files."""

import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, create_engine, text

from detente.store.scrubbing import ERASABLE

LINE = "northern-watch"

LATER_S = 3600.0
"""When the tables may be written anew again, however long the last time took here."""

pytestmark = [pytest.mark.db, pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)]


@pytest.fixture
def server(store_url: str) -> Iterator[Connection]:
    engine = create_engine(store_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        if connection.scalar(text("SHOW is_superuser")) != "on":
            pytest.skip("only a superuser reads the server's files")
        yield connection
    engine.dispose()


def files_of(server: Connection) -> bytes:
    """Every byte of the files of the tables that a recall erases from, as they lie on the disk."""
    server.execute(text("CHECKPOINT"))
    query = """SELECT pg_read_binary_file(pg_relation_filepath(file)) FROM (
                   SELECT oid AS file FROM pg_class WHERE relname = :table
                   UNION ALL SELECT reltoastrelid FROM pg_class WHERE relname = :table
               ) AS files WHERE file <> 0"""
    found = [server.scalars(text(query), {"table": table}).all() for table in ERASABLE]
    return b"".join(bytes(one) for files in found for one in files)


@pytest.fixture
def said(make_pair: Callable[..., Any], store_url: str) -> Any:
    """``us``, on PostgreSQL, and ``ru`` have each said many things; both hold them."""
    pair = make_pair({"ru": "detente.db", "us": store_url})
    chance = random.Random(7)
    pair.secrets, pair.entries = [], []
    for i in range(24):
        secret = f"secret-{chance.randbytes(8).hex()}"
        node = pair.nodes["ru" if i % 2 else "us"]
        words = secret + chance.randbytes(chance.choice((1, 200, 450))).hex()
        pair.entries.append((node, node.send(LINE, text=words, officer="a").id))
        pair.secrets.append(secret.encode())
    pair.sync()
    return pair


def test_no_byte_is_left_in_the_tables_files(said: Any, server: Connection) -> None:
    before = files_of(server)
    # Long ones are kept compressed, where they cannot be looked for.
    assert sum(secret in before for secret in said.secrets) > 10
    recalled = (3, 12, 23)
    for i in recalled:
        node, entry = said.entries[i]
        node.recall(LINE, entry, officer="a")
        said.sync()
        said.sync()
        said.clock.at_s += LATER_S
    after = files_of(server)
    assert [i for i in recalled if said.secrets[i] in after] == []
    us = said.nodes["us"]
    assert {one.state for recall in us.recalls(LINE) for one in recall.holders} == {"erased"}
    assert us.verify() == []


def test_nothing_is_stated_while_somebody_may_still_read_it(
    said: Any, server: Connection, store_url: str
) -> None:
    us, ru = said.nodes["us"], said.nodes["ru"]
    reader = create_engine(store_url, isolation_level="REPEATABLE READ")
    with reader.connect() as old:
        old.scalar(text("SELECT count(*) FROM entries"))
        ru.recall(LINE, said.entries[1][1], officer="a")
        said.sync()
        [recall] = ru.recalls(LINE)
        assert [one.state for one in recall.holders if one.party == "us"] == ["holds"]
        assert said.secrets[1] in files_of(server)
    reader.dispose()
    us.honour(LINE)
    said.sync()
    [recall] = ru.recalls(LINE)
    assert [one.state for one in recall.holders if one.party == "us"] == ["erased"]
    assert said.secrets[1] not in files_of(server)


def file_of(server: Connection) -> str:
    """Which file the entries lie in: another one each time that the table is written anew."""
    return str(server.scalar(text("SELECT pg_relation_filepath('entries')")))


def erased_at_us(node: Any) -> int:
    """How many recalls ``us`` has said to have honoured, as ``node`` holds it."""
    of_us = [one for recall in node.recalls(LINE) for one in recall.holders if one.party == "us"]
    return sum(one.state == "erased" for one in of_us)


def test_however_many_recalls_come_the_tables_are_written_anew_once(
    said: Any, server: Connection
) -> None:
    us, ru = said.nodes["us"], said.nodes["ru"]
    files, theirs = [file_of(server)], range(1, 21, 2)
    for done, i in enumerate(theirs):
        ru.recall(LINE, said.entries[i][1], officer="a")
        said.push(ru, us)
        # Between them others are heard, and we speak.
        ru.send(LINE, text=f"theirs {done}", officer="a")
        us.send(LINE, text=f"ours {done}", officer="a")
        said.push(ru, us)
        us.honour(LINE)
        files.append(file_of(server))
        assert {f"theirs {done}", f"ours {done}"} <= {one.text for one in us.messages(LINE)}
    said.sync()
    # The first is done at once; for the rest nothing is stated that is not true yet.
    assert len(set(files)) == 2
    assert files[0] not in files[1:]
    assert erased_at_us(ru) == 1
    assert us.verify() == []
    said.clock.at_s += LATER_S
    for _ in range(3):
        us.honour(LINE)
        files.append(file_of(server))
    said.sync()
    assert len(set(files)) == 3
    assert erased_at_us(ru) == len(theirs)
    after = files_of(server)
    assert [i for i in theirs if said.secrets[i] in after] == []


def test_the_longer_it_took_the_later_it_is_done_again(
    said: Any, server: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    us, ru = said.nodes["us"], said.nodes["ru"]
    monkeypatch.setattr("detente.node.overwriting.PAUSE_FACTOR", 1e9)
    ru.recall(LINE, said.entries[1][1], officer="a")
    said.sync()
    ru.recall(LINE, said.entries[3][1], officer="a")
    said.clock.at_s += LATER_S
    said.sync()
    assert erased_at_us(us) == 1
    # A clock that is set back puts it off no longer.
    said.clock.at_s -= 2 * LATER_S
    us.honour(LINE)
    assert erased_at_us(us) == 2


def test_who_reads_on_from_before_holds_it_up_and_nobody_who_begins_later(
    said: Any, server: Connection, store_url: str
) -> None:
    us, ru = said.nodes["us"], said.nodes["ru"]
    reader = create_engine(store_url, isolation_level="REPEATABLE READ")
    file = file_of(server)
    with reader.connect() as later:
        with reader.connect() as old:
            old.scalar(text("SELECT 1"))
            ru.recall(LINE, said.entries[1][1], officer="a")
            said.sync()
            for _ in range(3):
                us.send(LINE, text="heard meanwhile", officer="a")
                us.honour(LINE)
            later.scalar(text("SELECT 1"))
            assert (file_of(server), erased_at_us(us)) == (file, 0)
        us.honour(LINE)
        assert file_of(server) != file
        assert erased_at_us(us) == 1
        assert said.secrets[1] not in files_of(server)
    reader.dispose()
