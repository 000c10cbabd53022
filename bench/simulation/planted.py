"""Bugs that are planted to see whether the simulation finds them: each is one that somebody could
write, in the place where it would be written. ``./dev bench simulation --planted`` plants one after
the other and says which seed finds it; tests keep the cheapest.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, NamedTuple
from unittest.mock import patch

from detente.line import opening_draft
from detente.node import (
    committing,
    erasing,
    evidence,
    receiving,
    restoring,
    saying,
    two_roots,
    views,
    writing,
)
from detente.node.peering import line_for
from detente.node.show import recalls
from detente.node.show.reader import LineReader
from detente.record.checkpoint import cosign
from detente.store import logs, projection
from detente.store.store import Store
from detente.store.tables import entries
from detente.witness import cosigner

Place = tuple[Any, str, Callable[..., Any]]
"""A function of a module or a class, and what stands in its place."""


class Bug(NamedTuple):
    """A bug, in words and in code."""

    name: str
    places: tuple[Place, ...]

    @contextmanager
    def planted(self) -> Iterator[None]:
        """While it lasts, the bug is there."""
        with ExitStack() as stack:
            for where, function, instead in self.places:
                stack.enter_context(patch.object(where, function, instead))
            yield


NONE = Bug("no bug at all", ())

_has, _compare, _joint = projection.has, receiving._compare, LineReader.joint


def _nothing(*_: Any, **__: Any) -> None:
    """What should be done is not done."""


def _receives_in_memory(
    core: Any,
    line: str,
    party: str,
    start: int,
    bundles: Sequence[Any],
    note: Any,
    caller: str,
    **_: Any,
) -> views.Receipt:
    with core.store.read() as tx:
        founding = line_for(core, tx, line, caller, party)
        key = core.key_for(core.keys(tx, founding, core.party).newest)
    given = None
    if note is not None and key is not None and party != core.party:
        given = cosign(key, core.party, note, int(core.clock.now_s()))
    return views.Receipt(size=start + len(bundles), cosignature=given)


def _nobody_has_left(tx: Any, line: str, kind: str, key: str) -> bool:
    return kind != "leave" and _has(tx, line, kind, key)


def _keeps_bodies_again(core: Any, tx: Any, founding: Any, push: Any, held: int) -> None:
    _compare(core, tx, founding, push, held)
    for entry in push.entries[: held - push.start]:
        if entry.body is not None:
            at = (entries.c.line == founding.id, entries.c.party == push.party)
            row = entries.c.index == entry.header.index
            values = {"body": entry.body, "salt": entry.salt}
            tx.connection.execute(entries.update().where(*at, row).values(values))


def _all_have_erased(reader: Any, recall: Any, _: int, party: str) -> views.HolderView:
    own = reader.is_own(party)
    return views.HolderView(party=party, own=own, state="erased", since=recall.time, told=None)


def _opens_with_new_salt(*arguments: Any) -> Any:
    return opening_draft(*arguments)._replace(salt=b"")


def _always_again(tx: Any, key: Any, action: str, content: Any, add: Callable[[], str]) -> str:
    return add()


def _joint_without_witness(reader: Any, receipts: Any, _: Any) -> Any:
    return _joint(reader, receipts, {})


BUGS = (
    Bug("a node says received of what it has not stored",
        ((receiving, "receive", _receives_in_memory),)),
    Bug("a fork is taken for what was there before",
        ((receiving, "_compare", _nothing), (evidence, "check_root", _nothing))),
    Bug("of a fork no evidence is kept",
        ((evidence, "keep", _nothing),)),
    Bug("an older checkpoint is cosigned after a newer one",
        ((logs, "newest_cosigned", lambda *_: 0),)),
    Bug("who has left is sent what is new",
        ((projection, "has", _nobody_has_left),)),
    Bug("a recall erases nothing",
        ((erasing, "erase", _nothing),)),
    Bug("a recalled body that is pushed again is kept again",
        ((receiving, "_compare", _keeps_bodies_again),)),
    Bug("a recall is said to be honoured while the bytes are still on the disk",
        ((Store, "scrub", lambda _: True),)),
    Bug("who has not said so is shown as having erased what was recalled",
        ((recalls, "_holder", _all_have_erased),)),
    Bug("a restored node does not look at its marks",
        ((restoring, "check", _nothing), (restoring, "holds_mark", lambda *_: True))),
    Bug("a request under one key is done twice",
        ((saying, "once", _always_again),)),
    Bug("a commitment is opened under another salt",
        ((committing, "opening_draft", _opens_with_new_salt),)),
    Bug("what is written is not compared",
        ((writing, "to_compare", lambda *_: []),)),
    Bug("a witness signs what does not go on from what it signed",
        ((cosigner, "_check_consistent", _nothing),)),
    Bug("of a witness that signed two histories nothing is kept",
        ((two_roots, "note", _nothing),)),
    Bug("what the witness has not signed is shown as joint",
        ((LineReader, "joint", _joint_without_witness),)),
)  # fmt: skip
