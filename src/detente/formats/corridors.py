"""Tracks into corridors: volumes that hold every sample and every leg between two, for certain.

A track is cut into pieces of at most 25 km, 2 min and 1,000 ft, so that a climb does not occupy its
whole height for its whole time. A piece's core is a polyline of geodesics through some of its
samples. Leaving out the others moves the line by at most 20 m; what it does move is measured and
added to the radius. Band and window are those of the piece, widened by the margins of ReadOptions.

What the track does not tell is never made up in silence:

- altitude missing for up to ``track_altitude_gap_s`` is interpolated, and a note says so; for
  longer, or at either end, the piece occupies *all* altitudes;
- position missing for longer than ``track_position_gap_s`` is taken as flown along the geodesic and
  the time is reported as unknown;
- after a pause of more than ``track_split_s`` another flight begins (``AFR123``, ``AFR123.2``), and
  the pause is reported as unknown.
"""

import math
from collections.abc import Iterator

import msgspec
import numpy as np
from numpy.typing import NDArray
from pyproj import Geod

from detente.errors import InputError
from detente.formats.reading import Gathering, ReadOptions
from detente.volumes import Activity, Band, Core, Edges, Limit, Reference, Shape, Volume
from detente.volumes.check import MAX_VOLUMES
from detente.volumes.times import format_time
from detente.volumes.units import FT_M

PIECE_M = 25_000.0
PIECE_S = 120.0
PIECE_HEIGHT_M = 1_000 * FT_M
TOLERANCE_M = 20.0

_ALTITUDES = {
    Reference.STD: "pressure altitudes (STD)",
    Reference.MSL: "above the sea (MSL)",
    Reference.AGL: "above the ground (AGL)",
}

_WGS84 = Geod(ellps="WGS84")
_A_M = 6_378_137.0
_E2 = 0.0066943799901413165

Floats = NDArray[np.float64]


class Track(msgspec.Struct, frozen=True):
    """Samples of one aircraft in order of time; arrays of one length.

    ``time_s`` POSIX seconds; ``lon`` and ``lat`` degrees WGS84, NaN where unknown, longitudes
    without jumps; ``altitude_m`` measured from ``reference``, NaN where unknown. Without ``party``
    it is the file's.
    """

    name: str
    time_s: Floats
    lon: Floats
    lat: Floats
    altitude_m: Floats
    reference: Reference = Reference.STD
    party: str | None = None


class Piece(msgspec.Struct, frozen=True):
    """Samples ``first`` to ``last`` of a track, both included; ``level`` if altitude is known."""

    first: int
    last: int
    level: bool


def gather_tracks(tracks: list[Track], options: ReadOptions, gathering: Gathering) -> None:
    """Gather one activity for each flight of the tracks."""
    flights: dict[tuple[str | None, str], list[Track]] = {}
    for track in tracks:
        key = (track.party, track.name)
        flights.setdefault(key, []).extend(_flights(track, options, gathering))
    for done, ((party, name), parts) in enumerate(flights.items(), 1):
        for number, part in enumerate(sorted(parts, key=lambda part: float(part.time_s[0])), 1):
            identifier = name if number == 1 else f"{name}.{number}"
            try:
                gathering.keep(_activity(identifier, part, options, gathering))
            except InputError as error:
                gathering.refuse(error, "flight", party=party, identifier=identifier)
        gathering.progress(done, len(flights))
    if flights:
        references = {track.reference for track in tracks}
        said = " or ".join(_ALTITUDES[reference] for reference in sorted(references))
        gathering.note(
            f"tracks are corridors of {options.track_radius_m:g} m to each side, "
            f"{options.track_height_m:g} m up and down and {options.track_time_s:g} s before and "
            f"after; altitudes are {said}"
        )


def corridor(track: Track, options: ReadOptions) -> tuple[Volume, ...]:
    """The volumes of a track of which every position is known."""
    legs_m = _legs_m(track)
    altitude_m, level = _levels(track, options.track_altitude_gap_s)
    piece_s, piece_height_m = PIECE_S, PIECE_HEIGHT_M
    while True:
        pieces = _pieces(track, legs_m, altitude_m, level, piece_s, piece_height_m)
        if len(pieces) <= MAX_VOLUMES:
            break
        piece_s, piece_height_m = 2 * piece_s, 2 * piece_height_m
    return tuple(_volume(track, altitude_m, piece, options) for piece in pieces)


def _flights(track: Track, options: ReadOptions, gathering: Gathering) -> Iterator[Track]:
    """The track between its long pauses, without samples of unknown position at either end."""
    known = np.flatnonzero(np.isfinite(track.lon))
    if len(known) == 0:
        gathering.doubt(_party(track, gathering), track.name, "it has no position at all")
        return
    _report(track, known, options, gathering)
    splits = np.flatnonzero(np.diff(track.time_s[known]) > options.track_split_s)
    for first, last in zip([0, *(splits + 1)], [*splits, len(known) - 1], strict=True):
        yield _filled(_slice(track, known[first], known[last]))


def _report(
    track: Track, known: NDArray[np.int64], options: ReadOptions, gathering: Gathering
) -> None:
    """Say for which times the position is unknown, and what was made of them."""
    begin_s, end_s = track.time_s[known[:-1]], track.time_s[known[1:]]
    pause_s = end_s - begin_s
    splits = pause_s > options.track_split_s
    bridged = (pause_s > options.track_position_gap_s) & ~splits
    first_s, last_s = track.time_s[[0, -1]]
    ends = [(first_s, track.time_s[known[0]]), (track.time_s[known[-1]], last_s)]
    outside = [(begin, end) for begin, end in ends if end - begin > options.track_time_s]
    for windows, what in (
        (outside, "it is not covered there"),
        (list(zip(begin_s[bridged], end_s[bridged], strict=True)), "the shortest way is assumed"),
        (list(zip(begin_s[splits], end_s[splits], strict=True)), "another flight begins after it"),
    ):
        if windows:
            gathering.doubt(
                _party(track, gathering), track.name, f"no position {_spoken(windows)}; {what}"
            )


def _slice(track: Track, first: int, last: int) -> Track:
    part = slice(first, last + 1)
    return msgspec.structs.replace(
        track,
        time_s=track.time_s[part],
        lon=track.lon[part],
        lat=track.lat[part],
        altitude_m=track.altitude_m[part],
    )


def _filled(track: Track) -> Track:
    """Unknown positions put on the geodesic between their neighbours, in proportion to time."""
    gaps = np.flatnonzero(~np.isfinite(track.lon))
    if len(gaps) == 0:
        return track
    known = np.flatnonzero(np.isfinite(track.lon))
    after = known[np.searchsorted(known, gaps)]
    before = known[np.searchsorted(known, gaps) - 1]
    time_s, lon, lat = track.time_s, track.lon.copy(), track.lat.copy()
    azimuth, _, length_m = _WGS84.inv(lon[before], lat[before], lon[after], lat[after])
    share = (time_s[gaps] - time_s[before]) / np.maximum(time_s[after] - time_s[before], 1e-9)
    found_lon, found_lat, _ = _WGS84.fwd(lon[before], lat[before], azimuth, share * length_m)
    lon[gaps] = found_lon + 360 * np.round((lon[before] - found_lon) / 360)
    lat[gaps] = found_lat
    return msgspec.structs.replace(track, lon=lon, lat=lat)


def _activity(
    identifier: str, track: Track, options: ReadOptions, gathering: Gathering
) -> Activity:
    volumes = corridor(track, options)
    notes = _notes(track, volumes, options)
    return Activity(_party(track, gathering), identifier, "flight", volumes, notes)


def _party(track: Track, gathering: Gathering) -> str:
    return gathering.party_of_file() if track.party is None else track.party


def _notes(track: Track, volumes: tuple[Volume, ...], options: ReadOptions) -> tuple[str, ...]:
    notes = []
    altitude_m, _ = _levels(track, options.track_altitude_gap_s)
    count = int((np.isfinite(altitude_m) & ~np.isfinite(track.altitude_m)).sum())
    if count:
        notes.append(
            f"altitude interpolated at {count} samples, over gaps of at most "
            f"{options.track_altitude_gap_s:g} s"
        )
    windows: list[tuple[float, float]] = []
    for volume in volumes:
        if volume.band.lower is not None:
            continue
        if windows and volume.start_s <= windows[-1][1]:
            windows[-1] = (windows[-1][0], volume.end_s)
        else:
            windows.append((volume.start_s, volume.end_s))
    if windows:
        notes.append(f"altitude unknown, all altitudes taken {_spoken(windows)}")
    return tuple(notes)


def _spoken(windows: list[tuple[float, float]]) -> str:
    """The first three windows, and how many more there are."""
    shown = ", ".join(f"from {format_time(a)} to {format_time(b)}" for a, b in windows[:3])
    return shown if len(windows) <= 3 else f"{shown} and {len(windows) - 3} times more"


def _legs_m(track: Track) -> Floats:
    if len(track.lon) < 2:
        return np.zeros(0)
    _, _, length_m = _WGS84.inv(track.lon[:-1], track.lat[:-1], track.lon[1:], track.lat[1:])
    return np.asarray(length_m, dtype=np.float64)


def _levels(track: Track, gap_s: float) -> tuple[Floats, NDArray[np.bool_]]:
    """Altitudes (n,) with short gaps interpolated, NaN elsewhere; and for each leg (n - 1,)
    whether the known altitudes around it are at most ``gap_s`` apart."""
    count = len(track.time_s)
    known = np.flatnonzero(np.isfinite(track.altitude_m))
    level = np.zeros(count - 1, dtype=bool)
    altitude_m = track.altitude_m.copy()
    if len(known) < 2:
        return altitude_m, level
    legs = np.arange(known[0], known[-1])
    after = np.searchsorted(known, legs, side="right")
    level[legs] = track.time_s[known[after]] - track.time_s[known[after - 1]] <= gap_s
    held = np.zeros(count, dtype=bool)
    held[:-1] |= level
    held[1:] |= level
    filled = np.interp(track.time_s, track.time_s[known], track.altitude_m[known])
    missing = held & ~np.isfinite(altitude_m)
    altitude_m[missing] = filled[missing]
    return altitude_m, level


def _pieces(
    track: Track,
    legs_m: Floats,
    altitude_m: Floats,
    level: NDArray[np.bool_],
    piece_s: float,
    piece_height_m: float,
) -> list[Piece]:
    """The track cut greedily; neighbours share a sample, so that no leg is lost."""
    count = len(track.time_s)
    if count == 1:
        return [Piece(0, 0, bool(np.isfinite(altitude_m[0])))]
    time_s = track.time_s.tolist()
    way_m = np.concatenate([[0.0], np.cumsum(legs_m)]).tolist()
    height_m = altitude_m.tolist()
    levels = level.tolist()
    pieces: list[Piece] = []
    first, low, high = 0, height_m[0], height_m[0]
    for at in range(1, count):
        lower, higher = min(low, height_m[at]), max(high, height_m[at])
        if at - 1 > first and (
            time_s[at] - time_s[first] > piece_s
            or way_m[at] - way_m[first] > PIECE_M
            or levels[at - 1] != levels[first]
            or (levels[first] and higher - lower > piece_height_m)
        ):
            pieces.append(Piece(first, at - 1, levels[first]))
            first = at - 1
            lower = min(height_m[first], height_m[at])
            higher = max(height_m[first], height_m[at])
        low, high = lower, higher
    pieces.append(Piece(first, count - 1, levels[first]))
    return pieces


def _volume(track: Track, altitude_m: Floats, piece: Piece, options: ReadOptions) -> Volume:
    part = slice(piece.first, piece.last + 1)
    lon, lat = track.lon[part], track.lat[part]
    kept, moved_m = simplified(lon, lat)
    return Volume(
        core=_core(lon, lat, kept),
        radius_m=options.track_radius_m + moved_m,
        band=_band(altitude_m[part], options.track_height_m, track.reference)
        if piece.level
        else Band(None, None),
        start_s=float(track.time_s[piece.first]) - options.track_time_s,
        end_s=float(track.time_s[piece.last]) + options.track_time_s,
    )


def _core(lon: Floats, lat: Floats, kept: list[int]) -> Core:
    turn = 0.0 if -180 <= lon[0] <= 180 else -360.0 * math.floor((lon[0] + 180) / 360)
    ring = [(float(lon[kept[0]]) + turn, float(lat[kept[0]]))]
    for at in kept[1:]:
        position = (float(lon[at]) + turn, float(lat[at]))
        if position != ring[-1]:
            ring.append(position)
    shape = Shape.POLYLINE if len(ring) > 1 else Shape.POINT
    return Core(shape, (tuple(ring),), Edges.GEODESIC)


def _band(altitude_m: Floats, margin_m: float, reference: Reference) -> Band:
    return Band(
        Limit(float(altitude_m.min()) - margin_m, reference),
        Limit(float(altitude_m.max()) + margin_m, reference),
    )


def simplified(lon: Floats, lat: Floats) -> tuple[list[int], float]:
    """Indexes of the samples to keep, first and last among them, and the metres by which the line
    through them may miss a sample or a leg left out (Douglas and Peucker, 1973)."""
    if len(lon) <= 2:
        return list(range(len(lon))), 0.0
    plane = _plane(lon, lat)
    kept, moved_m = {0, len(lon) - 1}, 0.0
    spans = [(0, len(lon) - 1)]
    while spans:
        first, last = spans.pop()
        if last - first < 2:
            continue
        distance_m = _to_segment_m(plane[first + 1 : last], plane[first], plane[last])
        farthest = int(distance_m.argmax())
        if distance_m[farthest] <= TOLERANCE_M:
            moved_m = max(moved_m, float(distance_m[farthest]))
            continue
        middle = first + 1 + farthest
        kept.add(middle)
        spans += [(first, middle), (middle, last)]
    # What the plane changes is covered: 4 cm by which geodesics bend in it, and scale. By how much
    # two geodesics, unlike straight lines, bulge apart between their ends is below a millimetre.
    moved_m = moved_m * 1.001 + 0.1 if len(kept) < len(lon) else 0.0
    return sorted(kept), moved_m


def _plane(lon: Floats, lat: Floats) -> Floats:
    """Positions (n, 2) in metres in the gnomonic plane touching the ellipsoid at their middle.

    There is no seam at the poles or the antimeridian, and over 25 km distances are true to 1 in
    100,000. Its straight lines are planes through the centre of the Earth. A geodesic lies in a
    plane that leans away from that by 0.19 degrees at most, so it strays from the straight line by
    that much of its bulge of 12 m: 4 cm.
    """
    phi, lam = np.radians(lat), np.radians(lon)
    normal_m = _A_M / np.sqrt(1 - _E2 * np.sin(phi) ** 2)
    earth = np.stack(
        [
            normal_m * np.cos(phi) * np.cos(lam),
            normal_m * np.cos(phi) * np.sin(lam),
            normal_m * (1 - _E2) * np.sin(phi),
        ],
        axis=1,
    )
    centre = earth[len(earth) // 2]
    radius_m = float(np.linalg.norm(centre))
    up = centre / radius_m
    east = np.cross(up, np.eye(3)[int(np.argmin(np.abs(up)))])
    east /= np.linalg.norm(east)
    axes = np.stack([east, np.cross(up, east)], axis=1)
    plane: Floats = (earth @ axes) * (radius_m / (earth @ up))[:, None]
    return plane


def _to_segment_m(points: Floats, start: Floats, end: Floats) -> Floats:
    """Distances (n,) of points (n, 2) from the straight segment between two others."""
    way = end - start
    square = float(way @ way)
    share = np.clip((points - start) @ way / square, 0, 1) if square else np.zeros(len(points))
    return np.asarray(np.hypot(*(points - start - share[:, None] * way).T), dtype=np.float64)
