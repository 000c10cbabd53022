"""What is shown of observations: by district and week first, one by one only when asked for."""

from detente.node.views.base import Json, View


class NoteReportView(View, frozen=True, kw_only=True):
    """What a line has of an own observation.

    ``same``: it is what our note says now, exactly; else the note was changed since, or the report
    was coarsened.
    """

    line: str
    line_name: str
    entry: str
    version: int
    state: str
    same: bool


class NoteView(View, frozen=True, kw_only=True):
    """An own observation, private. ``observed`` is in the protocol's JSON (section 10).

    ``origin`` is ``noted`` or the format it was imported from. ``reported`` says which lines have
    been told of it.
    """

    id: str
    origin: str
    revision: int
    changed: str
    changed_by: str
    noted_by: str
    marking: str
    district: str
    week: str
    observed: Json
    reported: list[NoteReportView]


class NoteVersionView(View, frozen=True, kw_only=True):
    """What an own observation said in one of its revisions."""

    revision: int
    changed: str
    changed_by: str
    marking: str
    observed: Json


class NotesView(View, frozen=True, kw_only=True):
    """A page of own observations, by id; ``more`` is what to go on after, '' at the end.

    ``withheld`` counts those of this page that their marking keeps from whom it is for.
    """

    notes: list[NoteView]
    withheld: int
    more: str


class ImportedView(View, frozen=True, kw_only=True):
    """What came of importing a file.

    ``refused`` names the first rows that cannot be used, each with what to do; ``refused_in_all``
    counts them all. ``cut`` says why the rest of the file was not read, '' if it was.
    """

    format: str
    new: int
    revised: int
    same: int
    refused: list[str]
    refused_in_all: int
    cut: str


class ReportPreviewView(View, frozen=True, kw_only=True):
    """Exactly what a report would put on a line; ``sha256`` is of the body's bytes."""

    line: str
    line_name: str
    observation: str
    coarse: bool
    about: Json
    body: str
    sha256: str
    observed: Json


class ObservationView(View, frozen=True, kw_only=True):
    """One version of an observation on a line.

    ``state`` is ``reported``, ``retracted``, ``recalled`` or ``unknown``; only what is reported is
    counted. ``observed`` is what it says in the protocol's JSON, None where that is not known.
    ``first`` is the time that its first version claims. ``ahead``: it speaks of a time after that
    at which it claims to be written.
    """

    id: str
    line: str
    party: str
    own: bool
    observation: str
    version: int
    newest: bool
    time: str
    first: str
    state: str
    marking: str | None
    district: str
    week: str
    observed: Json | None
    note: str
    unknown: str | None
    ahead: bool
    receipts: dict[str, str | None]


class ObservationCellView(View, frozen=True, kw_only=True):
    """What was observed in one district in one week; what is not here was not observed.

    ``counts`` is by kind: reports that are linked as one event count once; of ``quiet``, which is
    no event, it is the reports. Where a dispute touches
    one of these counts, ``as_held`` has, by kind, the count of each party that takes part in it.
    ``seeing`` is how many reports were made under which conditions.
    """

    district: str
    week: str
    counts: dict[str, int]
    seeing: dict[str, int]
    as_held: dict[str, dict[str, int]]


class ObservationTableView(View, frozen=True, kw_only=True):
    """Observations by district and week: the default display, which shows no single one.

    ``districts`` and ``weeks`` are the table's rows and columns, up to the ``running`` week with
    those of which nobody told; a later one is there only if it is told of. Not counted, beside it:
    those ``retracted``, ``recalled``, and ``unknown``.
    ``marking`` is the narrowest of what is counted; ``withheld`` are not for who asks. ``counted``
    are reports, ``events`` what they are of, and ``as_held`` that by the parties to a dispute.
    ``watched`` are the reports that nothing was seen, which are in none of these figures.
    """

    districts: list[str]
    weeks: list[str]
    running: str
    cells: list[ObservationCellView]
    counted: int
    watched: int
    retracted: int
    recalled: int
    unknown: int
    withheld: int
    marking: str
    events: int
    as_held: dict[str, int]


class ExportView(View, frozen=True, kw_only=True):
    """What an audience may see of a line's observations, as a document.

    ``withheld`` is how many stand on the line that their marking keeps from that audience;
    ``marking`` is the narrowest of those in it.
    """

    name: str
    media: str
    document: str
    exported: int
    withheld: int
    marking: str
