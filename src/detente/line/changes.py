"""What an activity occupies once a proposed change is carried out (protocol, 6, "Proposal")."""

import msgspec

from detente.conflict import Sideways, moved, shifted
from detente.errors import InputError
from detente.line.bodies import Shift
from detente.volumes.check import check_activity
from detente.volumes.codec import volumes_from_wire
from detente.volumes.model import Activity


def changed(activity: Activity, shift: Shift) -> Activity:
    """The activity changed, and checked: InputError or LimitError where it may not be released.

    A move sideways leads every activity of the same place alike, so that a plan and the outline
    that was released of it stay as they lie to each other.
    """
    if shift.volumes is not None:
        volumes = volumes_from_wire(shift.volumes, where="shift", check=False)
        result = msgspec.structs.replace(activity, volumes=volumes)
    elif shift.distance_m is not None:
        result = moved(activity, sideways_of(shift))
    else:
        time_s, altitude_m = shift.time_s or 0.0, shift.altitude_m or 0.0
        result = shifted(activity, time_s=time_s, altitude_m=altitude_m)
    return check_activity(result)


def sideways_of(shift: Shift) -> Sideways:
    """The move of a shift that is one sideways; InputError where it is not whole."""
    if shift.place is None or shift.bearing_deg is None or shift.distance_m is None:
        raise InputError("is no move sideways", remedy="give place, bearing and distance")
    return Sideways(shift.place, shift.bearing_deg, shift.distance_m)
