"""Folding changes of signing keys and what vouches for them."""

from typing import Any

import msgspec

from detente.errors import InputError
from detente.line import abouts, bodies, keychain
from detente.line.fold.step import Step, Void
from detente.line.view import Change, put, scan


def rotate(step: Step, about: abouts.KeyRotated) -> list[Change]:
    """The next key of this log; which entries it signs is for ``keychain`` to say."""

    def read(body: bytes) -> dict[str, Any]:
        return {"card": bodies.read_card(body, step.party, about)}

    try:
        new = keychain.new_key(about, step.founding.cards[step.party].public)
    except InputError:
        raise Void("bad-facts") from None
    before = {link["sign_key"] for _, link in scan(step.view, "key", f"{step.party}/")}
    if about.sign_key in before or new.raw == step.founding.cards[step.party].public.raw:
        raise Void("key-left")
    doc = {**step.stamp, **msgspec.to_builtins(about), **step.content(read)}
    return [put("key", step.place, doc)]


def vouch(step: Step, about: abouts.KeyVouched) -> list[Change]:
    """A word for another member's new card."""
    known = {*step.founding.founders, *step.header.seen}
    if about.party == step.party or about.party not in known:
        raise Void("not-a-side")
    key = f"{about.party}/{about.card_sha256}/{step.place}"
    return [put("vouch", key, {**step.stamp, "party": step.party})]
