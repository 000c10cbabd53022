"""One fold, no order: what one entry changes in the state of a line.

``apply`` folds one entry of one log and reads rows of *that log only*, so the folds of different
logs commute: whatever the order in which logs reach a node, the rows come out equal, byte for byte.
Facts that span logs are either derived when they are read (``line.read``) or, for conflicts,
recomputed as a function of the set of entries (``line.joint``).

Whether an entry counts is decided by headers alone, never by a body: with its body recalled, an
entry leaves the same chain of versions, the same answers and the same debts behind. A body that is
not held, or that cannot be read, makes content *unknown*; it never makes an entry void.
"""

from detente.line.fold.apply import apply
from detente.line.fold.place import check_place
from detente.line.fold.rows import KINDS

__all__ = ["KINDS", "apply", "check_place"]
