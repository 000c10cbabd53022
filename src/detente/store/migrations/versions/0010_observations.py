"""Own observations, and what they said before."""

from alembic import op
from sqlalchemy import Column, Float, Integer, LargeBinary, PrimaryKeyConstraint, String

revision = "0010"
down_revision = "0009"

KEY = String().with_variant(String(collation="C"), "postgresql")


def upgrade() -> None:
    """Create the tables; ``store/tables.py`` says what each is for."""
    op.create_table(
        "observations",
        Column("id", KEY, nullable=False),
        Column("origin", KEY, nullable=False),
        Column("revision", Integer(), nullable=False),
        Column("kind", KEY, nullable=False),
        Column("district", KEY, nullable=False),
        Column("week", KEY, nullable=False),
        Column("seeing", KEY, nullable=False),
        Column("marking", KEY, nullable=False),
        Column("doc", LargeBinary(), nullable=False),
        Column("noted_by", KEY, nullable=False),
        Column("changed_s", Float(), nullable=False),
        Column("changed_by", KEY, nullable=False),
        PrimaryKeyConstraint("id", name=op.f("pk_observations")),
    )
    counted = ["district", "week", "kind", "seeing", "marking", "noted_by"]
    name = op.f("ix_observations_district_week_kind_seeing_marking_noted_by")
    op.create_index(name, "observations", counted, unique=False)
    op.create_table(
        "observations_before",
        Column("id", KEY, nullable=False),
        Column("revision", Integer(), autoincrement=False, nullable=False),
        Column("marking", KEY, nullable=False),
        Column("doc", LargeBinary(), nullable=False),
        Column("changed_s", Float(), nullable=False),
        Column("changed_by", KEY, nullable=False),
        PrimaryKeyConstraint("id", "revision", name=op.f("pk_observations_before")),
    )
