"""What belongs to the node alone: officers, its audit log, the change feed."""

from detente.node.views.base import Json, View


class ChangeView(View, frozen=True, kw_only=True):
    """Something changed: number ``n`` rises by the order of commits. ``line`` may be empty."""

    n: int
    line: str
    kind: str
    key: str


class EngineView(View, frozen=True, kw_only=True):
    """How far the conflict engine is: ``done`` of ``total`` activities read from the store.

    Until it is ``ready`` conflicts are not all known. ``memory_bytes`` is about what it takes.
    """

    ready: bool
    done: int
    total: int
    memory_bytes: int


class OfficerView(View, frozen=True, kw_only=True):
    """A person on watch at this node. ``role`` is one of ``node.roles``."""

    name: str
    role: str
    active: bool


class EnrolmentView(View, frozen=True, kw_only=True):
    """What an authenticator needs for an officer's codes, shown this once: the secret in base32,
    and the same as an ``otpauth:`` address. Each of the ``recovery`` codes stands in for one."""

    officer: str
    secret: str
    uri: str
    recovery: list[str]


class PendingView(View, frozen=True, kw_only=True):
    """What an officer asked for and a second one has to confirm; ``sha256`` is of what would be
    written: ``type``, ``about`` and ``body``."""

    id: str
    line: str
    type: str
    officer: str
    asked: str
    expires: str
    sha256: str
    about: Json
    body: Json


class AuditView(View, frozen=True, kw_only=True):
    """One row of the node's internal audit log; it never leaves the node."""

    n: int
    time: str
    officer: str
    action: str
    subject: str
    detail: Json
