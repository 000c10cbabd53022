"""Put rows whether or not they are there: ``INSERT … ON CONFLICT DO UPDATE``, in both dialects."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import Executable, Table
from sqlalchemy.dialects import postgresql, sqlite

from detente.store.writer import Tx


def upsert(tx: Tx, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Insert ``rows``, or replace all other columns where the primary key is taken."""
    if rows:
        tx.connection.execute(upserting(table, tx.dialect), list(rows))


@cache
def upserting(table: Table, dialect: str) -> Executable:
    """The statement that does so."""
    key = {column.name for column in table.primary_key}
    # The two dialects' constructs are alike in all that is used here.
    insert = sqlite.insert if dialect == "sqlite" else postgresql.insert
    statement = insert(table)
    others = {
        column.name: statement.excluded[column.name]
        for column in table.columns
        if column.name not in key
    }
    return statement.on_conflict_do_update(index_elements=sorted(key), set_=others)
