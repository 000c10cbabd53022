"""Samples of trajectories: where an aircraft was, or is planned to be, from time to time.

JSON as the ``traffic`` library writes it, an array of records, or CSV with the same names:

::

    [{"timestamp":1633608773000,"latitude":48.48,"longitude":3.83,"altitude":13650.0,
      "callsign":"MSR799"}, …]

``timestamp`` is in milliseconds since 1970, UTC (in CSV also RFC 3339 with offset). ``altitude`` is
in feet and is a *pressure* altitude, because that is what ADS-B and Mode C transmit: reference STD.
``icao24``, if there, keeps two aircraft apart that use one callsign. Whether the transponder said
"on ground" is not used: in the bundled sample records say so at more than 400 knots.

A flight of which one record cannot be read is refused as a whole: what was in that record would
otherwise be missing without a trace.
"""

import math
from collections.abc import Iterable

import msgspec
import numpy as np

from detente.errors import InputError, LimitError
from detente.formats.corridors import Floats, Track, gather_tracks
from detente.formats.jsontext import too_deep
from detente.formats.profile import number_of_text
from detente.formats.reading import MAX_ROWS, Gathering, ReadOptions
from detente.formats.table import Table
from detente.volumes.check import check_activity_id
from detente.volumes.times import check_time_s, parse_time_s
from detente.volumes.units import FT_M

_FIRST_MS = 1e11
"""Smaller timestamps (before March 1973) are seconds that somebody took for milliseconds."""


class Sample(msgspec.Struct, frozen=True, gc=False):
    """One record. A missing position or altitude is None."""

    timestamp: float
    latitude: float | None = None
    longitude: float | None = None
    altitude: float | None = None
    callsign: str | None = None
    icao24: str | None = None


_DECODER = msgspec.json.Decoder(list[Sample])
_LOOSE = msgspec.json.Decoder(list[msgspec.Raw])
_ONE = msgspec.json.Decoder(Sample)

Key = tuple[str, str]
"""Callsign and ICAO address (empty if not given) of one aircraft."""


class _Flights:
    """Samples by aircraft, and the callsigns of which a record was bad."""

    def __init__(self, gathering: Gathering) -> None:
        self._gathering = gathering
        self._samples: dict[Key, list[Sample]] = {}
        self._spoilt: set[str] = set()
        self._nameless: list[tuple[InputError, str]] = []

    def add(self, sample: Sample, item: str) -> None:
        """Take a record in, or refuse it and its flight."""
        name = (sample.callsign or sample.icao24 or "").strip()
        try:
            _check(sample, name)
        except InputError as error:
            self.spoil(error, item, name)
        else:
            self._samples.setdefault((name, sample.icao24 or ""), []).append(sample)

    def spoil(self, error: InputError, item: str, callsign: str | None) -> None:
        """Refuse a record and with it the whole flight; the first bad record is named."""
        name = (callsign or "").strip()
        if not name:
            self._nameless.append((error, item))
        elif name not in self._spoilt:
            self._spoilt.add(name)
            self._gathering.refuse(error, item, identifier=name)

    def gather(self, options: ReadOptions) -> None:
        """Turn what was taken in into activities."""
        if self._nameless:
            error, item = self._nameless[0]
            if len(self._nameless) > 1:
                item = f"{item} and {len(self._nameless) - 1} more"
            self._gathering.refuse(error, item, identifier=None)
        tracks = []
        for (name, _), samples in self._samples.items():
            if name in self._spoilt:
                continue
            try:
                tracks.append(_track(check_activity_id(name), samples))
            except InputError as error:
                self._gathering.refuse(error, "callsign", identifier=name)
        gather_tracks(tracks, options, self._gathering)


def read_samples(data: bytes, options: ReadOptions, gathering: Gathering) -> None:
    """Gather the flights of a JSON array of records."""
    flights = _Flights(gathering)
    try:
        samples = _DECODER.decode(data)
    except msgspec.ValidationError:
        _add_one_by_one(data, flights)
    except RecursionError as error:
        raise too_deep() from error
    except msgspec.DecodeError as error:
        raise _not_json(error) from error
    else:
        _limit(len(samples))
        for number, sample in enumerate(samples, 1):
            flights.add(sample, f"record {number}")
    flights.gather(options)


def read_sample_table(table: Table, options: ReadOptions, gathering: Gathering) -> None:
    """Gather the flights of a CSV table of samples."""
    flights = _Flights(gathering)
    for line, row in table.rows():
        item = f"line {line}"
        if isinstance(row, InputError):
            flights.spoil(row, item, None)
            continue
        try:
            flights.add(_sample_of_row(row), item)
        except InputError as error:
            flights.spoil(error, item, row.get("callsign") or row.get("icao24"))
    flights.gather(options)


def _sample_of_row(row: dict[str, str]) -> Sample:
    return Sample(
        timestamp=_timestamp_ms(row["timestamp"].strip()),
        latitude=number_of_text(row["latitude"], "latitude"),
        longitude=number_of_text(row["longitude"], "longitude"),
        altitude=number_of_text(row.get("altitude", ""), "altitude"),
        callsign=row.get("callsign"),
        icao24=row.get("icao24"),
    )


def _timestamp_ms(text: str) -> float:
    if "-" in text[1:] or ":" in text:
        return parse_time_s(text, where="timestamp") * 1000
    number = number_of_text(text, "timestamp")
    if number is None:
        raise InputError("has no timestamp", remedy="add milliseconds since 1970, or RFC 3339")
    return number


def _add_one_by_one(data: bytes, flights: _Flights) -> None:
    """The slow way, once it is known that some record has the wrong form."""
    try:
        raw_records = _LOOSE.decode(data)
    except RecursionError as error:
        raise too_deep() from error
    except msgspec.MsgspecError as error:
        raise _not_json(error) from error
    _limit(len(raw_records))
    for number, raw in enumerate(raw_records, 1):
        item = f"record {number}"
        try:
            flights.add(_ONE.decode(raw), item)
        except RecursionError:
            flights.spoil(too_deep(), item, _callsign_in(raw))
        except msgspec.MsgspecError as error:
            flights.spoil(
                InputError(
                    f"is not a sample: {error}",
                    remedy="give timestamp, latitude, longitude, altitude and callsign",
                ),
                item,
                _callsign_in(raw),
            )


def _callsign_in(raw: msgspec.Raw) -> str | None:
    try:
        record = msgspec.json.decode(raw)
    except (msgspec.MsgspecError, RecursionError):
        return None
    callsign = record.get("callsign") if isinstance(record, dict) else None
    return callsign if isinstance(callsign, str) else None


def _check(sample: Sample, name: str) -> None:
    lat, lon = sample.latitude, sample.longitude
    if not name:
        raise InputError("has no callsign", remedy="add one, or icao24, to each record")
    if sample.timestamp < _FIRST_MS:
        raise InputError(
            f"timestamp {sample.timestamp:g} looks like seconds", remedy="write milliseconds"
        )
    check_time_s(sample.timestamp / 1000, where="timestamp")
    if lat is None or lon is None:
        return
    if not -90 <= lat <= 90:
        raise InputError(f"latitude {lat:g} is not between -90 and 90", remedy="write degrees")
    if not -360 <= lon <= 360:
        raise InputError(f"longitude {lon:g} is not between -360 and 360", remedy="write degrees")


def _limit(count: int) -> None:
    if count > MAX_ROWS:
        raise LimitError(f"has {count:,} records, more than {MAX_ROWS:,}", remedy="split the file")


def _not_json(error: Exception) -> InputError:
    return InputError(
        f"is not JSON: {error}", remedy="correct it there; write null for a missing number"
    )


def _track(name: str, samples: list[Sample]) -> Track:
    order = np.argsort(_column(sample.timestamp for sample in samples), kind="stable")
    time_s = _column(sample.timestamp for sample in samples)[order] / 1000
    lon = _column(sample.longitude for sample in samples)[order]
    lat = _column(sample.latitude for sample in samples)[order]
    altitude_m = _column(sample.altitude for sample in samples)[order] * FT_M
    unknown = ~(np.isfinite(lon) & np.isfinite(lat))
    lon[unknown] = lat[unknown] = math.nan
    lon[~unknown] = np.unwrap(lon[~unknown], period=360)
    return Track(name, time_s, lon, lat, altitude_m)


def _column(values: Iterable[float | None]) -> Floats:
    return np.array([math.nan if value is None else value for value in values], dtype=np.float64)
