"""One Placemark: what of it is the activity's id, time, altitude, radius and shape.

=================  =================================================================================
ours, in           every property of ``formats.profile``, by its name: ``<Data name="radius_m">
``ExtendedData``   <value>`` or ``<SimpleData name="radius_m">``; altitudes as in a CSV cell
id                 otherwise made of ``<name>``, or of the attribute ``id``
start and end      otherwise its TimeSpan or TimeStamp, or that of a folder it is in
                   (``formats.kml_times``)
altitudes          otherwise those of its coordinates (``formats.kml_geometry``)
edges              otherwise every kind at once (``formats.outlines``): KML draws polygons straight
                   in longitude and latitude, lines along the ground, and other programs otherwise
=================  =================================================================================

A track (``gx:Track``) is a flight and takes none of these but its id and party.
"""

from typing import Any

from detente.errors import InputError
from detente.formats.altitudes import limit_of_text
from detente.formats.corridors import Track
from detente.formats.geometry import cores_of
from detente.formats.kml_element import Element
from detente.formats.kml_geometry import TRACKS, Shape, shapes_of
from detente.formats.kml_times import window_of as window_of_time
from detente.formats.kml_track import tracks_of
from detente.formats.names import Names
from detente.formats.outlines import POLEWARD_DEG, reaches_a_pole, stray_note, strays_m
from detente.formats.profile import (
    PROPERTIES,
    band_notes,
    edges_of,
    kind_of,
    label_of,
    note_bare_limits,
    number_of_text,
    party_of,
    radius_m_of,
    window_of,
)
from detente.formats.reading import Gathering
from detente.volumes import Activity, Band, Core, Edges, Volume

_TIMES = ("TimeSpan", "TimeStamp")
_NOT_OF_TRACKS = ("radius_m", "altitude_lower", "altitude_upper", "start", "end", "edges")
_FROM_SHAPE = "its altitudes are those of its coordinates"


class Placemarks:
    """Gathers the Placemarks of a document; flights wait in ``tracks`` until all are known."""

    def __init__(self, gathering: Gathering) -> None:
        self.tracks: list[Track] = []
        self._gathering = gathering
        self._names = Names()
        self._unused: set[str] = set()

    def take(self, placemark: Element, inherited: Element | None, number: int) -> None:
        """Gather one Placemark; ``inherited`` is the time of the folder that it is in."""
        party = identifier = None
        try:
            properties = self._properties(placemark)
            party, identifier = label_of(properties)
            identifier = self._identifier(placemark, identifier, number)
            self._gather(placemark, identifier, properties, inherited)
        except InputError as error:
            item = f"placemark {number}"
            self._gathering.refuse(error, item, party=party, identifier=identifier)

    def finish(self) -> None:
        """Say which properties were not used."""
        if self._unused:
            names = ", ".join(sorted(self._unused)[:10])
            self._gathering.note(f"properties not used: {names}")

    def _properties(self, placemark: Element) -> dict[str, Any]:
        """What its ExtendedData says, by name; text, except for the radius."""
        data = placemark.only("ExtendedData")
        found: dict[str, Any] = {}
        for name, value in _said(data) if data else ():
            if name not in PROPERTIES:
                if len(self._unused) < 100:
                    self._unused.add(name)
            elif name in found:
                raise InputError(f"{name} stands twice in its ExtendedData", remedy="leave one")
            elif value:
                found[name] = value
        if "radius_m" in found:
            found["radius_m"] = number_of_text(found["radius_m"], "radius_m")
        return found

    def _identifier(self, placemark: Element, given: str | None, number: int) -> str:
        if given:
            self._names.reserve(given)
            return given
        name = placemark.text_of("name") or placemark.attributes.get("id", "")
        if not name:
            raise InputError("has neither id nor name", remedy="give it a name")
        return self._names.take(name, f"placemark-{number}")

    def _gather(
        self,
        placemark: Element,
        identifier: str,
        properties: dict[str, Any],
        inherited: Element | None,
    ) -> None:
        party = party_of(properties, self._gathering)
        track = placemark.only(*TRACKS)
        if track is not None:
            if given := [name for name in _NOT_OF_TRACKS if name in properties]:
                raise InputError(
                    f"a {track.name} takes no {given[0]}",
                    remedy="leave it out: margins of tracks are options",
                )
            if "kind" in properties:
                self._unused.add("kind of a track")
            self.tracks += tracks_of(track, identifier, party)
            return
        start_s, end_s, notes = _window(placemark, properties, inherited)
        volumes: list[Volume] = []
        said = dict.fromkeys(notes)
        banded = not ("altitude_lower" in properties or "altitude_upper" in properties)
        for shape in shapes_of(placemark, banded=banded):
            band, band_said = _band(shape, properties, banded=banded)
            cores, room_m = _cores(shape, properties)
            volumes += [
                Volume(core, radius_m_of(properties, core) + room_m, band,
                       start_s, end_s)
                for core in cores
            ]  # fmt: skip
            said.update(dict.fromkeys((*band_said, *stray_note(room_m))))
        note_bare_limits(properties, self._gathering)
        activity = Activity(party, identifier, kind_of(properties), tuple(volumes), tuple(said))
        self._gathering.keep(activity)


def _said(data: Element) -> list[tuple[str, str]]:
    said = [
        (element.attributes.get("name", ""), (element.text_of("value") or ""))
        for element in data.every("Data")
    ]
    for schema in data.every("SchemaData"):
        said += [
            (element.attributes.get("name", ""), element.text)
            for element in schema.every("SimpleData")
        ]
    return said


def _window(
    placemark: Element, properties: dict[str, Any], inherited: Element | None
) -> tuple[float, float, tuple[str, ...]]:
    if "start" in properties or "end" in properties:
        return (*window_of(properties), ())
    time = placemark.only(*_TIMES) or inherited
    if time is None:
        raise InputError("has no time", remedy="give it a TimeSpan, or start and end")
    return window_of_time(time)


def _band(
    shape: Shape, properties: dict[str, Any], *, banded: bool
) -> tuple[Band, tuple[str, ...]]:
    if shape.band is not None:
        return shape.band, (_FROM_SHAPE,)
    band = Band(None, None)
    if not banded:
        band = Band(
            limit_of_text(properties.get("altitude_lower", ""), "altitude_lower"),
            limit_of_text(properties.get("altitude_upper", ""), "altitude_upper"),
        )
    return band, band_notes(band)


def _cores(shape: Shape, properties: dict[str, Any]) -> tuple[tuple[Core, ...], float]:
    """The cores of a shape, and the room that edges of no known kind need."""
    if "edges" in properties:
        return cores_of(shape.geometry, edges_of(properties["edges"]))[0], 0.0
    cores, _ = cores_of(shape.geometry, Edges.GEODESIC)
    if any(reaches_a_pole(core) for core in cores if len(core.rings[0]) > 1):
        raise InputError(
            f"reaches beyond {POLEWARD_DEG:g} degrees of latitude, where lines are not clear",
            remedy="add edges: geodesic or straight",
        )
    return cores, max(strays_m(core) for core in cores)
