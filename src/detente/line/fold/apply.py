"""What one entry changes in the state of a line."""

from collections.abc import Callable
from typing import Any

import msgspec

from detente.errors import InputError
from detente.line import abouts
from detente.line.abouts import read_about
from detente.line.fold import (
    activities,
    agreement,
    commitments,
    keys,
    observations,
    permissions,
    recalls,
    settlement,
    talk,
    visits,
)
from detente.line.fold.place import check_place
from detente.line.fold.step import Step, Void
from detente.line.founding import Founding
from detente.line.view import Change, View, put
from detente.record.entry import Entry


def apply(view: View, founding: Founding, entry: Entry) -> list[Change]:
    """What ``entry`` changes; ``view`` holds the rows of the entries before it in its log.

    The caller has verified its signature and body hash (``record.read_entry``).

    Raises:
        GapError: entries before it are missing.
        RecordError: it does not belong here; nothing of it may be kept.
    """
    check_place(view, founding, entry)
    return _changes(Step(view, founding, entry))


def _changes(step: Step) -> list[Change]:
    """The rows of this entry, and of its log."""
    reason: str | None = None
    try:
        rows = _rows(step)
    except Void as void:
        reason = void.reason
        rows = [put("void", step.place, {**step.named(), "reason": reason})]
    met = [one for one in step.newcomers if one not in step.log["seen"]]
    rows += [put("met", f"{step.party}/{one}", {"index": step.header.index}) for one in met]
    step.log.update(
        size=step.header.index + 1,
        last=step.entry.id,
        time=step.header.time,
        seen=msgspec.to_builtins(step.header.seen),
    )
    entry = {**step.named(), "time": step.header.time, "about": step.header.about}
    return [
        put("log", step.party, step.log),
        put("entry", step.place, {**entry, "void": reason}),
        put("id", step.entry.id, {"party": step.party, "index": step.header.index}),
        *rows,
    ]


def _rows(step: Step) -> list[Change]:
    try:
        about = read_about(step.header.type, step.header.about)
    except InputError:
        raise Void("bad-facts") from None
    if about is None:
        return [put("unknown", step.place, step.named())]
    return _HANDLERS[step.header.type](step, about)


_HANDLERS: dict[str, Callable[[Step, Any], list[Change]]] = {
    abouts.JOIN: agreement.join,
    abouts.SIGN_TERMS: agreement.sign_terms,
    abouts.RELEASE: activities.release,
    abouts.WITHDRAW: activities.withdraw,
    abouts.MESSAGE: talk.message,
    abouts.ACKNOWLEDGEMENT: talk.acknowledgement,
    abouts.PROPOSAL: settlement.proposal,
    abouts.ASSENT: settlement.answer,
    abouts.DECLINE: settlement.answer,
    abouts.CHECK: talk.check,
    abouts.SUSPEND: agreement.suspend,
    abouts.RESUME: agreement.resume,
    abouts.LEAVE: agreement.leave,
    abouts.ADMIT: agreement.admit,
    abouts.LAPSE: talk.lapse,
    abouts.ROTATE: keys.rotate,
    abouts.VOUCH: keys.vouch,
    abouts.RECALL: recalls.recall,
    abouts.HONOURED: recalls.honoured,
    abouts.COMMIT: commitments.commit,
    abouts.OPEN: commitments.open_commitment,
    abouts.REQUEST: permissions.request,
    abouts.ANSWER: permissions.answer,
    abouts.REVOKE: permissions.revoke,
    abouts.FORGO: permissions.forgo,
    abouts.NOTICE: visits.notice,
    abouts.TAKE_NOTE: visits.acknowledge,
    abouts.STAGE: visits.stage,
    abouts.INSPECT: visits.inspect,
    abouts.PLAN: visits.plan,
    abouts.REVIEW: visits.review,
    abouts.RESTRICT: visits.restrict,
    abouts.DEVIATION: visits.deviation,
    abouts.CANCEL: visits.cancel,
    abouts.SEAL: visits.seal,
    abouts.UNSEAL: visits.unseal,
    abouts.SESSION: visits.session,
    abouts.REPORT: visits.report,
    abouts.OBSERVE: observations.observe,
    abouts.RETRACT: observations.retract,
    abouts.LINK: observations.link,
    abouts.DISPUTE: observations.dispute,
    abouts.TAKE_BACK: observations.take_back,
    abouts.DAILY: observations.daily,
}
assert _HANDLERS.keys() == abouts.ABOUTS.keys()
