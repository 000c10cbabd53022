"""Every reader of what comes from outside, fed with the corpus, and with some changes of it.

``./dev bench fuzz --minutes 60`` feeds them with many; what it finds is kept beside the rest.
"""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from bench.fuzz import seeds
from bench.fuzz.mutate import mutate
from bench.fuzz.readers import Read
from bench.fuzz.runs import Defect, Run, all_readers, try_one
from bench.simulation.disk import scratch

ROUNDS = 40
CORPUS = seeds.load()
REFUSED = {
    *("header/message", "push/again", "push/cosignatures", "shown/other", "shown/stale"),
}
"""First files that show a refusal: a header with another's body, a misplaced entry, no note; what
does not go on from what a witness has cosigned, and the size that this was."""


@pytest.fixture(scope="module")
def reading() -> Iterator[dict[str, Read]]:
    """All readers, by the names of their corpora."""
    with scratch() as folder, all_readers(folder) as reading:
        yield reading


def test_every_reader_has_a_corpus(reading: dict[str, Read]) -> None:
    assert set(CORPUS) == set(reading)


def test_no_first_file_is_missing(tmp_path: Path) -> None:
    seeds.write(tmp_path)
    for kind, named in seeds.load(tmp_path).items():
        assert named.keys() <= CORPUS[kind].keys(), f"{kind}: ./dev bench fuzz --seeds"


@pytest.mark.parametrize("kind", CORPUS)
def test_the_corpus_is_read_or_refused(reading: dict[str, Read], kind: str) -> None:
    for name, data in CORPUS[kind].items():
        came = try_one(kind, reading[kind], data)
        assert not isinstance(came, Defect), f"{kind}/{name}: {came.why}"
        if not name.startswith("found-") and kind != "request":
            assert came.startswith("read") is (f"{kind}/{name}" not in REFUSED), (name, came)


@pytest.mark.parametrize("kind", CORPUS)
def test_changes_of_it_are_read_or_refused(reading: dict[str, Read], kind: str) -> None:
    running = Run(7, CORPUS)
    for _ in range(ROUNDS):
        running.step(kind, reading[kind])
    assert {name: defect.why for name, defect in running.defects.items()} == {}
    assert len(running.outcomes[kind]) > 1


def test_a_defect_is_noticed_and_told_once() -> None:
    def careless(data: bytes) -> None:
        data.decode()

    running = Run(1, {"json": {"text": "né".encode()}})
    for _ in range(200):
        running.step("json", careless)
    [defect] = running.defects.values()
    assert "UnicodeDecodeError" in defect.why
    with pytest.raises(UnicodeDecodeError):
        defect.data.decode()


def test_a_seed_tells_the_changes() -> None:
    pool = list(CORPUS["founding"].values())
    runs = [[mutate(random.Random(seed), pool[0], pool) for seed in range(20)] for _ in range(2)]
    assert runs[0] == runs[1]
    assert len(set(runs[0])) == 20
