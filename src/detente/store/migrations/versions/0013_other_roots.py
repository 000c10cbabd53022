"""Checkpoints of other histories than are held, with a witness's cosignature."""

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
)

revision = "0013"
down_revision = "0012"

KEY = String().with_variant(String(collation="C"), "postgresql")
NUMBER = BigInteger().with_variant(Integer(), "sqlite")


def upgrade() -> None:
    """Create the table; ``store/tables.py`` says what it is for."""
    op.create_table(
        "other_roots",
        Column("line", KEY, nullable=False),
        Column("party", KEY, nullable=False),
        Column("witness", KEY, nullable=False),
        Column("key", KEY, nullable=False),
        Column("size", NUMBER, nullable=False),
        Column("note", LargeBinary(), nullable=False),
        Column("shown_by", KEY, nullable=False),
        Column("found_s", Float(), nullable=False),
        ForeignKeyConstraint(["line"], ["lines.line"], name=op.f("fk_other_roots_line")),
        PrimaryKeyConstraint("line", "party", "witness", "key", name=op.f("pk_other_roots")),
    )
