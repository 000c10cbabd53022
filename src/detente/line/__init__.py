"""The language of a line: terms, entry types, phrasebook, fold, obligations (pure)."""

from detente.line import read
from detente.line.abouts import read_about
from detente.line.bodies import (
    PhraseBody,
    ProposalBody,
    Shift,
    TextBody,
    read_activity,
    read_message,
    read_note,
    read_proposal,
)
from detente.line.conflict_id import conflict_id
from detente.line.entries import (
    Draft,
    acknowledgement_draft,
    assent_draft,
    check_draft,
    decline_draft,
    join_draft,
    lapse_draft,
    message_draft,
    proposal_draft,
    release_draft,
    resume_draft,
    rotate_draft,
    suspend_draft,
    terms_draft,
    vouch_draft,
    withdraw_draft,
)
from detente.line.fold import apply, check_place
from detente.line.founding import Founding, make_founding, open_founding
from detente.line.joint import (
    all_conflict_changes,
    conflict_changes,
    first_parts,
    pair_changes,
    pairs_touched,
)
from detente.line.keychain import KeyChain
from detente.line.obligations import Obligation, owed
from detente.line.phrasebook import PHRASES, Phrase, render
from detente.line.projection import project, state_document
from detente.line.suspension import allowed_while_suspended
from detente.line.terms import (
    Area,
    Exercise,
    Terms,
    decode_terms,
    encode_terms,
    standard_terms,
    terms_from_wire,
    terms_to_wire,
)
from detente.line.view import Change, MemoryView, Rows, View

__all__ = [
    "PHRASES",
    "Area",
    "Change",
    "Draft",
    "Exercise",
    "Founding",
    "KeyChain",
    "MemoryView",
    "Obligation",
    "Phrase",
    "PhraseBody",
    "ProposalBody",
    "Rows",
    "Shift",
    "Terms",
    "TextBody",
    "View",
    "acknowledgement_draft",
    "all_conflict_changes",
    "allowed_while_suspended",
    "apply",
    "assent_draft",
    "check_draft",
    "check_place",
    "conflict_changes",
    "conflict_id",
    "decline_draft",
    "decode_terms",
    "encode_terms",
    "first_parts",
    "join_draft",
    "lapse_draft",
    "make_founding",
    "message_draft",
    "open_founding",
    "owed",
    "pair_changes",
    "pairs_touched",
    "project",
    "proposal_draft",
    "read",
    "read_about",
    "read_activity",
    "read_message",
    "read_note",
    "read_proposal",
    "release_draft",
    "render",
    "resume_draft",
    "rotate_draft",
    "standard_terms",
    "state_document",
    "suspend_draft",
    "terms_draft",
    "terms_from_wire",
    "terms_to_wire",
    "vouch_draft",
    "withdraw_draft",
]
