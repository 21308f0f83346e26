"""The tables of accounts. Times are milliseconds since 1970; what would let somebody in is there as a digest.

``sealed`` columns hold what a person wrote for themselves alone, encrypted under the service's secret.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Table,
    Text,
)

from rakkan.service.schema import IDENTIFIER, METADATA

#: Bytes of every digest.
DIGEST = 32
_ID = String(IDENTIFIER)

ACCOUNTS = Table(
    "accounts",
    METADATA,
    Column("identifier", _ID, primary_key=True),
    Column("handle", String(32), nullable=False, unique=True),
    Column("display_name", String(64), nullable=False),
    Column("role", String(16), nullable=False),
    Column("state", String(16), nullable=False, index=True),
    Column("locale", String(16), nullable=False),
    Column("bio", Text, nullable=False),
    Column("created", BigInteger, nullable=False),
    CheckConstraint("role IN ('member', 'moderator', 'owner')", name="role"),
    CheckConstraint("state IN ('active', 'suspended', 'closed')", name="state"),
)


def _account(index: bool = True, primary_key: bool = False) -> Column[str]:
    key = ForeignKey(ACCOUNTS.c.identifier)
    return Column("account", _ID, key, nullable=False, index=index, primary_key=primary_key)


PASSWORDS = Table(
    "account_passwords",
    METADATA,
    _account(index=False, primary_key=True),
    Column("encoded", String(256), nullable=False),
    Column("changed", BigInteger, nullable=False),
)

PASSKEYS = Table(
    "account_passkeys",
    METADATA,
    Column("identifier", _ID, primary_key=True),
    _account(),
    Column("credential", LargeBinary, nullable=False, unique=True),
    Column("public_key", LargeBinary, nullable=False),
    Column("sign_count", BigInteger, nullable=False),
    Column("backed_up", Boolean, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("used", BigInteger),
)

#: Ceremonies of passkeys that were finished, until nobody could finish them again in any case.
CEREMONIES = Table(
    "account_ceremonies",
    METADATA,
    Column("identifier", _ID, primary_key=True),
    Column("purpose", String(16), nullable=False),
    Column("account", _ID, ForeignKey(ACCOUNTS.c.identifier), index=True),
    Column("expires", BigInteger, nullable=False, index=True),
)

SESSIONS = Table(
    "account_sessions",
    METADATA,
    Column("identifier", _ID, primary_key=True),
    _account(),
    Column("digest", LargeBinary(DIGEST), nullable=False, unique=True),
    Column("way", String(16), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("network", LargeBinary(DIGEST), nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("seen", BigInteger, nullable=False),
    Column("expires", BigInteger, nullable=False, index=True),
    Column("revoked", BigInteger),
)

KEYS = Table(
    "account_keys",
    METADATA,
    Column("identifier", _ID, primary_key=True),
    _account(),
    Column("prefix", String(16), nullable=False),
    Column("digest", LargeBinary(DIGEST), nullable=False, unique=True),
    Column("scopes", String(128), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("used", BigInteger),
    Column("expires", BigInteger),
    Column("revoked", BigInteger),
)

ORGANISATIONS = Table(
    "organisations",
    METADATA,
    Column("identifier", _ID, primary_key=True),
    Column("handle", String(32), nullable=False, unique=True),
    Column("display_name", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("created", BigInteger, nullable=False),
    CheckConstraint("state IN ('active', 'suspended')", name="state"),
)

MEMBERSHIPS = Table(
    "organisation_members",
    METADATA,
    Column("organisation", _ID, ForeignKey(ORGANISATIONS.c.identifier), primary_key=True),
    _account(primary_key=True),
    Column("role", String(16), nullable=False),
    Column("joined", BigInteger, nullable=False),
    CheckConstraint("role IN ('member', 'admin')", name="role"),
)

#: One-time tokens: to be the owner, to sign up, to join an organisation. ``account`` made it (none: the
#: service itself).
INVITATIONS = Table(
    "invitations",
    METADATA,
    Column("identifier", _ID, primary_key=True),
    Column("digest", LargeBinary(DIGEST), nullable=False, unique=True),
    Column("purpose", String(16), nullable=False),
    Column("account", _ID, ForeignKey(ACCOUNTS.c.identifier), index=True),
    Column("organisation", _ID, ForeignKey(ORGANISATIONS.c.identifier), index=True),
    Column("role", String(16), nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("expires", BigInteger, nullable=False, index=True),
    Column("used", BigInteger),
)

#: What an account has chosen for the requests that follow: ``model`` by its name.
CHOICES = Table(
    "account_choices",
    METADATA,
    _account(index=False, primary_key=True),
    Column("model", String(200), nullable=False),
)

#: Keyed digests of the handles of closed accounts, which nobody can take until ``until``.
TOMBSTONES = Table(
    "account_tombstones",
    METADATA,
    Column("digest", LargeBinary(DIGEST), primary_key=True),
    Column("until", BigInteger, nullable=False, index=True),
)

#: When attempts failed lately, by the keyed digest of whose they were; ``moments`` is a JSON list.
ATTEMPTS = Table(
    "account_attempts",
    METADATA,
    Column("digest", LargeBinary(DIGEST), primary_key=True),
    Column("moments", Text, nullable=False),
    Column("touched", BigInteger, nullable=False),
    Index("ix_account_attempts_touched", "touched"),
)

#: The tables with rows of an account, those that refer to others first.
OWNED = (PASSWORDS, PASSKEYS, CEREMONIES, SESSIONS, KEYS, MEMBERSHIPS, INVITATIONS, CHOICES)
