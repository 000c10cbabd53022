"""Drafts of what keeps a line going."""

import hashlib
from collections.abc import Mapping

from detente.errors import InputError
from detente.line import abouts, bodies, phrasebook
from detente.line.bodies import PhraseBody, Shift, TextBody
from detente.line.entries.base import Draft, checked, draft
from detente.line.terms import Terms, encode_terms, terms_sha256
from detente.record.card import OpenCard
from detente.record.keys import PublicKey
from detente.volumes.model import Activity
from detente.volumes.times import format_time


def join_draft(founding: bytes) -> Draft:
    """The first entry of a party on a line; its body is the founding document."""
    return Draft(abouts.JOIN, {}, founding)


def terms_draft(terms: Terms) -> Draft:
    """A signature under new terms. They hold once every member has signed the same bytes."""
    body = encode_terms(terms)
    facts = abouts.TermsSigned(version=terms.version, terms_sha256=terms_sha256(body))
    return draft(abouts.SIGN_TERMS, facts, body)


def release_draft(
    activity: Activity,
    *,
    version: int,
    supersedes: str | None,
    form: str,
    settles: str | None = None,
    note: str = "",
) -> Draft:
    """One version of ``activity``, as it is: ``release.draft_of`` decides what of it may be seen.

    ``note`` is written for the other side; the activity's own notes are never sent.
    """
    facts = {
        "activity": activity.id,
        "version": version,
        "supersedes": supersedes,
        "form": form,
        "settles": settles,
    }
    return checked(abouts.RELEASE, facts, bodies.write_activity(activity, note))


def withdraw_draft(activity_id: str, *, version: int, supersedes: str, note: str = "") -> Draft:
    """The end of an activity on a line: the version after the one it ``supersedes``."""
    facts = {"activity": activity_id, "version": version, "supersedes": supersedes}
    return checked(abouts.WITHDRAW, facts, bodies.write_note(note))


def message_draft(
    *,
    text: str | None = None,
    language: str = "en",
    phrase: str | None = None,
    slots: Mapping[str, str] | None = None,
    precedence: str = "routine",
    reply_to: str | None = None,
    conflict: str | None = None,
) -> Draft:
    """A message: free ``text`` in its ``language``, or a ``phrase`` with its ``slots``.

    A safety phrase in routine traffic would wait to be read like any other: it is refused.
    """
    if (text is None) == (phrase is None):
        raise InputError(
            "a message is free text or a phrase", remedy="give exactly one", where="message"
        )
    if phrase is not None:
        filled = phrasebook.check(phrase, slots or {})
        if phrase in phrasebook.SAFETY_CODES and precedence != "urgent-safety":
            raise InputError(
                f"is a safety phrase with the precedence {precedence[:20]}",
                remedy="send it with the precedence urgent-safety",
                where=f"phrase {phrase}",
            )
        body = bodies.write_message(PhraseBody(phrase, filled))
    else:
        body = bodies.write_message(TextBody(text or "", language))
    facts = {"precedence": precedence, "reply_to": reply_to, "conflict": conflict}
    return checked(abouts.MESSAGE, facts, body)


def acknowledgement_draft(entry: str, level: str, note: str = "") -> Draft:
    """``understood`` or ``disseminated``; it says nothing about agreeing."""
    facts = {"entry": entry, "level": level}
    return checked(abouts.ACKNOWLEDGEMENT, facts, bodies.write_note(note))


def proposal_draft(
    *, conflict: str, versions: Mapping[str, str], moves: str, shift: Shift, note: str = ""
) -> Draft:
    """A change that would end a conflict; ``versions`` maps each party to its exact version."""
    facts = {"conflict": conflict, "versions": dict(versions), "moves": moves}
    return checked(abouts.PROPOSAL, facts, bodies.write_proposal(shift, note))


def assent_draft(proposal: str, note: str = "") -> Draft:
    """Assent to a proposal of the other side."""
    return checked(abouts.ASSENT, {"proposal": proposal}, bodies.write_note(note))


def decline_draft(proposal: str, note: str = "") -> Draft:
    """Refusal of a proposal of the other side."""
    return checked(abouts.DECLINE, {"proposal": proposal}, bodies.write_note(note))


def check_draft(slot_s: float) -> Draft:
    """The line check of the slot at ``slot_s``, domain time."""
    return checked(abouts.CHECK, {"slot": format_time(slot_s)}, b"{}")


def suspend_draft(note: str = "") -> Draft:
    """From here on this party declares the line suspended."""
    return checked(abouts.SUSPEND, {}, bodies.write_note(note))


def resume_draft(note: str = "") -> Draft:
    """The end of this party's suspension."""
    return checked(abouts.RESUME, {}, bodies.write_note(note))


def leave_draft(note: str = "") -> Draft:
    """The last entry of this party on the line."""
    return checked(abouts.LEAVE, {}, bodies.write_note(note))


def lapse_draft(*, owed_by: str, entry: str | None, what: str, due_s: float) -> Draft:
    """What we waited for and did not get by ``due_s``, domain time."""
    facts = {"owed_by": owed_by, "entry": entry, "what": what, "due": format_time(due_s)}
    return checked(abouts.LAPSE, facts, b"{}")


def rotate_draft(card: OpenCard, before: PublicKey, *, vouched: bool) -> Draft:
    """Our new key, as our new ``card`` has it, after ``before``; ``vouched``: signed by itself."""
    facts = abouts.KeyRotated(
        sign_key=card.card.sign_key,
        card_sha256=hashlib.sha256(card.raw).hexdigest(),
        vouched=vouched,
        ml_dsa_44_key=None if card.public.ml_dsa == before.ml_dsa else card.card.ml_dsa_44_key,
    )
    return draft(abouts.ROTATE, facts, card.raw)


def vouch_draft(card: OpenCard) -> Draft:
    """That another party's new ``card`` is its own: its fingerprint was compared with it."""
    facts = abouts.KeyVouched(
        party=card.card.party, card_sha256=hashlib.sha256(card.raw).hexdigest()
    )
    return draft(abouts.VOUCH, facts, card.raw)


def admit_draft(card: OpenCard) -> Draft:
    """Take the party of this ``card`` into the line: its fingerprint was compared with it."""
    facts = abouts.Admitted(
        party=card.card.party,
        sign_key=card.card.sign_key,
        card_sha256=hashlib.sha256(card.raw).hexdigest(),
    )
    return draft(abouts.ADMIT, facts, card.raw)


def recall_draft(entry: str, note: str = "") -> Draft:
    """Ask all who hold the body of an earlier entry of ours to erase it."""
    return checked(abouts.RECALL, {"entry": entry}, bodies.write_note(note))


def honour_draft(recall: str) -> Draft:
    """This node has erased what another party's ``recall`` asked it to erase."""
    return checked(abouts.HONOURED, {"recall": recall}, b"{}")


def commitment_draft(
    sha256: str,
    subject: str,
    *,
    open_from_s: float | None = None,
    open_by_s: float | None = None,
    note: str = "",
) -> Draft:
    """A commitment to what ``commitment_sha256`` gave ``sha256``; times are domain times."""
    facts = {
        "sha256": sha256,
        "subject": subject,
        "open_from": None if open_from_s is None else format_time(open_from_s),
        "open_by": None if open_by_s is None else format_time(open_by_s),
    }
    return checked(abouts.COMMIT, facts, bodies.write_note(note))


def opening_draft(commitment: str, salt: bytes, body: bytes) -> Draft:
    """What was committed to, word for word and with the salt that hid it."""
    return checked(abouts.OPEN, {"commitment": commitment}, body)._replace(salt=salt)
