"""Forks: a party that signed two histories that cannot both be true.

Nothing can be repaired here and nobody adjudicates; what matters is that both statements, each
with its party's signature, are kept for good and shown. They are written in a transaction of their
own, because the push that brought them is refused and everything else of it undone.
"""

import hashlib
from collections.abc import Sequence
from typing import Any

import msgspec

from detente.errors import ForkError
from detente.line import Founding
from detente.node.core import Core
from detente.record import Checkpoint, Entry, entry_to_bundle
from detente.record.strict_json import canonical
from detente.store import changes, links, logs
from detente.store.links import Fork
from detente.store.store import Tx

Json = dict[str, Any]


class ForkFoundError(ForkError):
    """A fork of the log of ``party``, with the two statements that prove it."""

    def __init__(self, message: str, *, party: str, index: int, held: Json, offered: Json) -> None:
        super().__init__(
            message,
            remedy="stop trusting this log until its party has explained it; both are kept",
            where=f"log of {party}",
        )
        self.party = party
        self.index = index
        self.held = held
        self.offered = offered


def two_entries(held: Entry | Json, offered: Entry) -> ForkFoundError:
    """Two different entries for one place in a log; ``held`` may be a bundle."""
    header = offered.header
    return ForkFoundError(
        f"signed two different entries with index {header.index}",
        party=header.party,
        index=header.index,
        held=_bundle(held) if isinstance(held, Entry) else held,
        offered=_bundle(offered),
    )


def check_root(
    core: Core,
    tx: Tx,
    founding: Founding,
    party: str,
    checkpoint: Checkpoint,
    note: str,
    new: Sequence[Entry] = (),
) -> None:
    """Return if a signed checkpoint, of no more than is held, is true of what is held.

    Raises ForkFoundError: its party signed the entries held here as well, and they are others.
    ``new`` are those that came along: they are part of the proof and not kept otherwise.
    """
    root = logs.root(tx, founding.id, party, checkpoint.size)
    if root == checkpoint.root:
        return
    last = max(0, checkpoint.size - 1)
    rows = logs.read(tx, founding.id, party, last, 1)
    raise ForkFoundError(
        f"signed a checkpoint of {checkpoint.size} entries other than those it has signed",
        party=party,
        index=last,
        held={
            "root": root.hex(),
            "checkpoint": logs.checkpoint(tx, founding.id, party, checkpoint.size),
            "entries": [_bundle(one) for one in new or core.entries(tx, founding, rows)],
        },
        offered={"checkpoint": note},
    )


def _bundle(entry: Entry) -> Json:
    """An entry's bundle; without its body where it is recalled. The signature proves enough."""
    if entry.body is None:
        return {"envelope": entry.envelope.to_wire()}
    return entry_to_bundle(entry)


def forget_body(tx: Tx, line: str, entry: Entry) -> None:
    """Take the body of a recalled entry out of all evidence; its signed header stays there."""
    envelope = entry.envelope.to_wire()

    def without(value: Any) -> Any:
        if isinstance(value, list):
            return [without(one) for one in value]
        if not isinstance(value, dict):
            return value
        if value.get("envelope", {}).get("payload") == envelope["payload"]:
            return {"envelope": value["envelope"]}
        return {name: without(one) for name, one in value.items()}

    links.rewrite_forks(tx, line, lambda held: canonical(without(msgspec.json.decode(held))))


def binding(core: Core, tx: Tx, founding: Founding, party: str) -> list[Fork]:
    """The forks for which a log is cosigned no more.

    Those that lie before its newest vouched change of keys are kept and shown like all others. But
    whoever has stolen a key that every other member has since called lost or stolen could, with a
    single entry, have stopped the log that the change of keys was to save.
    """
    found = links.forks_of(tx, founding.id, party)
    if not found:
        return []
    since = _vouched_since(core, tx, founding, party)
    return [fork for fork in found if fork.index >= since]


def _vouched_since(core: Core, tx: Tx, founding: Founding, party: str) -> int:
    """The first entry by keys that the others have vouched for last; 0 if they have for none."""
    chain = core.keys(tx, founding, party)
    return max((link.start for link in chain.links if link.vouched), default=0)


def keep(core: Core, founding: Founding, fork: ForkFoundError, caller: str) -> None:
    """Keep both statements, once, whoever brings them how often."""
    held, offered = canonical(fork.held), canonical(fork.offered)
    evidence = Fork(
        line=founding.id,
        party=fork.party,
        index=fork.index,
        what=fork.message,
        held=held,
        offered=offered,
        offered_by=caller,
        found_s=core.clock.now_s(),
        digest=hashlib.sha256(offered).digest(),
    )

    def add(tx: Tx) -> None:
        since = _vouched_since(core, tx, founding, fork.party)
        if links.add_fork(tx, evidence, since):
            changes.note(tx, founding.id, "fork", [fork.party])
            core.counters["forks_found_total"] += 1

    core.store.write(add)
