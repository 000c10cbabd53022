"""On PostgreSQL too, of what was recalled no byte is left in the tables' files."""

import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, create_engine, text

from detente.store.scrubbing import ERASABLE

LINE = "northern-watch"

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
