"""Folding the permission ledger: requests, answers, and what is taken back."""

from typing import Any

import msgspec

from detente.line import abouts, bodies
from detente.line.fold.step import Step, Void
from detente.line.view import Change, load, put, scan


def request(step: Step, about: abouts.PermissionRequested) -> list[Change]:
    """Something asked of a host; asked again, it renews the request before."""
    if about.host == step.party:
        raise Void("not-a-side")
    key = f"{step.party}/{about.permission}/{about.host}"
    before = load(step.view, "asked", key)
    if about.renews != (before and before["entry"]):
        raise Void("out-of-sequence")

    def read(body: bytes) -> dict[str, Any]:
        asked: dict[str, Any] = msgspec.to_builtins(bodies.read_request(body))
        return asked

    facts = msgspec.to_builtins(about)
    doc = {**step.stamp, "party": step.party, **facts, "forgone": None, **step.content(read)}
    return [put("permission", step.entry.id, doc), put("asked", key, step.stamp)]


def answer(step: Step, about: abouts.PermissionAnswered) -> list[Change]:
    """The host's answer; its first one counts."""
    if step.own(about.request) is not None:
        raise Void("own-entry")
    if any(scan(step.view, "permission-answer", f"{about.request}/{step.party}/")):
        raise Void("answered-before")

    def read(body: bytes) -> dict[str, Any]:
        limits: dict[str, Any] = msgspec.to_builtins(bodies.read_answer(body))
        return limits

    doc = {**step.stamp, "party": step.party, **msgspec.to_builtins(about), **step.content(read)}
    return [put("permission-answer", f"{about.request}/{step.place}", doc)]


def revoke(step: Step, about: abouts.PermissionRevoked) -> list[Change]:
    """What the same host had granted does not hold any more."""
    given = scan(step.view, "permission-answer", f"{about.request}/{step.party}/")
    if not any(doc["answer"] != "refused" for _, doc in given):
        raise Void("not-granted")
    if any(scan(step.view, "revocation", f"{about.request}/{step.party}/")):
        raise Void("revoked-before")
    doc = {**step.stamp, "party": step.party, **msgspec.to_builtins(about), **step.note()}
    return [put("revocation", f"{about.request}/{step.place}", doc)]


def forgo(step: Step, about: abouts.PermissionForgone) -> list[Change]:
    """Its own party asks no more."""
    asked = load(step.view, "permission", about.request)
    if asked is None or asked["party"] != step.party:
        raise Void("not-its-own")
    if asked["forgone"] is not None:
        raise Void("forgone-before")
    return [put("permission", about.request, {**asked, "forgone": {**step.stamp, **step.note()}})]
