"""Servers on real sockets for the tests of the faces."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import pytest

from detente.api.server import Face


@contextmanager
def running(face: Face) -> Iterator[Face]:
    """Run a face in a thread of its own until the end of the block."""
    thread = threading.Thread(target=lambda: asyncio.run(face.serve()), daemon=True)
    thread.start()
    try:
        while not face.started:
            assert thread.is_alive(), "the face ended before it listened"
            threading.Event().wait(0.005)
        yield face
    finally:
        face.should_exit = True
        thread.join(20)
        assert not thread.is_alive(), "the face did not end"


@pytest.fixture
def serve() -> Iterator[Callable[[Face], Face]]:
    """Runs faces until the test ends."""
    with ExitStack() as stack:
        yield lambda face: stack.enter_context(running(face))
