"""``python -m detente.linking.worker``: reports in by standard input, pairs out by standard output.

The one module that loads ``splink``, and no other loads this one. It is told everything and asks
for nothing: no file, no network, one thread, memory bounded.
"""

import contextlib
import re
import sys
import warnings
from typing import Any

import msgspec

from detente.linking.blocking import BLOCKS, blocks_of
from detente.linking.model import APART, COMPARISONS, DISTANCE, settings
from detente.linking.reports import Report

MEMORY = "1500MB"
COLUMNS = {
    "id": "varchar",
    "party": "varchar",
    "lon": "double",
    "lat": "double",
    "radius_m": "double",
    "from_s": "double",
    "until_s": "double",
    "kind": "varchar",
    "language": "varchar",
    "words": "varchar[]",
    "counted": "bigint",
    "event": "varchar",
}


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked: the reports, and the least score of a pair that is told of; ``most`` pairs."""

    reports: list[Report]
    score_min: float
    most: int


class Scored(msgspec.Struct, frozen=True, kw_only=True):
    """A pair and what it scored; ``weights`` by comparison, in powers of two."""

    a: str
    b: str
    score: float
    distance_m: float
    apart_s: float
    weights: dict[str, float]


def score(asked: Asked) -> list[Scored]:
    """The pairs that score enough, best first."""
    import duckdb
    import pyarrow
    from splink import DuckDBAPI, Linker

    if len(asked.reports) < 2:
        return []
    connection = duckdb.connect(":memory:")
    connection.execute("set threads = 1")
    connection.execute(f"set memory_limit = '{MEMORY}'")
    connection.execute("set enable_external_access = false")
    table = pyarrow.Table.from_pylist([_row(one) for one in asked.reports], schema=_schema())
    api = DuckDBAPI(connection)
    linker = Linker(api.register(table), settings(), log_level="ERROR", validate_settings=False)
    found = linker.inference.predict(threshold_match_probability=asked.score_min)
    connection.register("reports", table)
    weights = ", ".join(f"p.mw_{one.name}" for one in COMPARISONS)
    # Nothing in it comes from outside: the names are the library's and our own.
    query = (
        f"select p.id_l, p.id_r, p.match_probability, {_of(DISTANCE)}, {_of(APART)}, {weights} "  # noqa: S608
        f"from {found.physical_name} p join reports l on l.id = p.id_l "
        "join reports r on r.id = p.id_r "
        "where l.event = '' or l.event <> r.event order by 3 desc, 1, 2 limit ?"
    )
    rows = connection.execute(query, [asked.most]).fetchall()
    return [_scored(*row) for row in rows]


def _row(one: Report) -> dict[str, Any]:
    row = {name: getattr(one, name) for name in COLUMNS}
    return {**row, "words": list(one.words), **blocks_of(one)}


def _schema() -> Any:
    import pyarrow

    kinds = {
        "varchar": pyarrow.string(),
        "double": pyarrow.float64(),
        "varchar[]": pyarrow.list_(pyarrow.string()),
        "bigint": pyarrow.int64(),
    }
    fields = [(name, kinds[kind]) for name, kind in COLUMNS.items()]
    return pyarrow.schema(fields + [(name, pyarrow.string()) for name in BLOCKS])


def _of(sql: str) -> str:
    """An expression over a pair, as splink writes it, over the tables ``l`` and ``r``."""
    return re.sub(r"\b(\w+)_([lr])\b", r"\2.\1", sql)


def _scored(
    a: str, b: str, score: float, distance_m: float, apart_s: float, *weights: float
) -> Scored:
    first, second = sorted((a, b))
    return Scored(
        a=first,
        b=second,
        score=score,
        distance_m=distance_m,
        apart_s=apart_s,
        weights={
            one.name: weight for one, weight in zip(COMPARISONS, weights, strict=True) if weight
        },
    )


def main() -> None:
    """Answer one question."""
    asked = msgspec.json.decode(sys.stdin.buffer.read(), type=Asked)
    # What the library prints is not part of the answer.
    with contextlib.redirect_stdout(sys.stderr), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = score(asked)
    sys.stdout.buffer.write(msgspec.json.encode(found))


if __name__ == "__main__":
    main()
