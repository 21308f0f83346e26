"""The tables of budgets."""

import sqlalchemy as sa
from alembic import op

revision = "0004_budgets"
down_revision = "0003_pictures"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _budget_alarmed()
    _budget_alarms()
    _budget_egress()
    _budget_joins()
    _budget_links()
    _budget_pairs()


def downgrade() -> None:
    for table in reversed(
        ["budget_alarmed", "budget_alarms", "budget_egress", "budget_joins", "budget_links", "budget_pairs"]
    ):
        op.drop_table(table)


def _budget_alarmed() -> None:
    op.create_table(
        "budget_alarmed",
        sa.Column("alarm", sa.String(length=26), nullable=False),
        sa.Column("account", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("alarm", "account", name=op.f("pk_budget_alarmed")),
    )
    op.create_index("ix_budget_alarmed_account", "budget_alarmed", ["account"], unique=False)


def _budget_alarms() -> None:
    op.create_table(
        "budget_alarms",
        sa.Column("identifier", sa.String(length=26), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("content", sa.Text(), nullable=False, comment="canonical JSON with pseudonyms"),
        sa.Column("appeal", sa.LargeBinary(), nullable=True, comment="sealed"),
        sa.PrimaryKeyConstraint("identifier", name=op.f("pk_budget_alarms")),
    )
    op.create_index("ix_budget_alarms_state", "budget_alarms", ["state"], unique=False)


def _budget_egress() -> None:
    op.create_table(
        "budget_egress",
        sa.Column("account", sa.String(length=32), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False, comment="days since 1970"),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account", "day", name=op.f("pk_budget_egress")),
    )


def _budget_joins() -> None:
    op.create_table(
        "budget_joins",
        sa.Column("one", sa.String(length=32), nullable=False),
        sa.Column("other", sa.String(length=32), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("one", "other", name=op.f("pk_budget_joins")),
    )


def _budget_links() -> None:
    op.create_table(
        "budget_links",
        sa.Column("account", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("value", sa.String(length=16), nullable=False, comment="keyed digest, hexadecimal"),
        sa.Column("at", sa.BigInteger(), nullable=False, comment="last seen, milliseconds since 1970"),
        sa.PrimaryKeyConstraint("account", "kind", "value", name=op.f("pk_budget_links")),
    )


def _budget_pairs() -> None:
    op.create_table(
        "budget_pairs",
        sa.Column("account", sa.String(length=32), nullable=False),
        sa.Column("month", sa.Integer(), nullable=False, comment="months of 30 days since 1970"),
        sa.Column("digest", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False, comment="milliseconds since 1970"),
        sa.Column("given", sa.Boolean(), nullable=False),
        sa.Column("tail", sa.Boolean(), nullable=False),
        sa.Column("canary", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("account", "month", "digest", name=op.f("pk_budget_pairs")),
    )
    op.create_index("ix_budget_pairs_month", "budget_pairs", ["month"], unique=False)
