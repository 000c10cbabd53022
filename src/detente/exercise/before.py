"""What came before the exercise opens: a week of it, played in an instant.

The line ``panj`` and the two lines to the transit hosts begin eight days earlier. Receipts are
dated by the machine's clock, and no clock of a week can be waited for. So this part is played by
the nodes' own code in one process, each node opened with a clock that stands where the story is,
and what they write is carried by parcels, like by hand. Every signature and cosignature is a real
one; only its time is of the week that the exercise invents.
"""

from collections.abc import Mapping
from contextlib import ExitStack, closing
from io import BytesIO
from pathlib import Path

from detente.exercise import northern_watch, panj
from detente.exercise.northern_watch import OPENS
from detente.node import Node
from detente.node.settings import Settings
from detente.node.setup import create
from detente.record import open_card
from detente.volumes.times import parse_time_s

OFFICER = "duty"


def make_node(directory: Path, api: int, line: int) -> str:
    """Make a party's node, with ports for its API and its line; the token of its officer."""
    settings = Settings(
        party=directory.name,
        name=(northern_watch.PARTY_NAMES | panj.PARTY_NAMES)[directory.name],
        languages=("ru", "en"),
        endpoint=f"https://127.0.0.1:{line}",
        api=f"127.0.0.1:{api}",
        line=f"127.0.0.1:{line}",
    )
    create(directory, settings)
    with closing(Node.open(directory)) as node:
        return node.add_officer(OFFICER, "senior")


class Week:
    """The nodes of one line, on a clock that stands at a time of the exercise."""

    def __init__(self, line: str, nodes: Mapping[str, Node], clock: "StoryClock") -> None:
        self.line = line
        self.nodes = nodes
        self._clock = clock

    def at(self, time: str) -> None:
        """It is ``time``, domain time; never earlier than before."""
        self._clock.go(time)

    def carry(self) -> None:
        """Bring every node the entries of all; what it signs for them goes with the next."""
        for sender in self.nodes.values():
            for receiver in self.nodes.values():
                if sender is not receiver:
                    packed = sender.pack(self.line, receiver.party, officer=OFFICER)
                    receiver.unpack(BytesIO(b"".join(packed.pieces)), officer=OFFICER)


class StoryClock:
    """A clock that moves when it is told to; ``opens_s`` is real time when the exercise opens."""

    def __init__(self, opens_s: float) -> None:
        self._offset_s = parse_time_s(OPENS) - opens_s
        self._now_s = 0.0

    def now_s(self) -> float:
        """POSIX seconds, real time of the week that is told."""
        return self._now_s

    def go(self, time: str) -> None:
        """It is ``time``, domain time; never earlier than before."""
        self._now_s = max(self._now_s, parse_time_s(time) - self._offset_s)


def play(directory: Path, opens_s: float) -> str:
    """Play the week into the stopped nodes below ``directory``; the id of the line ``panj``.

    ``opens_s`` is real time, POSIX seconds, of the moment at which the exercise opens.
    """
    clock = StoryClock(opens_s)
    with ExitStack() as stack:
        nodes: dict[str, Node] = {}
        for party in (*_ON_PANJ, *panj.ASKED_BY_HAND):
            nodes[party] = Node.open(directory / party, clock=clock)
            stack.callback(nodes[party].close)
        clock.go(_BEGINS)
        lines = {
            name: _joined(name, {party: nodes[party] for party in parties}, clock, opens_s)
            for name, parties in _LINES.items()
        }
        request = _ask(lines, clock)
        _come(lines[panj.LINE], request)
        _wait_in_vain(lines[f"transit-{panj.SILENT}"])
        _work_at_the_desk(lines[panj.LINE])
        _observe(lines[panj.LINE])
        _go(lines[panj.LINE])
        for week in lines.values():
            week.carry()
        return nodes[panj.GUEST].line(panj.LINE).id


_BEGINS = "2021-08-01T06:00:00Z"
_ON_PANJ = (panj.GUEST, panj.THIRD, panj.HOST)
_LINES = {
    panj.LINE: _ON_PANJ,
    **{f"transit-{host}": (panj.GUEST, host) for host in panj.ASKED_BY_HAND},
}


def _joined(name: str, nodes: dict[str, Node], clock: StoryClock, opens_s: float) -> Week:
    """Found a line among ``nodes``, and join it at each."""
    terms = panj.terms(opens_s, tuple(nodes), _BEGINS)
    others = [node.card() for party, node in nodes.items() if party != panj.GUEST]
    founding = nodes[panj.GUEST].found(name, terms, others)
    prints = {party: open_card(node.card()).fingerprint for party, node in nodes.items()}
    for party, node in nodes.items():
        node.join(founding, {other: prints[other] for other in nodes if other != party})
    week = Week(name, nodes, clock)
    week.carry()
    return week


def _ask(lines: Mapping[str, Week], clock: StoryClock) -> str:
    """The guest asks three hosts for one journey: two answer within limits, one does not.

    Returns the request to the host of the visit.
    """
    on_panj, guest = lines[panj.LINE], lines[panj.LINE].nodes[panj.GUEST]
    clock.go("2021-08-01T08:00:00Z")
    start, end = panj.WINDOW
    [asked] = guest.request_permission(
        [(panj.LINE, panj.HOST)],
        panj.PERMISSION,
        "visit",
        panj.ASKED,
        start=start,
        end=end,
        officer=OFFICER,
    )
    hosts = {host: lines[f"transit-{host}"] for host in panj.ASKED_BY_HAND}
    transit = guest.request_permission(
        [(week.line, host) for host, week in hosts.items()],
        panj.PERMISSION,
        "transit",
        panj.TRANSIT,
        start=start,
        end=end,
        officer=OFFICER,
    )
    clock.go("2021-08-01T11:00:00Z")
    for week in lines.values():
        week.carry()
    clock.go("2021-08-03T09:00:00Z")
    on_panj.nodes[panj.HOST].answer_permission(
        panj.LINE, asked.id, "limited", start=start, end=end, **panj.GRANTED, officer=OFFICER
    )
    by_day = hosts[panj.BY_DAY]
    by_day.nodes[panj.BY_DAY].answer_permission(
        by_day.line,
        transit[0].id,
        "limited",
        start=start,
        end=end,
        **panj.TRANSIT_GRANTED,
        officer=OFFICER,
    )
    clock.go("2021-08-03T15:00:00Z")
    for week in lines.values():
        week.carry()
    return asked.id


def _come(week: Week, request: str) -> None:
    """The visit, from its notice until the mission is under way."""
    guest, host = week.nodes[panj.GUEST], week.nodes[panj.HOST]
    week.at("2021-08-04T10:00:00Z")
    start, end = panj.STAY
    notice = guest.notify_visit(
        panj.LINE, panj.VISIT, request, panj.COMING, start=start, end=end, officer=OFFICER
    )
    week.carry()
    week.at("2021-08-05T07:00:00Z")
    host.acknowledge_visit(panj.LINE, notice.id, panj.RECEIVED, officer=OFFICER)
    week.carry()
    week.at("2021-08-06T06:00:00Z")
    first, agreed = panj.MISSIONS
    guest.file(first, title="Along the northern bank", officer=OFFICER)
    planned = guest.release(first.id, panj.LINE, "exact", officer=OFFICER)
    guest.plan_mission(panj.LINE, notice.id, first.id, officer=OFFICER)
    week.carry()
    _pass_on(week, planned.id, "2021-08-06T06:12:00Z")
    week.at("2021-08-06T08:30:00Z")
    host.review_mission(
        panj.LINE, notice.id, ground="safety", text=panj.TOO_LOW, language="en", officer=OFFICER
    )
    week.carry()
    week.at("2021-08-06T09:30:00Z")
    guest.change(agreed, title="Along the northern bank", officer=OFFICER)
    planned = guest.release(agreed.id, panj.LINE, "exact", officer=OFFICER)
    guest.plan_mission(panj.LINE, notice.id, agreed.id, officer=OFFICER)
    week.carry()
    _pass_on(week, planned.id, "2021-08-06T09:41:00Z")
    week.at("2021-08-06T12:10:00Z")
    host.review_mission(panj.LINE, notice.id, officer=OFFICER)
    week.carry()
    for node, at, stated in ((guest, "13:20", "13:25"), (host, "13:35", "13:40")):
        week.at(f"2021-08-07T{stated}:00Z")
        node.state_stage(
            panj.LINE, notice.id, "arrived", at=f"2021-08-07T{at}:00Z", officer=OFFICER
        )
        week.carry()
    week.at("2021-08-07T15:00:00Z")
    host.inspect_visit(panj.LINE, notice.id, panj.INSPECTED, officer=OFFICER)
    week.carry()


def _pass_on(week: Week, released: str, time: str) -> None:
    """The other two tell their units of what the guest has released."""
    week.at(time)
    for party, node in week.nodes.items():
        if party != panj.GUEST:
            node.acknowledge(panj.LINE, released, "disseminated", officer=OFFICER)
    week.carry()


def _wait_in_vain(week: Week) -> None:
    """The guest states that a host's answer did not come."""
    week.at("2021-08-07T18:00:00Z")
    guest = week.nodes[panj.GUEST]
    [late] = [one for one in guest.obligations(week.line) if one.state == "late"]
    guest.state_lapse(week.line, late.id, officer=OFFICER)


def _go(week: Week) -> None:
    """The night before the exercise opens: a late restriction, and the mission begins."""
    guest, host = week.nodes[panj.GUEST], week.nodes[panj.HOST]
    [visit] = guest.visits(panj.LINE)
    week.at("2021-08-08T22:40:00Z")
    start, end = panj.CLOSED
    host.restrict_visit(panj.LINE, visit.id, panj.RESTRICTED, start=start, end=end, officer=OFFICER)
    week.carry()
    week.at("2021-08-09T00:35:00Z")
    guest.state_stage(panj.LINE, visit.id, "begun", at="2021-08-09T00:30:00Z", officer=OFFICER)
    week.carry()
    # One side's word alone makes no ground observed (docs/coverage.md).
    week.at("2021-08-09T00:50:00Z")
    host.state_stage(panj.LINE, visit.id, "begun", at="2021-08-09T00:30:00Z", officer=OFFICER)
    week.carry()


def _work_at_the_desk(week: Week) -> None:
    """A session at the host's node: read, noted, marked for the sealing, and logged alike."""
    guest, host = week.nodes[panj.GUEST], week.nodes[panj.HOST]
    [visit] = host.visits(panj.LINE)
    week.at("2021-08-08T08:00:00Z")
    desk = host.set_up_desk(panj.LINE, visit.id, officer=OFFICER).id
    for title, text in panj.LAID_OUT.items():
        laid = host.lay_file(desk, title, text.encode(), officer=OFFICER).laid
    link = host.add_guest(desk, by=OFFICER).path.partition("t=")[2]
    account = host.guest_of(host.guest_log_in(link))
    session = host.open_session(desk, officer=OFFICER).sessions[-1].id
    host.guest_item(account, laid[0].item)
    note = host.guest_note(account, *panj.NOTED)
    for item in (laid[0].item, note):
        host.guest_mark(account, item)
    host.end_session(session, "closed", officer=OFFICER)
    host.end_sessions_over()
    week.carry()
    guest.confirm_session(panj.LINE, host.session_log(session), officer=OFFICER)
    week.carry()


def _observe(week: Week) -> None:
    """What the three have seen on the day before, and what they make of it."""
    week.at("2021-08-08T16:00:00Z")
    for party, reports in panj.OBSERVED.items():
        node = week.nodes[party]
        [officer] = [one for one in node.officers() if one.name == OFFICER]
        for report in reports:
            node.note(report, officer=OFFICER)
            node.report(panj.LINE, report.id, officer=officer)
    week.carry()
    week.at("2021-08-08T18:00:00Z")
    links = [
        (party, week.nodes[party].link_observations(panj.LINE, a, b, officer=OFFICER))
        for party, a, b in panj.LINKED
    ]
    week.carry()
    week.at("2021-08-08T18:40:00Z")
    disputed = next(entry.id for party, entry in links if party == panj.THIRD)
    week.nodes[panj.GUEST].dispute_link(panj.LINE, disputed, panj.DISSENT, officer=OFFICER)
    week.carry()
