"""What reading a file yields, and the limits on what is read.

A reading never fails as a whole because one item is wrong: what can be used is in ``activities``,
what cannot is in ``bad`` (one line each: file, item, what, remedy), and what was understood but
cannot be told for certain is in ``unknown``. Somebody always has to look at the last two: nothing
in them may ever count as clear.
"""

from collections.abc import Callable
from typing import NamedTuple

import msgspec

from detente.errors import InputError
from detente.volumes import Activity
from detente.volumes.check import check_activity
from detente.volumes.times import parse_time_s
from detente.volumes.units import FT_M, NM_M

MAX_FILE_BYTES = 128 * 1024 * 1024
"""Bytes of one file that is read whole, also after decompression."""
MAX_STREAM_BYTES = 16 * 1024 * 1024 * 1024
"""Bytes of one file that is read piece by piece, also after decompression."""
MAX_ITEM_BYTES = 8 * 1024 * 1024
"""Bytes of one feature, and of all that a collection holds besides its features."""
MAX_FEATURES = 100_000
"""Items of one file that is read whole."""
MAX_ITEM_BRACES = 500_000
MAX_STREAM_FEATURES = 5_000_000
"""Items of one file that is read piece by piece."""
MAX_BAD = 100_000
"""Items of one file that cannot be used; after so many, its rest is not read."""
MAX_ROWS = 5_000_000
"""Rows of a CSV file or samples of a trajectory file."""
MAX_LINE_CHARACTERS = 1024 * 1024
MAX_JSON_DEPTH = 16
MAX_XML_BYTES = 64 * 1024 * 1024
"""Bytes of an XML document, also after decompression."""
MAX_XML_DEPTH = 64
MAX_XML_ITEMS = 1_000_000
"""Elements and attributes of an XML document."""
MAX_TAG_BYTES = 1024 * 1024
"""Bytes of one tag, comment or instruction."""
MAX_MEMBERS = 1_000
"""Files in an archive."""
MAX_PLACEMARK_ELEMENTS = 300_000
MAX_PLACEMARK_CHARACTERS = 16 * 1024 * 1024
MAX_NOTAM_CHARACTERS = 8 * 1024 * 1024
MAX_OPENAIR_CHARACTERS = 32 * 1024 * 1024
MAX_OPENAIR_LINES = 400_000
MAX_ARC_CORNERS = 200_000
"""Corners that the arcs of one file are turned into; a few characters make hundreds."""

MAX_UNUSED = 100
"""Names of properties that are not used and yet remembered."""

ALWAYS_S = (parse_time_s("1901-01-01T00:00:00Z"), parse_time_s("2199-01-01T00:00:00Z"))
"""What has no beginning or no end begins and ends here: a year inside the years that can be
written, so that no separation in time leads out of them."""

Progress = Callable[[int, int], None]
"""Told now and then how many items of how many are done."""


class ReadOptions(msgspec.Struct, frozen=True):
    """What a file does not say itself.

    The margins make a recorded or planned track into a corridor that holds it for certain:

    - 0.5 NM: an ADS-B position may be 0.2 NM off (containment NIC 7, 14 CFR 91.227) and 2 s old,
      which at 250 m/s is another 500 m; together 870 m.
    - 300 ft: the tolerance to which controllers verify a reported level (ICAO Doc 4444, 8.5.5).
    - 30 s: an aircraft on time in the air is rarely further from its plan; clocks agree better.
    """

    party: str | None = None
    """The party of items that name none; without it the file's name stands in."""
    track_radius_m: float = 0.5 * NM_M
    track_height_m: float = 300 * FT_M
    track_time_s: float = 30.0
    track_altitude_gap_s: float = 60.0
    """The longest gap in altitude that is interpolated; longer ones occupy all altitudes."""
    track_position_gap_s: float = 60.0
    """The longest gap in position that is taken as flown straight without further remark."""
    track_split_s: float = 1800.0
    """A pause longer than this begins another flight."""


class Unknown(msgspec.Struct, frozen=True):
    """An item about which nothing, or not everything, can be told; ``why`` is one sentence."""

    party: str
    id: str
    why: str


class Notice(msgspec.Struct, frozen=True):
    """What one NOTAM says of another, or could be said of itself (``formats.notam_succession``).

    ``places`` are the locations of its item A; ``ends`` is the id of the one that it replaces or
    cancels from ``from_s`` on; ``usable`` is whether it could be read to the end.
    """

    party: str
    id: str
    places: frozenset[str]
    from_s: float
    ends: str | None
    usable: bool


class Reading(msgspec.Struct, frozen=True):
    """What one or several files yielded.

    ``dropped`` has one Unknown for each error in ``bad``, in the same order, for those who go on
    without the bad items. ``notes`` say what had to be assumed. ``assumed_party`` is the party
    that the file's name stood in for, if any item named none. ``notices`` are those that have not
    been acted upon yet, because the NOTAM they speak of may stand in a file still to be read.
    """

    activities: list[Activity]
    bad: list[InputError]
    unknown: list[Unknown]
    notes: list[str]
    dropped: list[Unknown]
    notices: tuple[Notice, ...] = ()


class CutError(InputError):
    """A file ends, or cannot be followed any more, after items that can be used."""


class Gathered(NamedTuple):
    """All that a Gathering of some items of a file holds, but the activities themselves."""

    keys: list[tuple[str, str]]
    """Party and id of each activity."""
    items: list[str]
    """The place of each in the file."""
    bad: list[InputError]
    dropped: list[Unknown]
    unknown: list[Unknown]
    unused: set[str]
    bare_limit: str
    bare_limits: int
    assumed: bool


class Gathering:
    """Collects the items of one file; errors are given the file's name.

    ``party`` is the party of items that name none, or empty if nothing can stand in.
    """

    def __init__(self, name: str, party: str, *, progress: Progress | None = None) -> None:
        self.name = name
        self.party = party
        self.progress: Progress = progress or (lambda _done, _total: None)
        self.assumed = False
        self.unused: set[str] = set()
        """Names of properties that are not used; one note speaks for all of the file."""
        self._items: list[str] = []
        self._activities: dict[tuple[str, str], Activity] = {}
        self._bad: list[InputError] = []
        self._dropped: list[Unknown] = []
        self._unknown: list[Unknown] = []
        self._notes: list[str] = []
        self._notices: list[Notice] = []
        self._bare_limit = ""
        self._bare_limits = 0
        self._absorbed = 0

    def keep(self, activity: Activity, item: str = "activity") -> None:
        """Check and keep an activity; InputError if it is unsound or its id is taken.

        ``item`` is its place in the file.
        """
        try:
            check_activity(activity)
        except InputError as error:
            # The item is named by whoever knows its place in the file.
            own = f"{activity.party}/{activity.id}"
            error.where = error.where.removeprefix(own).removeprefix(": ")
            raise
        key = (activity.party, activity.id)
        if key in self._activities:
            raise self.twice(*key)
        self._activities[key] = activity
        self._items.append(item)

    @staticmethod
    def twice(party: str, identifier: str) -> InputError:
        """What to say of an id that a party has in one file already."""
        return InputError(
            f"party {party} has {identifier} twice", remedy="give each activity an id of its own"
        )

    def refuse(
        self, error: InputError, item: str, *, party: str | None = None, identifier: str | None
    ) -> None:
        """Put an item among the bad ones; ``item`` is its place in the file."""
        place = f"{item} ({identifier[:64]})" if identifier else item
        error.at(place).at(self.name)
        self._bad.append(_on_one_line(error))
        self._dropped.append(
            Unknown(party or self.party, printable(identifier or item), error.message)
        )

    def refuse_file(self, error: InputError) -> None:
        """The file as a whole, or the rest of it, cannot be used."""
        error.at(self.name)
        self._bad.append(_on_one_line(error))
        self._dropped.append(Unknown(self.party, printable(self.name), error.message))

    def doubt(self, party: str, identifier: str, why: str) -> None:
        """Put an item among the unknown ones."""
        self._unknown.append(Unknown(party, printable(identifier), why))

    def note(self, text: str) -> None:
        """Say what had to be assumed."""
        self._notes.append(f"{self.name}: {text}")

    def note_if_empty(self) -> None:
        """Say that a file, read to its end, held nothing: an export may have failed."""
        if not (self._absorbed or self._activities or self._bad or self._unknown or self._notices):
            self.note("holds no activities")

    def read_as_metres(self, limit: str) -> None:
        """Count an altitude that is a number alone; one note speaks for all of the file."""
        self._bare_limit = self._bare_limit or limit
        self._bare_limits += 1

    @property
    def notices(self) -> list[Notice]:
        """What NOTAMs say of each other."""
        return self._notices

    def notice(self, notice: Notice) -> None:
        """Remember what a NOTAM says of another."""
        self._notices.append(notice)

    def party_of_file(self) -> str:
        """The party that stands in where an item names none; remembered as assumed."""
        if not self.party:
            raise InputError(
                "names no party, and the file's name cannot stand in for one",
                remedy="add a party, or name the file after its party (us.geojson)",
            )
        self.assumed = True
        return self.party

    def gathered(self) -> Gathered:
        """Everything gathered of some items of a file, but the activities."""
        return Gathered(
            keys=list(self._activities),
            items=self._items,
            bad=self._bad,
            dropped=self._dropped,
            unknown=self._unknown,
            unused=self.unused,
            bare_limit=self._bare_limit,
            bare_limits=self._bare_limits,
            assumed=self.assumed,
        )

    def absorb(self, part: Gathered) -> None:
        """Take over what was gathered of some items; CutError if too many of the file are bad.

        The activities are with whoever gathered them.
        """
        self._bad += part.bad
        self._dropped += part.dropped
        self._unknown += part.unknown
        for name in part.unused:
            self.name_unused(name)
        self._bare_limit = self._bare_limit or part.bare_limit
        self._bare_limits += part.bare_limits
        self.assumed = self.assumed or part.assumed
        self._absorbed += len(part.keys)
        if len(self._bad) > MAX_BAD:
            raise CutError(
                f"has more than {MAX_BAD:,} items that cannot be used",
                remedy="correct the program that writes it; nothing from there on was read",
            )

    def name_unused(self, name: str) -> None:
        """Remember a property that is not used."""
        if len(self.unused) < MAX_UNUSED:
            self.unused.add(name)

    def activities(self) -> list[Activity]:
        """The activities gathered."""
        return list(self._activities.values())

    def reading(self) -> Reading:
        """Everything gathered."""
        if self.unused:
            self.note(f"properties not used: {', '.join(sorted(self.unused)[:10])}")
        if self._bare_limits:
            others = self._bare_limits - 1
            self.note(
                f"{self._bare_limit} {f'and {others:,} more ' if others else ''}without a unit "
                f"{'were' if others else 'was'} read as metres above WGS84"
            )
        return Reading(
            activities=list(self._activities.values()),
            bad=self._bad,
            unknown=self._unknown,
            notes=self._notes,
            dropped=self._dropped,
            notices=tuple(self._notices),
        )


def _on_one_line(error: InputError) -> InputError:
    # An error that is kept would keep the frames it came through, and with them the whole file.
    error.__traceback__ = error.__context__ = error.__cause__ = None
    error.where, error.message, error.remedy = (
        printable(text) for text in (error.where, error.message, error.remedy)
    )
    return error


def printable(text: str) -> str:
    """At most 300 characters of ``text``, with whatever does not print escaped."""
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    return shown if len(shown) <= 300 else shown[:299] + "…"
