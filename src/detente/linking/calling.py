"""Asking the worker: a process that is told the reports, answers once, and is gone."""

import os
import subprocess
import sys
from collections.abc import Collection, Mapping, Sequence
from importlib.util import find_spec

import msgspec

from detente.errors import LimitError, StateError
from detente.linking.reports import Report, Suggestion

REPORTS_MAX = 200_000
TIMEOUT_S = 300.0
SCORE_MIN = 0.9
NEEDED = ("splink", "duckdb", "pyarrow")


class _Scored(msgspec.Struct):
    a: str
    b: str
    score: float
    distance_m: float
    apart_s: float
    weights: dict[str, float]


def suggest(
    reports: Sequence[Report],
    *,
    score_min: float = SCORE_MIN,
    most: int = 200,
    known: Collection[tuple[str, str]] = (),
    timeout_s: float = TIMEOUT_S,
) -> list[Suggestion]:
    """The pairs of reports of different parties that may be of one event, best first.

    Pairs in ``known``, sorted, are left out: somebody has said already what they are; and so are
    pairs of one ``event``. Raises StateError where ``splink`` is not installed or the worker
    fails, LimitError for too many.
    """
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        raise StateError(
            f"suggestions need {' and '.join(missing)}, which is not installed here",
            where="linking",
            remedy="install it (pip install --require-hashes -r requirements-linking.lock), "
            "or link by hand: nothing else needs it",
        )
    if len(reports) > REPORTS_MAX:
        raise LimitError(
            f"{len(reports):,} reports are more than the {REPORTS_MAX:,} that are compared at once",
            where="linking",
            remedy="ask for a shorter time",
        )
    by_id = {one.id: one for one in reports}
    found = _ask(list(by_id.values()), score_min, most + len(known), timeout_s)
    given = set(known)
    suggestions = [_suggestion(one, by_id) for one in found if (one.a, one.b) not in given]
    return suggestions[:most]


def _ask(reports: list[Report], score_min: float, most: int, timeout_s: float) -> list[_Scored]:
    question = msgspec.json.encode({"reports": reports, "score_min": score_min, "most": most})
    try:
        answer = subprocess.run(
            [sys.executable, "-m", "detente.linking.worker"],
            input=question,
            capture_output=True,
            timeout=timeout_s,
            env={**_plain_environment(), "PYTHONWARNINGS": "ignore"},
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise _failed(f"had not answered after {timeout_s:g} s") from None
    except OSError as error:
        raise _failed(f"could not be started: {error.strerror}") from None
    if answer.returncode != 0:
        said = answer.stderr.decode("utf-8", "replace").strip().splitlines()
        raise _failed(f"ended with status {answer.returncode}: {said[-1][:200] if said else ''}")
    return msgspec.json.decode(answer.stdout, type=list[_Scored])


def _plain_environment() -> Mapping[str, str]:
    """What the worker is given of our environment: no token and no passphrase."""
    kept = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "VIRTUAL_ENV", "PYTHONPATH", "SYSTEMROOT")
    return {name: os.environ[name] for name in kept if name in os.environ}


def _failed(what: str) -> StateError:
    return StateError(
        f"the process that compares reports {what}",
        where="linking",
        remedy="try again; link by hand meanwhile",
    )


def _suggestion(one: _Scored, by_id: Mapping[str, Report]) -> Suggestion:
    a, b = by_id[one.a], by_id[one.b]
    return Suggestion(
        a=one.a,
        b=one.b,
        score=one.score,
        distance_m=one.distance_m,
        apart_s=one.apart_s,
        same_kind=a.kind == b.kind,
        shared_words=tuple(sorted({*a.words} & {*b.words})) if a.language == b.language else (),
        weights=one.weights,
    )
