"""Overwriting what was erased, as far as a database can be told to.

A transaction takes a body out of the tables; its bytes are still on the disk. What is done about it
afterwards, outside every transaction:

- **SQLite** has overwritten them with zeros already (``secure_delete``). What is left stands in the
  write-ahead log until that is brought into the database file and cut to nothing.
- **PostgreSQL** keeps what was deleted for as long as any snapshot may see it, and a plain
  ``VACUUM`` then frees it without writing anything over it. ``VACUUM FULL`` writes the table anew,
  without it, and gives the old file back.

Both are held up by readers, and are tried again: who still has a snapshot from before is asked for
(``outlived``) before the tables are written anew, which takes over what he may see. Neither reaches
the disk's own old blocks, the server's write-ahead log and its archive, replicas' or backups'
copies (docs/durability.md).
"""

from typing import Any

from sqlalchemy import Connection, Engine, text

from detente.store.database import BUSY_TIMEOUT_S

SCRUB_TIMEOUT_S = 1
"""How long overwriting waits for a lock that a reader has; it is tried again."""

ERASABLE = ("entries", "projection", "forks", "requests", "aside", "pending", "sealed")
"""Tables of which a recall erases something, or that held what is recalled before it was sent."""

LOCK_NOT_AVAILABLE = "55P03"

_NEXT = "SELECT pg_snapshot_xmax(pg_current_snapshot())::xid::text"
_OLD_SNAPSHOTS = """
    SELECT count(*) FROM (
        SELECT backend_xmin AS seen FROM pg_stat_activity
            WHERE pid <> pg_backend_pid() AND (datname = current_database() OR datname IS NULL)
        UNION ALL SELECT backend_xid FROM pg_stat_activity
            WHERE pid <> pg_backend_pid() AND datname = current_database()
        UNION ALL SELECT xmin FROM pg_replication_slots
        UNION ALL SELECT transaction FROM pg_prepared_xacts WHERE database = current_database()
    ) AS others
    WHERE age(seen) > age(CAST(:mark AS xid))
"""


def rewrites(engine: Engine) -> bool:
    """Whether overwriting writes whole tables anew, however little was erased."""
    return engine.dialect.name != "sqlite"


def mark(engine: Engine) -> str:
    """The state after all that is committed. To be run by the writer, between transactions."""
    if engine.dialect.name == "sqlite":
        return ""
    with engine.begin() as connection:
        return str(connection.scalar(text(_NEXT)))


def outlived(connection: Connection, mark: str) -> bool:
    """Whether nobody has a snapshot from before ``mark``. SQLite tells while it overwrites."""
    if connection.dialect.name == "sqlite":
        return True
    return bool(connection.scalar(text(_OLD_SNAPSHOTS), {"mark": mark}) == 0)


def scrub(engine: Engine) -> bool:
    """Overwrite what was erased in earlier transactions. False: held up, to be tried again."""
    pooled = engine.raw_connection()
    try:
        driver: Any = pooled.driver_connection
        if engine.dialect.name == "sqlite":
            return _scrub_sqlite(driver)
        driver.autocommit = True
        try:
            return _scrub_postgresql(driver)
        finally:
            driver.autocommit = False
    finally:
        pooled.close()


def _scrub_sqlite(driver: Any) -> bool:
    driver.execute(f"PRAGMA busy_timeout={SCRUB_TIMEOUT_S * 1000}")
    [busy, *_] = driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    driver.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_S * 1000}")
    return not busy


def _scrub_postgresql(driver: Any) -> bool:
    driver.execute(f"SET lock_timeout = '{SCRUB_TIMEOUT_S}s'")
    try:
        for table in ERASABLE:
            driver.execute(f"VACUUM (FULL) {table}")
    except Exception as error:
        if getattr(error, "sqlstate", None) == LOCK_NOT_AVAILABLE:
            return False
        raise
    finally:
        driver.execute("RESET lock_timeout")
    return True
