"""How a store of an older version becomes one of this version (Alembic, shipped in the package).

Each step in ``versions/`` is written once and never edited after a release. On SQLite, Alembic's
batch mode copies a table where ``ALTER TABLE`` cannot do it. ``HEAD`` names the newest step; a
store that is already there opens without importing Alembic.
"""

from pathlib import Path

from sqlalchemy import Connection, inspect, select
from sqlalchemy import column as sql_column
from sqlalchemy import table as sql_table

from detente.errors import StoreError

HEAD = "0013"

_version = sql_table("alembic_version", sql_column("version_num"))


def revision_of(connection: Connection) -> str | None:
    """The newest step already applied, or None for an empty database."""
    if not inspect(connection).has_table(_version.name):
        return None
    revision: str | None = connection.execute(select(_version.c.version_num)).scalar()
    return revision


def upgrade(connection: Connection) -> None:
    """Bring the store to ``HEAD`` inside the caller's transaction.

    Raises StoreError if a newer Détente has written this store: its steps are unknown here, and
    writing with older ones could break the record.
    """
    revision = revision_of(connection)
    if revision == HEAD:
        return
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise StoreError(
            f"this store was written by another version of Détente (schema {revision})",
            remedy="open it with the version that wrote it, or a newer one",
        ) from error
