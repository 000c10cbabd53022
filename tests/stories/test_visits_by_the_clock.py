"""Visits of us to tj, with ru on the line, from a request to the last report, by the clock.

EXERCISE: everything said here is invented. Three real processes, one line, and a clock that all
three are put forward by (``moved_clock``). The tests are stories told one after the other from
2 August 2021 on; each names the day on which it begins, and all six of them share the line, so that
at its end one record holds them all, the same on all three nodes.
"""

import hashlib
import mmap
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import msgspec
import pytest

from detente.exercise import northern_watch as exercise
from detente.exercise.officer import Json, Officer, RefusedError, wait_for
from detente.exercise.opening import wait_until_in_force, wait_until_level
from detente.exercise.stage import NodeProcess, run
from detente.line.watching import STANDARD_WATCHING, Quota
from detente.node import Node
from detente.node.settings import Settings
from detente.node.setup import create
from detente.record import open_card
from detente.volumes import Activity, Band, Core, Limit, Reference, Shape, Volume
from detente.volumes.codec import volumes_to_wire
from detente.volumes.times import parse_time_s

LINE = "panj"
BEGINS = "2021-08-02T00:00:00Z"
PARTIES = ("us", "ru", "tj")
CROSSING = (69.10, 37.24)
PLACE = {
    "name": "Panj crossing",
    "core": {"type": "Point", "coordinates": list(CROSSING), "edges": "geodesic"},
    "radius_m": 30_000.0,
}
PEOPLE = [{"role": "observer", "count": 4}]
CAMERAS = [{"item": "daylight camera", "count": 2}]
NOTICE = {"point_of_entry": "Khujand", "people": PEOPLE, "equipment": CAMERAS, "note": "EXERCISE"}
QUOTA = Quota(
    name="observation visits", guest="us", host="tj", units=4,
    start="2021-08-01T00:00:00Z", end="2021-11-01T00:00:00Z",
)  # fmt: skip
SCRIPT = Path(__file__).with_name("moved_clock.py")
ITEM = "film-1"


def day(number: int, time: str = "00:00") -> str:
    """A time of August 2021, domain time."""
    return f"2021-08-{number:02d}T{time}:00Z"


class MovedNode(NodeProcess):
    """A node whose process reads how far ahead its clock is from a file."""

    def __init__(self, directory: Path, clock: Path) -> None:
        super().__init__(directory)
        self._clock = clock

    def start(self) -> None:
        """Start the node; ``wait_ready`` waits until it serves."""
        with (self.directory / "serve.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, str(SCRIPT), str(self._clock), "serve", str(self.directory)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Three:
    """The three nodes in folders, the clock they share, and an officer at each API."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._clock = directory / "clock"
        self._clock.write_bytes(struct.pack("<d", 0.0))
        self.offset_s = parse_time_s(BEGINS) - int(time.time())
        self.nodes = {party: MovedNode(directory / party, self._clock) for party in PARTIES}
        self.tokens: dict[str, str] = {}
        self.line = ""
        self.officers: Mapping[str, Officer] = {}

    def make(self) -> None:
        """Make three nodes and join them on one line, whose terms have the standard clocks."""
        with ExitStack() as stack:
            nodes = {party: self._make(party, stack) for party in PARTIES}
            prints = {party: open_card(one.card()).fingerprint for party, one in nodes.items()}
            cards = [nodes[party].card() for party in ("ru", "tj")]
            document = nodes["us"].found(LINE, self._terms(), cards)
            for party, node in nodes.items():
                others = {other: prints[other] for other in PARTIES if other != party}
                self.line = node.join(document, others).id

    def _terms(self) -> Json:
        watching = msgspec.structs.replace(STANDARD_WATCHING, quotas=(QUOTA,))
        changes = {
            "members": sorted(PARTIES),
            "effective_from": "2021-08-01T00:00:00Z",
            "line_checks": {"hours_utc": [], "grace_s": 1800},
            "exercise": {"name": exercise.NAME, "clock_offset_s": int(self.offset_s)},
            "watching": msgspec.to_builtins(watching),
        }
        return exercise.terms(time.time()) | changes

    def _make(self, party: str, stack: ExitStack) -> Node:
        settings = Settings(
            party=party,
            name=f"Cell {party} (exercise)",
            endpoint=f"https://127.0.0.1:{(port := free_port())}",
            line=f"127.0.0.1:{port}",
            api=f"127.0.0.1:{free_port()}",
            poll_s=0.5,
        )
        create(self.directory / party, settings)
        node = Node.open(self.directory / party)
        stack.callback(node.close)
        self.tokens[party] = node.add_officer("duty", "senior")
        (self.directory / f"{party}.token").write_text(self.tokens[party], "utf-8")
        return node

    def go(self, time_: str) -> None:
        """It is that time on the line, for everybody at once; it never goes back."""
        ahead_s = parse_time_s(time_) - self.offset_s - time.time()
        with self._clock.open("r+b") as file, mmap.mmap(file.fileno(), 8) as shared:
            assert ahead_s >= struct.unpack_from("<d", shared)[0]
            struct.pack_into("<d", shared, 0, ahead_s)

    def level(self) -> None:
        """Wait until all three hold the same entries; then they hold the same state."""
        wait_until_level(self.officers)
        states = {one.raw(f"/lines/{self.line}/state") for one in self.officers.values()}
        assert len({hashlib.sha256(state).hexdigest() for state in states}) == 1

    def visit(self, name: str, at: str = "us") -> Any:
        """A visit as one node shows it."""
        officer = self.officers[at]
        return next(one for one in officer.on_line("visits") if one["name"] == name)

    def say(self, party: str, name: str, what: str, **body: Any) -> Json:
        """A statement about a visit by an officer of a party, which knows of it."""
        path = f"visits/{self.visit(name, party)['id']}/{what}"
        said = self.officers[party].say(path, body)
        self.level()
        return said

    def command(self, party: str, *words: str, status: int = 0) -> str:
        """A command of an officer of a party, and what it printed."""
        token = ("--token-file", str(self.directory / f"{party}.token"))
        return run(*words, *token, status=status)

    def clocks(self, name: str, at: str = "us") -> list[tuple[str, str, str]]:
        """The clocks of a visit: which, its state, and when it is due."""
        clocks = self.visit(name, at)["clocks"]
        return [(one["name"], one["state"], (one["due"] or "")[:16]) for one in clocks]


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Three]:
    """All three serve; stopped by process id in the end."""
    group = Three(tmp_path_factory.mktemp("visits"))
    group.make()
    with ExitStack() as stack:
        for node in group.nodes.values():
            stack.callback(node.stop)
            node.start()
        group.officers = {
            party: stack.enter_context(
                Officer(party, node.wait_ready(), group.tokens[party], group.line)
            )
            for party, node in group.nodes.items()
        }
        wait_until_in_force(group.officers)
        yield group


def ask(three: Three, name: str, start: str, end: str) -> str:
    asked = {
        "purpose": "observe the crossing", "places": [PLACE], "people": PEOPLE,
        "equipment": CAMERAS, "quota": QUOTA.name,
    }  # fmt: skip
    hosts = [{"line": three.line, "host": "tj"}]
    body = {"permission": name, "hosts": hosts, "kind": "visit", "asked": asked}
    [entry] = three.officers["us"].post("/permissions", {**body, "start": start, "end": end})
    three.level()
    return str(entry["id"])


def answer(three: Three, request: str, answer: str, **more: Any) -> None:
    three.officers["tj"].say(f"permissions/{request}/answer", {"answer": answer, **more})
    three.level()


def permission(three: Three, name: str, at: str) -> Any:
    ledger = three.officers[at].on_line("permissions")
    return next(one for one in ledger if one["permission"] == name)


def notify(three: Three, name: str, start: str, end: str, under: str = "crossing") -> None:
    body = {"visit": name, "request": under, "body": NOTICE, "start": start, "end": end}
    three.officers["us"].say("visits", body)
    three.level()


def mission(name: str, start: str, hours: float) -> Activity:
    """A flight above the crossing."""
    band = Band(Limit(6_000.0, Reference.STD), Limit(6_300.0, Reference.STD))
    core = Core(Shape.POINT, ((CROSSING,),))
    start_s = parse_time_s(start)
    volume = Volume(core, 15_000.0, band, start_s, start_s + hours * 3600)
    return Activity("us", name, "observation", (volume,))


def plan(three: Three, visit: str, activity: Activity) -> None:
    """File or change, release, and name it as the mission."""
    us = three.officers["us"]
    if all(one["id"] != activity.id for one in us.get("/plans")):
        us.file(activity)
    us.release(activity.id)
    three.say("us", visit, "plans", activity=activity.id)


def change(three: Three, activity: Activity) -> None:
    body = {"kind": activity.kind, "volumes": volumes_to_wire(activity.volumes)}
    three.officers["us"].put(f"/plans/{activity.id}", body)


def test_one_visit_from_request_to_joint_report(three: Three) -> None:
    request = ask(three, "crossing", day(5), day(31))
    three.go(day(2, "06:00"))
    limits = {"hours_utc": [[2, 20]], "quota_units": 3}
    answer(three, request, "limited", limits=limits)
    three.go(day(2, "08:00"))
    notify(three, "north", day(6), day(12))
    assert three.visit("north", "tj")["phase"] == "notified"
    three.go(day(2, "20:00"))
    three.say("tj", "north", "acknowledge", body={"escorts": [{"role": "escort", "count": 2}]})
    assert three.visit("north")["noted"]["escorts"] == [{"role": "escort", "count": 2}]

    three.go(day(4, "12:00"))
    plan(three, "north", mission("north-1", day(7, "03:00"), 4))
    three.go(day(4, "14:00"))
    remark = {"ground": "safety", "text": "EXERCISE. Range firing until 06Z.", "language": "en"}
    three.say("tj", "north", "reviews", **remark)
    assert three.visit("north")["mission"] == "change-asked"
    three.go(day(4, "15:00"))
    change(three, mission("north-1", day(7, "08:00"), 4))
    plan(three, "north", mission("north-1", day(7, "08:00"), 4))
    three.go(day(4, "17:00"))
    three.say("tj", "north", "reviews")
    assert three.visit("north", "ru")["phase"] == "agreed"

    three.go(day(6, "06:00"))
    three.say("us", "north", "stages", stage="arrived", at=day(6, "05:50"))
    three.say("tj", "north", "stages", stage="arrived", at=day(6, "05:55"))
    found = [{"item": "daylight camera", "agreed": 2, "found": 2}]
    three.say("tj", "north", "inspections", body={"items": found})
    three.go(day(7, "08:05"))
    three.say("us", "north", "stages", stage="begun", at=day(7, "08:00"))
    assert three.visit("north", "ru")["phase"] == "under-way"
    three.go(day(7, "12:00"))
    for party in ("us", "tj"):
        three.say(party, "north", "stages", stage="ended", at=day(7, "12:00"))
    seal(three)
    three.go(day(8, "08:00"))
    three.say("us", "north", "stages", stage="departed")

    report = three.directory / "report.toml"
    report.write_text(
        'text = "EXERCISE. The crossing was open."\nlanguage = "en"\nconditions = "haze"\n'
        'not_observed = ["the ford at night"]\n'
    )
    folder = three.directory
    words = ("visit", "report", str(folder / "tj"), "us/north", "--file", str(report))
    printed = three.command("tj", *words)
    assert printed == "Reported: version 1\n"
    three.level()
    words = ("visit", "report", str(folder / "us"), "us/north", "--same-as", "tj")
    printed = three.command("us", *words)
    assert printed == "Reported: version 1\n"
    three.level()
    for party in PARTIES:
        shown = three.visit("north", party)
        assert (shown["phase"], shown["accounts"]) == ("reported", "joint")
        assert shown["exceeding"] == []
        assert shown["remarks"] == []
        assert [one["differs"] for one in shown["stages"]] == [True, False, False, False]
        assert shown["reports"]["us"]["not_observed"] == ["the ford at night"]
    clocks = [
        ("notice", "met", "2021-08-03T00:00"),
        ("acknowledge", "met", "2021-08-03T08:00"),
        ("plan", "met", "2021-08-05T00:00"),
        ("review", "met", "2021-08-04T16:00"),
        ("review", "met", "2021-08-04T19:00"),
        ("agree", "met", "2021-08-04T20:00"),
        ("fly", "met", "2021-08-10T05:50"),
        ("report", "met", "2021-08-14T12:00"),
        ("report", "met", "2021-08-14T12:00"),
    ]
    assert three.clocks("north") == clocks
    # What a third party knows of the receipts of the other two comes to it a little later.
    wait_for("ru to see every clock as us does", lambda: three.clocks("north", "ru") == clocks)


def seal(three: Three) -> None:
    """us seals what was collected, tj compares and countersigns; each keeps the same bytes."""
    content = three.directory / "film.bin"
    content.write_bytes(bytes(range(256)) * 64)
    visit = three.visit("north")["id"]
    folder = three.directory
    words = (str(folder / "us"), LINE, visit, str(content), "--item", ITEM)
    three.command("us", "media", "seal", *words, "--out", str(folder / "by-us.media"))
    three.level()
    sealed = (str(folder / "tj"), str(folder / "by-us.media"), str(content))
    three.command("tj", "media", "countersign", *sealed, "--out", str(folder / "copy.media"))
    three.level()
    [item] = three.visit("north", "ru")["items"]
    assert (item["name"], item["state"], item["found"]) == (ITEM, "sealed", None)


def test_another_is_refused_and_no_notice_is_given_of_it(three: Three) -> None:
    three.go(day(8, "10:00"))
    request = ask(three, "bridge", day(12), day(20))
    answer(three, request, "refused", note="EXERCISE. Not at the bridge.")
    with pytest.raises(RefusedError, match="the host has refused it"):
        notify(three, "bridge", day(13), day(15), "bridge")
    for party in PARTIES:
        assert permission(three, "bridge", party)["state"] == "refused"
        assert [one["name"] for one in three.officers[party].on_line("visits")] == ["north"]


def test_a_third_is_never_answered_and_the_silence_is_on_the_record(three: Three) -> None:
    three.go(day(9))
    notify(three, "silent", day(13), day(14))
    assert three.clocks("silent")[1] == ("acknowledge", "due", "2021-08-10T00:00")
    three.go(day(10, "00:30"))
    assert three.clocks("silent")[1] == ("acknowledge", "late", "2021-08-10T00:00")
    [clock] = [one for one in three.visit("silent")["clocks"] if one["name"] == "acknowledge"]
    lapse = three.officers["us"].say("lapses", {"obligation": clock["obligation"]})
    three.level()
    for party in PARTIES:
        clocks = three.visit("silent", party)["clocks"]
        assert lapse["id"] in [one["lapse"] for one in clocks]
    assert lapse["about"]["what"] == "visit-acknowledge"


def test_a_fourth_is_cut_short_by_a_late_restriction(three: Three) -> None:
    three.go(day(10, "08:00"))
    notify(three, "east", day(14), day(18))
    three.go(day(10, "12:00"))
    three.say("tj", "east", "acknowledge")
    three.go(day(12, "08:00"))
    plan(three, "east", mission("east-1", day(15, "06:00"), 6))
    three.say("tj", "east", "reviews")
    three.go(day(14, "08:00"))
    three.say("us", "east", "stages", stage="arrived")
    assert three.visit("silent", "ru")["phase"] == "passed"
    three.go(day(15, "06:10"))
    three.say("us", "east", "stages", stage="begun", at=day(15, "06:00"))
    three.go(day(15, "08:00"))
    words = {"text": "EXERCISE. The crossing is closed.", "language": "en", "places": [PLACE]}
    three.say("tj", "east", "restrictions", start=day(15, "08:30"), end=day(18), body=words)
    # Cut short on a line that is suspended: a visit in progress is a matter of safety.
    three.officers["tj"].say("suspend", {"note": "EXERCISE"})
    three.level()
    three.go(day(15, "08:40"))
    three.say("us", "east", "deviations", text="EXERCISE. Turned back at the checkpoint.")
    three.say("us", "east", "cancel", ground="restriction")
    assert three.visit("east", "ru")["phase"] == "cancelled"
    for party in ("us", "tj"):
        three.say(party, "east", "stages", stage="ended")
    three.officers["tj"].say("resume", {"note": "EXERCISE"})
    three.level()
    for party in PARTIES:
        shown = three.visit("east", party)
        [restriction] = shown["restrictions"]
        # Made at 08:00 on the 15th, when it had to be made by 00:00 on the 13th.
        assert 0 <= restriction["late_by_s"] - 56 * 3600 < 600
        assert restriction["made"].startswith("2021-08-15T08:0")
        assert any("restriction by tj was made 56 h" in one for one in shown["remarks"])
        assert (shown["phase"], len(shown["deviations"])) == ("ended", 1)
        assert shown["cancels"][0]["ground"] == "restriction"


def test_of_what_was_sealed_one_copy_is_broken_and_the_record_alone_shows_it(three: Three) -> None:
    three.go(day(16))
    folder = three.directory
    intact, broken = folder / "copy.media", folder / "broken.media"
    data = bytearray(intact.read_bytes())
    data[len(data) // 3] ^= 1
    broken.write_bytes(data)
    share = str(folder / "tj.share")
    three.command("us", "media", "share", str(folder / "us"), str(intact), "--out", share)
    words = (str(folder / "tj"), str(broken), share)
    printed = three.command(
        "tj", "media", "open", *words, "--out", str(folder / "opened"), status=1
    )
    assert "BROKEN" in printed
    assert not (folder / "opened").exists()
    three.level()
    [item] = three.visit("north", "ru")["items"]
    assert (item["state"], item["found"]) == ("sealed", "broken")
    assert f"{ITEM} was found broken by tj" in three.visit("north", "ru")["remarks"]

    # Whoever has the record and the file needs nobody else: it is read from ru's export.
    record = folder / "record"
    run("record", "export", str(folder / "ru"), "--line", LINE, "--tiles", str(record))
    assert "as both sides sealed it" in run("media", "verify", str(intact), "--record", str(record))
    printed = run("media", "verify", str(broken), "--record", str(record), status=1)
    assert "NOT what both sides sealed" in printed


def test_the_accounts_of_the_one_that_was_cut_short_differ(three: Three) -> None:
    three.go(day(17))
    theirs = {"text": "EXERCISE. The visit ended as planned.", "language": "en"}
    ours = {
        "text": "EXERCISE. It was cut short.", "language": "en",
        "access_denied": ["the crossing, from 08:30 on the 15th"],
    }  # fmt: skip
    three.say("tj", "east", "reports", body=theirs)
    three.say("us", "east", "reports", body=ours)
    for party in PARTIES:
        shown = three.visit("east", party)
        assert (shown["phase"], shown["accounts"]) == ("reported", "two")
        assert shown["reports"]["tj"]["text"] == theirs["text"]
        assert shown["reports"]["us"]["access_denied"] == ours["access_denied"]
        assert "the two sides' reports differ" in shown["remarks"]
    printed = run("visit", "list", str(three.directory / "ru"))
    assert [line.split()[3] for line in printed.splitlines()] == ["REPORTED", "PASSED", "REPORTED"]
    assert all(officer.post("/record/verify") == [] for officer in three.officers.values())
