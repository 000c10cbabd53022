"""What stands on the watch page: for each panel, the facts its template shows.

Panels are independent, so that each can be fetched again alone. None says "clear": an empty list
says what is known, since when, and what is not known.
"""

from collections.abc import Callable, Iterable
from functools import cached_property
from typing import TYPE_CHECKING, Any

from detente.console import picture, words
from detente.console.hints import hint, not_settled
from detente.console.parties import styles
from detente.console.profile import profile
from detente.node.views import (
    ConflictsView,
    ConflictView,
    EntryView,
    LineView,
    LinkView,
    MessageView,
    ObligationView,
    PlanView,
    RecallView,
    ReleasedView,
    WitnessView,
)
from detente.volumes.times import parse_time_s

if TYPE_CHECKING:
    from detente.node import Node

PRECEDENCES = ("urgent-safety", "priority", "routine")
MESSAGES_MAX = 200

Context = dict[str, Any]


class Board:
    """One line's watch page at one moment.

    What a panel needs is read when the first one needs it, and is the same for all others.
    """

    def __init__(self, node: "Node", line: LineView, language: str) -> None:
        """``language`` is the reader's; phrases are shown in it."""
        self.node = node
        self.line = line
        self.language = language
        self.offset_s = line.clock_offset_s
        self.now_s = parse_time_s(line.now)
        self.styles = styles(line)

    def base(self) -> Context:
        """What every panel's template may use."""
        return {
            "line": self.line,
            "own": self.line.own,
            "styles": self.styles,
            "offset_s": self.offset_s,
            "now_s": self.now_s,
            "language": self.language,
        }

    def panel(self, name: str, selected: str = "") -> Context:
        """The context of one panel by its name. KeyError for a name that is none."""
        makers: dict[str, Callable[[], Context]] = {
            "state": dict,
            "attention": self.attention,
            "links": self.links,
            "hint": self.hint,
            "conflicts": self.conflicts,
            "owed": self.owed,
            "activities": self.activities,
            "messages": self.messages,
            "detail": lambda: self.detail(selected),
        }
        return makers[name]()

    # -- header ---------------------------------------------------------------------------------

    def links(self) -> Context:
        return {"links": self._links, "witnesses": self._witnesses}

    def attention(self) -> Context:
        """What an officer must see first, most urgent first."""
        links, witnesses, released = self._links, self._witnesses, self._released
        unread = [m for m in self._messages if waits_for_us(m, self.line.own)]
        # Stated as a lapse or not, what is late is still owed.
        late = [o for o in self._owed if o.own and o.state == "late"]
        return {
            "urgent": [m for m in unread if m.precedence == "urgent-safety"],
            "visit_alerts": self.node.visit_alerts(self.line.id),
            "late_count": len(late),
            # Of a party that has left, what stood last is all that is known: it is told on.
            "going_on": [
                c
                for c in [*self._open(), *self._with_who_left()]
                if parse_time_s(c.start) <= self.now_s
            ],
            "left": [m for m in self.line.members if m.left and not m.own],
            "suspended_by": self.line.suspended_by,
            "pending": self.node.pending(self.line.id),
            "forks": [
                *(fork for link in links for fork in link.forks),
                *(fork for one in witnesses for fork in one.forks),
            ],
            "twice": [(one.name, what) for one in witnesses for what in one.twice],
            "disputes": [(link.peer, party) for link in links for party in link.disputed],
            "unknown": [r for r in released if r.unknown],
            "not_known": self._not_known(),
            "links": links,
            "unheard": [link for link in links if link.state != "up"],
        }

    def waiting(self) -> list[tuple[str, bool]]:
        """What waits on this line in a few words each, for the list of lines; True: urgent.

        Nothing in it means that nothing waits, as far as is known here.
        """
        facts = self.attention()
        now = len(facts["going_on"])
        alerts = len(facts["visit_alerts"])
        logs = len([one for one in self.node.session_logs(self.line.id) if one.waits_for_us])
        ahead = len([c for c in self._open() if c not in facts["going_on"]])
        told = [
            (len(facts["urgent"]), "urgent safety", True),
            (now, "conflict now" if now == 1 else "conflicts now", True),
            (alerts, "visit alert" if alerts == 1 else "visit alerts", True),
            (
                len(facts["forks"]) + len(facts["disputes"]) + len(facts["twice"]),
                "of two histories",
                True,
            ),
            (len(facts["unknown"]) + len(facts["not_known"]), "unknown", True),
            (ahead, "conflict ahead" if ahead == 1 else "conflicts ahead", False),
            (facts["late_count"], "late", False),
            (self._owed_together(), "owed on visits and permissions", False),
            (logs, "session log to confirm" if logs == 1 else "session logs to confirm", False),
            (len(facts["pending"]), "for a second officer", False),
        ]
        found = [(f"{count} {what}", urgent) for count, what, urgent in told if count]
        for link in facts["unheard"]:
            state = words.LINK_WORDS.get(link.state, "unknown")
            by_hand = words.by_hand(link, len(self.line.members), self.offset_s)
            found.append((f"{link.peer}: {state}; {by_hand}".removesuffix("; "), False))
        found += [(f"suspended by {party}", False) for party in facts["suspended_by"]]
        return found

    def hint(self) -> Context:
        if self.line.exercise is None:
            return {"hint": None}
        joint = [c for c in self._open() if c.basis == "joint"]
        own = [c for c in self._open() if c.basis == "own"]
        unsettled = not_settled(
            self.line,
            self._links,
            self._released,
            self._found,
            own,
        )
        return {"hint": hint(self.line, joint, unsettled, own)}

    # -- lists ----------------------------------------------------------------------------------

    def conflicts(self) -> Context:
        everything, exact = self._conflicts()
        return {
            "not_known": self._not_known(),
            "exact": exact,
            "open": [c for c in everything if c.state == "open" and not self._past(c)],
            "past": [c for c in everything if c.state == "open" and self._past(c)],
            "unknown": [c for c in everything if c.state == "unknown"],
            "ended": [c for c in everything if c.state == "ended"],
            "left": {m.party for m in self.line.members if m.left},
            "links": self._links,
        }

    def owed(self) -> Context:
        owed = [o for o in self._owed if o.state != "met" and not self._ahead(o)]
        subjects = self._subjects(owed)
        return {
            "ours": sorted((o for o in owed if o.own), key=_by_due),
            "theirs": sorted(
                (o for o in owed if not o.own and self.line.own in o.owed_to), key=_by_due
            ),
            "subjects": subjects,
            "owed_words": words.OWED_WORDS,
            "next_check": self._next_check(),
        }

    def activities(self) -> Context:
        released = [r for r in self._released if not r.withdrawn]
        newest = {(r.party, r.id): r for r in released}
        mine = []
        for plan in self._plans:
            mine.append((plan, newest.get((plan.party, plan.id)), self._release_of(plan)))
        return {
            "mine": sorted(mine, key=lambda row: row[0].start),
            "theirs": sorted((r for r in released if not r.own), key=lambda r: r.start or ""),
        }

    def messages(self) -> Context:
        """Unanswered ones by precedence, then the rest, newest first."""
        rows = self._messages
        waiting = [m for m in rows if waits_for_us(m, self.line.own)]
        waiting.sort(key=lambda m: parse_time_s(m.time), reverse=True)
        waiting.sort(key=lambda m: PRECEDENCES.index(m.precedence))
        rest = sorted(
            (m for m in rows if not waits_for_us(m, self.line.own)),
            key=lambda m: parse_time_s(m.time),
            reverse=True,
        )
        return {
            "waiting": waiting,
            "rest": rest[:MESSAGES_MAX],
            "by_id": {m.id: m for m in rows},
            "recalls": self._recalls,
            "texts": {m.id: text_of(m, self.language) for m in rows},
            "languages": sorted({code for m in rows for code in m.rendered} | {"en", "ru"}),
        }

    # -- what is selected -----------------------------------------------------------------------

    def detail(self, selected: str) -> Context:
        """The selected conflict or activity; without a selection the first open conflict."""
        kind, _, key = selected.partition(":")
        if kind == "activity":
            return {"conflict": None, "activity": self._activity(key)}
        conflicts, exact = self._conflicts()
        chosen = next((c for c in conflicts if c.id == key), None)
        if chosen is None and not key:
            chosen = next((c for c in conflicts if c.state == "open" and not self._past(c)), None)
        if chosen is None:
            return {"conflict": None, "activity": None}
        if chosen.state == "open":
            chosen = self.node.conflict(self.line.id, chosen.id, chosen.basis)
        activities = self._released
        a, b = picture.sides(chosen, activities, self._plans)
        return {
            "conflict": chosen,
            "activity": None,
            "heights": (words.heights(a), words.heights(b)),
            "profile": profile(chosen, a, b, self.styles, self.now_s),
            "separation": self.line.terms["separation"],
            "ended_by": _ended_by(chosen, activities),
            "exact": exact.get(chosen.id) if chosen.basis == "joint" else None,
            "only_coarse": self._only_coarse(chosen, exact, activities),
        }

    def _only_coarse(
        self,
        conflict: ConflictView,
        exact: dict[str, ConflictView],
        activities: list[ReleasedView],
    ) -> bool:
        """Whether our coarse release conflicts with theirs and our exact plan does not."""
        pair = {(side.party, side.id) for side in (conflict.a, conflict.b)}
        coarse = any(r.own and r.form == "coarse" and (r.party, r.id) in pair for r in activities)
        joint = conflict.basis == "joint" and conflict.state == "open"
        return joint and coarse and conflict.id not in exact

    def _activity(self, key: str) -> Context | None:
        party, _, identifier = key.partition("/")
        released = next((r for r in self._released if (r.party, r.id) == (party, identifier)), None)
        plan = next((p for p in self._plans if (p.party, p.id) == (party, identifier)), None)
        if released is None and plan is None:
            return None
        return {
            "party": party,
            "id": identifier,
            "released": released,
            "plan": plan,
            "release": self._release_of(plan) if plan else None,
            "recall": self._recalls.get(released.entry) if released else None,
        }

    def map(self) -> Context:
        """The map's document."""
        return picture.picture(
            self.line,
            self._released,
            self._plans,
            self._conflicts()[0],
            self.now_s,
        )

    # -- helpers --------------------------------------------------------------------------------

    @cached_property
    def _links(self) -> list[LinkView]:
        return self.node.links(self.line.id)

    @cached_property
    def _witnesses(self) -> list[WitnessView]:
        return self.node.witnesses(self.line.id)

    @cached_property
    def _released(self) -> list[ReleasedView]:
        return self.node.activities(self.line.id)

    @cached_property
    def _plans(self) -> list[PlanView]:
        return self.node.plans()

    @cached_property
    def _owed(self) -> list[ObligationView]:
        return self.node.obligations(self.line.id)

    @cached_property
    def _messages(self) -> list[MessageView]:
        return self.node.messages(self.line.id)

    @cached_property
    def _recalls(self) -> dict[str, RecallView]:
        """The recalls of the line by the entry that each recalls."""
        return {one.entry: one for one in self.node.recalls(self.line.id)}

    def _conflicts(self) -> tuple[list[ConflictView], dict[str, ConflictView]]:
        """One conflict per pair of activities, open ones first; and those at exact precision.

        What we released coarsely may meet a peer's activity jointly, and our exact plan too, under
        the same id: the joint one stands for both, and the exact one is told beside it.
        """
        everything = self._found.conflicts
        exact = {c.id: c for c in everything if c.basis == "own" and c.state == "open"}
        joint = {c.id for c in everything if c.basis == "joint" and c.state == "open"}
        shown = [c for c in everything if c.basis == "joint" or c.id not in joint]
        return sorted(shown, key=lambda c: (c.state != "open", c.start)), exact

    @cached_property
    def _found(self) -> ConflictsView:
        return self.node.conflicts_and_unknown(self.line.id)

    def _not_known(self) -> list[str]:
        """Why the conflicts that are listed may not be all."""
        return self._found.unknown

    def _open(self) -> list[ConflictView]:
        return [c for c in self._conflicts()[0] if c.state == "open" and not self._past(c)]

    def _with_who_left(self) -> list[ConflictView]:
        """Conflicts that were open when their other side left, and are not over by what it said."""
        return [
            c
            for c in self._conflicts()[0]
            if c.state == "unknown"
            and {c.a.party, c.b.party} & {m.party for m in self.line.members if m.left}
            and not self._past(c)
        ]

    def _past(self, conflict: ConflictView) -> bool:
        return parse_time_s(conflict.end) < self.now_s

    def _owed_together(self) -> int:
        """How much of what we owe on visits and permissions is due and not late yet."""
        return sum(o.own and o.state == "due" and o.what in words.OWED_WORDS for o in self._owed)

    def _ahead(self, owed: ObligationView) -> bool:
        """A line check whose hour has not come: nobody can make it yet."""
        return owed.slot is not None and parse_time_s(owed.slot) > self.now_s

    def _release_of(self, plan: PlanView) -> Any:
        mine = [r for r in plan.releases if r.line == self.line.id and not r.withdrawn]
        return mine[-1] if mine else None

    def _subjects(self, owed: Iterable[ObligationView]) -> dict[str, str]:
        """What each obligation is about, in a few words."""
        wanted = {o.entry for o in owed if o.entry}
        found: dict[str, str] = {}
        for message in self._messages:
            if message.id in wanted:
                text = text_of(message, self.language)[0]
                found[message.id] = f"message “{text[:60]}{'…' if len(text) > 60 else ''}”"
        for released in self._released:
            if released.entry in wanted and not released.withdrawn:
                found[released.entry] = f"release of {released.id}"
        for entry_id in wanted - found.keys():
            found[entry_id] = _subject(self.node.entry(self.line.id, entry_id))
        return found

    def _next_check(self) -> float | None:
        """When the next line check is due to be made, domain time."""
        hours = self.line.terms["line_checks"]["hours_utc"]
        midnight = self.now_s - self.now_s % 86400
        slots = [midnight + day * 86400 + hour * 3600 for day in (0, 1) for hour in hours]
        return min((slot for slot in slots if slot > self.now_s), default=None)


def waits_for_us(message: MessageView, own: str) -> bool:
    """A message of a peer that no officer of ours has said to have understood."""
    return (
        not message.own
        and message.void is None
        and not any(a.party == own for a in message.acknowledgements)
    )


def text_of(message: MessageView, language: str) -> tuple[str, str]:
    """A message's text in the reader's language, and the other rendering of a phrase or ''.

    Free text is never translated by a machine: it is shown as it was written.
    """
    if message.phrase is None or not message.rendered:
        return message.text, ""
    mine = message.rendered.get(language, message.text)
    other = next((text for code, text in sorted(message.rendered.items()) if text != mine), "")
    return mine, other


def _ended_by(conflict: ConflictView, activities: list[ReleasedView]) -> list[str]:
    """The versions that ended a conflict: of each side that has a newer one, the next.

    A conflict keeps the versions that met last, so the one after it no longer did.
    """
    if conflict.state != "ended":
        return []
    newest = {(r.party, r.id): r.version for r in activities}
    return [
        f"version {side.version + 1} of {side.party} {side.id}"
        for side in (conflict.a, conflict.b)
        if side.version is not None and newest.get((side.party, side.id), 0) > side.version
    ]


def _subject(entry: EntryView) -> str:
    word = words.ENTRY_WORDS.get(entry.type, entry.type)
    activity = entry.about.get("activity")
    return f"{word} of {activity}" if isinstance(activity, str) else f"{word} by {entry.party}"


def _by_due(one: ObligationView) -> str:
    return one.due or "9999"
