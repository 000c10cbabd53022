"""An observation that tests change one thing of."""

from typing import Any

import pytest

from detente.observations import Observation
from detente.volumes import Core, Edges, Shape


def point(lon: float, lat: float) -> Core:
    return Core(Shape.POINT, (((lon, lat),),), Edges.GEODESIC)


def make(**changes: Any) -> Observation:
    if "at" in changes:
        changes["core"] = point(*changes.pop("at"))
    fields: dict[str, Any] = {
        "id": "crossing-1",
        "kind": "crossing-closed",
        "core": point(68.605, 37.185),
        "radius_m": 500.0,
        "from_s": 1_628_467_800.0,  # 2021-08-09T00:10:00Z
        "until_s": 1_628_469_600.0,
        "how": "seen",
        "confidence": "moderate",
        "marking": "TLP:GREEN",
        "place": "Sher Khan Bandar",
        "district": "Imam Sahib",
        "seeing": "limited",
        "counts": {"vehicles": 40},
        "text": "The gate is shut.",
        "source": "own post",
    }
    return Observation(**(fields | changes))


@pytest.fixture
def observation() -> Any:
    """Makes an observation, of ``changes``."""
    return make
