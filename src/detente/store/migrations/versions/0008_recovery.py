"""Codes for a lost authenticator, and resets that a first administrator has asked for."""

from alembic import op
from sqlalchemy import (
    Column,
    Float,
    ForeignKeyConstraint,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
)

revision = "0008"
down_revision = "0007"

KEY = String().with_variant(String(collation="C"), "postgresql")


def upgrade() -> None:
    """Create column and table; ``store/tables.py`` says what each is for."""
    op.add_column("accounts", Column("recovery", LargeBinary(), nullable=True))
    op.create_table(
        "resets",
        Column("officer", KEY, nullable=False),
        Column("asked_by", KEY, nullable=False),
        Column("expires_s", Float(), nullable=False),
        ForeignKeyConstraint(["officer"], ["officers.name"], name=op.f("fk_resets_officer")),
        PrimaryKeyConstraint("officer", name=op.f("pk_resets")),
    )
