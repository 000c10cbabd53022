"""Folding recalls and the receipts for them."""

from typing import Any

from detente.line import abouts
from detente.line.fold.step import RECALLED, Step, Void
from detente.line.view import Change, load, place_key, put


def recall(step: Step, about: abouts.Recalled) -> list[Change]:
    """Content of an earlier entry of this log goes."""
    recalled = step.own(about.entry)
    if recalled is None:
        raise Void("not-its-own")
    if recalled["type"] not in abouts.RECALLABLE:
        raise Void("not-recallable")
    if step.view.get("recall", about.entry) is not None:
        raise Void("recalled-before")
    doc = {**step.stamp, "party": step.party, "type": recalled["type"], **step.note()}
    return [put("recall", about.entry, doc), *_without_content(step, recalled)]


def _without_content(step: Step, recalled: dict[str, Any]) -> list[Change]:
    """The rows of an entry as they are where its body never came, but for the reason."""
    if recalled["void"] is not None:
        return []
    if recalled["type"] == abouts.OBSERVE:
        key = f"{step.party}/{recalled['about']['observation']}"
        return [_emptied(step, "observed", f"{key}/{recalled['about']['version']:07d}")]
    if recalled["type"] != abouts.RELEASE:
        place = place_key(step.party, (load(step.view, "id", recalled["id"]) or {})["index"])
        if recalled["type"] == abouts.MESSAGE:
            return [_emptied(step, "message", place)]
        return [_emptied(step, "opening", f"{recalled['about']['commitment']}/{place}")]
    key = f"{step.party}/{recalled['about']['activity']}"
    number = recalled["about"]["version"]
    rows = [_emptied(step, "version", f"{key}/{number:07d}")]
    newest = load(step.view, "activity", key) or {}
    if newest["version"] == number:
        # Put again as it is, so that whoever follows the newest versions reads this one anew.
        rows.append(put("activity", key, newest))
    return rows


def _emptied(step: Step, kind: str, key: str) -> Change:
    doc = load(step.view, kind, key) or {}
    return put(kind, key, {**doc, "content": None, "unknown": RECALLED})


def honoured(step: Step, about: abouts.Honoured) -> list[Change]:
    """What another party recalled is erased by this one."""
    if step.own(about.recall) is not None:
        raise Void("own-entry")
    key = f"{about.recall}/{step.party}"
    if step.view.get("honour", key) is not None:
        raise Void("honoured-before")
    return [put("honour", key, step.stamp)]
