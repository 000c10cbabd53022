"""What came of a file that was carried here by hand."""

from detente.node.views.base import View


class ParcelLogView(View, frozen=True, kw_only=True):
    """One log, after a parcel was taken in.

    ``carried`` entries of it were in the parcel and ``added`` are new in the log, which now holds
    ``held``. ``aside`` are kept until those before them are here, and ``missing`` are the spans
    ``[first, last]`` that are wanted for that or that the parcel's sender is known to hold.
    """

    party: str
    carried: int
    added: int
    held: int
    aside: int
    missing: list[tuple[int, int]]


class ParcelProblemView(View, frozen=True, kw_only=True):
    """What was wrong in a parcel: in the log of ``party``, or in the file itself (None)."""

    party: str | None
    error: str
    message: str
    remedy: str


class ParcelView(View, frozen=True, kw_only=True):
    """What was taken from a parcel.

    ``parcel`` is its label's SHA-256. ``whole``: all of it was read, to its end, and authentic.
    ``acknowledged`` of our ``own_size`` entries have been received by ``sealed_by``, by its
    cosignature.
    """

    parcel: str
    line: str
    line_name: str
    own: str
    sealed_by: str
    sealed: str
    whole: bool
    logs: list[ParcelLogView]
    problems: list[ParcelProblemView]
    acknowledged: int
    own_size: int
