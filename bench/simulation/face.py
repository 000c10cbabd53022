"""A node's line face without sockets: the requests of docs/protocol.md, section 8, to one node.

The bodies are read, and errors answered, by the same code as in ``api.peers``. What is left out is
what needs time or a connection: certificates, and how much one caller may ask. Who calls is told
here by the network, which knows.
"""

from typing import Any

import msgspec

from detente.api.bodies import LINE_BYTES_MAX
from detente.api.errors import problem_of, status_of
from detente.api.peers import Cosignatures, Push
from detente.errors import DetenteError, InputError, NotFoundError, StoreError
from detente.node import Node
from detente.node.peering import line_for
from detente.record import strict_json


def serve(
    node: Node, line: str, caller: str, method: str, path: str, content: bytes | None
) -> tuple[int, bytes]:
    """Status and body of the answer. ``path`` begins behind the line's id.

    Raises StoreError, which no request may bring about, and whatever is a defect.
    """
    try:
        answer = _answer(node, line, caller, method, path, content)
    except StoreError:
        raise
    except DetenteError as error:
        return status_of(type(error)), msgspec.json.encode(problem_of(error))
    return (204, b"") if answer is None else (200, msgspec.json.encode(answer))


def _answer(
    node: Node, line: str, caller: str, method: str, path: str, content: bytes | None
) -> Any:
    # A stranger is told so before anything of the request is read, as ``api.peers`` does.
    with node._core.store.read() as tx:
        line_for(node._core, tx, line, caller)
    words = path.partition("?")[0].strip("/").split("/")
    if (method, words) == ("GET", ["heads"]):
        return {"heads": node.heads(line, caller)}
    if method == "GET" and len(words) == 2:
        return node.read_log(line, words[1], int(path.partition("?from=")[2]), caller)
    if method == "POST" and len(words) == 2:
        push = _read(content, Push)
        return node.receive(
            line, words[1], push.start, push.entries, push.checkpoint, caller, urgent=push.urgent
        )
    if method == "POST" and len(words) == 3:
        note = _read(content, Cosignatures).checkpoint
        return node.receive_cosignatures(line, words[1], note, caller)
    raise NotFoundError("there is no such path")


def _read(content: bytes | None, kind: type[Any]) -> Any:
    value = strict_json.loads(content or b"", LINE_BYTES_MAX)
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise InputError(str(error)) from None
