"""Drafts of entries: what a party is about to say, before it is signed.

A draft is type, facts (``about``) and body bytes, ready for ``record.write_entry``. Everything is
checked by the same readers that a peer will use, so that no node signs what another must refuse.
What depends on the state of the line (the next version, whether the proposal is open) is for the
caller; the fold marks as void what the record cannot mean.
"""

from detente.line.entries.base import Draft
from detente.line.entries.standing import (
    acknowledgement_draft,
    admit_draft,
    assent_draft,
    check_draft,
    commitment_draft,
    decline_draft,
    honour_draft,
    join_draft,
    lapse_draft,
    leave_draft,
    message_draft,
    opening_draft,
    proposal_draft,
    recall_draft,
    release_draft,
    resume_draft,
    rotate_draft,
    suspend_draft,
    terms_draft,
    vouch_draft,
    withdraw_draft,
)

__all__ = [
    "Draft",
    "acknowledgement_draft",
    "admit_draft",
    "assent_draft",
    "check_draft",
    "commitment_draft",
    "decline_draft",
    "honour_draft",
    "join_draft",
    "lapse_draft",
    "leave_draft",
    "message_draft",
    "opening_draft",
    "proposal_draft",
    "recall_draft",
    "release_draft",
    "resume_draft",
    "rotate_draft",
    "suspend_draft",
    "terms_draft",
    "vouch_draft",
    "withdraw_draft",
]
