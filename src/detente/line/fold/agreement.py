"""Folding what makes a line: joining, taking in, terms, suspension, leaving."""

from typing import Any

from detente.errors import InputError
from detente.line import abouts, bodies
from detente.line.fold.step import Step, Void
from detente.line.terms import decode_terms, terms_sha256, terms_to_wire
from detente.line.view import Change, put, scan
from detente.record.header import MAX_PARTIES


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
        if terms.members != step.founding.founders:
            raise InputError("have other members than the line")
        return terms_to_wire(terms)

    if about.version == 1:
        raise Void("first-terms")
    facts = {"terms_sha256": about.terms_sha256, "knew": step.newcomers}
    doc = {**step.stamp, "party": step.party, **facts}
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


def admit(step: Step, about: abouts.Admitted) -> list[Change]:
    """A signature under taking a party in. One log names a party, and a key, once and for ever.

    So no two cards of one party, no two parties of one key and no seventeenth party can be signed
    for by all, whatever each of them signs and in whatever order it arrives.
    """

    def read(body: bytes) -> dict[str, Any]:
        return {"card": bodies.read_card(body, about.party, about)}

    founders = step.founding.founders
    before = [row for _, row in scan(step.view, "admit") if row["party"] == step.party]
    names = {*founders, step.party, *(row["admits"] for row in before)}
    keys = {step.founding.cards[one].card.sign_key for one in founders}
    if about.party in names or about.sign_key in keys | {row["sign_key"] for row in before}:
        raise Void("admitted-before")
    if len(founders) + len(before) >= MAX_PARTIES:
        raise Void("line-full")
    doc = {
        **step.stamp,
        "party": step.party,
        "admits": about.party,
        "sign_key": about.sign_key,
        "card_sha256": about.card_sha256,
        "knew": step.newcomers,
        **step.content(read),
    }
    return [put("admit", f"{about.party}/{about.card_sha256}/{step.place}", doc)]
