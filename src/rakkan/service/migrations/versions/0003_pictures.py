"""The tables of pictures."""

import sqlalchemy as sa
from alembic import op

revision = "0003_pictures"
down_revision = "0002_jobs"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _audit_heads()
    _audit_log()
    _comments()
    _follows()
    _likes()
    _picture_tags()
    _pictures()
    _embeddings()


def downgrade() -> None:
    for table in reversed(
        ["audit_heads", "audit_log", "comments", "follows", "likes", "picture_tags", "pictures", "embeddings"]
    ):
        op.drop_table(table)


def _audit_heads() -> None:
    op.create_table(
        "audit_heads",
        sa.Column("name", sa.String(length=16), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_audit_heads")),
    )


def _audit_log() -> None:
    op.create_table(
        "audit_log",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("time", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("about", sa.String(length=200), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_audit_log")),
    )
    op.create_index(op.f("ix_audit_log_about_number"), "audit_log", ["about", "number"], unique=False)


def _comments() -> None:
    op.create_table(
        "comments",
        sa.Column("identifier", sa.String(length=26), nullable=False),
        sa.Column("picture", sa.String(length=26), nullable=False),
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.PrimaryKeyConstraint("identifier", name=op.f("pk_comments")),
    )
    op.create_index(op.f("ix_comments_account_created"), "comments", ["account", "created"], unique=False)
    op.create_index(
        op.f("ix_comments_picture_state_created_identifier"),
        "comments",
        ["picture", "state", "created", "identifier"],
        unique=False,
    )


def _follows() -> None:
    op.create_table(
        "follows",
        sa.Column("follower", sa.String(length=64), nullable=False),
        sa.Column("followed", sa.String(length=64), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("follower", "followed", name=op.f("pk_follows")),
    )
    op.create_index(op.f("ix_follows_followed_follower"), "follows", ["followed", "follower"], unique=False)


def _likes() -> None:
    op.create_table(
        "likes",
        sa.Column("picture", sa.String(length=26), nullable=False),
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("picture", "account", name=op.f("pk_likes")),
    )
    op.create_index(
        op.f("ix_likes_account_created_picture"), "likes", ["account", "created", "picture"], unique=False
    )


def _picture_tags() -> None:
    op.create_table(
        "picture_tags",
        sa.Column("tag", sa.String(length=80), nullable=False),
        sa.Column("published", sa.BigInteger(), nullable=False),
        sa.Column("picture", sa.String(length=26), nullable=False),
        sa.PrimaryKeyConstraint("tag", "published", "picture", name=op.f("pk_picture_tags")),
    )
    op.create_index(op.f("ix_picture_tags_picture"), "picture_tags", ["picture"], unique=False)


def _pictures() -> None:
    op.create_table(
        "pictures",
        sa.Column("identifier", sa.String(length=26), nullable=False),
        sa.Column("account", sa.String(length=64), nullable=False),
        sa.Column("file", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("thumbnail", sa.String(length=64), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("media_type", sa.String(length=32), nullable=False),
        sa.Column("operation", sa.String(length=16), nullable=False),
        sa.Column("model", sa.String(length=200), nullable=False),
        sa.Column("model_digest", sa.String(length=64), nullable=False),
        sa.Column("character", sa.String(length=64), nullable=False),
        sa.Column("character_name", sa.String(length=200), nullable=False),
        sa.Column("parent", sa.String(length=26), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("published", sa.BigInteger(), nullable=True),
        sa.Column("changed", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("recipe", sa.LargeBinary(), nullable=False),
        sa.Column("disclosure", sa.String(length=16), nullable=False),
        sa.Column("licence", sa.String(length=100), nullable=False),
        sa.Column("likes", sa.Integer(), nullable=False),
        sa.Column("comments", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("identifier", name=op.f("pk_pictures")),
    )
    op.create_index(
        op.f("ix_pictures_account_created_identifier"),
        "pictures",
        ["account", "created", "identifier"],
        unique=False,
    )
    op.create_index(
        op.f("ix_pictures_account_state_published_identifier"),
        "pictures",
        ["account", "state", "published", "identifier"],
        unique=False,
    )
    op.create_index(
        op.f("ix_pictures_changed_identifier"), "pictures", ["changed", "identifier"], unique=False
    )
    op.create_index(
        op.f("ix_pictures_character_state_published_identifier"),
        "pictures",
        ["character", "state", "published", "identifier"],
        unique=False,
    )
    op.create_index(op.f("ix_pictures_digest"), "pictures", ["digest"], unique=False)
    op.create_index(
        op.f("ix_pictures_model_digest_state_published_identifier"),
        "pictures",
        ["model_digest", "state", "published", "identifier"],
        unique=False,
    )
    op.create_index(op.f("ix_pictures_parent_identifier"), "pictures", ["parent", "identifier"], unique=False)
    op.create_index(
        op.f("ix_pictures_state_published_identifier"),
        "pictures",
        ["state", "published", "identifier"],
        unique=False,
    )


def _embeddings() -> None:
    op.create_table(
        "embeddings",
        sa.Column("picture", sa.String(length=26), nullable=False),
        sa.Column("reader", sa.String(length=64), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["picture"],
            ["pictures.identifier"],
            name=op.f("fk_embeddings_picture_pictures"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("picture", name=op.f("pk_embeddings")),
    )
