"""The tables of shared characters."""

import sqlalchemy as sa
from alembic import op

revision = "0007_characters"
down_revision = "0006_moderation"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "shared_characters",
        sa.Column("identifier", sa.String(length=26), nullable=False),
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("head", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("terms", sa.String(length=8), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("published", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("terms IN ('draw', 'copy')", name=op.f("ck_shared_characters_terms")),
        sa.CheckConstraint(
            "state IN ('published', 'hidden', 'removed')", name=op.f("ck_shared_characters_state")
        ),
        sa.PrimaryKeyConstraint("identifier", name=op.f("pk_shared_characters")),
    )
    op.create_table(
        "shared_character_terms",
        sa.Column("tag", sa.String(length=80), nullable=False),
        sa.Column("character", sa.String(length=26), nullable=False),
        sa.PrimaryKeyConstraint("tag", "character", name=op.f("pk_shared_character_terms")),
    )
    op.create_table(
        "character_credits",
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("copy", sa.String(length=64), nullable=False),
        sa.Column("step", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("original", sa.String(length=26), nullable=False),
        sa.Column("maker", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("head", sa.String(length=64), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account", "copy", "step", name=op.f("pk_character_credits")),
    )
    for table, several in _INDEXES.items():
        for columns in several:
            name = f"ix_{table}_{'_'.join(columns)}"
            op.create_index(op.f(name), table, list(columns), unique=False)


def downgrade() -> None:
    for table in reversed(_INDEXES):
        op.drop_table(table)


_INDEXES: dict[str, list[tuple[str, ...]]] = {
    "shared_characters": [("state", "published", "identifier"), ("account",)],
    "shared_character_terms": [("character",)],
    "character_credits": [("maker",)],
}
