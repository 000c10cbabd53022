"""KML (OGC 2.3 and before): every Placemark is an activity, or unknown.

::

    <kml xmlns="http://www.opengis.net/kml/2.2"><Document>
      <Placemark>
        <name>Orbit 1</name>
        <TimeSpan><begin>2021-08-09T00:30:00Z</begin><end>2021-08-09T05:00:00Z</end></TimeSpan>
        <ExtendedData>
          <Data name="radius_m"><value>9260</value></Data>
          <Data name="altitude_lower"><value>FL240</value></Data>
          <Data name="altitude_upper"><value>FL260</value></Data>
        </ExtendedData>
        <Point><coordinates>68.8,36.5</coordinates></Point>
      </Placemark>
    </Document></kml>

What a Placemark says is in ``formats.kml_placemark``. A folder's time holds for what is in it and
has none of its own (9.6); it must stand before, where the standard has it, because nothing is kept
that was read. Styles, views, regions and visibility only concern the drawing. A NetworkLink points
to what is not fetched, and an overlay is a picture; each makes an item unknown.
"""

from detente.errors import InputError, LimitError
from detente.formats.corridors import gather_tracks
from detente.formats.kml_element import Element
from detente.formats.kml_placemark import Placemarks
from detente.formats.kmz import unpack
from detente.formats.reading import (
    MAX_FEATURES,
    MAX_PLACEMARK_CHARACTERS,
    MAX_PLACEMARK_ELEMENTS,
    MAX_XML_BYTES,
    Gathering,
    ReadOptions,
)
from detente.formats.xmltext import walk

_NAMESPACES = (
    "",
    "http://www.opengis.net/kml/2.2",
    "http://www.opengis.net/kml/2.3",
    "http://www.google.com/kml/ext/2.2",
    "http://earth.google.com/kml/2.0",
    "http://earth.google.com/kml/2.1",
    "http://earth.google.com/kml/2.2",
)
_CONTAINERS = ("kml", "Document", "Folder")
_TIMES = ("TimeSpan", "TimeStamp")
_ELSEWHERE = {
    "NetworkLink": "it links to another file, which is not fetched",
    "NetworkLinkControl": "it changes another file, which is not fetched",
    "GroundOverlay": "it is a picture on the ground, whose content is not known",
    "PhotoOverlay": "it is a picture, whose content is not known",
}
_FEATURES = ("Placemark", "Document", "Folder", *_ELSEWHERE)
_ATTRIBUTES = ("id", "name")
_TEXTS = (
    "name", "value", "SimpleData", "begin", "end", "when", "coordinates", "coord", "altitudeMode",
    "extrude",
)  # fmt: skip
"""The elements whose text means something here; other text is not kept."""


def read_kml(data: bytes, options: ReadOptions, gathering: Gathering) -> None:
    """Gather the Placemarks of a document."""
    if len(data) > MAX_XML_BYTES:
        raise LimitError(f"has more than {MAX_XML_BYTES // 2**20} MiB", remedy="split the file")
    placemarks = Placemarks(gathering)
    document = _Document(placemarks, gathering, total=data.count(b"<Placemark"))
    try:
        walk(data, document)
    finally:
        # What was read before the file became unreadable is kept, as everywhere.
        gather_tracks(placemarks.tracks, options, gathering)
        placemarks.finish()


def read_kmz(data: bytes, options: ReadOptions, gathering: Gathering) -> None:
    """Gather the Placemarks of the main document in an archive."""
    document, others = unpack(data)
    read_kml(document, options, gathering)
    for name in others:
        gathering.doubt(gathering.party, name, "it is another KML file in the archive, not read")


class _Container:
    """A folder that is open: its time, if that has been read, and whether anything is in it."""

    def __init__(self, time: Element | None) -> None:
        self.time = time
        self.filled = False


class _Document:
    """Follows a document and hands on each Placemark when it is whole."""

    def __init__(self, placemarks: Placemarks, gathering: Gathering, *, total: int) -> None:
        self._placemarks = placemarks
        self._gathering = gathering
        self._total = total
        self._containers: list[_Container] = []
        self._open: list[Element] = []
        self._elements = self._characters = 0
        self._passed_over = 0
        self._count = self._elsewhere = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        namespace, _, local = name.rpartition(" ")
        known = local if namespace in _NAMESPACES else ""
        if self._passed_over:
            self._passed_over += 1
        elif self._open:
            self._grow(known, attributes)
        elif known in _CONTAINERS:
            self._enter()
        elif not self._containers and known != "Placemark":
            raise InputError("is not KML", remedy="give a document that begins with <kml>")
        elif known == "Placemark" or known in _TIMES:
            self._elements = self._characters = 0
            self._grow(known, attributes)
        else:
            if known in _ELSEWHERE:
                self._doubt(known)
            self._passed_over = 1

    def text(self, text: str) -> None:
        if self._open and self._open[-1].name in _TEXTS:
            self._characters += len(text)
            if self._characters > MAX_PLACEMARK_CHARACTERS:
                raise LimitError(
                    f"has a Placemark of more than {MAX_PLACEMARK_CHARACTERS:,} characters",
                    remedy="split it",
                )
            self._open[-1].say(text)

    def end(self) -> None:
        if self._passed_over:
            self._passed_over -= 1
            return
        if not self._open:
            self._containers.pop()
            return
        element = self._open.pop()
        if self._open:
            return
        if element.name == "Placemark":
            self._take(element)
        else:
            self._set_time(element)

    def _enter(self) -> None:
        self._fill()
        self._containers.append(_Container(self._time()))

    def _fill(self) -> None:
        if self._containers:
            self._containers[-1].filled = True

    def _time(self) -> Element | None:
        return self._containers[-1].time if self._containers else None

    def _grow(self, name: str, attributes: dict[str, str]) -> None:
        self._elements += 1
        if self._elements > MAX_PLACEMARK_ELEMENTS:
            raise LimitError(
                f"has a Placemark of more than {MAX_PLACEMARK_ELEMENTS:,} elements",
                remedy="split it",
            )
        if self._open and name in _FEATURES:
            raise InputError(f"has a {name} inside a Placemark", remedy="put it beside it")
        kept = {key: value[:200] for key, value in attributes.items() if key in _ATTRIBUTES}
        element = Element(name, kept)
        if self._open:
            self._open[-1].add(element)
        self._open.append(element)

    def _set_time(self, time: Element) -> None:
        container = self._containers[-1]
        if container.filled:
            raise InputError(
                f"a {time.name} of a folder stands after what is in the folder",
                remedy="put it before, where KML has it",
            )
        container.time = time

    def _take(self, placemark: Element) -> None:
        self._fill()
        self._count += 1
        if self._count > MAX_FEATURES:
            raise LimitError(f"has more than {MAX_FEATURES:,} Placemarks", remedy="split the file")
        self._placemarks.take(placemark, self._time(), self._count)
        if self._count % 1000 == 0:
            self._gathering.progress(self._count, max(self._total, self._count))

    def _doubt(self, name: str) -> None:
        self._fill()
        self._elsewhere += 1
        if self._elsewhere > MAX_FEATURES:
            raise LimitError(f"has more than {MAX_FEATURES:,} links", remedy="split the file")
        self._gathering.doubt(self._gathering.party, f"{name} {self._elsewhere}", _ELSEWHERE[name])
