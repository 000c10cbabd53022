"""A node on PostgreSQL is killed outright, or loses its connections, at seeded points of its work.

The process with both nodes dies by SIGKILL while they go through the script of ``bench.crash``,
and is started again; between that, the server ends the connections under it. The same oracle looks
after each kill and in the end. Loss of the server's power is PostgreSQL's own claim, and not ours.
"""

import json
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from bench.crash.aftermath import check_level
from bench.crash.oracle import Held, check_gone, check_marked, check_marks, check_told
from bench.crash.recorder import Told
from bench.crash.scene import PARTIES, A, B, Scene
from bench.crash.script import LINE as SCRIPT
from bench.crash.scripts import go_on
from bench.crash.worker import told as told_by
from bench.simulation.disk import AREA, BEGIN_S, DATABASE, LINE, StillClock
from sqlalchemy import Connection, create_engine, text

from detente.line import standard_terms
from detente.node import Node
from detente.node.settings import Settings
from detente.node.setup import create
from detente.record import open_card

ROOT = Path(__file__).parents[2]
KILLS_MIN = 3
SEED = 15

pytestmark = [pytest.mark.db, pytest.mark.parametrize("store_url", ["postgresql"], indirect=True)]


@pytest.fixture
def server(store_url: str) -> Iterator[Connection]:
    engine = create_engine(store_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        yield connection
    engine.dispose()


@pytest.fixture
def line(tmp_path: Path, store_url: str) -> str:
    """Both parties have joined a line; A is on PostgreSQL, B on SQLite."""
    nodes = []
    for party, database in ((A, store_url), (B, DATABASE)):
        settings = Settings(
            party=party, name=f"Cell {party}", endpoint="https://192.0.2.1:7443", database=database
        )
        create(tmp_path / party, settings, clock=StillClock())
        nodes.append(Node.open(tmp_path / party, clock=StillClock()))
    terms = standard_terms(
        list(PARTIES),
        area=AREA,
        effective_from_s=BEGIN_S - 1800,
        review_on=date(2027, 11, 22),
    )
    founding = nodes[0].found(LINE, terms, [nodes[1].card()])
    for node, other in (nodes, nodes[::-1]):
        fingerprint = open_card(other.card()).fingerprint
        joined = node.join(founding, {other.party: fingerprint}).id
    for node in nodes:
        node.close()
    scene = Scene(tmp_path, joined, lambda *_: None, SCRIPT)
    scene.open_all()
    scene.exchange(A, B)
    scene.exchange(B, A)
    scene.close()
    return joined


def work(
    folder: Path, line: str, first: int, again: bool, chance: random.Random, server: Connection
) -> tuple[list[Told], int, bool]:
    """Have the script gone on with, and killed at some moment: what was told, which step was the
    last to be done, and whether it came to its end."""
    child = subprocess.Popen(
        [sys.executable, "-m", "bench.crash.worker", folder, line, str(first), str(int(again))],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    with child, child.stdout as output:
        lines = [output.readline() for _ in range(chance.randint(2, 8))]
        # Connections are ended under it, and then it has its own end.
        server.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
        lines += [output.readline() for _ in range(chance.randint(2, 8))]
        time.sleep(chance.uniform(0, 0.03))
        child.kill()
        lines += output.readlines()
    # Half a line was not told to anybody.
    values = [one for one in lines if one.endswith("\n")]
    done = [json.loads(one)[1] for one in values if json.loads(one)[0] == "done"]
    last = max([first - 1, *done])
    return (
        [told_by(one) for one in values if json.loads(one)[0] != "done"],
        last,
        last == len(SCRIPT.steps) - 1,
    )


def held(folder: Path, server: Connection) -> dict[str, Held]:
    return {
        A: Held(lambda query: [tuple(row) for row in server.execute(text(query))]),
        B: Held.of_file(folder / B / DATABASE),
    }


def check_all(folder: Path, server: Connection, told: list[Told]) -> dict[str, Held]:
    found = held(folder, server)
    check_told(found, told)
    for party in PARTIES:
        check_marks(folder / party, party, found[party])
        check_marked(folder / party, party, found[party].line, told)
        check_gone(folder / party, found[party], party, SCRIPT)
    return found


def test_nothing_acknowledged_is_lost_or_doubled_by_kills(
    tmp_path: Path, line: str, server: Connection
) -> None:
    chance, told = random.Random(SEED), list[Told]()
    last, ended, kills = -1, False, 0
    while not ended:
        new, done, ended = work(tmp_path, line, last + 1, kills > 0, chance, server)
        kills += 1
        last = done
        told += new
        check_all(tmp_path, server, told)
    assert kills >= KILLS_MIN, "the script was over too soon: this shows nothing"
    scene = Scene(tmp_path, line, lambda *one: told.append(Told(0, -1, *one)), SCRIPT)
    scene.open_all()
    go_on(scene)
    check_level(scene, check_all(tmp_path, server, told))
    scene.close()
