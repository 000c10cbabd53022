"""Each row of the audit log is bound to all before it."""

from alembic import op
from sqlalchemy import BigInteger, Column, Integer, LargeBinary, PrimaryKeyConstraint

from detente.store.auditing import chain_all

revision = "0004"
down_revision = "0003"

NUMBER = BigInteger().with_variant(Integer(), "sqlite")


def upgrade() -> None:
    """Create the table, and bind what is there."""
    op.create_table(
        "audit_chain",
        Column("n", NUMBER, autoincrement=False, nullable=False),
        Column("hash", LargeBinary(), nullable=False),
        PrimaryKeyConstraint("n", name=op.f("pk_audit_chain")),
    )
    chain_all(op.get_bind())
