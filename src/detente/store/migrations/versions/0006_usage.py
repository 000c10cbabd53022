"""What was received of each log, counted against its party's quota."""

from alembic import op
from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    ForeignKeyConstraint,
    Integer,
    PrimaryKeyConstraint,
    String,
    text,
)

revision = "0006"
down_revision = "0005"

KEY = String().with_variant(String(collation="C"), "postgresql")
NUMBER = BigInteger().with_variant(Integer(), "sqlite")

_COUNT_HELD = """
INSERT INTO usage (line, party, day, day_entries, day_bytes, entries, bytes)
SELECT line, party, 0, 0, 0, COUNT(*),
       SUM(12288 + LENGTH(header) + COALESCE(LENGTH(body), 0))
FROM entries GROUP BY line, party
"""


def upgrade() -> None:
    """Create the table, and count what is held."""
    op.create_table(
        "usage",
        Column("line", KEY, nullable=False),
        Column("party", KEY, nullable=False),
        Column("day", Integer(), nullable=False),
        Column("day_entries", NUMBER, nullable=False),
        Column("day_bytes", NUMBER, nullable=False),
        Column("entries", NUMBER, nullable=False),
        Column("bytes", NUMBER, nullable=False),
        Column("refused_s", Float(), nullable=True),
        ForeignKeyConstraint(["line"], ["lines.line"], name=op.f("fk_usage_line")),
        PrimaryKeyConstraint("line", "party", name=op.f("pk_usage")),
    )
    op.execute(text(_COUNT_HELD))
