"""How far each officer has looked at what was observed on each line."""

from alembic import op
from sqlalchemy import (
    Column,
    Float,
    ForeignKeyConstraint,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
)

revision = "0012"
down_revision = "0011"

KEY = String().with_variant(String(collation="C"), "postgresql")


def upgrade() -> None:
    """Create the table; ``store/tables.py`` says what it is for."""
    op.create_table(
        "looks",
        Column("line", KEY, nullable=False),
        Column("officer", KEY, nullable=False),
        Column("seen", LargeBinary(), nullable=False),
        Column("looked_s", Float(), nullable=False),
        ForeignKeyConstraint(["line"], ["lines.line"], name=op.f("fk_looks_line")),
        PrimaryKeyConstraint("line", "officer", name=op.f("pk_looks")),
    )
