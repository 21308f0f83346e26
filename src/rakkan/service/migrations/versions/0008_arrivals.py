"""The tables of what people bring: files in parts, wildcards and prompts."""

import sqlalchemy as sa
from alembic import op

revision = "0008_arrivals"
down_revision = "0007_characters"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "uploads",
        sa.Column("identifier", sa.String(length=26), nullable=False),
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("received", sa.BigInteger(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("state IN ('open', 'queued', 'done')", name=op.f("ck_uploads_state")),
        sa.PrimaryKeyConstraint("identifier", name=op.f("pk_uploads")),
    )
    for name in ("account", "until"):
        op.create_index(op.f(f"ix_uploads_{name}"), "uploads", [name], unique=False)
    op.create_table(
        "upload_parts",
        sa.Column("upload", sa.String(length=26), nullable=False),
        sa.Column("start", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("length", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("upload", "start", name=op.f("pk_upload_parts")),
    )
    op.create_table(
        "kept_texts",
        sa.Column("identifier", sa.String(length=26), nullable=False),
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("named", sa.LargeBinary(length=32), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("kind IN ('wildcard', 'prompt')", name=op.f("ck_kept_texts_kind")),
        sa.PrimaryKeyConstraint("identifier", name=op.f("pk_kept_texts")),
        sa.UniqueConstraint("named", name=op.f("uq_kept_texts_named")),
    )
    op.create_index(op.f("ix_kept_texts_account"), "kept_texts", ["account"], unique=False)


def downgrade() -> None:
    for table in ("kept_texts", "upload_parts", "uploads"):
        op.drop_table(table)
