"""The tables of moderation."""

import sqlalchemy as sa
from alembic import op

revision = "0006_moderation"
down_revision = "0005_deliveries"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "reports",
        sa.Column("identifier", sa.String(length=26), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("picture", sa.String(length=26), nullable=False),
        sa.Column("docket", sa.String(length=32), nullable=False),
        sa.Column("reporter", sa.String(length=64), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.CheckConstraint("state IN ('open', 'docket', 'kept')", name=op.f("ck_reports_state")),
        sa.PrimaryKeyConstraint("identifier", name=op.f("pk_reports")),
    )
    for name, columns in _REPORTS.items():
        op.create_index(op.f(f"ix_reports_{name}"), "reports", columns, unique=False)
    op.create_table(
        "bans",
        sa.Column("identifier", sa.String(length=26), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("who", sa.String(length=26), nullable=False),
        sa.Column("reason", sa.String(length=32), nullable=False),
        sa.Column("moderator", sa.String(length=64), nullable=False),
        sa.Column("statement", sa.String(length=64), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=True),
        sa.Column("lifted", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("kind IN ('account', 'organisation')", name=op.f("ck_bans_kind")),
        sa.PrimaryKeyConstraint("identifier", name=op.f("pk_bans")),
    )
    for name, columns in _BANS.items():
        op.create_index(op.f(f"ix_bans_{name}"), "bans", columns, unique=False)


def downgrade() -> None:
    op.drop_table("bans")
    op.drop_table("reports")


_REPORTS = {
    "state_identifier": ["state", "identifier"],
    "picture": ["picture"],
    "docket": ["docket"],
    "reporter": ["reporter"],
}
_BANS = {"lifted_identifier": ["lifted", "identifier"], "who": ["who"]}
