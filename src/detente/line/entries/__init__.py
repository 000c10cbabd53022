"""Drafts of entries: what a party is about to say, before it is signed.

A draft is type, facts (``about``) and body bytes, ready for ``record.write_entry``. Everything is
checked by the same readers that a peer will use, so that no node signs what another must refuse.
What depends on the state of the line (the next version, whether the proposal is open) is for the
caller; the fold marks as void what the record cannot mean.
"""

from detente.line.entries.base import Draft
from detente.line.entries.links import daily_draft, dispute_draft, link_draft, take_back_draft
from detente.line.entries.observations import observe_draft, retract_draft
from detente.line.entries.permissions import (
    answer_draft,
    forgo_draft,
    request_draft,
    revoke_draft,
)
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
from detente.line.entries.visits import (
    cancel_draft,
    deviation_draft,
    inspection_draft,
    noted_draft,
    notice_draft,
    plan_draft,
    report_draft,
    restriction_draft,
    review_draft,
    seal_draft,
    session_draft,
    stage_draft,
    unseal_draft,
)

__all__ = [
    "Draft",
    "acknowledgement_draft",
    "admit_draft",
    "answer_draft",
    "assent_draft",
    "cancel_draft",
    "check_draft",
    "commitment_draft",
    "daily_draft",
    "decline_draft",
    "deviation_draft",
    "dispute_draft",
    "forgo_draft",
    "honour_draft",
    "inspection_draft",
    "join_draft",
    "lapse_draft",
    "leave_draft",
    "link_draft",
    "message_draft",
    "noted_draft",
    "notice_draft",
    "observe_draft",
    "opening_draft",
    "plan_draft",
    "proposal_draft",
    "recall_draft",
    "release_draft",
    "report_draft",
    "request_draft",
    "restriction_draft",
    "resume_draft",
    "retract_draft",
    "review_draft",
    "revoke_draft",
    "rotate_draft",
    "seal_draft",
    "session_draft",
    "stage_draft",
    "suspend_draft",
    "take_back_draft",
    "terms_draft",
    "unseal_draft",
    "vouch_draft",
    "withdraw_draft",
]
