"""Links, disputes and the figures they make, as they are shown."""

from detente.line import Figures, read
from detente.line.read import Dispute, Link
from detente.linking import Suggestion
from detente.node.show.reader import LineReader
from detente.node.views.linking import (
    DisputeView,
    EventLinkView,
    EventsView,
    FiguresView,
    MaybeView,
)


def events(reader: LineReader) -> EventsView:
    """How many events the reports on a line are of, and by whose word."""
    counting = read.counting(reader.rows)
    quiet = read.quiet(reader.rows)
    told = (one for one in read.standing(reader.rows) if one not in quiet)
    return EventsView(
        line=reader.id,
        figures=figures_view(counting.count(told), watched=len(quiet)),
        joined=[list(event) for event in counting.events()],
        links=[_link(reader, one) for one in read.links(reader.rows)],
    )


def figures_view(figures: Figures, *, watched: int) -> FiguresView:
    """A count, with every figure that is given beside it."""
    return FiguresView(
        reports=figures.reports,
        events=figures.events,
        as_held=figures.as_held,
        disputed=list(figures.disputed),
        watched=watched,
    )


def _link(reader: LineReader, one: Link) -> EventLinkView:
    own = reader.is_own(one.party)
    answered = any(reader.is_own(each.party) and not each.taken_back for each in one.disputes)
    return EventLinkView(
        id=one.entry,
        line=reader.id,
        party=one.party,
        own=own,
        time=one.time,
        a=one.a,
        b=one.b,
        note=one.note or "",
        state=one.state,
        taken_back=one.taken_back,
        disputes=[_dispute(reader, each) for each in one.disputes],
        may_dispute=not own and not answered and one.state in ("joins", "disputed"),
        may_take_back=own and one.taken_back is None,
        receipts=reader.receipts(one.party, one.index),
    )


def _dispute(reader: LineReader, one: Dispute) -> DisputeView:
    own = reader.is_own(one.party)
    return DisputeView(
        id=one.entry,
        party=one.party,
        own=own,
        time=one.time,
        note=one.note or "",
        taken_back=one.taken_back,
        may_take_back=own and one.taken_back is None,
    )


def maybe(one: Suggestion) -> MaybeView:
    """A suggestion."""
    return MaybeView(
        a=one.a,
        b=one.b,
        score=one.score,
        distance_m=one.distance_m,
        apart_s=one.apart_s,
        same_kind=one.same_kind,
        shared_words=list(one.shared_words),
        weights=one.weights,
    )
