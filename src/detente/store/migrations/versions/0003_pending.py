"""What waits for a second officer."""

from alembic import op
from sqlalchemy import (
    Column,
    Float,
    ForeignKeyConstraint,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
)

revision = "0003"
down_revision = "0002"

KEY = String().with_variant(String(collation="C"), "postgresql")


def upgrade() -> None:
    """Create the table; ``store/tables.py`` says what it is for."""
    op.create_table(
        "pending",
        Column("id", KEY, nullable=False),
        Column("line", KEY, nullable=False),
        Column("type", KEY, nullable=False),
        Column("action", KEY, nullable=False),
        Column("content", LargeBinary(), nullable=False),
        Column("about", LargeBinary(), nullable=False),
        Column("body", LargeBinary(), nullable=False),
        Column("digest", KEY, nullable=False),
        Column("officer", KEY, nullable=False),
        Column("asked_s", Float(), nullable=False),
        Column("expires_s", Float(), nullable=False),
        Column("state", KEY, nullable=False),
        Column("second", KEY, nullable=True),
        Column("entry", KEY, nullable=True),
        ForeignKeyConstraint(["line"], ["lines.line"], name=op.f("fk_pending_line")),
        PrimaryKeyConstraint("id", name=op.f("pk_pending")),
    )
