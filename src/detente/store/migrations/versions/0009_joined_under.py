"""The card that a line was joined under."""

from alembic import op
from sqlalchemy import Column, LargeBinary

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Add the column; ``store/tables.py`` says what it is for."""
    op.add_column("lines", Column("card", LargeBinary(), nullable=True))
