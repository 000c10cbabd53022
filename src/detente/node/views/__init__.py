"""What a node shows of itself: the answers of its use cases, and the schemas of its HTTP API.

One shape serves the console, the API and the command line, so that no two of them can tell an
officer different things. Views are plain data, computed from the store when they are asked for.

Times are RFC 3339 text in UTC with ``Z``. Plans, conflicts, deadlines and line checks are in the
line's **domain time** (real time, moved by an exercise's clock); what was written, received and
cosigned is in real time. A field that ends in ``_s`` is seconds: POSIX seconds, real time, for an
instant. Volumes are in the protocol's JSON (docs/protocol.md, section 6, "Released activity").
"""

from detente.node.views.activities import (
    ConflictSideView,
    ConflictsView,
    ConflictView,
    DetourView,
    MeetingView,
    PartView,
    PlanReleaseView,
    PlanView,
    PreviewView,
    ProposalView,
    ProspectView,
    ReleasedView,
    SuggestionView,
)
from detente.node.views.base import Json, PlaceView, ShiftView, View
from detente.node.views.desk import (
    AuditView,
    ChangeView,
    EngineView,
    EnrolmentView,
    OfficerView,
    PendingView,
)
from detente.node.views.lines import (
    AdmissionsView,
    AdmissionView,
    ForkView,
    KeyView,
    LineView,
    LinkView,
    MemberView,
    PartyKeysView,
    WitnessView,
)
from detente.node.views.parcels import ParcelLogView, ParcelProblemView, ParcelView
from detente.node.views.record import (
    AcknowledgementView,
    EntryView,
    Finding,
    Head,
    HolderView,
    LogHolderView,
    LogPage,
    LogView,
    LogWitnessView,
    PeerView,
    ProofView,
    RebuiltView,
    RecallView,
    Receipt,
    WitnessCall,
    Witnessed,
)
from detente.node.views.talk import CommitmentView, MessageView, ObligationView, PhraseView

__all__ = [
    "AcknowledgementView",
    "AdmissionView",
    "AdmissionsView",
    "AuditView",
    "ChangeView",
    "CommitmentView",
    "ConflictSideView",
    "ConflictView",
    "ConflictsView",
    "DetourView",
    "EngineView",
    "EnrolmentView",
    "EntryView",
    "Finding",
    "ForkView",
    "Head",
    "HolderView",
    "Json",
    "KeyView",
    "LineView",
    "LinkView",
    "LogHolderView",
    "LogPage",
    "LogView",
    "LogWitnessView",
    "MeetingView",
    "MemberView",
    "MessageView",
    "ObligationView",
    "OfficerView",
    "ParcelLogView",
    "ParcelProblemView",
    "ParcelView",
    "PartView",
    "PartyKeysView",
    "PeerView",
    "PendingView",
    "PhraseView",
    "PlaceView",
    "PlanReleaseView",
    "PlanView",
    "PreviewView",
    "ProofView",
    "ProposalView",
    "ProspectView",
    "RebuiltView",
    "RecallView",
    "Receipt",
    "ReleasedView",
    "ShiftView",
    "SuggestionView",
    "View",
    "WitnessCall",
    "WitnessView",
    "Witnessed",
]
