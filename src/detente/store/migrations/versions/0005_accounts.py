"""Accounts with passwords and codes, failed tries, and when a session was last used."""

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

revision = "0005"
down_revision = "0004"

KEY = String().with_variant(String(collation="C"), "postgresql")
NUMBER = BigInteger().with_variant(Integer(), "sqlite")


def upgrade() -> None:
    """Create the tables; ``store/tables.py`` says what each is for."""
    op.create_table(
        "accounts",
        Column("officer", KEY, nullable=False),
        Column("password", String(), nullable=False),
        Column("secret", LargeBinary(), nullable=False),
        Column("step", NUMBER, nullable=False),
        ForeignKeyConstraint(["officer"], ["officers.name"], name=op.f("fk_accounts_officer")),
        PrimaryKeyConstraint("officer", name=op.f("pk_accounts")),
    )
    op.create_table(
        "attempts",
        Column("officer", KEY, nullable=False),
        Column("address", KEY, nullable=False),
        Column("failures", Integer(), nullable=False),
        Column("until_s", Float(), nullable=False),
        ForeignKeyConstraint(["officer"], ["officers.name"], name=op.f("fk_attempts_officer")),
        PrimaryKeyConstraint("officer", "address", name=op.f("pk_attempts")),
    )
    op.add_column("logins", Column("used_s", Float(), nullable=True))
