"""What own commitments hide until they are opened."""

from alembic import op
from sqlalchemy import Column, ForeignKeyConstraint, LargeBinary, PrimaryKeyConstraint, String

revision = "0002"
down_revision = "0001"

KEY = String().with_variant(String(collation="C"), "postgresql")


def upgrade() -> None:
    """Create the table; ``store/tables.py`` says what it is for."""
    op.create_table(
        "sealed",
        Column("line", KEY, nullable=False),
        Column("sha256", KEY, nullable=False),
        Column("salt", LargeBinary(), nullable=False),
        Column("body", LargeBinary(), nullable=False),
        ForeignKeyConstraint(["line"], ["lines.line"], name=op.f("fk_sealed_line")),
        PrimaryKeyConstraint("line", "sha256", name=op.f("pk_sealed")),
    )
