"""Entries that came by hand before those that stand before them."""

from alembic import op
from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKeyConstraint,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
)

revision = "0007"
down_revision = "0006"

KEY = String().with_variant(String(collation="C"), "postgresql")
NUMBER = BigInteger().with_variant(Integer(), "sqlite")


def upgrade() -> None:
    """Create the table; ``store/tables.py`` says what it is for."""
    op.create_table(
        "aside",
        Column("line", KEY, nullable=False),
        Column("party", KEY, nullable=False),
        Column("index", NUMBER, autoincrement=False, nullable=False),
        Column("id", KEY, nullable=False),
        Column("bundle", LargeBinary(), nullable=False),
        ForeignKeyConstraint(["line"], ["lines.line"], name=op.f("fk_aside_line")),
        PrimaryKeyConstraint("line", "party", "index", name=op.f("pk_aside")),
    )
