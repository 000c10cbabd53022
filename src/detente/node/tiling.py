"""A log as tiles (``record.tiles``), for whoever may read the line, made when they are asked for.

Beside the tiles stand the *bundles*: what the line's own protocol carries, signatures, salts and
bodies. They are no part of the tree, because a body can be recalled and a leaf cannot.
"""

from detente.errors import NotFoundError
from detente.line import Founding, read
from detente.node import peering
from detente.node.core import Core
from detente.record import checkpoint as checkpoints
from detente.record import tiles
from detente.record.tiles import LEVEL_BITS, Tile
from detente.store import logs
from detente.store.projection import rows_of
from detente.store.store import Tx


def checkpoint(core: Core, line: str, party: str, caller: str) -> bytes:
    """The newest checkpoint held of a log, with all cosignatures held.

    Raises NotFoundError if there is none, or no such log for ``caller``.
    """
    head = peering.heads(core, line, caller).get(party)
    if head is None or head.checkpoint is None:
        raise _not_held("checkpoint of this log")
    return head.checkpoint.encode()


def tile(core: Core, line: str, party: str, path: str, caller: str) -> bytes:
    """The bytes of one tile. Raises NotFoundError if it is not held in full."""
    wanted = tiles.read_path(path)
    with core.store.read() as tx:
        founding = peering.line_for(core, tx, line, caller, party)
        peering.mark_own(core, tx, line, caller)
        return (
            _leaves(core, tx, founding, party, wanted)
            if wanted.level is None
            else _hashes(tx, line, party, wanted, wanted.level)
        )


def policy(core: Core, line: str, party: str, caller: str) -> bytes:
    """What a checkpoint of a log must bear to be joint, as a C2SP tlog-policy: whose signatures.

    Every other party of the line is a witness there, and so are the witnesses that the terms name;
    all of them are asked for.
    """
    with core.store.read() as tx:
        founding = peering.line_for(core, tx, line, caller, party)
        keys_of = {one: core.keys(tx, founding, one) for one in founding.members}
        newest = logs.newest_checkpoint(tx, line, party)
        rows = rows_of(tx, line)
        terms, present = read.terms(rows, founding), read.present(rows, founding)
    signer = keys_of[party].of_checkpoint(newest[0] if newest else 0)
    # Who has left signs nothing more; where nobody is left, what the last one signed has to do.
    others = [other for other in founding.members if other != party]
    others = [other for other in others if other in present] or others
    log_keys = checkpoints.log_keys(founding.id, party, signer)
    lines = [f"log {key}" for key in log_keys]
    for other in others:
        lines += _group(other, checkpoints.cosigner_keys(other, keys_of[other].newest))
    lines.append(f"group Others all {' '.join(others)}")
    for one in terms.witnesses:
        lines += _group(one.name, checkpoints.cosigner_keys(one.name, one.public), one.url)
    if terms.witnesses:
        lines.append(f"group Witnesses all {' '.join(one.name for one in terms.witnesses)}")
        lines += ["group Joint all Others Witnesses", "quorum Joint", ""]
    else:
        lines += ["quorum Others", ""]
    return "\n".join(lines).encode()


def _group(name: str, keys: list[str], url: str | None = None) -> list[str]:
    """A cosigner, who is asked for a signature by each of its keys."""
    # All stand in one namespace there, and neither a party nor a witness has a plus in its name.
    names = [f"{name}+{number}" for number in range(1, len(keys) + 1)]
    tail = "" if url is None else f" {url}"
    lines = [f"witness {one} {key}{tail}" for one, key in zip(names, keys, strict=True)]
    return [*lines, f"group {name} all {' '.join(names)}"]


def _leaves(core: Core, tx: Tx, founding: Founding, party: str, wanted: Tile) -> bytes:
    rows = logs.read(tx, founding.id, party, wanted.start, wanted.width)
    if len(rows) != wanted.width:
        raise _not_held("tile")
    return tiles.leaves_tile(entry.leaf for entry in core.entries(tx, founding, rows))


def _hashes(tx: Tx, line: str, party: str, wanted: Tile, level: int) -> bytes:
    found = logs.subtrees(tx, line, party, level * LEVEL_BITS, wanted.start, wanted.width)
    if len(found) != wanted.width:
        raise _not_held("tile")
    return b"".join(found)


def _not_held(what: str) -> NotFoundError:
    return NotFoundError(
        f"there is no such {what} here",
        remedy="ask for what the newest checkpoint covers",
        where="log",
    )
