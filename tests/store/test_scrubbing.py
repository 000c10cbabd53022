"""What was deleted is not in the table's file on PostgreSQL, which a plain VACUUM leaves there."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, create_engine, delete, insert, text

from detente.store.store import Store
from detente.store.tables import requests

pytestmark = [pytest.mark.db, pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)]


@pytest.fixture
def server(store_url: str) -> Iterator[Connection]:
    engine = create_engine(store_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        if connection.scalar(text("SHOW is_superuser")) != "on":
            pytest.skip("only a superuser reads the server's files")
        yield connection
    engine.dispose()


def test_the_newest_row_of_a_page_is_gone(store: Store, server: Connection) -> None:
    rows = [
        {"key": str(n), "digest": f"secret-{n:02}-".encode() * 20, "answer": ""} for n in range(20)
    ]
    store.write(lambda tx: tx.connection.execute(insert(requests), rows))
    store.write(lambda tx: tx.connection.execute(delete(requests).where(requests.c.key == "19")))
    assert store.scrub()
    server.execute(text("CHECKPOINT"))
    query = "SELECT pg_read_binary_file(pg_relation_filepath('requests'))"
    data = bytes(server.scalar(text(query)) or b"")
    assert b"secret-18-" in data
    assert b"secret-19-" not in data
