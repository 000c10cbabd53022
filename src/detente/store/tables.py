"""The tables. What each is for, and which of them are the record.

Two kinds of rows live side by side in one database and change in the same transactions:

- **the record**: ``lines``, ``entries``, ``nodes``, ``checkpoints``, ``cosignatures`` and
  ``projection``. Every column of these is either signed, hashed, or recomputable from what is, so
  that ``detente record verify`` finds a change of any single byte. Nothing else may be put there:
  a column that cannot be checked belongs in another table.
- **the node's own notes**: everything else. They never leave the node.

Signed things are kept as the exact bytes that were signed. Bytes are ``LargeBinary`` even where
they are text (checkpoints), so that a damaged byte is read and named rather than refused by the
driver. Keys that are compared and sorted use the ``C`` collation on PostgreSQL, because SQLite
compares bytes and both must give the same order.
"""

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    UniqueConstraint,
)

Key = String().with_variant(String(collation="C"), "postgresql")
"""Text that is compared and sorted byte by byte."""

Number = BigInteger().with_variant(Integer, "sqlite")
"""A 64-bit integer; on SQLite only ``INTEGER`` may number rows by itself."""

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# --- the record ---------------------------------------------------------------------------------

lines = Table(
    "lines",
    metadata,
    Column("line", Key, primary_key=True),
    Column("name", Key, nullable=False, unique=True),
    Column("founding", LargeBinary, nullable=False),
    Column("card", LargeBinary),
)
"""The lines this party has joined. ``line`` is the SHA-256 of ``founding``; ``card`` is our card of
that day where we have joined as a newcomer: under it our log begins, taken in or not yet."""

entries = Table(
    "entries",
    metadata,
    Column("line", Key, ForeignKey("lines.line"), primary_key=True),
    Column("party", Key, primary_key=True),
    Column("index", Number, primary_key=True, autoincrement=False),
    Column("id", Key, nullable=False),
    Column("header", LargeBinary, nullable=False),
    Column("signature", LargeBinary, nullable=False),
    Column("salt", LargeBinary),
    Column("body", LargeBinary),
    UniqueConstraint("line", "id"),
)
"""Every entry of every log held here. ``header`` is the exact payload that was signed."""

nodes = Table(
    "nodes",
    metadata,
    Column("line", Key, ForeignKey("lines.line"), primary_key=True),
    Column("party", Key, primary_key=True),
    Column("level", Integer, primary_key=True, autoincrement=False),
    Column("index", Number, primary_key=True, autoincrement=False),
    Column("hash", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)
"""The perfect subtrees of each log's Merkle tree (RFC 6962); level 0 are the leaves' hashes."""

checkpoints = Table(
    "checkpoints",
    metadata,
    Column("line", Key, ForeignKey("lines.line"), primary_key=True),
    Column("party", Key, primary_key=True),
    Column("size", Number, primary_key=True, autoincrement=False),
    Column("note", LargeBinary, nullable=False),
)
"""Checkpoints signed by each log's party, without cosignatures, found to be true of our copy."""

cosignatures = Table(
    "cosignatures",
    metadata,
    Column("line", Key, ForeignKey("lines.line"), primary_key=True),
    Column("party", Key, primary_key=True),
    Column("size", Number, primary_key=True, autoincrement=False),
    Column("cosigner", Key, primary_key=True),
    Column("time_s", Number, nullable=False),
    Column("signature", LargeBinary, nullable=False),
)
"""One signature line per cosigned checkpoint and cosigner: the receipt of what it covers.

``time_s`` repeats the timestamp that is inside the line, so that receipts can be asked for.
"""

projection = Table(
    "projection",
    metadata,
    Column("line", Key, ForeignKey("lines.line"), primary_key=True),
    Column("kind", Key, primary_key=True),
    Column("key", Key, primary_key=True),
    Column("doc", LargeBinary, nullable=False),
)
"""The state of each line as ``line.fold`` computes it; can be dropped and rebuilt from entries."""

RECORD = (lines, entries, nodes, checkpoints, cosignatures, projection)
"""The tables of which no byte may change unnoticed."""

# --- the node's own notes -----------------------------------------------------------------------

identity = Table(
    "identity",
    metadata,
    Column("party", Key, primary_key=True),
    Column("sign_key", LargeBinary, nullable=False),
)
"""One row: whose store this is, so that it is never opened with another party's keys."""

plans = Table(
    "plans",
    metadata,
    Column("id", Key, primary_key=True),
    Column("title", String, nullable=False),
    Column("doc", LargeBinary, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("changed_s", Float, nullable=False),
    Column("changed_by", String, nullable=False),
)
"""Own activities, private until a version of one is released on a line."""

observations = Table(
    "observations",
    metadata,
    Column("id", Key, primary_key=True),
    Column("origin", Key, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("kind", Key, nullable=False),
    Column("district", Key, nullable=False),
    Column("week", Key, nullable=False),
    Column("seeing", Key, nullable=False),
    Column("marking", Key, nullable=False),
    Column("doc", LargeBinary, nullable=False),
    Column("noted_by", Key, nullable=False),
    Column("changed_s", Float, nullable=False),
    Column("changed_by", Key, nullable=False),
    Index(None, "district", "week", "kind", "seeing", "marking", "noted_by"),
)
"""Own observations, noted or imported, private until a version of one is reported on a line.

``origin`` says where it came from: ``noted``, or the format it was imported from. What peers report
stands in the record's tables alone.
"""

observations_before = Table(
    "observations_before",
    metadata,
    Column("id", Key, primary_key=True),
    Column("revision", Integer, primary_key=True, autoincrement=False),
    Column("marking", Key, nullable=False),
    Column("doc", LargeBinary, nullable=False),
    Column("changed_s", Float, nullable=False),
    Column("changed_by", Key, nullable=False),
)
"""What own observations said before they were changed, by here or by a later import."""

audit = Table(
    "audit",
    metadata,
    Column("n", Number, primary_key=True),
    Column("time_s", Float, nullable=False),
    Column("officer", String, nullable=False),
    Column("action", String, nullable=False),
    Column("subject", Key, nullable=False),
    Column("detail", LargeBinary, nullable=False),
    Index(None, "subject"),
    sqlite_autoincrement=True,
)
"""The internal audit log: who did what here. ``subject`` is a plan's id or an entry's."""

audit_chain = Table(
    "audit_chain",
    metadata,
    Column("n", Number, primary_key=True, autoincrement=False),
    Column("hash", LargeBinary, nullable=False),
)
"""For each row of the audit log the SHA-256 of the hash before it and of the row: a row that was
changed, added or taken out breaks every hash from there on."""

requests = Table(
    "requests",
    metadata,
    Column("key", Key, primary_key=True),
    Column("digest", LargeBinary, nullable=False),
    Column("answer", Key, nullable=False),
)
"""Idempotency: what a request key was first used for, and the id of what came of it."""

sealed = Table(
    "sealed",
    metadata,
    Column("line", Key, ForeignKey("lines.line"), primary_key=True),
    Column("sha256", Key, primary_key=True),
    Column("salt", LargeBinary, nullable=False),
    Column("body", LargeBinary, nullable=False),
)
"""What own commitments hide until they are opened. Whoever loses it cannot open them."""

forks = Table(
    "forks",
    metadata,
    Column("n", Number, primary_key=True),
    Column("line", Key, ForeignKey("lines.line"), nullable=False),
    Column("party", Key, nullable=False),
    Column("index", Number, nullable=False),
    Column("what", String, nullable=False),
    Column("held", LargeBinary, nullable=False),
    Column("offered", LargeBinary, nullable=False),
    Column("offered_by", Key, nullable=False),
    Column("found_s", Float, nullable=False),
    Column("digest", LargeBinary, nullable=False, unique=True),
    sqlite_autoincrement=True,
)
"""Evidence that a party signed two histories: what we hold and what was offered, both signed."""

other_roots = Table(
    "other_roots",
    metadata,
    Column("line", Key, ForeignKey("lines.line"), primary_key=True),
    Column("party", Key, primary_key=True),
    Column("witness", Key, primary_key=True),
    Column("key", Key, primary_key=True),
    Column("size", Number, nullable=False),
    Column("note", LargeBinary, nullable=False),
    Column("shown_by", Key, nullable=False),
    Column("found_s", Float, nullable=False),
)
"""A checkpoint of another history than is held, with the cosignature of a witness by one ``key``
(SHA-256): the shortest that was shown, by which it can be held against most of what is held."""

aside = Table(
    "aside",
    metadata,
    Column("line", Key, ForeignKey("lines.line"), primary_key=True),
    Column("party", Key, primary_key=True),
    Column("index", Number, primary_key=True, autoincrement=False),
    Column("id", Key, nullable=False),
    Column("bundle", LargeBinary, nullable=False),
)
"""Entries that came by hand before those that stand before them in their log."""

links = Table(
    "links",
    metadata,
    Column("line", Key, ForeignKey("lines.line"), primary_key=True),
    Column("peer", Key, primary_key=True),
    Column("last_heard_s", Float),
    Column("failing_since_s", Float),
    Column("last_error", String),
    Column("heads", LargeBinary, nullable=False),
)
"""What was observed of each peer: when it was last heard, the last error, the heads it told."""

usage = Table(
    "usage",
    metadata,
    Column("line", Key, ForeignKey("lines.line"), primary_key=True),
    Column("party", Key, primary_key=True),
    Column("day", Integer, nullable=False),
    Column("day_entries", Number, nullable=False),
    Column("day_bytes", Number, nullable=False),
    Column("entries", Number, nullable=False),
    Column("bytes", Number, nullable=False),
    Column("refused_s", Float),
)
"""What was received of each other member's log, counted against its quota (``node.quota``).

``day`` counts UTC days from 1970; since ``refused_s`` something is refused, until the log is taken
again within the quota.
"""

officers = Table(
    "officers",
    metadata,
    Column("name", Key, primary_key=True),
    Column("role", String, nullable=False),
    Column("token", LargeBinary, nullable=False, unique=True),
    Column("added_s", Float, nullable=False),
    Column("ended_s", Float),
)
"""Who may use this node. ``token`` is the SHA-256 of the token, which is kept nowhere."""

logins = Table(
    "logins",
    metadata,
    Column("secret", LargeBinary, primary_key=True),
    Column("officer", Key, ForeignKey("officers.name"), nullable=False),
    Column("kind", String, nullable=False),
    Column("expires_s", Float, nullable=False),
    Column("used_s", Float),
)
"""One-time login codes and sessions, each by the SHA-256 of its secret; used or ended = deleted."""

pending = Table(
    "pending",
    metadata,
    Column("id", Key, primary_key=True),
    Column("line", Key, ForeignKey("lines.line"), nullable=False),
    Column("type", Key, nullable=False),
    Column("action", Key, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("about", LargeBinary, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("digest", Key, nullable=False),
    Column("officer", Key, nullable=False),
    Column("asked_s", Float, nullable=False),
    Column("expires_s", Float, nullable=False),
    Column("state", Key, nullable=False),
    Column("second", Key),
    Column("entry", Key),
)
"""What a first officer asked for and a second has to confirm, to the byte, before it is signed.

``action`` and ``content`` are the request; ``type``, ``about`` and ``body`` the entry that it would
make.
``state`` is ``waiting``, ``confirmed`` or ``refused``.
"""

accounts = Table(
    "accounts",
    metadata,
    Column("officer", Key, ForeignKey("officers.name"), primary_key=True),
    Column("password", String, nullable=False),
    Column("secret", LargeBinary, nullable=False),
    Column("step", Number, nullable=False),
    Column("recovery", LargeBinary),
)
"""Passwords (Argon2id, PHC) and code secrets (TOTP), sealed by the node's key.

``step`` is the newest code that was used, ``recovery`` the SHA-256 of each recovery code that was
not, one after another.
"""

resets = Table(
    "resets",
    metadata,
    Column("officer", Key, ForeignKey("officers.name"), primary_key=True),
    Column("asked_by", Key, nullable=False),
    Column("expires_s", Float, nullable=False),
)
"""Accounts that a first administrator has asked to reset; a second one has to ask for the same."""

attempts = Table(
    "attempts",
    metadata,
    Column("officer", Key, ForeignKey("officers.name"), primary_key=True),
    Column("address", Key, primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("until_s", Float, nullable=False),
)
"""Failures to log in, per account and address: until when the next try from there has to wait."""

desks = Table(
    "desks",
    metadata,
    Column("desk", Key, primary_key=True),
    Column("line", Key, ForeignKey("lines.line"), nullable=False),
    Column("visit", Key, nullable=False, unique=True),
    Column("guest", Key, nullable=False),
    Column("hold", Integer, nullable=False),
    Column("opened_s", Float, nullable=False),
    Column("opened_by", Key, nullable=False),
    Column("closed_s", Float),
)
"""Desks for guests, one for a visit. ``hold``: each thing waits for the escort's consent."""

desk_items = Table(
    "desk_items",
    metadata,
    Column("desk", Key, ForeignKey("desks.desk"), primary_key=True),
    Column("item", Key, primary_key=True),
    Column("n", Integer, nullable=False),
    Column("kind", Key, nullable=False),
    Column("title", String, nullable=False),
    Column("media", String, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("source", Key),
    Column("by", Key, nullable=False),
    Column("laid_s", Float, nullable=False),
    Column("away_s", Float),
)
"""Everything a guest can ever be shown: bytes as they were when the host laid them out, and the
guest's own notes. Nothing else in this store is read for a guest. ``source`` is the entry of the
line that it was made of, with whose recall it goes."""

desk_guests = Table(
    "desk_guests",
    metadata,
    Column("officer", Key, ForeignKey("officers.name"), primary_key=True),
    Column("desk", Key, ForeignKey("desks.desk"), nullable=False),
    Column("number", Integer, nullable=False),
    UniqueConstraint("desk", "number"),
)
"""Accounts of guests: which desk each is bound to, and by what number its session logs call it."""

desk_sessions = Table(
    "desk_sessions",
    metadata,
    Column("session", Key, primary_key=True),
    Column("desk", Key, ForeignKey("desks.desk"), nullable=False),
    Column("name", Key, nullable=False),
    Column("number", Integer, nullable=False),
    Column("escort", Key, nullable=False),
    Column("hold", Integer, nullable=False),
    Column("opened_s", Float, nullable=False),
    Column("beat_s", Float, nullable=False),
    Column("ended_s", Float),
    Column("ended", Key),
    Column("entry", Key),
    UniqueConstraint("desk", "number"),
)
"""Sessions at a desk. ``beat_s`` is when the escort's page was last there; ``entry`` the
``visit.session`` that put the log's hash on the record."""

desk_lines = Table(
    "desk_lines",
    metadata,
    Column("session", Key, ForeignKey("desk_sessions.session"), primary_key=True),
    Column("n", Integer, primary_key=True),
    Column("line", LargeBinary, nullable=False),
)
"""The lines of each session's log (``record.session_log``), written before what they tell of."""

looks = Table(
    "looks",
    metadata,
    Column("line", Key, ForeignKey("lines.line"), primary_key=True),
    Column("officer", Key, primary_key=True),
    Column("seen", LargeBinary, nullable=False),
    Column("looked_s", Float, nullable=False),
)
"""How much of each log every officer has looked at: ``seen`` is JSON, entries by party."""

changes = Table(
    "changes",
    metadata,
    Column("n", Number, primary_key=True),
    Column("line", Key, nullable=False),
    Column("kind", Key, nullable=False),
    Column("key", Key, nullable=False),
    sqlite_autoincrement=True,
)
"""The change log: one row per changed thing, numbered in the order of commits, never renumbered.

Live events and the conflict engine's replica are fed from it.
"""
