"""What a user would write instead, with the tools at hand: shapely's STRtree over one file.

``python -m bench.peer FILE``: reads the GeoJSON, grows each shape by its radius in a plane of
degrees (the longest of both axes, so that it is rarely too small), asks the tree for all that
intersect, and drops what is apart in height or time. It knows no ellipsoid, no geodesic edges, no
antimeridian, no poles and one altitude reference; it holds everything in memory and on one core.
Prints how many pairs it finds.
"""

import json
import sys
from datetime import datetime
from typing import Any

import numpy as np
import shapely

DEGREE_M = 111_000.0


def main(path: str) -> None:
    with open(path, "rb") as file:
        features: list[dict[str, Any]] = json.load(file)["features"]
    properties = [feature["properties"] for feature in features]
    shapes = shapely.from_geojson([json.dumps(feature["geometry"]) for feature in features])
    middle = np.radians(shapely.get_y(shapely.centroid(shapes)))
    radius = np.array([one["radius_m"] for one in properties])
    shapes = shapely.buffer(shapes, radius / DEGREE_M / np.maximum(0.05, np.cos(middle)))
    low = np.array([one["altitude_lower"]["value"] for one in properties])
    high = np.array([one["altitude_upper"]["value"] for one in properties])
    start, end = (
        np.array([_seconds(one[name]) for one in properties]) for name in ("start", "end")
    )
    first, second = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    kept = first < second
    first, second = first[kept], second[kept]
    meets = (low[first] <= high[second]) & (low[second] <= high[first])
    meets &= (start[first] <= end[second]) & (start[second] <= end[first])
    print(int(meets.sum()))


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


if __name__ == "__main__":
    main(sys.argv[1])
