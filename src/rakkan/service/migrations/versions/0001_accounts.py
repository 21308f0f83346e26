"""The tables of accounts."""

import sqlalchemy as sa
from alembic import op

revision = "0001_accounts"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    _account_attempts()
    _account_tombstones()
    _accounts()
    _organisations()
    _account_ceremonies()
    _account_keys()
    _account_passkeys()
    _account_passwords()
    _account_sessions()
    _invitations()
    _organisation_members()


def downgrade() -> None:
    for table in reversed(
        [
            "account_attempts",
            "account_tombstones",
            "accounts",
            "organisations",
            "account_ceremonies",
            "account_keys",
            "account_passkeys",
            "account_passwords",
            "account_sessions",
            "invitations",
            "organisation_members",
        ]
    ):
        op.drop_table(table)


def _account_attempts() -> None:
    op.create_table(
        "account_attempts",
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("moments", sa.Text(), nullable=False),
        sa.Column("touched", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_account_attempts")),
    )
    op.create_index("ix_account_attempts_touched", "account_attempts", ["touched"], unique=False)


def _account_tombstones() -> None:
    op.create_table(
        "account_tombstones",
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_account_tombstones")),
    )
    op.create_index(op.f("ix_account_tombstones_until"), "account_tombstones", ["until"], unique=False)


def _accounts() -> None:
    op.create_table(
        "accounts",
        sa.Column("identifier", sa.String(length=26), nullable=False),
        sa.Column("handle", sa.String(length=32), nullable=False),
        sa.Column("display_name", sa.String(length=64), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("locale", sa.String(length=16), nullable=False),
        sa.Column("bio", sa.Text(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("role IN ('member', 'moderator', 'owner')", name=op.f("ck_accounts_role")),
        sa.CheckConstraint("state IN ('active', 'suspended', 'closed')", name=op.f("ck_accounts_state")),
        sa.PrimaryKeyConstraint("identifier", name=op.f("pk_accounts")),
        sa.UniqueConstraint("handle", name=op.f("uq_accounts_handle")),
    )
    op.create_index(op.f("ix_accounts_state"), "accounts", ["state"], unique=False)


def _organisations() -> None:
    op.create_table(
        "organisations",
        sa.Column("identifier", sa.String(length=26), nullable=False),
        sa.Column("handle", sa.String(length=32), nullable=False),
        sa.Column("display_name", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("state IN ('active', 'suspended')", name=op.f("ck_organisations_state")),
        sa.PrimaryKeyConstraint("identifier", name=op.f("pk_organisations")),
        sa.UniqueConstraint("handle", name=op.f("uq_organisations_handle")),
    )


def _account_ceremonies() -> None:
    op.create_table(
        "account_ceremonies",
        sa.Column("identifier", sa.String(length=26), nullable=False),
        sa.Column("purpose", sa.String(length=16), nullable=False),
        sa.Column("account", sa.String(length=26), nullable=True),
        sa.Column("expires", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account"], ["accounts.identifier"], name=op.f("fk_account_ceremonies_account_accounts")
        ),
        sa.PrimaryKeyConstraint("identifier", name=op.f("pk_account_ceremonies")),
    )
    op.create_index(op.f("ix_account_ceremonies_account"), "account_ceremonies", ["account"], unique=False)
    op.create_index(op.f("ix_account_ceremonies_expires"), "account_ceremonies", ["expires"], unique=False)


def _account_keys() -> None:
    op.create_table(
        "account_keys",
        sa.Column("identifier", sa.String(length=26), nullable=False),
        sa.Column("account", sa.String(length=26), nullable=False),
        sa.Column("prefix", sa.String(length=16), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("scopes", sa.String(length=128), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("used", sa.BigInteger(), nullable=True),
        sa.Column("expires", sa.BigInteger(), nullable=True),
        sa.Column("revoked", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account"], ["accounts.identifier"], name=op.f("fk_account_keys_account_accounts")
        ),
        sa.PrimaryKeyConstraint("identifier", name=op.f("pk_account_keys")),
        sa.UniqueConstraint("digest", name=op.f("uq_account_keys_digest")),
    )
    op.create_index(op.f("ix_account_keys_account"), "account_keys", ["account"], unique=False)


def _account_passkeys() -> None:
    op.create_table(
        "account_passkeys",
        sa.Column("identifier", sa.String(length=26), nullable=False),
        sa.Column("account", sa.String(length=26), nullable=False),
        sa.Column("credential", sa.LargeBinary(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("backed_up", sa.Boolean(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("used", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account"], ["accounts.identifier"], name=op.f("fk_account_passkeys_account_accounts")
        ),
        sa.PrimaryKeyConstraint("identifier", name=op.f("pk_account_passkeys")),
        sa.UniqueConstraint("credential", name=op.f("uq_account_passkeys_credential")),
    )
    op.create_index(op.f("ix_account_passkeys_account"), "account_passkeys", ["account"], unique=False)


def _account_passwords() -> None:
    op.create_table(
        "account_passwords",
        sa.Column("account", sa.String(length=26), nullable=False),
        sa.Column("encoded", sa.String(length=256), nullable=False),
        sa.Column("changed", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account"], ["accounts.identifier"], name=op.f("fk_account_passwords_account_accounts")
        ),
        sa.PrimaryKeyConstraint("account", name=op.f("pk_account_passwords")),
    )


def _account_sessions() -> None:
    op.create_table(
        "account_sessions",
        sa.Column("identifier", sa.String(length=26), nullable=False),
        sa.Column("account", sa.String(length=26), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("way", sa.String(length=16), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("network", sa.LargeBinary(length=32), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("seen", sa.BigInteger(), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=False),
        sa.Column("revoked", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account"], ["accounts.identifier"], name=op.f("fk_account_sessions_account_accounts")
        ),
        sa.PrimaryKeyConstraint("identifier", name=op.f("pk_account_sessions")),
        sa.UniqueConstraint("digest", name=op.f("uq_account_sessions_digest")),
    )
    op.create_index(op.f("ix_account_sessions_account"), "account_sessions", ["account"], unique=False)
    op.create_index(op.f("ix_account_sessions_expires"), "account_sessions", ["expires"], unique=False)


def _invitations() -> None:
    op.create_table(
        "invitations",
        sa.Column("identifier", sa.String(length=26), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("purpose", sa.String(length=16), nullable=False),
        sa.Column("account", sa.String(length=26), nullable=True),
        sa.Column("organisation", sa.String(length=26), nullable=True),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=False),
        sa.Column("used", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["account"], ["accounts.identifier"], name=op.f("fk_invitations_account_accounts")
        ),
        sa.ForeignKeyConstraint(
            ["organisation"],
            ["organisations.identifier"],
            name=op.f("fk_invitations_organisation_organisations"),
        ),
        sa.PrimaryKeyConstraint("identifier", name=op.f("pk_invitations")),
        sa.UniqueConstraint("digest", name=op.f("uq_invitations_digest")),
    )
    op.create_index(op.f("ix_invitations_account"), "invitations", ["account"], unique=False)
    op.create_index(op.f("ix_invitations_expires"), "invitations", ["expires"], unique=False)
    op.create_index(op.f("ix_invitations_organisation"), "invitations", ["organisation"], unique=False)


def _organisation_members() -> None:
    op.create_table(
        "organisation_members",
        sa.Column("organisation", sa.String(length=26), nullable=False),
        sa.Column("account", sa.String(length=26), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("joined", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("role IN ('member', 'admin')", name=op.f("ck_organisation_members_role")),
        sa.ForeignKeyConstraint(
            ["account"], ["accounts.identifier"], name=op.f("fk_organisation_members_account_accounts")
        ),
        sa.ForeignKeyConstraint(
            ["organisation"],
            ["organisations.identifier"],
            name=op.f("fk_organisation_members_organisation_organisations"),
        ),
        sa.PrimaryKeyConstraint("organisation", "account", name=op.f("pk_organisation_members")),
    )
    op.create_index(
        op.f("ix_organisation_members_account"), "organisation_members", ["account"], unique=False
    )
