"""Group commit: what a caller is told is on the disk, and nobody pays for another's mistake."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import event, insert, select, text
from sqlalchemy.exc import IntegrityError, OperationalError

from detente.errors import InputError, StateError, StoreError
from detente.store import changes
from detente.store.store import Store, Tx
from detente.store.tables import plans

pytestmark = pytest.mark.db

ADD = insert(plans)


def put(tx: Tx, plan: str, doc: bytes = b"{}") -> str:
    tx.connection.execute(
        insert(plans).values(
            id=plan, title="t", doc=doc, revision=1, changed_s=0.0, changed_by="watch"
        )
    )
    return plan


def held(store: Store) -> set[str]:
    with store.read() as tx:
        return set(tx.connection.execute(select(plans.c.id)).scalars())


class Gate:
    """Holds the writer in one job, so that what is handed in meanwhile makes one batch."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.entered = threading.Event()
        self.released = threading.Event()
        self.pool = ThreadPoolExecutor(16)

    def __enter__(self) -> "Gate":
        self.blocked = self.pool.submit(self.store.write, self._block)
        assert self.entered.wait(10)
        return self

    def _block(self, _tx: Tx) -> None:
        self.entered.set()
        assert self.released.wait(10)

    def __exit__(self, *_: object) -> None:
        self.released.set()
        self.pool.shutdown(wait=True)


@pytest.fixture
def commits(store: Store) -> list[int]:
    """Grows by one with every commit of the writer."""
    seen: list[int] = []
    writer = store._engines[0]
    event.listen(writer, "commit", lambda _: seen.append(1))
    return seen


def test_what_was_written_is_read(store: Store) -> None:
    assert store.write(lambda tx: put(tx, "orbit-1")) == "orbit-1"
    assert held(store) == {"orbit-1"}


def test_callers_that_wait_share_one_commit(store: Store, commits: list[int]) -> None:
    with Gate(store) as gate:
        answers = [
            gate.pool.submit(store.write, lambda tx, i=i: put(tx, f"p{i}")) for i in range(10)
        ]
        while store._writer._jobs.qsize() < 10:
            pass
    assert {a.result() for a in answers} == held(store) == {f"p{i}" for i in range(10)}
    assert len(commits) == 2


def test_an_exception_undoes_its_own_rows_and_no_others(store: Store) -> None:
    def fails(tx: Tx) -> None:
        put(tx, "half")
        raise StateError("no", remedy="nothing")

    with Gate(store) as gate:
        first = gate.pool.submit(store.write, lambda tx: put(tx, "first"))
        bad = gate.pool.submit(store.write, fails)
        last = gate.pool.submit(store.write, lambda tx: put(tx, "last"))
    assert first.result() == "first"
    assert last.result() == "last"
    with pytest.raises(StateError, match="no"):
        bad.result()
    assert held(store) == {"first", "last"}


def test_a_later_caller_sees_what_an_earlier_one_of_the_batch_wrote(store: Store) -> None:
    def look(tx: Tx) -> set[str]:
        return set(tx.connection.execute(select(plans.c.id)).scalars())

    store.write(lambda tx: put(tx, "a"))
    assert store.write(look) == {"a"}


def test_a_refused_row_is_a_store_error_and_spares_the_batch(store: Store) -> None:
    store.write(lambda tx: put(tx, "same"))
    with Gate(store) as gate:
        bad = gate.pool.submit(store.write, lambda tx: put(tx, "same"))
        good = gate.pool.submit(store.write, lambda tx: put(tx, "other"))
    with pytest.raises(StoreError) as caught:
        bad.result()
    assert isinstance(caught.value.__cause__, IntegrityError)
    assert good.result() == "other"
    assert held(store) == {"same", "other"}


def test_what_is_due_before_the_commit_is_done_once_and_for_what_is_kept(store: Store) -> None:
    def work(tx: Tx, plan: str) -> str:
        tx.before_commit("last", lambda last: done.append(put(last, f"after-{plan}")))
        if plan == "c":
            raise InputError("undone")
        return put(tx, plan)

    done: list[str] = []
    with Gate(store) as gate:
        answers = [gate.pool.submit(store.write, lambda tx, p=p: work(tx, p)) for p in "abc"]
        while store._writer._jobs.qsize() < 3:
            pass
    assert [answer.exception() is None for answer in answers] == [True, True, False]
    [last] = done
    kept = {"a", "b"}
    assert last.removeprefix("after-") in kept
    assert held(store) == kept | {last}


def test_what_fails_before_the_commit_fails_the_batch(store: Store) -> None:
    def fail(_tx: Tx) -> None:
        raise OSError("no entropy")

    def work(tx: Tx) -> str:
        tx.before_commit("last", fail)
        return put(tx, "a")

    with pytest.raises(StoreError):
        store.write(work)
    assert held(store) == set()
    assert store.write(lambda tx: put(tx, "b")) == "b"


def test_a_failed_commit_fails_all_of_its_batch_and_keeps_nothing(store: Store) -> None:
    def refuse(_connection: object) -> None:
        tries.append(1)
        if len(tries) == 2:
            raise OperationalError("COMMIT", None, Exception("disk gone"))

    tries: list[int] = []
    with Gate(store) as gate:
        event.listen(store._engines[0], "commit", refuse)
        answers = [gate.pool.submit(store.write, lambda tx, p=p: put(tx, p)) for p in "abc"]
        while store._writer._jobs.qsize() < 3:
            pass
    for answer in answers:
        with pytest.raises(StoreError, match="disk gone"):
            answer.result()
    assert held(store) == set()
    assert store.write(lambda tx: put(tx, "after")) == "after"


def test_the_writer_outlives_what_is_no_error_of_the_database(store: Store) -> None:
    """Nobody would be answered any more if its thread ended."""
    engine = store._engines[0]

    def run_out_of_memory(_connection: object) -> None:
        raise MemoryError

    event.listen(engine, "begin", run_out_of_memory)
    with pytest.raises(StoreError, match="MemoryError"):
        store.write(lambda tx: put(tx, "lost"))
    event.remove(engine, "begin", run_out_of_memory)
    store.write(lambda tx: put(tx, "kept"))
    assert held(store) == {"kept"}


def in_one_commit(store: Store, *works: Callable[[Tx], object]) -> list[Future[object]]:
    """The answers of functions that are run one after the other and committed together."""
    answers: list[Future[object]] = []
    with Gate(store) as gate:
        for work in works:
            answers.append(gate.pool.submit(store.write, work))
            while store._writer._jobs.qsize() < len(answers):
                pass
    return answers


def put_off(tx: Tx, plan: str, title: str = "t") -> str:
    row = {"id": plan, "title": title, "doc": b"", "revision": 1, "changed_s": 0.0}
    tx.later(plan, ADD, row | {"changed_by": "watch"})
    return plan


def seen(tx: Tx) -> set[str]:
    return set(tx.connection.execute(select(plans.c.id)).scalars())


def test_what_is_put_off_is_seen_by_whoever_looks_and_kept(store: Store) -> None:
    answers = in_one_commit(
        store,
        lambda tx: put_off(tx, "a"),
        lambda tx: (put_off(tx, "b"), seen(tx), put_off(tx, "c")),
        seen,
        lambda tx: put_off(tx, "d"),
    )
    assert answers[1].result() == ("b", {"a", "b"}, "c")
    assert answers[2].result() == {"a", "b", "c"}
    assert held(store) == {"a", "b", "c", "d"}


def test_of_two_rows_of_one_name_the_last_is_written(store: Store) -> None:
    in_one_commit(store, lambda tx: put_off(tx, "a", "old"), lambda tx: put_off(tx, "a", "new"))
    with store.read() as tx:
        assert tx.connection.execute(select(plans.c.title)).scalars().all() == ["new"]


@pytest.mark.parametrize("looks", [True, False])
def test_what_was_put_off_by_who_raises_is_never_written(store: Store, looks: bool) -> None:
    def fails(tx: Tx) -> None:
        put_off(tx, "bad")
        if looks:
            assert "bad" in seen(tx)
        else:
            put_off(tx, "a", "changed")
        raise StateError("no")

    answers = in_one_commit(
        store, lambda tx: put_off(tx, "a"), fails, lambda tx: put_off(tx, "b"), seen
    )
    assert isinstance(answers[1].exception(), StateError)
    assert answers[3].result() == held(store) == {"a", "b"}
    with store.read() as tx:
        assert set(tx.connection.execute(select(plans.c.title)).scalars()) == {"t"}


def test_a_row_that_cannot_be_written_keeps_nobodys(store: Store) -> None:
    store.write(lambda tx: put(tx, "same"))
    answers = in_one_commit(
        store, lambda tx: put_off(tx, "same"), lambda tx: put_off(tx, "a"), seen, seen
    )
    for answer in answers:
        assert isinstance(answer.exception(), StoreError)
    assert held(store) == {"same"}
    assert store.write(lambda tx: put_off(tx, "after")) == "after"


def test_what_is_held_is_shared_in_a_commit_until_one_function_of_it_is_undone(
    store: Store,
) -> None:
    def hold(tx: Tx, name: str) -> set[object]:
        before = set(tx.held)
        tx.held[name] = name
        return before

    def fails(tx: Tx) -> None:
        hold(tx, "gone")
        raise StateError("no")

    answers = in_one_commit(
        store, lambda tx: hold(tx, "a"), lambda tx: hold(tx, "b"), fails, lambda tx: hold(tx, "c")
    )
    assert [answers[i].result() for i in (0, 1, 3)] == [set(), {"a"}, set()]
    assert store.write(lambda tx: hold(tx, "d")) == set()


def test_writing_inside_a_write_is_a_defect_not_a_deadlock(store: Store) -> None:
    with pytest.raises(RuntimeError, match="inside a write"):
        store.write(lambda _: store.write(lambda tx: put(tx, "inner")))


def test_a_reader_cannot_write(store: Store) -> None:
    with pytest.raises(StoreError), store.read() as tx:
        put(tx, "sneaked")
    assert held(store) == set()


def test_a_reader_sees_one_moment(store: Store) -> None:
    query = select(plans.c.id)
    with store.read() as tx:
        before = set(tx.connection.execute(query).scalars())
        store.write(lambda tx: put(tx, "meanwhile"))
        assert set(tx.connection.execute(query).scalars()) == before == set()
    assert held(store) == {"meanwhile"}


def test_a_closed_store_says_so(store_url: str) -> None:
    store = Store.open(store_url)
    store.write(lambda tx: put(tx, "kept"))
    store.close()
    store.close()
    with pytest.raises(StoreError, match="closed"):
        store.write(lambda tx: put(tx, "late"))
    with pytest.raises(StoreError, match="closed"), store.read():
        pass
    again = Store.open(store_url)
    assert held(again) == {"kept"}
    again.close()


def test_what_waits_is_finished_before_closing(store_url: str) -> None:
    store = Store.open(store_url)
    with Gate(store) as gate:
        answer = gate.pool.submit(store.write, lambda tx: put(tx, "waiting"))
        while store._writer._jobs.qsize() < 1:
            pass
        closing = gate.pool.submit(store.close)
        gate.released.set()
    closing.result()
    assert answer.result() == "waiting"


def test_two_writers_over_one_database_take_turns(store_url: str) -> None:
    """As two processes would: what each reads inside its transaction is true when it commits."""

    def count_up(tx: Tx) -> None:
        size = len(tx.connection.execute(select(plans.c.id)).all())
        put(tx, f"{size:04}")

    stores = [Store.open(store_url) for _ in range(2)]
    with ThreadPoolExecutor(8) as pool:
        for answer in [pool.submit(stores[i % 2].write, count_up) for i in range(60)]:
            answer.result()
    assert held(stores[0]) == {f"{i:04}" for i in range(60)}
    for store in stores:
        store.close()


def test_changes_are_numbered_in_the_order_of_commits(store: Store) -> None:
    store.write(lambda tx: changes.note(tx, "l", "entry", ["a", "b"]))

    def undone(tx: Tx) -> None:
        changes.note(tx, "l", "entry", ["never"])
        raise StateError("no")

    with pytest.raises(StateError):
        store.write(undone)
    store.write(lambda tx: changes.note(tx, "l", "entry", ["c"]))
    with store.read() as tx:
        seen = changes.since(tx, 0, 10)
        assert [c.key for c in seen] == ["a", "b", "c"]
        assert [c.n for c in seen] == sorted({c.n for c in seen})
        assert changes.newest(tx) == seen[-1].n
        assert [c.key for c in changes.since(tx, seen[0].n, 1)] == ["b"]


def test_a_waiting_reader_is_woken_by_a_commit(store: Store) -> None:
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(store.wait_change, 0, 30.0)
        store.write(lambda tx: changes.note(tx, "l", "entry", ["a"]))
        assert waiting.result() == 1
    assert store.wait_change(1, 0.0) == 1


def test_a_full_disk_fails_the_whole_batch(tmp_path: Path) -> None:
    """SQLite undoes the whole transaction by itself when the disk is full."""
    store = Store.open(tmp_path / "detente.db")
    store.write(lambda tx: put(tx, "before"))

    def no_more_pages(tx: Tx) -> None:
        pages = tx.connection.exec_driver_sql("PRAGMA page_count").scalar()
        tx.connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")

    store.write(no_more_pages)
    with Gate(store) as gate:
        small = gate.pool.submit(store.write, lambda tx: put(tx, "small"))
        large = gate.pool.submit(store.write, lambda tx: put(tx, "large", bytes(10_000_000)))
        while store._writer._jobs.qsize() < 2:
            pass
    outcomes = {name for name, a in (("small", small), ("large", large)) if not a.exception()}
    assert "large" not in outcomes
    assert held(store) == {"before"} | outcomes
    store.close()


@pytest.mark.parametrize("url", ["mysql://localhost/x", "post:gresql://x", "sqlite://"])
def test_an_unknown_database_is_refused(url: str) -> None:
    with pytest.raises(InputError):
        Store.open(url)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no-such-folder"):
        Store.open(tmp_path / "no-such-folder" / "detente.db")


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "detente.db"
    path.write_bytes(b"not a database" * 1000)
    with pytest.raises(StoreError, match="cannot be opened"):
        Store.open(path)


def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "detente.db")
    store.write(lambda tx: put(tx, "secret"))
    modes = {p.name: p.stat().st_mode & 0o777 for p in tmp_path.iterdir()}
    store.close()
    assert set(modes.values()) == {0o600}
    assert "detente.db-wal" in modes


def test_postgresql_that_does_not_wait_for_its_disk_is_refused(store_url: str) -> None:
    if not store_url.startswith("postgresql"):
        pytest.skip("about PostgreSQL")
    store = Store.open(store_url)
    name = store_url.rsplit("/", 1)[1]
    store.write(
        lambda tx: tx.connection.execute(
            text(f"ALTER DATABASE {name} SET synchronous_commit = off")
        )
    )
    store.close()
    with pytest.raises(StoreError, match="synchronous_commit"):
        Store.open(store_url)
