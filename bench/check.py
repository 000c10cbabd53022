"""`detente check --within` on real flights: the 236 callsigns of the `quickstart` sample that the
`traffic` library bundles (three hours over the Paris basin, 7 October 2021, ADS-B).

Times are of one warm run in this process, kernels compiled, on the machine it runs on. The picture
is the product's own ``--plot``, made smaller.

With ``--count N`` instead: `detente check` as a whole process, from one GeoJSON file of the seeded
workload to NDJSON, and `bench.peer` on the same file after it. Its shapes are as grown, so the
separation is 0. Seconds are of the clock and of all processors; memory is that of the largest
process, and there is one more for each core.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

PICTURE = Path(__file__).parent.parent / "docs/images/check-quickstart.png"
WIDTH_PX = 1160
COLOURS = 256
"""The picture has few colours; a palette makes it a third of the size."""


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--picture", type=Path, default=PICTURE, help="where the picture goes")
    parser.add_argument("--count", type=int, help="check so many generated activities instead")
    parser.add_argument("--area", choices=("theatre", "world"), default="theatre")
    parser.add_argument("--without-peer", action="store_true", help="leave the peer out")


def run(arguments: argparse.Namespace) -> None:
    if arguments.count is None:
        _quickstart(arguments)
        return
    from detente.conflict.warm import warm

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "plans.geojson"
        _write(path, arguments.count, arguments.area)
        warm(sys.stderr)
        print(f"activities: {arguments.count:,} ({path.stat().st_size / 2**20:.0f} MiB)")
        nothing = ("--lateral", "0m", "--vertical", "0m", "--time", "0s", "--format", "ndjson")
        ours = _measured(
            [
                sys.executable,
                "-c",
                "from detente.cli.main import main; main()",
                "check",
                str(path),
                *nothing,
            ]
        )
        last = json.loads(ours.last)
        assert last["activities"] == arguments.count
        print(f"detente check: {ours}, {last['conflicts']:,} conflicts")
        if not arguments.without_peer:
            peer = _measured([sys.executable, "-m", "bench.peer", str(path)])
            print(f"shapely STRtree, in degrees: {peer}, {int(peer.last):,} pairs")
            print(
                f"ratio: {peer.wall_s / ours.wall_s:.2f} of the time, "
                f"{peer.memory_mib / ours.memory_mib:.2f} of the memory"
            )


class Measured(NamedTuple):
    """A process that has ended."""

    wall_s: float
    cpu_s: float
    memory_mib: float
    last: str
    """Its last line."""

    def __str__(self) -> str:
        return f"{self.wall_s:.1f} s, {self.cpu_s:.1f} s of cores, {self.memory_mib:.0f} MiB"


def _measured(command: list[str]) -> Measured:
    begun_s, last = time.perf_counter(), ""
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        for line in child.stdout:
            last = line
        # Unlike the figures of all children, these are of this one and of those that it waited for.
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    wall_s = time.perf_counter() - begun_s
    assert last, f"{command} ended with {child.returncode} and said nothing"
    return Measured(wall_s, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, last)


def _write(path: Path, count: int, area: str) -> None:
    import msgspec

    from bench.workload import workload
    from detente.formats import features_of

    encode = msgspec.json.Encoder().encode
    made = workload(count, area, 1)
    with path.open("wb") as out:
        out.write(b'{"type":"FeatureCollection","features":[\n')
        for number in range(count):
            for feature in features_of(made.activity(number)):
                out.write((b",\n" if number else b"") + encode(feature))
        out.write(b"\n]}\n")


def _quickstart(arguments: argparse.Namespace) -> None:
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
