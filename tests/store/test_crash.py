"""A process killed while it writes loses nothing that it had acknowledged."""

import signal
import subprocess
import sys

import pytest
from sqlalchemy import select

from detente.store.store import Store
from detente.store.tables import plans

pytestmark = pytest.mark.db

CHILD = """
import sys, threading
from sqlalchemy import insert
from detente.store.store import Store
from detente.store.tables import plans

store = Store.open(sys.argv[1])
lock = threading.Lock()

def run(thread):
    for i in range(10_000):
        row = dict(id=f"{thread}-{i}", doc=b"x" * 500, revision=1)
        row |= dict(title="", changed_s=0.0, changed_by="")
        pair = dict(row, id=f"{thread}-{i}-pair")
        store.write(lambda tx: tx.connection.execute(insert(plans), [row, pair]))
        with lock:
            print(row["id"], flush=True)

for thread in range(8):
    threading.Thread(target=run, args=(thread,), daemon=True).start()
threading.Event().wait()
"""


@pytest.mark.parametrize("acknowledged", [1, 40, 300])
def test_nothing_acknowledged_is_lost_and_nothing_is_halved(
    store_url: str, acknowledged: int
) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, store_url], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    told = [child.stdout.readline().strip() for _ in range(acknowledged)]
    child.kill()
    told += child.stdout.read().split()
    child.stdout.close()
    assert child.wait(30) == -signal.SIGKILL

    store = Store.open(store_url)
    with store.read() as tx:
        held = set(tx.connection.execute(select(plans.c.id)).scalars())
    store.close()
    assert set(told) <= held
    whole = {name for name in held if not name.endswith("-pair")}
    assert held == whole | {f"{name}-pair" for name in whole}
