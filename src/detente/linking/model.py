"""The model by which two reports are compared: Fellegi and Sunter's, as ``splink`` has it.

Each thing compared has levels; of each level the model knows how often it is met among pairs of
one event (``m``) and among other pairs of one block (``u``). The score follows from these by Bayes'
rule, as if the things were independent of each other.

The figures were counted over planted truth (``./dev bench linking --learn``): invented events told
by several parties, and not what any party has ever reported. They are no measure of anything but
that; where reports are denser or told otherwise, scores will be too high or too low.
"""

from typing import Any, NamedTuple

from detente.linking.blocking import BLOCKS

EARTH_M = 6_371_008.8
PRIOR = 0.1321
"""How many pairs of one block are of one event."""

DISTANCE = (
    f"(2 * {EARTH_M} * asin(least(1, sqrt("
    "pow(sin(radians(lat_l - lat_r) / 2), 2)"
    " + cos(radians(lat_l)) * cos(radians(lat_r)) * pow(sin(radians(lon_l - lon_r) / 2), 2)))))"
)
APART = "abs((from_s_l + until_s_l) - (from_s_r + until_s_r)) / 2"
OVERLAP = "(from_s_l <= until_s_r and from_s_r <= until_s_l)"
SHARED = "len(list_intersect(words_l, words_r))::double"
ALIKE = f"({SHARED} / greatest(1, len(words_l) + len(words_r) - {SHARED}))"
RATIO = "(greatest(counted_l, counted_r)::double / greatest(1, least(counted_l, counted_r)))"

RELATED = (
    ("fighting", "explosion", "damage-to-site", "harm-to-civilians"),
    ("crossing-closed", "crossing-open", "obstruction"),
    ("unrest", "displacement"),
)
"""Kinds under which one event may well be reported by two who see different parts of it."""


OTHERS = "l.party <> r.party"
"""Who reports two things under two names says that they are two: nobody is asked about them."""


class Level(NamedTuple):
    """One outcome of a comparison, in SQL, and how often it is met: of one event, and not."""

    sql: str
    m: float
    u: float


class Comparison(NamedTuple):
    """One thing compared; ``unknown``: when it says nothing. Levels go from like to unlike."""

    name: str
    unknown: str
    levels: tuple[Level, ...]


def _related() -> str:
    groups = (", ".join(f"'{kind}'" for kind in group) for group in RELATED)
    return " or ".join(f"(kind_l in ({one}) and kind_r in ({one}))" for one in groups)


COMPARISONS = (
    Comparison(
        "place",
        "lat_l is null or lat_r is null",
        (
            Level(f"{DISTANCE} <= 1000", 0.1685, 0.0051),
            Level(f"{DISTANCE} <= 3000", 0.2672, 0.0336),
            Level(f"{DISTANCE} <= 10000 and {DISTANCE} <= radius_m_l + radius_m_r", 0.3775, 0.1081),
            Level(f"{DISTANCE} <= 10000", 0.1102, 0.1260),
            Level("ELSE", 0.0765, 0.7272),
        ),
    ),
    Comparison(
        "time",
        "from_s_l is null or from_s_r is null",
        (
            Level(f"{APART} <= 900", 0.2733, 0.0230),
            Level(f"{APART} <= 3600", 0.4071, 0.0655),
            Level(OVERLAP, 0.2459, 0.0940),
            Level(f"{APART} <= 10800", 0.0502, 0.0759),
            Level("ELSE", 0.0235, 0.7417),
        ),
    ),
    Comparison(
        "kind",
        "kind_l is null or kind_r is null",
        (
            Level("kind_l = kind_r", 0.7840, 0.1865),
            Level(_related(), 0.2120, 0.3036),
            # Set by hand, below the 0.0335 that was counted: words shared by chance in two short
            # reports of unlike things must not outweigh that they are unlike.
            Level("ELSE", 0.0040, 0.5099),
        ),
    ),
    Comparison(
        "words",
        "language_l <> language_r or len(words_l) < 3 or len(words_r) < 3",
        (
            Level(f"{ALIKE} >= 0.5", 0.3050, 0.0002),
            Level(f"{ALIKE} >= 0.25", 0.5400, 0.0041),
            Level(f"{ALIKE} >= 0.1", 0.1338, 0.0550),
            Level("ELSE", 0.0213, 0.9407),
        ),
    ),
    Comparison(
        "counts",
        "counted_l is null or counted_r is null",
        (
            Level(f"{RATIO} <= 1.25", 0.3738, 0.1424),
            Level(f"{RATIO} <= 2", 0.4859, 0.2820),
            Level("ELSE", 0.1403, 0.5755),
        ),
    ),
)


def settings() -> dict[str, Any]:
    """The model as splink's settings. Reports of one party are never compared with each other."""
    return {
        "link_type": "dedupe_only",
        "unique_id_column_name": "id",
        "probability_two_random_records_match": PRIOR,
        "blocking_rules_to_generate_predictions": [
            {
                "blocking_rule": f"l.{name} = r.{name} and {OTHERS}",
                "sql_dialect": "duckdb",
            }
            for name in BLOCKS
        ],
        "comparisons": [_comparison(one) for one in COMPARISONS],
        "retain_matching_columns": False,
        "retain_intermediate_calculation_columns": True,
    }


def _comparison(one: Comparison) -> dict[str, Any]:
    levels: list[dict[str, Any]] = [
        {"sql_condition": one.unknown, "label_for_charts": "unknown", "is_null_level": True}
    ]
    levels += [
        {
            "sql_condition": level.sql,
            "label_for_charts": f"{one.name} {n}",
            "m_probability": level.m,
            "u_probability": level.u,
        }
        for n, level in enumerate(one.levels)
    ]
    return {"output_column_name": one.name, "comparison_levels": levels}
