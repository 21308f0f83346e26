"""The tables of jobs."""

import sqlalchemy as sa
from alembic import op

revision = "0002_jobs"
down_revision = "0001_accounts"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _jobs()
    _shares()
    _workers()


def downgrade() -> None:
    for table in reversed(["jobs", "shares", "workers"]):
        op.drop_table(table)


def _jobs() -> None:
    op.create_table(
        "jobs",
        sa.Column("identifier", sa.String(length=26), nullable=False),
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("organisation", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("rank", sa.SmallInteger(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("compatibility", sa.String(length=200), nullable=False),
        sa.Column("slot", sa.String(length=64), nullable=False),
        sa.Column("idempotency", sa.String(length=64), nullable=True),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("not_before", sa.BigInteger(), nullable=False),
        sa.Column("turn", sa.BigInteger(), nullable=False),
        sa.Column("cost", sa.BigInteger(), nullable=False),
        sa.Column("lease_token", sa.String(length=32), nullable=False),
        sa.Column("lease_worker", sa.String(length=26), nullable=False),
        sa.Column("lease_until", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("crashes", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("stop", sa.String(length=12), nullable=False),
        sa.Column("result", sa.LargeBinary(), nullable=True),
        sa.Column("error", sa.LargeBinary(), nullable=True),
        sa.Column("started", sa.BigInteger(), nullable=True),
        sa.Column("finished", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("identifier", name=op.f("pk_jobs")),
        sa.UniqueConstraint("account", "idempotency", name=op.f("uq_jobs_account_idempotency")),
    )
    op.create_index(op.f("ix_jobs_account_identifier"), "jobs", ["account", "identifier"], unique=False)
    op.create_index(op.f("ix_jobs_account_state_slot"), "jobs", ["account", "state", "slot"], unique=False)
    op.create_index(op.f("ix_jobs_lease_worker_state"), "jobs", ["lease_worker", "state"], unique=False)
    op.create_index(op.f("ix_jobs_state_finished"), "jobs", ["state", "finished"], unique=False)
    op.create_index(
        op.f("ix_jobs_state_rank_compatibility_turn"),
        "jobs",
        ["state", "rank", "compatibility", "turn"],
        unique=False,
    )
    op.create_index(
        op.f("ix_jobs_state_rank_turn_identifier"),
        "jobs",
        ["state", "rank", "turn", "identifier"],
        unique=False,
    )


def _shares() -> None:
    op.create_table(
        "shares",
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("rank", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("spent", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account", "rank", name=op.f("pk_shares")),
    )
    op.create_index(op.f("ix_shares_rank_spent"), "shares", ["rank", "spent"], unique=False)


def _workers() -> None:
    op.create_table(
        "workers",
        sa.Column("identifier", sa.String(length=26), nullable=False),
        sa.Column("host", sa.String(length=255), nullable=False),
        sa.Column("device", sa.String(length=80), nullable=False),
        sa.Column("started", sa.BigInteger(), nullable=False),
        sa.Column("seen", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("identifier", name=op.f("pk_workers")),
    )
    op.create_index(op.f("ix_workers_seen"), "workers", ["seen"], unique=False)
