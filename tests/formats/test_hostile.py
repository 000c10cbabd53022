"""Files made to exhaust a reader: each is refused, in a process that may not grow by much.

Everything runs in one child whose address space is limited to what it has after its imports and
``ROOM_BYTES``, which also holds the file itself; so a reader that unpacked, expanded or collected
what it is given would end in a MemoryError. The time is bounded too, loosely, by the processor
seconds that the child may use.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOM_BYTES = 256 * 1024 * 1024
CPU_S = 60

CHILD = Path(__file__).parent / "hostile_child.py"

EXPECTED = {
    "4 GiB of zeros, honest": "more than 64 MiB unpacked",
    "4 GiB of zeros, said to be 50 bytes": "is not a whole ZIP archive",
    "more than 4 GiB, ZIP64": "more than 64 MiB unpacked",
    "a million files in an archive": "more than 1,000 files",
    "gzip of 1 GiB": "more than 128 MiB unpacked",
    "a billion laughs": "has a DOCTYPE",
    "a billion laughs in UTF-16": "has a DOCTYPE",
    "quadratic entities": "has a DOCTYPE",
    "an external entity": "has a DOCTYPE",
    "an external document type": "has a DOCTYPE",
    "a parameter entity": "has a DOCTYPE",
    "deep nesting": "nested more than 64 deep",
    "elements": "more than 1,000,000 elements and attributes",
    "attributes": "more than 1,000,000 elements and attributes",
    "one tag": "has a tag or a comment of more than 1,048,576 bytes",
    "one comment": "has a tag or a comment of more than 1,048,576 bytes",
    "one name": "has a tag or a comment of more than 1,048,576 bytes",
    "one Placemark of many parts": "a Placemark of more than 300,000 elements",
    "one Placemark of much text": "a Placemark of more than 16,777,216 characters",
    "one line of many vertices": "more than 10,000",
    "arcs of arcs": "has arcs of more than 200,000 corners",
    "one airspace of many arcs": "more than 10,000 corners",
    "one airspace of many records": "more than 20,000 records",
    "one file of many lines": "more than 400,000 lines",
    "schedules": "has more than 1,000 periods",
    "gzip of 1 GiB among features": "does not end within 8 MiB",
    "a feature without end": "does not end within 8 MiB",
    "a feature of braces": "brackets within",
    "a feature of quotes": "does not end within 8 MiB",
    "strings among features": "many things that are no features",
    "a head without features": "more than 8 MiB besides its features",
    "a record without end": "does not end within 8 MiB",
}


@pytest.fixture(scope="module")
def answers() -> dict[str, str]:
    """What was said of each file."""
    done = subprocess.run(
        [sys.executable, str(CHILD), str(ROOM_BYTES), str(CPU_S)],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found: dict[str, str] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("name", EXPECTED)
def test_it_is_refused(answers: dict[str, str], name: str) -> None:
    assert EXPECTED[name] in answers[name]


def test_every_file_is_judged_and_no_memory_error_passes_for_a_refusal(
    answers: dict[str, str],
) -> None:
    assert set(answers) == set(EXPECTED)
    assert not any("MemoryError" in answer for answer in answers.values())
