"""A move sideways and a way round, from the suggestion to the released version on both sides.

And what an own basis suggests, which is computed from a plan that nobody else knows: it stays here.
"""

import base64
from typing import Any

import msgspec
import pytest
from pyproj import Geod

from detente.conflict import Separation, between
from detente.errors import InputError, NotFoundError, StateError
from detente.node.views import PlaceView, ShiftView, SuggestionView
from detente.volumes import Activity, Band, Core, Edges, Limit, Shape, Volume
from detente.volumes.codec import volumes_from_wire

LINE = "northern-watch"
NOON_S = 1_795_334_400.0 + 4 * 3600
BAND = Band(Limit(3000.0), Limit(3500.0))
WGS84 = Geod(ellps="WGS84")


def corridor(party: str, name: str, *places: tuple[float, float]) -> Activity:
    core = Core(Shape.POLYLINE, (places,), Edges.GEODESIC)
    return Activity(party, name, "transit", (Volume(core, 2000.0, BAND, NOON_S, NOON_S + 7200),))


def circle(party: str, name: str, lon: float, lat: float, radius_m: float = 2000.0) -> Activity:
    core = Core(Shape.POINT, (((lon, lat),),))
    return Activity(party, name, "orbit", (Volume(core, radius_m, BAND, NOON_S, NOON_S + 7200),))


def release(pair: Any, activity: Activity, form: str = "exact") -> None:
    node = pair.nodes[activity.party]
    node.file(activity, title="", officer="a")
    node.release(activity.id, LINE, form, officer="a")


def one(pair: Any, party: str = "us") -> Any:
    [conflict] = [c for c in pair.nodes[party].conflicts(LINE) if c.basis == "joint"]
    return pair.nodes[party].conflict(LINE, conflict.id)


def of(conflict: Any, moves: str, kind: str) -> SuggestionView:
    """The first suggestion that gives ``kind``."""
    found: SuggestionView = next(
        s for s in conflict.suggestions if s.moves == moves and getattr(s.shift, kind) is not None
    )
    return found


def settle(pair: Any, conflict: Any, shift: ShiftView, moves: str = "ru") -> None:
    """``us`` proposes it and ``ru`` assents; whoever moves carries it out."""
    entry = pair.nodes["us"].propose(LINE, conflict.id, moves, shift, officer="a")
    pair.sync()
    pair.nodes["ru"].assent(LINE, entry.id, officer="b")
    pair.sync()
    pair.nodes[moves].carry_out(LINE, entry.id, officer="b")
    pair.sync()


def released(pair: Any, party: str, name: str, at: str) -> Any:
    return next(r for r in pair.nodes[at].activities(LINE) if (r.party, r.id) == (party, name))


class TestSettled:
    def test_sideways(self, pair: Any) -> None:
        release(pair, circle("us", "orbit", 68.9, 36.6))
        release(pair, circle("ru", "drop", 68.95, 36.6))
        pair.sync()
        at_us, at_ru = one(pair, "us"), one(pair, "ru")
        assert at_us.suggestions == at_ru.suggestions
        aside = of(at_us, "ru", "distance_m")
        assert (aside.ends, aside.opens) == (True, [])
        settle(pair, at_us, aside.shift)
        for party in ("us", "ru"):
            [conflict] = pair.nodes[party].conflicts(LINE)
            assert conflict.state == "ended"
        ours, theirs = (released(pair, "ru", "drop", at) for at in ("ru", "us"))
        assert (ours.version, ours.volumes) == (2, theirs.volumes)
        plan = pair.nodes["ru"].plan("drop")
        assert plan.volumes == ours.volumes
        lon, lat = ours.volumes[0]["core"]["coordinates"]
        far_m = WGS84.inv(68.95, 36.6, lon, lat)[2]
        # Rounded to 1e-7 degrees; stated for the conflict's place, a few kilometres away.
        assert far_m == pytest.approx(aside.shift.distance_m, rel=1e-3)

    def test_round(self, pair: Any) -> None:
        route = corridor("ru", "transit", (68.0, 36.6), (70.0, 36.6))
        release(pair, circle("us", "orbit", 69.0, 36.59))
        release(pair, route)
        pair.sync()
        conflict = one(pair)
        way = of(conflict, "ru", "volumes")
        assert way.detour is not None
        assert way.detour.longer_m > 0
        assert way.detour.later_s > 0
        settle(pair, conflict, way.shift)
        for party in ("us", "ru"):
            [ended] = pair.nodes[party].conflicts(LINE)
            assert ended.state == "ended"
            assert released(pair, "ru", "transit", party).volumes == way.shift.volumes
        assert pair.nodes["ru"].plan("transit").volumes == way.shift.volumes

    def test_a_proposal_says_what_it_would_do(self, pair: Any) -> None:
        release(pair, circle("us", "orbit", 69.0, 36.59))
        release(pair, corridor("ru", "transit", (68.0, 36.6), (70.0, 36.6)))
        pair.sync()
        conflict = one(pair)
        way = of(conflict, "ru", "volumes")
        pair.nodes["us"].propose(LINE, conflict.id, "ru", way.shift, officer="a")
        pair.sync()
        for party in ("us", "ru"):
            [proposal] = pair.nodes[party].proposals(LINE)
            assert (proposal.shift, proposal.detour) == (way.shift, way.detour)
            assert (proposal.ends, proposal.opens) == (True, [])

    def test_an_outline_and_the_plan_behind_it_are_moved_alike(self, pair: Any) -> None:
        release(pair, circle("us", "orbit", 68.9, 36.6))
        plan = corridor("ru", "transit", (68.9, 36.7), (69.0, 36.72))
        release(pair, plan, "coarse")
        pair.sync()
        conflict = one(pair)
        assert not [s for s in conflict.suggestions if s.moves == "ru" and s.shift.volumes]
        settle(pair, conflict, of(conflict, "ru", "distance_m").shift)
        [outline] = volumes_from_wire(released(pair, "ru", "transit", "us").volumes)
        [moved] = volumes_from_wire(pair.nodes["ru"].plan("transit").volumes)
        centre = outline.core.rings[0][0]
        for vertex in moved.core.rings[0]:
            assert WGS84.inv(*centre, *vertex)[2] + moved.radius_m <= outline.radius_m

    def test_an_outline_is_not_led_round_for_the_plan_behind_it(self, pair: Any) -> None:
        release(pair, circle("us", "orbit", 68.9, 36.6))
        release(pair, circle("ru", "drop", 68.95, 36.6), "coarse")
        pair.sync()
        elsewhere = msgspec.to_builtins(released(pair, "ru", "drop", "us").volumes)
        elsewhere[0]["core"]["coordinates"] = [70.5, 36.6]
        with pytest.raises(StateError, match="is an outline"):
            settle(pair, one(pair), ShiftView(volumes=elsewhere))
        assert released(pair, "ru", "drop", "ru").version == 1


class TestProspect:
    def test_what_a_change_would_do_is_told_before_it_is_proposed(self, pair: Any) -> None:
        release(pair, circle("us", "orbit", 68.9, 36.6))
        release(pair, circle("ru", "drop", 68.95, 36.6))
        pair.sync()
        conflict = one(pair)
        place = PlaceView(lon=68.95, lat=36.6)
        for km, ends in ((1, False), (40, True)):
            shift = ShiftView(place=place, bearing_deg=90.0, distance_m=km * 1000.0)
            told = pair.nodes["us"].prospect(LINE, conflict.id, "ru", shift)
            assert told.ends is ends
        moved = Activity("ru", "drop", "orbit", volumes_from_wire(told.volumes))
        assert between(moved, circle("us", "orbit", 68.9, 36.6), Separation()) is None
        with pytest.raises(NotFoundError):
            pair.nodes["us"].prospect(LINE, "0" * 64, "ru", shift)
        with pytest.raises(StateError, match="between"):
            pair.nodes["us"].prospect(LINE, conflict.id, "tj", shift)
        for bad in (
            ShiftView(),
            ShiftView(time_s=60.0, altitude_m=30.0),
            ShiftView(place=place, bearing_deg=360.0, distance_m=1.0),
            ShiftView(place=place, bearing_deg=0.0),
            ShiftView(place=place, bearing_deg=0.0, distance_m=-5.0),
            ShiftView(volumes=[]),
            ShiftView(volumes=[{"core": "here"}]),
        ):
            with pytest.raises(InputError):
                pair.nodes["us"].prospect(LINE, conflict.id, "ru", bad)
            with pytest.raises(InputError):
                pair.nodes["us"].propose(LINE, conflict.id, "ru", bad, officer="a")


class TestOwnBasis:
    def test_what_is_suggested_on_the_line_knows_no_private_plan(self, pair: Any) -> None:
        """The same suggestions, whatever lies behind our outline and beside it."""
        release(pair, circle("us", "orbit", 68.9, 36.6))
        release(pair, circle("ru", "drop", 68.95, 36.6), "coarse")
        pair.sync()
        before = one(pair, "ru").suggestions
        ru = pair.nodes["ru"]
        ru.change(circle("ru", "drop", 68.97, 36.61), officer="b")
        ru.file(circle("ru", "secret", 69.2, 36.6), title="", officer="b")
        assert one(pair, "ru").suggestions == before == one(pair, "us").suggestions

    def test_nothing_of_an_own_basis_is_ever_sent(self, pair: Any) -> None:
        """What our plan would have to do is told here, and stands in nothing that they hold."""
        release(pair, circle("us", "orbit", 68.9, 36.6))
        pair.nodes["ru"].file(circle("ru", "secret", 68.95, 36.6), title="", officer="b")
        pair.sync()
        [own] = pair.nodes["ru"].conflicts(LINE)
        full = pair.nodes["ru"].conflict(LINE, own.id, "own")
        aside = of(full, "ru", "distance_m")
        assert aside.ends
        with pytest.raises(NotFoundError):
            pair.nodes["ru"].conflict(LINE, own.id)
        with pytest.raises(NotFoundError):
            pair.nodes["ru"].propose(LINE, own.id, "ru", aside.shift, officer="b")
        pair.sync()
        assert pair.nodes["us"].conflicts(LINE) == []
        sent = pair.nodes["us"].state_document(LINE).decode()
        bundles = pair.nodes["ru"].read_log(own.line, "ru", 0, "us").entries
        assert bundles
        bodies = [base64.b64decode(bundle["body"]).decode() for bundle in bundles]
        for trace in (own.id, "secret", f'"distance_m":{aside.shift.distance_m}'):
            assert trace not in sent
            assert trace not in msgspec.json.encode(bundles).decode()
            assert not [body for body in bodies if trace in body]
