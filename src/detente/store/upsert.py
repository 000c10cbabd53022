"""Put rows whether or not they are there: ``INSERT … ON CONFLICT DO UPDATE``, in both dialects."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite

from detente.store.writer import Tx


def upsert(tx: Tx, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Insert ``rows``, or replace all other columns where the primary key is taken."""
    if not rows:
        return
    key = [column.name for column in table.primary_key]
    # The two dialects' constructs are alike in all that is used here.
    insert = sqlite.insert if tx.connection.dialect.name == "sqlite" else postgresql.insert
    statement = insert(table)
    others = {name: statement.excluded[name] for name in table.c.keys() if name not in key}  # noqa: SIM118
    tx.connection.execute(
        statement.on_conflict_do_update(index_elements=key, set_=others), list(rows)
    )
