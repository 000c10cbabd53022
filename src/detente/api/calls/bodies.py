"""What callers send: the request bodies and queries of the officers' face.

Unknown fields are refused, so that a misspelt one is noticed and not silently left out. What a
field may hold is checked where it is used, in the pure packages; here only its type is.
"""

from typing import Any, Literal

import msgspec

from detente.api.route import Call
from detente.node.views import Json, ShiftView

Form = Literal["exact", "coarse"]
Precedence = Literal["routine", "priority", "urgent-safety"]
Level = Literal["understood", "disseminated"]
Basis = Literal["joint", "own"]


Marking = Literal["TLP:CLEAR", "TLP:GREEN", "TLP:AMBER", "TLP:AMBER+STRICT", "TLP:RED"]
AudienceName = Literal["public", "community", "clients", "organisation"]


class Body(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of all request bodies and queries."""


class PlanBody(Body, frozen=True):
    """An activity to file: its volumes in the protocol's JSON (docs/protocol.md, section 6)."""

    id: str
    kind: str
    volumes: list[Json]
    title: str = ""


class PlanChangeBody(Body, frozen=True):
    """An activity's new contents. Without a ``title`` the old one stays."""

    kind: str
    volumes: list[Json]
    title: str | None = None


class ImportQuery(Body, frozen=True):
    """``name`` is the file's name: its suffix says its format, its stem stands in for an id."""

    name: str


class PreviewBody(Body, frozen=True):
    """Which line would see it, and how: ``exact`` or ``coarse`` (an outer cover)."""

    line: str
    form: Form = "exact"


class ReleaseBody(Body, frozen=True):
    """``settles`` is the id of the assented proposal that this version carries out.

    ``shown`` is the ``sha256`` of a preview: then what it showed is released, or nothing.
    """

    line: str
    form: Form = "exact"
    settles: str | None = None
    shown: str | None = None


class WithdrawBody(Body, frozen=True):
    """``note`` goes onto the line."""

    line: str
    note: str = ""


class FoundBody(Body, frozen=True):
    """``cards`` are the other parties' card files, each as text; ``terms`` is version 1."""

    name: str
    terms: Json
    cards: list[str]


class JoinBody(Body, frozen=True):
    """``founding`` is the founding document's exact text.

    ``confirm`` gives, for every other party in it, the fingerprint its operator read out.
    ``newcomer``: we are not in it, and its parties take us in.
    """

    founding: str
    confirm: dict[str, str]
    newcomer: bool = False


class VouchBody(Body, frozen=True):
    """Another party's new card, and the fingerprint that its operator read out."""

    card: str
    fingerprint: str


class ConfirmBody(Body, frozen=True):
    """``sha256`` is that of the request as it was looked at."""

    sha256: str


class AdmitBody(Body, frozen=True):
    """``card`` is the newcomer's card file, as text; its operator read out ``fingerprint``.

    ``sees_everything`` says in as many words that the newcomer is sent all that was ever said on
    the line, from its beginning.
    """

    card: str
    fingerprint: str
    sees_everything: Literal[True]


class TermsBody(Body, frozen=True):
    """New terms, whole."""

    terms: Json


class MessageBody(Body, frozen=True):
    """Exactly one of ``text`` (with its ``language``) and ``phrase`` (with its ``slots``)."""

    text: str | None = None
    language: str | None = None
    phrase: str | None = None
    slots: dict[str, str] = {}  # msgspec copies an empty dict default
    precedence: Precedence = "routine"
    reply_to: str | None = None
    conflict: str | None = None


class AcknowledgeBody(Body, frozen=True):
    """``entry`` has been understood by an officer, or disseminated to the units concerned."""

    entry: str
    level: Level
    note: str = ""


class RecallBody(Body, frozen=True):
    """``entry`` is a release or a message of ours; ``note`` goes onto the line and stays there."""

    entry: str
    note: str = ""


class ParcelBody(Body, frozen=True):
    """For which other member; all logs, or one ``log``, each from entry ``start`` on.

    Without ``start`` from where ``to`` has cosigned. ``card`` is its card's text, if the line does
    not know the newest one.
    """

    to: str
    log: str | None = None
    start: int | None = None
    card: str | None = None


class CommitBody(Body, frozen=True):
    """Exactly one of ``plan`` (as ``form`` would be released) and ``text`` (in its ``language``).

    ``open_from`` and ``open_by`` are domain times; ``note`` goes onto the line at once.
    """

    plan: str | None = None
    form: Form = "exact"
    text: str | None = None
    language: str | None = None
    open_from: str | None = None
    open_by: str | None = None
    note: str = ""


class ProposeBody(Body, frozen=True):
    """``moves`` is the party that would change its own activity, and ``shift`` how."""

    conflict: str
    moves: str
    shift: ShiftView
    note: str = ""


class BasisQuery(Body, frozen=True):
    """Released against released (``joint``), or a plan of ours against what they released."""

    basis: Basis = "joint"


class ProspectBody(Body, frozen=True):
    """``moves`` is the party whose activity would change, and ``shift`` how."""

    moves: str
    shift: ShiftView


class NoteBody(Body, frozen=True):
    """``note`` goes onto the line."""

    note: str = ""


class LineCheckBody(Body, frozen=True):
    """``slot`` is the check's scheduled time; None answers the one that is due."""

    slot: str | None = None


class LapseBody(Body, frozen=True):
    """``obligation`` is the ``id`` of an obligation that is late."""

    obligation: str


class EntriesQuery(Body, frozen=True):
    """One party's log, or all; ``start`` is the first index, or how many to skip without party."""

    party: str | None = None
    start: int = 0
    limit: int = 100


class PageQuery(Body, frozen=True):
    """A page: ``start`` is the first number."""

    start: int = 0
    limit: int = 100


class StartQuery(Body, frozen=True):
    """The first index of a page that is as long as fits."""

    start: int = 0


class ChangesQuery(Body, frozen=True):
    """Changes with numbers above ``since``."""

    since: int = 0
    limit: int = 1000


class OfficerBody(Body, frozen=True):
    """A person on watch and what they may do: ``admin`` may also join lines and add officers."""

    name: str
    role: Literal["watch", "releaser", "senior", "auditor", "admin"] = "watch"


class LoginLinkBody(Body, frozen=True):
    """Whose console session the link opens."""

    officer: str


class PasswordBody(Body, frozen=True):
    """A new password, and the present one if there is one."""

    password: str
    present: str | None = None


class PasswordLoginBody(Body, frozen=True):
    """An officer's password and the authenticator's present code, or a recovery code."""

    officer: str
    password: str
    code: str


class LoginBody(Body, frozen=True):
    """The code from a one-time login link."""

    code: str


class ObservationBody(Body, frozen=True):
    """What was observed, in the protocol's JSON (docs/protocol.md, section 10), and its marking."""

    observed: Json
    marking: Marking


class NoteObservationBody(ObservationBody, frozen=True):
    """``id`` is our own name for it, the same in all its versions."""

    id: str


class ReportBody(Body, frozen=True):
    """``coarse``: the place rounded to the half-degree cell, the time to days, without words.

    ``shown`` is the ``sha256`` of a preview: then what it showed is reported, or nothing.
    """

    observation: str
    coarse: bool = False
    shown: str | None = None


class RetractBody(Body, frozen=True):
    """``note`` goes onto the line."""

    observation: str
    note: str = ""


class ObservationsQuery(Body, frozen=True):
    """Which are asked for; '' asks for all. With ``audience``, only what it may see (TLP 2.0)."""

    district: str = ""
    week: str = ""
    kind: str = ""
    audience: AudienceName | None = None


class NotesQuery(ObservationsQuery, frozen=True):
    """A page of own observations by id, after ``after``."""

    after: str = ""
    limit: int = 100


class ImportObservationsQuery(Body, frozen=True):
    """``name`` is the file's name: its suffix says its format. ``marking`` is of what has none."""

    name: str
    marking: Marking = "TLP:AMBER"


class ExportQuery(Body, frozen=True):
    """``audience`` is who will read it: what its marking keeps from them is left out."""

    format: Literal["geojson", "csv", "stix"]
    audience: AudienceName


def fields_of(body: Body) -> dict[str, Any]:
    """A body's fields, to pass on by name."""
    return {name: getattr(body, name) for name in body.__struct_fields__}


def said(call: Call) -> dict[str, Any]:
    """All that a caller says, of what, in whose name and under which key, to pass on by name."""
    fields = {} if call.body is None else fields_of(call.body)
    return {**call.path, **fields, "officer": call.officer.name, "key": call.key}
