"""The guest's desk: what is laid out, whose accounts it has, its sessions and their logs."""

from alembic import op
from sqlalchemy import (
    Column,
    Float,
    ForeignKeyConstraint,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    UniqueConstraint,
)

revision = "0011"
down_revision = "0010"

KEY = String().with_variant(String(collation="C"), "postgresql")


def upgrade() -> None:
    """Create the tables; ``store/tables.py`` says what each is for."""
    op.create_table(
        "desks",
        Column("desk", KEY, nullable=False),
        Column("line", KEY, nullable=False),
        Column("visit", KEY, nullable=False),
        Column("guest", KEY, nullable=False),
        Column("hold", Integer(), nullable=False),
        Column("opened_s", Float(), nullable=False),
        Column("opened_by", KEY, nullable=False),
        Column("closed_s", Float(), nullable=True),
        ForeignKeyConstraint(["line"], ["lines.line"], name=op.f("fk_desks_line")),
        PrimaryKeyConstraint("desk", name=op.f("pk_desks")),
        UniqueConstraint("visit", name=op.f("uq_desks_visit")),
    )
    op.create_table(
        "desk_items",
        Column("desk", KEY, nullable=False),
        Column("item", KEY, nullable=False),
        Column("n", Integer(), nullable=False),
        Column("kind", KEY, nullable=False),
        Column("title", String(), nullable=False),
        Column("media", String(), nullable=False),
        Column("content", LargeBinary(), nullable=False),
        Column("source", KEY, nullable=True),
        Column("by", KEY, nullable=False),
        Column("laid_s", Float(), nullable=False),
        Column("away_s", Float(), nullable=True),
        ForeignKeyConstraint(["desk"], ["desks.desk"], name=op.f("fk_desk_items_desk")),
        PrimaryKeyConstraint("desk", "item", name=op.f("pk_desk_items")),
    )
    op.create_table(
        "desk_guests",
        Column("officer", KEY, nullable=False),
        Column("desk", KEY, nullable=False),
        Column("number", Integer(), nullable=False),
        ForeignKeyConstraint(["officer"], ["officers.name"], name=op.f("fk_desk_guests_officer")),
        ForeignKeyConstraint(["desk"], ["desks.desk"], name=op.f("fk_desk_guests_desk")),
        PrimaryKeyConstraint("officer", name=op.f("pk_desk_guests")),
        UniqueConstraint("desk", "number", name=op.f("uq_desk_guests_desk_number")),
    )
    op.create_table(
        "desk_sessions",
        Column("session", KEY, nullable=False),
        Column("desk", KEY, nullable=False),
        Column("name", KEY, nullable=False),
        Column("number", Integer(), nullable=False),
        Column("escort", KEY, nullable=False),
        Column("hold", Integer(), nullable=False),
        Column("opened_s", Float(), nullable=False),
        Column("beat_s", Float(), nullable=False),
        Column("ended_s", Float(), nullable=True),
        Column("ended", KEY, nullable=True),
        Column("entry", KEY, nullable=True),
        ForeignKeyConstraint(["desk"], ["desks.desk"], name=op.f("fk_desk_sessions_desk")),
        PrimaryKeyConstraint("session", name=op.f("pk_desk_sessions")),
        UniqueConstraint("desk", "number", name=op.f("uq_desk_sessions_desk_number")),
    )
    op.create_table(
        "desk_lines",
        Column("session", KEY, nullable=False),
        Column("n", Integer(), nullable=False),
        Column("line", LargeBinary(), nullable=False),
        ForeignKeyConstraint(
            ["session"], ["desk_sessions.session"], name=op.f("fk_desk_lines_session")
        ),
        PrimaryKeyConstraint("session", "n", name=op.f("pk_desk_lines")),
    )
