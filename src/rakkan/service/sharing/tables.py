"""The tables of shared characters. What a character says stays in its maker's part of the vault; these say
which version of it is published, and what a copy was copied from.

A row is there as long as the character is shared, or a decision concerns it. Times are milliseconds since
1970, digests SHA-256 in hexadecimal.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Integer, String, Table

from rakkan.service.schema import IDENTIFIER, METADATA

_DIGEST = 64

#: ``identifier`` is what pictures know the character by; ``head`` the version that is published, ``number``
#: which one it is. ``terms`` say what others may do: ``draw`` with it alone, or ``copy`` it too.
SHARED = Table(
    "shared_characters",
    METADATA,
    Column("identifier", String(IDENTIFIER), primary_key=True),
    Column("account", String(64), nullable=False),
    Column("name", String(200), nullable=False),
    Column("head", String(_DIGEST), nullable=False),
    Column("number", Integer, nullable=False),
    Column("terms", String(8), nullable=False),
    Column("state", String(16), nullable=False),
    Column("published", BigInteger, nullable=False),
    CheckConstraint("terms IN ('draw', 'copy')", name="terms"),
    CheckConstraint("state IN ('published', 'hidden', 'removed')", name="state"),
    Index(None, "state", "published", "identifier"),
    Index(None, "account"),
)

#: What a shared character is found by: the tags its own read as, the words of its name behind ``title:``, and
#: behind ``of:`` its versions, so that a decision about one of them finds all that go on from it.
SHARED_TERMS = Table(
    "shared_character_terms",
    METADATA,
    Column("tag", String(80), primary_key=True),
    Column("character", String(IDENTIFIER), primary_key=True),
    Index(None, "character"),
)

#: What a character was copied from: the nearest at ``step`` 1, what that was copied from at 2. ``account`` is
#: whose copy it is and ``copy`` its first version of their own, which all later ones go on from. ``maker`` is
#: who shared the original, "" for somebody who is gone; ``head`` its version.
CREDITS = Table(
    "character_credits",
    METADATA,
    Column("account", String(64), primary_key=True),
    Column("copy", String(_DIGEST), primary_key=True),
    Column("step", Integer, primary_key=True, autoincrement=False),
    Column("original", String(IDENTIFIER), nullable=False),
    Column("maker", String(64), nullable=False),
    Column("name", String(200), nullable=False),
    Column("head", String(_DIGEST), nullable=False),
    Column("created", BigInteger, nullable=False),
    Index(None, "maker"),
)
