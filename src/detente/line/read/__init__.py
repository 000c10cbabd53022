"""Reading the state of a line: plain structures from the rows that ``fold`` and ``joint`` keep.

Facts that span logs are derived here, each a function of the set of entries held: which terms hold,
what became of a proposal, which entries are void because of what another party's log says.
"""

from detente.line.read.activities import (
    Conflict,
    Part,
    Side,
    Suggestion,
    Uncompared,
    Version,
    activities,
    conflict,
    conflicts,
    newest,
    newest_of,
    uncompared,
    version,
    versions,
)
from detente.line.read.agreement import (
    ProposedTerms,
    in_force,
    joined,
    present,
    proposed_terms,
    terms,
)
from detente.line.read.base import Stamp
from detente.line.read.commitments import Commitment, Opening, commitment, commitments
from detente.line.read.keys import card, keys, unvouched
from detente.line.read.logs import seen_by
from detente.line.read.recalls import Recall, recall_of, recalls
from detente.line.read.settlement import Answer, Proposal, proposal, proposals
from detente.line.read.talk import (
    Acknowledgement,
    Check,
    Lapse,
    Leave,
    Message,
    Suspension,
    acknowledgements,
    all_acknowledgements,
    checks,
    lapses,
    left,
    messages,
    suspended_by,
)
from detente.line.read.voids import VOID_REASONS, Void, void_of, voids

__all__ = [
    "VOID_REASONS",
    "Acknowledgement",
    "Answer",
    "Check",
    "Commitment",
    "Conflict",
    "Lapse",
    "Leave",
    "Message",
    "Opening",
    "Part",
    "Proposal",
    "ProposedTerms",
    "Recall",
    "Side",
    "Stamp",
    "Suggestion",
    "Suspension",
    "Uncompared",
    "Version",
    "Void",
    "acknowledgements",
    "activities",
    "all_acknowledgements",
    "card",
    "checks",
    "commitment",
    "commitments",
    "conflict",
    "conflicts",
    "in_force",
    "joined",
    "keys",
    "lapses",
    "left",
    "messages",
    "newest",
    "newest_of",
    "present",
    "proposal",
    "proposals",
    "proposed_terms",
    "recall_of",
    "recalls",
    "seen_by",
    "suspended_by",
    "terms",
    "uncompared",
    "unvouched",
    "version",
    "versions",
    "void_of",
    "voids",
]
