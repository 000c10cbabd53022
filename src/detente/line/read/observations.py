"""Observations as the line knows them: protocol section 10, "Observation".

An observation is named by its reporter and that party's name for it. Its newest version says how it
stands: *reported*; *retracted*, by its reporter; *recalled*, when what it said is gone; or
*unknown*, when its content is not held or cannot be read here. Only what is reported is counted.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from detente.line.read.base import Stamp, note, stamp
from detente.line.view import View, load, scan
from detente.observations import Observation, observation_from_wire

Standing = Literal["reported", "retracted", "recalled", "unknown"]
Name = tuple[str, str]
"""Reporter and its name for the observation."""


class Observed(Stamp, frozen=True, kw_only=True):
    """One version of an observation.

    ``observation`` is its name; ``said`` what it says, None for a retraction and for what is not
    known here: ``unknown`` then says why (``recalled``, ``not-held``, ``unreadable``). ``note`` is
    a retraction's; ``marking`` is None there.
    """

    observation: str
    version: int
    state: str
    marking: str | None
    supersedes: str | None
    said: Observation | None
    note: str | None
    unknown: str | None

    @property
    def name(self) -> Name:
        """Reporter and name: the same in every version."""
        return self.party, self.observation

    @property
    def standing(self) -> Standing:
        """How the observation stands by this version."""
        if self.state == "retracted":
            return "retracted"
        if self.unknown is not None:
            return "recalled" if self.unknown == "recalled" else "unknown"
        return "reported"


def observations(view: View, party: str | None = None) -> Iterator[Observed]:
    """The newest version of every observation, of one party or of all, by reporter and name."""
    for key, row in scan(view, "observation", f"{party}/" if party else ""):
        reporter, _, name = key.partition("/")
        found = observed(view, reporter, name, row["version"])
        if found is not None:
            yield found


def observation(view: View, party: str, name: str) -> Observed | None:
    """The newest version of one observation, or None."""
    row = load(view, "observation", f"{party}/{name}")
    return None if row is None else observed(view, party, name, row["version"])


def observed(view: View, party: str, name: str, version: int) -> Observed | None:
    """One version of an observation, or None."""
    doc = load(view, "observed", f"{party}/{name}/{version:07d}")
    return None if doc is None else _observed(party, name, doc)


def observed_versions(view: View, party: str, name: str) -> list[Observed]:
    """Every version of an observation, oldest first."""
    return [_observed(party, name, doc) for _, doc in scan(view, "observed", f"{party}/{name}/")]


def _observed(party: str, name: str, doc: Mapping[str, Any]) -> Observed:
    content, state = doc["content"], doc["state"]
    said = None
    if state == "reported" and content is not None:
        # It was checked when it was folded; every reader would wait for it again.
        said = observation_from_wire(name, doc["marking"], content, check=False)
    return Observed(
        **stamp(party, doc),
        observation=name,
        version=doc["version"],
        state=state,
        marking=doc["marking"],
        supersedes=doc["supersedes"],
        said=said,
        note=note(doc) if state == "retracted" else None,
        unknown=doc["unknown"],
    )
