"""The facts of what keeps a line going: joining, terms, plans, talk, settling, keys, recalls."""

import math
from typing import Annotated, Literal

from msgspec import Meta

from detente.line.abouts.base import About, NothingMore, Owed, Version, check_version, wrong
from detente.line.wire import ActivityId, Hash, PartyId
from detente.volumes.times import read_time_s

JOIN = "line.join"
SIGN_TERMS = "terms.sign"
RELEASE = "activity.release"
WITHDRAW = "activity.withdraw"
MESSAGE = "message"
ACKNOWLEDGEMENT = "acknowledgement"
PROPOSAL = "proposal"
ASSENT = "proposal.assent"
DECLINE = "proposal.decline"
CHECK = "line.check"
SUSPEND = "line.suspend"
RESUME = "line.resume"
LEAVE = "line.leave"
ADMIT = "line.admit"
LAPSE = "lapse"
ROTATE = "key.rotate"
VOUCH = "key.vouch"
RECALL = "recall"
HONOURED = "recall.honoured"
COMMIT = "commitment"
OPEN = "commitment.open"

Form = Literal["exact", "coarse"]
Precedence = Literal["routine", "priority", "urgent-safety"]
Level = Literal["understood", "disseminated"]
Subject = Literal["activity", "statement"]


class TermsSigned(About, frozen=True, kw_only=True):
    """``terms_sha256`` is of the body: the exact bytes of the new terms."""

    version: Version
    terms_sha256: Hash


class Released(About, frozen=True, kw_only=True):
    """One version of an activity, published. ``settles`` is the proposal that it carries out."""

    activity: ActivityId
    version: Version
    supersedes: Hash | None
    form: Form
    settles: Hash | None


class Withdrawn(About, frozen=True, kw_only=True):
    """The end of an activity on this line, counted as a version of it."""

    activity: ActivityId
    version: Version
    supersedes: Hash


class Said(About, frozen=True, kw_only=True):
    """A message."""

    precedence: Precedence
    reply_to: Hash | None
    conflict: Hash | None


class Acknowledged(About, frozen=True, kw_only=True):
    """An officer has understood an entry, or it has reached the units concerned."""

    entry: Hash
    level: Level


class Proposed(About, frozen=True, kw_only=True):
    """A change proposed to two exact versions; ``moves`` is the party that would change its own."""

    conflict: Hash
    versions: Annotated[dict[PartyId, Hash], Meta(min_length=2, max_length=2)]
    moves: PartyId


class Answered(About, frozen=True, kw_only=True):
    """Assent to a proposal, or its refusal."""

    proposal: Hash


class Checked(About, frozen=True, kw_only=True):
    """A scheduled line check; ``slot`` is its scheduled time."""

    slot: str


class Lapsed(About, frozen=True, kw_only=True):
    """What the writer waited for and did not get."""

    owed_by: PartyId
    entry: Hash | None
    what: Owed
    due: str


class KeyRotated(About, frozen=True, kw_only=True, omit_defaults=True):
    """The writer's new signing key (base64), and its new card: ``card_sha256`` is of the body.

    ``vouched``: the entry is signed by the new key, because the old one is lost or stolen.
    ``ml_dsa_44_key`` is a new second key; None leaves it as it is, so that none can be dropped.
    """

    sign_key: Annotated[str, Meta(min_length=44, max_length=44)]
    card_sha256: Hash
    vouched: bool
    ml_dsa_44_key: Annotated[str, Meta(min_length=1752, max_length=1752)] | None = None


class KeyVouched(About, frozen=True, kw_only=True):
    """The writer has compared the fingerprint of another party's new card with that party."""

    party: PartyId
    card_sha256: Hash


class Admitted(About, frozen=True, kw_only=True):
    """The writer takes ``party`` into the line, under the card in the body: ``card_sha256``.

    ``sign_key`` (base64) is that card's: under it the log of that party begins.
    """

    party: PartyId
    sign_key: Annotated[str, Meta(min_length=44, max_length=44)]
    card_sha256: Hash


class Recalled(About, frozen=True, kw_only=True):
    """All who hold the body of ``entry``, an earlier one of this log, are asked to erase it."""

    entry: Hash


class Honoured(About, frozen=True, kw_only=True):
    """The writer's node has erased what the entry ``recall`` asked it to erase."""

    recall: Hash


class Committed(About, frozen=True, kw_only=True):
    """The writer has fixed what it does not tell yet; ``sha256`` is what hides and binds it.

    It means to open it no earlier than ``open_from`` and no later than ``open_by`` (domain times).
    """

    sha256: Hash
    subject: Subject
    open_from: str | None
    open_by: str | None


class Opened(About, frozen=True, kw_only=True):
    """The body is what was committed to, if ``body_sha256`` is what the ``commitment`` named."""

    commitment: Hash


STANDING: dict[str, type[About]] = {
    JOIN: NothingMore,
    SIGN_TERMS: TermsSigned,
    RELEASE: Released,
    WITHDRAW: Withdrawn,
    MESSAGE: Said,
    ACKNOWLEDGEMENT: Acknowledged,
    PROPOSAL: Proposed,
    ASSENT: Answered,
    DECLINE: Answered,
    CHECK: Checked,
    SUSPEND: NothingMore,
    RESUME: NothingMore,
    LEAVE: NothingMore,
    ADMIT: Admitted,
    LAPSE: Lapsed,
    ROTATE: KeyRotated,
    VOUCH: KeyVouched,
    RECALL: Recalled,
    HONOURED: Honoured,
    COMMIT: Committed,
    OPEN: Opened,
}
"""Each type, and the facts of it."""


def check_standing(type_: str, facts: About) -> None:
    """Return if facts of one of these types, each sound by itself, fit together."""
    match facts:
        case Released():
            check_version(type_, facts.version, facts.supersedes)
        case Proposed() if facts.moves not in facts.versions:
            raise wrong(type_, "the party that moves is not one of the two sides")
        case Checked():
            read_time_s(facts.slot, "slot")
        case Committed():
            first_s, last_s = -math.inf, math.inf
            if facts.open_from is not None:
                first_s = read_time_s(facts.open_from, "open_from")
            if facts.open_by is not None:
                last_s = read_time_s(facts.open_by, "open_by")
            if last_s < first_s:
                raise wrong(type_, "it is to be opened before it may be")
        case Lapsed():
            read_time_s(facts.due, "due")
            if (facts.what == "line-check") != (facts.entry is None):
                raise wrong(type_, "a line check, and nothing else, is owed for no entry")
