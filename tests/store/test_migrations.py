"""The steps that make a store give exactly the tables that the code uses."""

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import update

from detente.errors import StoreError
from detente.store import migrations
from detente.store.store import Store, Tx
from detente.store.tables import metadata

pytestmark = pytest.mark.db


def test_the_steps_give_the_tables_of_the_code(store: Store) -> None:
    with store.read() as tx:
        context = MigrationContext.configure(tx.connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_head_is_the_newest_step() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    assert ScriptDirectory.from_config(config).get_current_head() == migrations.HEAD


def test_a_store_is_opened_again_as_it_is(store_url: str) -> None:
    for _ in range(2):
        store = Store.open(store_url)
        with store.read() as tx:
            assert migrations.revision_of(tx.connection) == migrations.HEAD
        store.close()


def test_a_store_of_a_newer_version_is_refused(store_url: str) -> None:
    def from_the_future(tx: Tx) -> None:
        tx.connection.execute(update(migrations._version).values(version_num="9999"))

    store = Store.open(store_url)
    store.write(from_the_future)
    store.close()
    with pytest.raises(StoreError, match="another version"):
        Store.open(store_url)
