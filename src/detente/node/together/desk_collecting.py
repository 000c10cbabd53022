"""What a guest has marked, collected into one file for the sealing: the same bytes each time.

A ZIP archive with nothing compressed and every date the same, so that whoever makes it from the
same desk gets the same hash: each marked thing as it was shown, ``contents.json`` saying what each
is, and the log of every session that has ended. Nothing else leaves the desk, and this only by
``detente media seal``.
"""

import hashlib
import io
import zipfile
from typing import Any

from detente.node.core import Core
from detente.node.together.desk_base import collected, desk_of
from detente.node.together.desk_showable import JPEG, PNG, TEXT
from detente.record.session_log import file_of
from detente.record.strict_json import canonical
from detente.store import desks
from detente.store.desks import Item

_DATE = (1980, 1, 1, 0, 0, 0)
_ENDINGS = {PNG: "png", JPEG: "jpg", TEXT: "txt"}


def archive(core: Core, desk_id: str) -> bytes:
    """The archive of a desk. Raises NotFoundError."""
    with core.store.read() as tx:
        desk = desk_of(tx, desk_id)
        marked = collected(tx, desk)
        items = [one for one in desks.items(tx, desk_id) if one.item in marked and one.content]
        logs = {
            f"sessions/{one.name}.jsonl": file_of(desks.lines(tx, one.session))
            for one in desks.sessions(tx, desk_id)
            if one.ended is not None
        }
    files = {_name(one): one.content for one in items}
    contents = {
        "visit": desk.visit,
        "items": [_said(one) for one in items],
        "sessions": {name: hashlib.sha256(data).hexdigest() for name, data in logs.items()},
    }
    return _zip({"contents.json": canonical(contents), **files, **logs})


def _name(one: Item) -> str:
    return f"items/{one.item}.{_ENDINGS[one.media]}"


def _said(one: Item) -> dict[str, Any]:
    return {
        "name": _name(one),
        "kind": one.kind,
        "title": one.title,
        "by": one.by,
        "sha256": hashlib.sha256(one.content).hexdigest(),
        "size_bytes": len(one.content),
    }


def _zip(files: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as out:
        for name, content in sorted(files.items()):
            entry = zipfile.ZipInfo(name, _DATE)
            entry.create_system = 3
            entry.external_attr = 0o100644 << 16
            out.writestr(entry, content)
    return made.getvalue()
