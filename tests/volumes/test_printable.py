"""Every code point there is, against the list in docs/protocol.md and what Unicode says of each."""

import re
import unicodedata
from pathlib import Path

import pytest

from detente.errors import InputError
from detente.line import bodies
from detente.record.strict_json import canonical
from detente.volumes.printable import is_printable

PROTOCOL = Path(__file__).parents[2] / "docs" / "protocol.md"
CODE_POINTS = range(0x11_0000)


def _refused_by_the_document() -> set[int]:
    """The ranges of section 1, read from the document itself."""
    text = PROTOCOL.read_text(encoding="utf-8")
    listed = re.search(
        r"Unicode changes: U\+([0-9A-F–,\s]+), and the last two of every plane", text
    )
    assert listed
    refused = {at for at in CODE_POINTS if at & 0xFFFF >= 0xFFFE}
    for one in listed[1].split(","):
        first, _, last = one.strip().partition("–")
        refused |= set(range(int(first, 16), int(last or first, 16) + 1))
    return refused


def test_the_list_is_that_of_the_protocol() -> None:
    refused = _refused_by_the_document()
    assert {at for at in CODE_POINTS if not is_printable(chr(at))} == refused


def test_what_could_mislead_is_refused_and_no_letter_of_any_script_is() -> None:
    """By this Python's Unicode, whichever it is: no later one can move what is assigned here."""
    turns = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI", "B"}
    for at in CODE_POINTS:
        char = chr(at)
        category = unicodedata.category(char)
        if category in ("Cc", "Cs", "Co", "Zl", "Zp") or (category == "Zs" and char != " "):
            assert not is_printable(char), hex(at)
        if unicodedata.bidirectional(char) in turns or char in "\u200e\u200f\u061c\u200b\ufeff":
            assert not is_printable(char), hex(at)
        if category[0] in "LMNPS":
            assert is_printable(char), hex(at)


def test_what_is_not_assigned_yet_is_printable_on_every_python() -> None:
    assert is_printable("\U0001fbfa\u0378\u052f Hof Überlingen Панҷ 战")
    assert is_printable("")
    assert not is_printable("a\u202eb")


@pytest.mark.parametrize(("kind", "readable"), [("\u0378 orbit", True), ("orbit\u00a0", False)])
def test_a_released_body_is_readable_by_the_same_rule(kind: str, readable: bool) -> None:
    volume = {
        "core": {"type": "Point", "coordinates": [68.9, 37.1], "edges": "geodesic"},
        "radius_m": 100.0,
        "lower": None,
        "upper": None,
        "start": "2021-08-09T01:00:00Z",
        "end": "2021-08-09T02:00:00Z",
    }
    body = canonical({"kind": kind, "volumes": [volume], "note": ""})
    if readable:
        assert bodies.read_activity(body, "us", "orbit")[0].kind == kind
    else:
        with pytest.raises(InputError, match="kind is not a short word"):
            bodies.read_activity(body, "us", "orbit")
