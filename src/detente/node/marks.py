"""High-water marks: how far what we signed has been shown to anybody else, kept outside the store.

A store that is restored from an older copy has forgotten what peers hold, and would sign a second
history. The marks say so before any peer is reached. They are a small file in the node's folder,
not in the database, so that a database brought back from a backup does not bring them back too::

    DIR/shown.json    {"v":1,"shown":{"<line>":{"<party>":[size,"hex of the root"]}}}

Under our own party: of our log, what another party may have read. Under another: of its log, what
we have cosigned. A mark is on the disk before what it is about leaves the node, and only after that
is on the disk in the store; so after a crash the store holds all that the marks speak of.
"""

import threading
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from detente.errors import InputError, StoreError
from detente.node.protection import write_private
from detente.record import tree

FILE = "shown.json"
FILE_BYTES_MAX = 16 * 1024 * 1024

Mark = tuple[Annotated[int, msgspec.Meta(ge=0)], str]


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    v: Literal[1]
    shown: dict[str, dict[str, Mark]]


class Marks:
    """The marks of one node."""

    def __init__(self, directory: Path) -> None:
        """Read the marks in a node's folder. Raises InputError for a damaged file."""
        self._path = directory / FILE
        self._lock = threading.Lock()
        self.found: set[tuple[str, str]] = set()
        """Logs of which the store was found to hold what the file says: once a start is enough."""
        self._shown = _read(self._path)

    def of(self, line: str, party: str) -> tuple[int, bytes]:
        """Size and root of the log of ``party`` as far as it was shown."""
        size, root = self._shown.get(line, {}).get(party, (0, tree.EMPTY_ROOT.hex()))
        return size, bytes.fromhex(root)

    def not_found(self, line: str, party: str) -> int:
        """How far a log was shown, as long as the store was not found to hold so much; else 0.

        For who reads: what is shown from then on may be newer than the snapshot that is read.
        """
        return 0 if (line, party) in self.found else self.of(line, party)[0]

    def show(self, line: str, party: str, size: int, root: bytes) -> None:
        """Remember, durably, that this much is about to be shown. A mark never goes back.

        Raises StoreError if it cannot be kept; then nothing may be shown.
        """
        with self._lock:
            if size <= self.of(line, party)[0]:
                return
            logs = {**self._shown.get(line, {}), party: (size, root.hex())}
            shown = {**self._shown, line: logs}
            try:
                write_private(self._path, msgspec.json.encode(_File(1, shown)))
            except OSError as error:
                raise StoreError(
                    f"cannot be written: {error.strerror}",
                    where=str(self._path),
                    remedy="make room or restore the folder's permissions; "
                    "nothing is sent to other parties until then",
                ) from error
            self._shown = shown


def _read(path: Path) -> dict[str, dict[str, Mark]]:
    try:
        with path.open("rb") as file:
            data = file.read(FILE_BYTES_MAX)
        shown = msgspec.json.decode(data, type=_File).shown
        for logs in shown.values():
            for _, root in logs.values():
                bytes.fromhex(root)
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise InputError(
            f"cannot be read: {error}",
            where=str(path),
            remedy="if the database is not an older copy of itself, remove this file",
        ) from error
    return shown
