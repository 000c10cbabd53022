"""Making a node: keys, authority, certificate, settings, store, and a first officer.

::

    DIR/detente.toml
    DIR/keys/signing.pem            the party's signing key: whoever has it speaks as the party
    DIR/keys/signing-ml-dsa.pem     the key of the second signature under its logs
    DIR/keys/sealing-….pem          two keys that open what others carry to us by hand
    DIR/keys/ca.pem, ca.crt         the authority that vouches for the node's certificate
    DIR/keys/node.pem, node.crt     the node's TLS certificate
    DIR/keys/….before.…             what a new authority or sealing key replaced, for who needs it
    DIR/keys/store.pem              seals secrets that lie in the database
    DIR/keys/protection.json        what the passphrase opens, where the keys are protected
    DIR/detente.db                  the store, unless it is in PostgreSQL

Every file is readable by its owner alone.
"""

from pathlib import Path

from detente.errors import StateError
from detente.node.clock import Clock, RealClock
from detente.node.keys import make_keys
from detente.node.node import Node
from detente.node.protection import unlock
from detente.node.settings import FILE, Settings, write_settings


def create(
    directory: Path,
    settings: Settings,
    *,
    officer: str = "admin",
    passphrase: str | None = None,
    clock: Clock | None = None,
) -> str:
    """Make a node in ``directory`` and return the token of its first officer, an administrator.

    With a ``passphrase``, its private keys are protected by it. Raises StateError if there is a
    node already, InputError if the settings make no valid card or the passphrase is too short.
    """
    clock = clock or RealClock()
    if (directory / FILE).exists() or (directory / "keys").exists():
        raise StateError(
            "there is a node in this folder already",
            where=str(directory),
            remedy="choose another folder; making a new one here would destroy its keys",
        )
    make_keys(directory, settings, clock, passphrase)
    write_settings(directory, settings)
    secret = None if passphrase is None else unlock(directory / "keys", lambda: passphrase)
    node = Node.open(directory, clock=clock, secret=secret)
    try:
        return node.add_officer(officer, "admin")
    finally:
        node.close()
