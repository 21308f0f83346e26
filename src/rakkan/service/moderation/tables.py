"""The tables of moderation. What is decided about pictures stands in the ledger; these say who reported which
picture here, and whom a ban of the ledger keeps out.

Times are milliseconds since 1970. ``sealed`` holds what a person wrote for moderators alone.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, LargeBinary, String, Table

from rakkan.service.schema import IDENTIFIER, METADATA

#: Hexadecimal digits of the name of a case of the takedown desk.
CASE = 32

#: ``docket`` is the case of the takedown desk, "" as long as there is none; ``reporter`` an account, "" for
#: somebody without one. ``state`` is that of reports without a case: those of a case have the case's.
REPORTS = Table(
    "reports",
    METADATA,
    Column("identifier", String(IDENTIFIER), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("picture", String(IDENTIFIER), nullable=False),
    Column("docket", String(CASE), nullable=False),
    Column("reporter", String(64), nullable=False),
    Column("sealed", LargeBinary),
    Column("created", BigInteger, nullable=False),
    Column("state", String(16), nullable=False),
    CheckConstraint("state IN ('open', 'docket', 'kept')", name="state"),
    Index(None, "state", "identifier"),
    Index(None, "picture"),
    Index(None, "docket"),
    Index(None, "reporter"),
)

#: ``who`` is an account or an organisation; ``statement`` the SHA-256 of the ban's envelope in the ledger.
#: ``until`` is null for good, ``lifted`` null while it stands.
BANS = Table(
    "bans",
    METADATA,
    Column("identifier", String(IDENTIFIER), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("who", String(IDENTIFIER), nullable=False),
    Column("reason", String(32), nullable=False),
    Column("moderator", String(64), nullable=False),
    Column("statement", String(64), nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("until", BigInteger),
    Column("lifted", BigInteger),
    CheckConstraint("kind IN ('account', 'organisation')", name="kind"),
    Index(None, "lifted", "identifier"),
    Index(None, "who"),
)
