"""Observations as JSON: docs/protocol.md, section 10, "Observation".

The wire form of an observation is the body of its report. Its id and its marking stand beside it,
on a line in the header's facts, in a file among its properties.
"""

from typing import Any

from detente.observations.model import Observation, check_observation
from detente.volumes.codec import core_from_wire, core_to_wire
from detente.volumes.times import TimeReader, ceil_ms, floor_ms, format_time, read_time_s


def observation_to_wire(one: Observation) -> dict[str, Any]:
    """The body of ``one``; its window is rounded outward to the millisecond."""
    return {
        "kind": one.kind,
        "core": core_to_wire(one.core),
        "radius_m": one.radius_m,
        "from": format_time(floor_ms(one.from_s)),
        "until": format_time(ceil_ms(one.until_s)),
        "how": one.how,
        "confidence": one.confidence,
        "place": one.place,
        "district": one.district,
        "seeing": one.seeing,
        "counts": dict(one.counts),
        "text": one.text,
        "language": one.language,
        "visit": one.visit,
        "source": one.source,
    }


def observation_from_wire(
    identifier: str,
    marking: str,
    body: dict[str, Any],
    *,
    check: bool = True,
    time_s: TimeReader = read_time_s,
) -> Observation:
    """The observation of a body whose fields are of the right types.

    Without ``check`` it is only decoded: for what was checked before it was kept. ``time_s`` is
    ``parse_time_s`` for what somebody typed; it is written anew before it is signed. Raises
    InputError.
    """
    fields = {
        name: body[name]
        for name in (
            *("kind", "how", "confidence", "place", "district", "seeing"),
            *("counts", "text", "language", "visit", "source"),
        )
    }
    one = Observation(
        id=identifier,
        marking=marking,
        core=core_from_wire(body["core"], where=identifier, check=False),
        radius_m=float(body["radius_m"]),
        from_s=time_s(body["from"], where="from"),
        until_s=time_s(body["until"], where="until"),
        **fields,
    )
    return check_observation(one, where=identifier) if check else one
