"""What of a plan a line is shown, and how much larger than the plan that is.

Title, notes, officer and history of a plan are private; what is released is kind and volumes, exact
or as an outer cover. The sentences here are for the officer's preview, before anything is sent.
"""

from collections.abc import Sequence
from typing import Literal

import msgspec

from detente.errors import InputError
from detente.release.cover import coarse, reach_m
from detente.volumes.check import check_activity
from detente.volumes.model import Activity, Limit

Form = Literal["exact", "coarse"]


def draft_of(activity: Activity, form: str) -> Activity:
    """``activity`` as a line would see it in this form (``exact`` or ``coarse``).

    Raises:
        InputError: there is no such form, or no circle that covers it.
    """
    if form == "coarse":
        return coarse(activity)
    if form == "exact":
        return check_activity(
            Activity(activity.party, activity.id, activity.kind, activity.volumes)
        )
    raise InputError(
        f"{form[:40]!r} is not a form of release", remedy="use exact or coarse", where="form"
    )


class Larger(msgspec.Struct, frozen=True):
    """How much a coarse release adds to the plan it covers.

    ``radius_m`` is the circle's; ``margin_m`` how much of it is rounding, beyond the farthest
    point of the plan. ``lower_m`` and ``upper_m`` say by how much the band was extended, None where
    it was converted to heights above WGS84 or opened; ``earlier_s`` and ``later_s`` the same of the
    window.
    """

    radius_m: float
    margin_m: float
    lower_m: float | None
    upper_m: float | None
    earlier_s: float
    later_s: float
    joined: int

    def sentences(self) -> tuple[str, ...]:
        """For an officer to read before releasing."""
        said = [
            f"One circle of {self.radius_m / 1000:,.0f} km, {self.margin_m / 1000:,.1f} km wider "
            "than the plan needs about the same centre.",
            _band_sentence("lower", self.lower_m),
            _band_sentence("upper", self.upper_m),
            self._window_sentence(),
        ]
        if self.joined > 1:
            said.append(
                f"{self.joined} volumes became one, which is occupied all the time and at all its "
                "altitudes."
            )
        return tuple(said)

    def _window_sentence(self) -> str:
        if self.earlier_s == self.later_s == 0:
            return "The window is the plan's."
        return (
            f"The window opens {self.earlier_s / 60:,.0f} min earlier and closes "
            f"{self.later_s / 60:,.0f} min later."
        )


def larger_by(exact: Activity, released: Activity) -> Larger:
    """How much ``released`` (from ``coarse``) adds to ``exact``."""
    [cover] = released.volumes
    [[centre]] = cover.core.rings
    volumes = exact.volumes
    return Larger(
        radius_m=cover.radius_m,
        margin_m=max(0.0, cover.radius_m - reach_m(exact, centre)),
        lower_m=_extended_m(cover.band.lower, [volume.band.lower for volume in volumes]),
        upper_m=_extended_m(cover.band.upper, [volume.band.upper for volume in volumes]),
        earlier_s=min(volume.start_s for volume in volumes) - cover.start_s,
        later_s=cover.end_s - max(volume.end_s for volume in volumes),
        joined=len(volumes),
    )


def _extended_m(cover: Limit | None, limits: Sequence[Limit | None]) -> float | None:
    """How far the cover's limit lies beyond the farthest of these, or None if none compares."""
    if cover is None:
        return 0.0 if None in limits else None
    same = [limit for limit in limits if limit and limit.reference is cover.reference]
    if len(same) < len(limits):
        return None
    return min(abs(cover.value_m - limit.value_m) for limit in same)


def _band_sentence(name: str, extended_m: float | None) -> str:
    if extended_m is None:
        return f"The {name} limit was widened to what is comparable above WGS84, or opened."
    if extended_m == 0:
        return f"The {name} limit is the plan's."
    return f"The {name} limit lies {extended_m:,.0f} m beyond the plan's."
