"""OpenAir airspace files (WinPilot 1998; SeeYou 2.1, which adds AY and AA).

::

    AC R                                      class: R, Q, P, A to G, CTR, …
    AY TRA                                    type, more exact than the class
    AN EXERCISE TRA Lyaur                     name; the id is made of it
    AA 2021-08-09T04:00Z/2021-08-09T10:00Z    active from and to, UTC; several, or NONE
    AH FL195                                  ceiling and floor: ``formats.openair_limits``
    AL 1500ft AGL
    DP 37:40:00N 068:25:00E                   the shape: ``formats.openair_area``
    * a comment, to the end of the line; after a semicolon too, except in names

An airspace begins with AC and ends where the next begins. **One without AA is taken as active
always**: most files have no times, their names may ("MON-FRI", "HX", "BY NOTAM"), and too long is
the safe error. ``AA NONE`` says that another source activates it, which is *unknown* here; NONE on
one side of the stroke leaves that side open. Labels, colours, frequencies and what some programs
add (``AI``, ``TW``) are not used; terrain (TO, TC) is no airspace. The party is always the one that
the file's name stands for.
"""

import re
from collections.abc import Iterator

import msgspec

from detente.errors import InputError, LimitError
from detente.formats.names import Names
from detente.formats.openair_area import Outline
from detente.formats.openair_limits import band_of
from detente.formats.reading import (
    ALWAYS_S,
    MAX_ARC_CORNERS,
    MAX_FEATURES,
    MAX_OPENAIR_CHARACTERS,
    MAX_OPENAIR_LINES,
    Gathering,
)
from detente.volumes import Activity, Volume
from detente.volumes.check import MAX_VERTICES, MAX_VOLUMES
from detente.volumes.times import parse_time_s

_BEGINS = re.compile(r"^[ \t]*AC[ \t]+\S", re.ASCII | re.IGNORECASE | re.MULTILINE)
_SHAPES = re.compile(r"^[ \t]*(?:DP|DC|DA|DB|V)[ \t]+\S", re.ASCII | re.IGNORECASE | re.MULTILINE)
_LINE = re.compile(r"[^\r\n]+")
_RECORD = re.compile(r"([A-Z]{1,2})(?![A-Z0-9])[ \t]*(.*)", re.ASCII | re.IGNORECASE | re.DOTALL)
_UNUSED = ("AT", "AF", "AG", "AX", "SP", "SB", "TX")
"""Label, frequency, station, transponder code, pen, brush, terrain's label."""
_NO_SHAPE = ("A", "S", "T")
"""First letters of records that draw nothing; those of others may be a shape that is not known."""
_STYLE = {"AC", "SP", "SB"}
"""Records that together only choose the colours of a class."""
_TERRAIN = ("TO", "TC")
_ONCE = ("AC", "AY", "AN", "AH", "AL")
_RECORDS_MAX = 2 * MAX_VERTICES
_INSTANT = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})T([0-9]{2}:[0-9]{2})(:[0-9]{2})?Z", re.ASCII)

_KINDS = {
    "R": "restricted area",
    "Q": "danger area",
    "P": "prohibited area",
    "GP": "gliding prohibited",
    "CTR": "control zone",
    "W": "wave window",
    "TRA": "temporary reserved area",
    "TSA": "temporary segregated area",
    "TFR": "temporary flight restriction",
    "MTA": "military training area",
    **{letter: f"class {letter} airspace" for letter in "ABCDEFG"},
}


class Block(msgspec.Struct):
    """The records of one airspace, or of terrain; ``cut`` if there were too many."""

    terrain: bool = False
    cut: bool = False
    records: list[tuple[str, str]] = []


def looks_like_openair(text: str) -> bool:
    """Whether a text has an airspace's first record and a record of a shape."""
    return bool(_BEGINS.search(text) and _SHAPES.search(text))


def read_openair(text: str, gathering: Gathering) -> None:
    """Gather the airspaces of a text."""
    if len(text) > MAX_OPENAIR_CHARACTERS:
        raise LimitError(f"has more than {MAX_OPENAIR_CHARACTERS:,} characters", remedy="split it")
    if max(text.count("\n"), text.count("\r")) > MAX_OPENAIR_LINES:
        raise LimitError(f"has more than {MAX_OPENAIR_LINES:,} lines", remedy="split the file")
    total = len(_BEGINS.findall(text))
    if total > MAX_FEATURES:
        raise LimitError(f"has more than {MAX_FEATURES:,} airspaces", remedy="split the file")
    if total == 0:
        raise InputError("has no airspace", remedy="begin each airspace with its class (AC)")
    reader = _Reader(gathering)
    for block in _blocks(text):
        if reader.arc_corners > MAX_ARC_CORNERS:
            raise LimitError(
                f"has arcs of more than {MAX_ARC_CORNERS:,} corners", remedy="split the file"
            )
        reader.read(block)
        gathering.progress(reader.number, total)
    if reader.unused:
        gathering.note(f"records not used: {', '.join(sorted(reader.unused)[:10])}")


def _blocks(text: str) -> Iterator[Block]:
    block = Block(terrain=True)
    for match in _LINE.finditer(text):
        line = match[0].partition("*")[0].strip()
        if line[:2].upper() != "AN":
            line = line.partition(";")[0].rstrip()
        if not line:
            continue
        record = _RECORD.fullmatch(line)
        # What is no record at all, say ACR, is one that is not known and may draw something.
        name, rest = (record[1].upper(), record[2]) if record else (f"?{line[:10]}", "")
        if name == "AC" or name in _TERRAIN:
            yield block
            block = Block(terrain=name in _TERRAIN)
        if len(block.records) < _RECORDS_MAX:
            block.records.append((name, rest.strip()))
        else:
            block.cut = True
    yield block


class _Reader:
    def __init__(self, gathering: Gathering) -> None:
        self.number = 0
        self.arc_corners = 0
        self.unused: set[str] = set()
        self._gathering = gathering
        self._names = Names()

    def read(self, block: Block) -> None:
        """Gather one airspace."""
        if block.terrain:
            self._check_terrain(block)
            return
        if {record for record, _ in block.records} <= _STYLE and len(block.records) > 1:
            return
        self.number += 1
        name = next((rest for record, rest in block.records if record == "AN"), "")
        identifier = self._names.take(name, f"airspace-{self.number}")
        try:
            self._gather(block, identifier)
        except InputError as error:
            self._gathering.refuse(error, f"airspace {self.number}", identifier=identifier)

    def _check_terrain(self, block: Block) -> None:
        """Terrain is passed over; what stands before the first airspace must be no shape."""
        first = block.records[0][0] if block.records else ""
        if first in _TERRAIN:
            self.unused.add(first)
        elif any(record not in _UNUSED for record, _ in block.records):
            error = InputError("stand before the first AC", remedy="begin the airspace with AC")
            self._gathering.refuse(error, "records", identifier=None)

    def _gather(self, block: Block, identifier: str) -> None:
        party = self._gathering.party_of_file()
        if block.cut:
            raise LimitError(f"has more than {_RECORDS_MAX:,} records", remedy="split it")
        said: dict[str, str] = {}
        active: list[str] = []
        outline = Outline()
        try:
            for record, rest in block.records:
                if record in _ONCE:
                    if record in said:
                        raise InputError(f"has two records {record}", remedy="leave one")
                    said[record] = rest
                elif record == "AA":
                    active.append(rest.upper())
                elif not record.startswith(_NO_SHAPE):
                    outline.add(record, rest.upper())
                elif record not in _UNUSED:
                    self.unused.add(record)
        finally:
            self.arc_corners += outline.made
        if outline.airway:
            why = "it is drawn as an airway (DY), which OpenAir does not define"
            self._gathering.doubt(party, identifier, why)
        elif active == ["NONE"]:
            why = "it is active when another source says so (AA NONE)"
            self._gathering.doubt(party, identifier, why)
        else:
            self._gathering.keep(_activity(party, identifier, said, active, outline))


def _activity(
    party: str, identifier: str, said: dict[str, str], active: list[str], outline: Outline
) -> Activity:
    windows, notes = _windows(active)
    band, band_notes = band_of(said.get("AL"), said.get("AH"))
    pieces = outline.pieces()
    if len(pieces) * len(windows) > MAX_VOLUMES:
        raise LimitError(f"has more than {MAX_VOLUMES} volumes", remedy="split it")
    volumes = tuple(
        Volume(core, radius_m, band, *window) for window in windows for core, radius_m, _ in pieces
    )
    shape_notes = (note for _, _, said_of in pieces for note in said_of)
    return Activity(party, identifier, _kind(said), volumes, (*notes, *band_notes, *shape_notes))


def _kind(said: dict[str, str]) -> str:
    word = said.get("AY", "").upper()
    if word in ("", "NONE"):
        word = said["AC"].upper()
    if not word:
        raise InputError("has no class (AC)", remedy="write it as in AC R")
    return _KINDS.get(word, f"airspace {word}")


def _windows(active: list[str]) -> tuple[list[tuple[float, float]], tuple[str, ...]]:
    """The windows of the AA records, and notes on what was assumed."""
    if not active:
        return [ALWAYS_S], ("no times are given (AA): taken as active always",)
    if len(active) > MAX_VOLUMES:
        raise LimitError(f"has more than {MAX_VOLUMES} records AA", remedy="split it")
    windows = [_window(text) for text in active]
    is_open = any(set(window) & set(ALWAYS_S) for window in windows)
    return windows, ("a time is left open (AA): taken as active always on that side",) * is_open


def _window(text: str) -> tuple[float, float]:
    begin, stroke, end = (part.strip() for part in text.partition("/"))
    if not stroke or begin == end == "NONE":
        raise InputError(
            f"AA {text[:60]!r} is no interval",
            remedy="write it as in 2021-08-09T04:00Z/2021-08-09T10:00Z",
        )
    return (
        ALWAYS_S[0] if begin == "NONE" else _instant_s(begin),
        ALWAYS_S[1] if end == "NONE" else _instant_s(end),
    )


def _instant_s(text: str) -> float:
    match = _INSTANT.fullmatch(text)
    if match is None:
        raise InputError(
            f"AA {text[:40]!r} is no time in UTC", remedy="write it as in 2021-08-09T04:00Z"
        )
    day, clock, seconds = match[1], match[2], match[3] or ":00"
    if clock + seconds == "24:00:00":
        return parse_time_s(f"{day}T00:00:00Z", where="AA") + 86_400
    return parse_time_s(f"{day}T{clock}{seconds}Z", where="AA")
