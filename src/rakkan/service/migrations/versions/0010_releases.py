"""The table of the files that pictures have besides their own."""

import sqlalchemy as sa
from alembic import op

revision = "0010_releases"
down_revision = "0009_choices"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "releases",
        sa.Column("picture", sa.String(length=26), nullable=False),
        sa.Column("format", sa.String(length=8), nullable=False),
        sa.Column("disclosure", sa.String(length=16), nullable=False),
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("file", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("job", sa.String(length=26), nullable=False),
        sa.PrimaryKeyConstraint("picture", "format", "disclosure", name=op.f("pk_releases")),
    )
    op.create_index(op.f("ix_releases_account_job"), "releases", ["account", "job"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_releases_account_job"), table_name="releases")
    op.drop_table("releases")
