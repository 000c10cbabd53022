"""`detente check --within` on real flights: the 236 callsigns of the `quickstart` sample that the
`traffic` library bundles (three hours over the Paris basin, 7 October 2021, ADS-B).

Times are of one warm run in this process, kernels compiled, on the machine it runs on. The picture
is the product's own ``--plot``, made smaller.
"""

import argparse
import os
import platform
import time
from importlib.util import find_spec
from pathlib import Path

PICTURE = Path(__file__).parent.parent / "docs/images/check-quickstart.png"
WIDTH_PX = 1160
COLOURS = 256
"""The picture has few colours; a palette makes it a third of the size."""


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--picture", type=Path, default=PICTURE, help="where the picture goes")


def run(arguments: argparse.Namespace) -> None:
    from detente.cli.plot import write_plot
    from detente.conflict import Key, Separation, find
    from detente.formats import read_all

    started_s = time.perf_counter()
    reading = read_all([_sample()])
    read_s = time.perf_counter()
    assert not reading.bad, reading.bad[0]
    find(reading.activities[:10], Separation(), within=True)
    warm_s = time.perf_counter()
    conflicts = find(reading.activities, Separation(), within=True)
    found_s = time.perf_counter()
    callsigns = {activity.id.split(".")[0] for activity in reading.activities}
    figures = {
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "callsigns": len(callsigns),
        "flights": len(reading.activities),
        "volumes": sum(len(activity.volumes) for activity in reading.activities),
        "conflicts": len(conflicts),
        "volume pairs in conflict": sum(len(conflict.parts) for conflict in conflicts),
        "reading": f"{read_s - started_s:.2f} s",
        "comparing": f"{found_s - warm_s:.3f} s",
    }
    for name, value in figures.items():
        print(f"{name}: {value}")
    by_key = {Key(activity.party, activity.id): activity for activity in reading.activities}
    write_plot(arguments.picture, conflicts, by_key, Separation(), panels=2)
    _shrink(arguments.picture)
    print(f"picture: {arguments.picture} ({arguments.picture.stat().st_size // 1024} KiB)")


def _sample() -> Path:
    spec = find_spec("traffic")
    assert spec is not None, "the traffic wheel is missing: ./dev bench installs it"
    assert spec.submodule_search_locations
    return Path(spec.submodule_search_locations[0]) / "data/samples/collections/quickstart.json.gz"


def _shrink(path: Path) -> None:
    from PIL import Image

    with Image.open(path) as picture:
        height_px = round(picture.height * WIDTH_PX / picture.width)
        small = picture.convert("RGB").resize((WIDTH_PX, height_px), Image.Resampling.LANCZOS)
    small.quantize(COLOURS).save(path, optimize=True)
