"""The tables of the budgets. No address, label or identifier of a picture is in them: keyed digests are."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, String, Table, Text

from rakkan.service.schema import IDENTIFIER, METADATA

#: Accounts are identifiers; visitors are "visitor:" and 16 hexadecimal digits.
ACCOUNT = 32

#: One row for each pair that an account was given (or canary it asked for), for two months.
PAIRS = Table(
    "budget_pairs",
    METADATA,
    Column("account", String(ACCOUNT), primary_key=True),
    Column("month", Integer, primary_key=True, comment="months of 30 days since 1970"),
    Column("digest", BigInteger, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False, comment="milliseconds since 1970"),
    Column("given", Boolean, nullable=False),
    Column("tail", Boolean, nullable=False),
    Column("canary", Boolean, nullable=False),
)
Index("ix_budget_pairs_month", PAIRS.c.month)

EGRESS = Table(
    "budget_egress",
    METADATA,
    Column("account", String(ACCOUNT), primary_key=True),
    Column("day", Integer, primary_key=True, comment="days since 1970"),
    Column("bytes", BigInteger, nullable=False),
)

LINKS = Table(
    "budget_links",
    METADATA,
    Column("account", String(ACCOUNT), primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("value", String(16), primary_key=True, comment="keyed digest, hexadecimal"),
    Column("at", BigInteger, nullable=False, comment="last seen, milliseconds since 1970"),
)

#: Accounts that were found to belong together: they stay so, however widely they share a value later.
JOINS = Table(
    "budget_joins",
    METADATA,
    Column("one", String(ACCOUNT), primary_key=True),
    Column("other", String(ACCOUNT), primary_key=True),
    Column("at", BigInteger, nullable=False),
)

ALARMS = Table(
    "budget_alarms",
    METADATA,
    Column("identifier", String(IDENTIFIER), primary_key=True),
    Column("state", String(16), nullable=False),
    Column("content", Text, nullable=False, comment="canonical JSON with pseudonyms"),
    Column("appeal", LargeBinary, comment="sealed"),
)
Index("ix_budget_alarms_state", ALARMS.c.state)

ALARMED = Table(
    "budget_alarmed",
    METADATA,
    Column("alarm", String(IDENTIFIER), primary_key=True),
    Column("account", String(ACCOUNT), primary_key=True),
)
Index("ix_budget_alarmed_account", ALARMED.c.account)
