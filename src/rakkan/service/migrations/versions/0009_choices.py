"""The table of what accounts have chosen for the requests that follow."""

import sqlalchemy as sa
from alembic import op

revision = "0009_choices"
down_revision = "0008_arrivals"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "account_choices",
        sa.Column("account", sa.String(length=26), nullable=False),
        sa.Column("model", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["account"], ["accounts.identifier"], name=op.f("fk_account_choices_account_accounts")
        ),
        sa.PrimaryKeyConstraint("account", name=op.f("pk_account_choices")),
    )


def downgrade() -> None:
    op.drop_table("account_choices")
