"""Folding what makes a line: joining, terms, suspension, leaving."""

from typing import Any

from detente.errors import InputError
from detente.line import abouts
from detente.line.fold.step import Step, Void
from detente.line.terms import decode_terms, terms_sha256, terms_to_wire
from detente.line.view import Change, put


def join(step: Step, about: abouts.NothingMore) -> list[Change]:
    """A log begins, once."""
    if step.header.index:
        raise Void("joined-before")
    return [put("join", step.party, step.stamp)]


def sign_terms(step: Step, about: abouts.TermsSigned) -> list[Change]:
    """A signature under the next terms."""

    def read(body: bytes) -> dict[str, Any]:
        terms = decode_terms(body)
        if terms_sha256(body) != about.terms_sha256 or terms.version != about.version:
            raise InputError("are not the terms that were signed for")
        if terms.members != step.founding.members:
            raise InputError("have other members than the line")
        return terms_to_wire(terms)

    if about.version == 1:
        raise Void("first-terms")
    doc = {**step.stamp, "party": step.party, "terms_sha256": about.terms_sha256}
    key = f"{about.version:07d}/{step.place}"
    return [put("terms", key, {**doc, **step.content(read)})]


def suspend(step: Step, about: abouts.NothingMore) -> list[Change]:
    """A suspension begins, unless its party's lasts."""
    if step.view.get("suspension", step.party) is not None:
        raise Void("suspended-before")
    return [put("suspension", step.party, {**step.stamp, **step.note()})]


def resume(step: Step, about: abouts.NothingMore) -> list[Change]:
    """It ends."""
    if step.view.get("suspension", step.party) is None:
        raise Void("not-suspended")
    return [Change("suspension", step.party, None)]


def leave(step: Step, about: abouts.NothingMore) -> list[Change]:
    """Its party leaves; what may come after is for ``place`` to say: nothing."""
    return [put("leave", step.party, {**step.stamp, **step.note()})]
