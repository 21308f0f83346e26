"""The table of what is on its way from workers."""

import sqlalchemy as sa
from alembic import op

revision = "0005_deliveries"
down_revision = "0004_budgets"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "deliveries",
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account", "digest", name=op.f("pk_deliveries")),
    )
    op.create_index(op.f("ix_deliveries_until"), "deliveries", ["until"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_deliveries_until"), table_name="deliveries")
    op.drop_table("deliveries")
