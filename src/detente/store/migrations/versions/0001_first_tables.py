"""The first tables."""

from alembic import op
from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    ForeignKeyConstraint,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    UniqueConstraint,
)

revision = "0001"
down_revision = None

KEY = String().with_variant(String(collation="C"), "postgresql")
NUMBER = BigInteger().with_variant(Integer(), "sqlite")


def upgrade() -> None:
    """Create every table; ``store/tables.py`` says what each is for."""
    op.create_table(
        "audit",
        Column("n", NUMBER, nullable=False),
        Column("time_s", Float(), nullable=False),
        Column("officer", String(), nullable=False),
        Column("action", String(), nullable=False),
        Column("subject", KEY, nullable=False),
        Column("detail", LargeBinary(), nullable=False),
        PrimaryKeyConstraint("n", name=op.f("pk_audit")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_audit_subject"), "audit", ["subject"], unique=False)
    op.create_table(
        "changes",
        Column("n", NUMBER, nullable=False),
        Column("line", KEY, nullable=False),
        Column("kind", KEY, nullable=False),
        Column("key", KEY, nullable=False),
        PrimaryKeyConstraint("n", name=op.f("pk_changes")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "identity",
        Column("party", KEY, nullable=False),
        Column("sign_key", LargeBinary(), nullable=False),
        PrimaryKeyConstraint("party", name=op.f("pk_identity")),
    )
    op.create_table(
        "lines",
        Column("line", KEY, nullable=False),
        Column("name", KEY, nullable=False),
        Column("founding", LargeBinary(), nullable=False),
        PrimaryKeyConstraint("line", name=op.f("pk_lines")),
        UniqueConstraint("name", name=op.f("uq_lines_name")),
    )
    op.create_table(
        "officers",
        Column("name", KEY, nullable=False),
        Column("role", String(), nullable=False),
        Column("token", LargeBinary(), nullable=False),
        Column("added_s", Float(), nullable=False),
        Column("ended_s", Float(), nullable=True),
        PrimaryKeyConstraint("name", name=op.f("pk_officers")),
        UniqueConstraint("token", name=op.f("uq_officers_token")),
    )
    op.create_table(
        "plans",
        Column("id", KEY, nullable=False),
        Column("title", String(), nullable=False),
        Column("doc", LargeBinary(), nullable=False),
        Column("revision", Integer(), nullable=False),
        Column("changed_s", Float(), nullable=False),
        Column("changed_by", String(), nullable=False),
        PrimaryKeyConstraint("id", name=op.f("pk_plans")),
    )
    op.create_table(
        "requests",
        Column("key", KEY, nullable=False),
        Column("digest", LargeBinary(), nullable=False),
        Column("answer", KEY, nullable=False),
        PrimaryKeyConstraint("key", name=op.f("pk_requests")),
    )
    op.create_table(
        "checkpoints",
        Column("line", KEY, nullable=False),
        Column("party", KEY, nullable=False),
        Column("size", NUMBER, autoincrement=False, nullable=False),
        Column("note", LargeBinary(), nullable=False),
        ForeignKeyConstraint(["line"], ["lines.line"], name=op.f("fk_checkpoints_line")),
        PrimaryKeyConstraint("line", "party", "size", name=op.f("pk_checkpoints")),
    )
    op.create_table(
        "cosignatures",
        Column("line", KEY, nullable=False),
        Column("party", KEY, nullable=False),
        Column("size", NUMBER, autoincrement=False, nullable=False),
        Column("cosigner", KEY, nullable=False),
        Column("time_s", NUMBER, nullable=False),
        Column("signature", LargeBinary(), nullable=False),
        ForeignKeyConstraint(["line"], ["lines.line"], name=op.f("fk_cosignatures_line")),
        PrimaryKeyConstraint("line", "party", "size", "cosigner", name=op.f("pk_cosignatures")),
    )
    op.create_table(
        "entries",
        Column("line", KEY, nullable=False),
        Column("party", KEY, nullable=False),
        Column("index", NUMBER, autoincrement=False, nullable=False),
        Column("id", KEY, nullable=False),
        Column("header", LargeBinary(), nullable=False),
        Column("signature", LargeBinary(), nullable=False),
        Column("salt", LargeBinary(), nullable=True),
        Column("body", LargeBinary(), nullable=True),
        ForeignKeyConstraint(["line"], ["lines.line"], name=op.f("fk_entries_line")),
        PrimaryKeyConstraint("line", "party", "index", name=op.f("pk_entries")),
        UniqueConstraint("line", "id", name=op.f("uq_entries_line_id")),
    )
    op.create_table(
        "forks",
        Column("n", NUMBER, nullable=False),
        Column("line", KEY, nullable=False),
        Column("party", KEY, nullable=False),
        Column("index", NUMBER, nullable=False),
        Column("what", String(), nullable=False),
        Column("held", LargeBinary(), nullable=False),
        Column("offered", LargeBinary(), nullable=False),
        Column("offered_by", KEY, nullable=False),
        Column("found_s", Float(), nullable=False),
        Column("digest", LargeBinary(), nullable=False),
        ForeignKeyConstraint(["line"], ["lines.line"], name=op.f("fk_forks_line")),
        PrimaryKeyConstraint("n", name=op.f("pk_forks")),
        UniqueConstraint("digest", name=op.f("uq_forks_digest")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "links",
        Column("line", KEY, nullable=False),
        Column("peer", KEY, nullable=False),
        Column("last_heard_s", Float(), nullable=True),
        Column("failing_since_s", Float(), nullable=True),
        Column("last_error", String(), nullable=True),
        Column("heads", LargeBinary(), nullable=False),
        ForeignKeyConstraint(["line"], ["lines.line"], name=op.f("fk_links_line")),
        PrimaryKeyConstraint("line", "peer", name=op.f("pk_links")),
    )
    op.create_table(
        "logins",
        Column("secret", LargeBinary(), nullable=False),
        Column("officer", KEY, nullable=False),
        Column("kind", String(), nullable=False),
        Column("expires_s", Float(), nullable=False),
        ForeignKeyConstraint(["officer"], ["officers.name"], name=op.f("fk_logins_officer")),
        PrimaryKeyConstraint("secret", name=op.f("pk_logins")),
    )
    op.create_table(
        "nodes",
        Column("line", KEY, nullable=False),
        Column("party", KEY, nullable=False),
        Column("level", Integer(), autoincrement=False, nullable=False),
        Column("index", NUMBER, autoincrement=False, nullable=False),
        Column("hash", LargeBinary(), nullable=False),
        ForeignKeyConstraint(["line"], ["lines.line"], name=op.f("fk_nodes_line")),
        PrimaryKeyConstraint("line", "party", "level", "index", name=op.f("pk_nodes")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "projection",
        Column("line", KEY, nullable=False),
        Column("kind", KEY, nullable=False),
        Column("key", KEY, nullable=False),
        Column("doc", LargeBinary(), nullable=False),
        ForeignKeyConstraint(["line"], ["lines.line"], name=op.f("fk_projection_line")),
        PrimaryKeyConstraint("line", "kind", "key", name=op.f("pk_projection")),
    )
