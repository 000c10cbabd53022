"""Run by ``test_hostile.py``: reads every hostile file with little memory, prints what was said.

With ``--measure`` it prints for each the seconds and the growth of the resident set instead.
"""

import gzip
import json
import resource
import struct
import sys
import time
import zlib
from collections.abc import Callable
from pathlib import Path

from detente.formats import read_bytes

MIB = 1024 * 1024
HEAD = b"<kml><Document>"


def zeros(count_mib: int) -> bytes:
    """Raw deflate of so many MiB of zeros, made without compressing them all."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = packer.compress(bytes(MIB)) + packer.flush(zlib.Z_FULL_FLUSH)
    return block * count_mib + zlib.compressobj(9, zlib.DEFLATED, -15).flush()


def archive(content: bytes, size: int, *, copies: int = 1) -> bytes:
    """A ZIP whose directory names one deflated doc.kml ``copies`` times and claims ``size``."""
    wide = size >= 2**32
    small = 0xFFFFFFFF if wide else size
    extra = struct.pack("<HHQ", 1, 8, size) if wide else b""
    fields = struct.pack("<HHHHHIII", 20, 0, 8, 0, 0, 0, len(content), small)
    local = b"PK\3\4" + fields + struct.pack("<HH", 7, 0) + b"doc.kml"
    entry = b"PK\1\2" + struct.pack("<H", 20) + fields
    entry += struct.pack("<HHHHHII", 7, len(extra), 0, 0, 0, 0, 0) + b"doc.kml" + extra
    directory = entry * copies
    count = min(copies, 0xFFFF)
    end = struct.pack("<HHHHIIH", 0, 0, count, count, len(directory), len(local + content), 0)
    return local + content + directory + b"PK\5\6" + end


def gzipped(count_mib: int) -> bytes:
    return b"\x1f\x8b\x08\0\0\0\0\0\0\xff" + zeros(count_mib) + bytes(8)


COLLECTION = b'{"type":"FeatureCollection","features":['
LAUGHS = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
LAUGHS = f'<!DOCTYPE kml [<!ENTITY a0 "ha">{LAUGHS}]><kml>&a9;</kml>'
QUADRATIC = f'<!DOCTYPE kml [<!ENTITY a "{"x" * MIB}">]><kml>{"&a;" * MIB}</kml>'
SYSTEM = '<!DOCTYPE kml [<!ENTITY a SYSTEM "file:///etc/passwd">]><kml><name>&a;</name></kml>'
OUTSIDE = '<!DOCTYPE kml SYSTEM "http://exercise.invalid/kml.dtd"><kml/>'
PARAMETER = '<!DOCTYPE kml [<!ENTITY % a SYSTEM "file:///dev/zero">%a;]><kml/>'
TAG = b"<a " + b"".join(b'a%d="" ' % number for number in range(60_000)) + b"/>"
AIRSPACE = b"AC R\nAN A\nAL GND\nAH UNL\nV X=0:00N 0:00E\n"
NOTAM = (
    "A1234/21 NOTAMN\nQ) OAKX/QRTCA/IV/BO/W/000/100/3641N06852E010\nA) OAKX B) 2101010000 "
    "C) 2112310000\nD) DAILY {}\nE) WI 5NM RADIUS OF 364100N0685200E\nF) SFC G) UNL\n"
).format(" ".join(f"{hour:02}00-{hour:02}30" for hour in range(24)))

FILES: dict[str, tuple[str, Callable[[], bytes]]] = {
    "4 GiB of zeros, honest": ("a.kmz", lambda: archive(zeros(4095), 4095 * MIB)),
    "4 GiB of zeros, said to be 50 bytes": ("a.kmz", lambda: archive(zeros(4095), 50)),
    "more than 4 GiB, ZIP64": ("a.kmz", lambda: archive(zeros(1), 5 * 1024 * MIB)),
    "a million files in an archive": ("a.kmz", lambda: archive(b"", 0, copies=1_000_000)),
    "gzip of 1 GiB": ("a.kml.gz", lambda: gzipped(1024)),
    "a billion laughs": ("a.kml", LAUGHS.encode),
    "a billion laughs in UTF-16": ("a.kml", lambda: LAUGHS.encode("utf-16")),
    "quadratic entities": ("a.kml", QUADRATIC.encode),
    "an external entity": ("a.kml", SYSTEM.encode),
    "an external document type": ("a.kml", OUTSIDE.encode),
    "a parameter entity": ("a.kml", PARAMETER.encode),
    "deep nesting": ("a.kml", lambda: HEAD + b"<Folder>" * (3 * MIB)),
    "elements": ("a.kml", lambda: HEAD + b"<a/>" * (6 * MIB)),
    "attributes": ("a.kml", lambda: HEAD + TAG * 40),
    "one tag": ("a.kml", lambda: HEAD + b"<a " + b'a="" ' * (5 * MIB)),
    "one comment": ("a.kml", lambda: HEAD + b"<!--" + b"a" * (24 * MIB)),
    "one name": ("a.kml", lambda: b"<" + b"a" * (24 * MIB)),
    "one Placemark of many parts": (
        "a.kml",
        lambda: HEAD + b"<Placemark><MultiGeometry>" + b"<Point/>" * (3 * MIB),
    ),
    "one Placemark of much text": (
        "a.kml",
        lambda: HEAD + b"<Placemark><Point><coordinates>" + b"1,2 " * (6 * MIB),
    ),
    "one line of many vertices": (
        "a.kml",
        lambda: (
            HEAD + b"<Placemark><name>A</name><TimeStamp><when>2021</when></TimeStamp>"
            b"<LineString><coordinates>" + b"1,2 " * (4 * MIB - 100) + b"</coordinates>"
            b"</LineString></Placemark></Document></kml>"
        ),
    ),
    "arcs of arcs": ("a.openair", lambda: (AIRSPACE + b"DA 900,0,359\n" * 40) * 5_000),
    "one airspace of many arcs": ("a.openair", lambda: AIRSPACE + b"DA 900,0,359\n" * 19_000),
    "one airspace of many records": ("a.openair", lambda: AIRSPACE + b"AF 1\n" * 399_000),
    "one file of many lines": ("a.openair", lambda: AIRSPACE + b"\n" * (24 * MIB)),
    "schedules": ("a.notam", NOTAM.encode),
    "gzip of 1 GiB among features": (
        "a.geojson.gz",
        lambda: gzip.compress(COLLECTION) + gzipped(1024),
    ),
    "a feature without end": ("a.geojson", lambda: COLLECTION + b'{"a":"' + b"x" * (24 * MIB)),
    "a feature of braces": ("a.geojson", lambda: COLLECTION + b"{" * (24 * MIB)),
    "a feature of quotes": ("a.geojson", lambda: COLLECTION + b'{"a":' + b'\\"' * (12 * MIB)),
    "strings among features": ("a.geojson", lambda: COLLECTION + b'"a",' * (6 * MIB)),
    "a head without features": ("a.geojson", lambda: b'{"a":"' + b"x" * (24 * MIB)),
    "a record without end": ("a.geojsonl", lambda: b"x" * (24 * MIB)),
}


def answer(name: str, data: bytes) -> str:
    reading = read_bytes(name, data)
    assert not reading.activities
    said = [str(error) for error in reading.bad] + [item.why for item in reading.unknown]
    return said[-1]


def resident_mib(key: str) -> float:
    """The resident set: ``VmRSS:`` now, ``VmHWM:`` at most since it was last set back."""
    return int(Path("/proc/self/status").read_text().split(key)[1].split()[0]) / 1024


def measure() -> None:
    for name, (file, make) in FILES.items():
        data = make()
        Path("/proc/self/clear_refs").write_text("5")
        held_mib, begin = resident_mib("VmRSS:"), time.process_time()
        said = answer(file, data)
        seconds = time.process_time() - begin
        grown_mib = resident_mib("VmHWM:") - held_mib
        print(
            f"{name:38} {len(data) / MIB:6.1f} MiB {seconds:6.2f} s {grown_mib:7.1f} MiB more  "
            f"{said[-60:]}"
        )


def main() -> None:
    room_bytes, cpu_s = int(sys.argv[1]), int(sys.argv[2])
    held = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (held + room_bytes, held + room_bytes))
    used_s = int(time.process_time()) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (used_s + cpu_s, used_s + cpu_s))
    print(json.dumps({name: answer(file, make()) for name, (file, make) in FILES.items()}))


if __name__ == "__main__":
    measure() if sys.argv[1:] == ["--measure"] else main()
