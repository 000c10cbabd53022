"""A line's whole state: rebuilt from its entries, and written down as one document."""

from collections.abc import Iterable

from detente.line.fold import KINDS, apply
from detente.line.founding import Founding
from detente.line.joint import all_conflict_changes
from detente.line.view import MemoryView, Rows, View, decode
from detente.record.entry import Entry
from detente.record.strict_json import canonical


def project(founding: Founding, entries: Iterable[Entry]) -> Rows:
    """Every row of the projection, from scratch.

    ``entries`` come in any order in which each log's own entries are in theirs. Raises as
    ``fold.apply`` does.
    """
    view = MemoryView()
    for entry in entries:
        view.apply(apply(view, founding, entry))
    view.apply(all_conflict_changes(view, founding))
    return view.rows()


def state_document(view: View) -> bytes:
    """The state as canonical JSON, ``{kind: {key: document}}``: equal wherever the entries are."""
    kinds = {kind: {key: decode(doc) for key, doc in view.scan(kind)} for kind in KINDS}
    return canonical({kind: rows for kind, rows in kinds.items() if rows})
