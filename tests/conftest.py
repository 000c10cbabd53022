"""What tests of several packages share: an empty database of each kind."""

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

POSTGRES = os.environ.get("DETENTE_TEST_POSTGRES", "")
"""An SQLAlchemy URL of a PostgreSQL server where databases may be created and dropped."""


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty database that is gone after the test; for tests marked ``db``."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'detente.db'}"
        return
    if not POSTGRES:
        pytest.skip("DETENTE_TEST_POSTGRES names no PostgreSQL server")
    yield from _postgres_database()


def _postgres_database() -> Iterator[str]:
    from sqlalchemy import create_engine, make_url, text

    server = make_url(POSTGRES).set(drivername="postgresql+psycopg")
    name = f"detente_test_{uuid.uuid4().hex}"
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
        try:
            yield server.set(database=name).render_as_string(hide_password=False)
        finally:
            with engine.connect() as connection:
                connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    finally:
        engine.dispose()
