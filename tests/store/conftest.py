"""Fixtures of the store's tests."""

from collections.abc import Iterator

import pytest

from detente.store.store import Store


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    """An empty store, closed after the test."""
    store = Store.open(store_url)
    yield store
    store.close()
