"""The queue's tables. Times are milliseconds since 1970; what people write is sealed (``queue.py``)."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    Table,
    UniqueConstraint,
)

from rakkan.service.schema import IDENTIFIER, METADATA

#: Characters of an account or an organisation; of a keyed digest; of a lease's token.
ACCOUNT, DIGEST, TOKEN = 64, 64, 32

jobs = Table(
    "jobs",
    METADATA,
    Column("identifier", String(IDENTIFIER), primary_key=True),
    Column("account", String(ACCOUNT), nullable=False),
    Column("organisation", String(ACCOUNT), nullable=False, default=""),
    Column("kind", String(40), nullable=False),
    # The place of its priority in records.PRIORITIES: what has the lower number goes first.
    Column("rank", SmallInteger, nullable=False),
    Column("state", String(12), nullable=False),
    Column("payload", LargeBinary, nullable=False),
    # Of kind and payload, under the queue's key: a plain digest of a short prompt could be guessed.
    Column("digest", String(DIGEST), nullable=False),
    Column("compatibility", String(200), nullable=False, default=""),
    Column("slot", String(DIGEST), nullable=False, default=""),
    Column("idempotency", String(DIGEST), nullable=True),
    Column("created", BigInteger, nullable=False),
    Column("not_before", BigInteger, nullable=False),
    # When its turn is, in virtual time (shares.py).
    Column("turn", BigInteger, nullable=False),
    Column("cost", BigInteger, nullable=False),
    Column("lease_token", String(TOKEN), nullable=False, default=""),
    Column("lease_worker", String(IDENTIFIER), nullable=False, default=""),
    Column("lease_until", BigInteger, nullable=False, default=0),
    Column("attempts", Integer, nullable=False, default=0),
    Column("crashes", Integer, nullable=False, default=0),
    Column("done", Integer, nullable=False, default=0),
    Column("total", Integer, nullable=False, default=0),
    # The state that it shall end in instead of "done"; "" while nobody has asked for that.
    Column("stop", String(12), nullable=False, default=""),
    Column("result", LargeBinary, nullable=True),
    Column("error", LargeBinary, nullable=True),
    Column("started", BigInteger, nullable=True),
    Column("finished", BigInteger, nullable=True),
    UniqueConstraint("account", "idempotency"),
    Index(None, "state", "rank", "turn", "identifier"),
    Index(None, "state", "rank", "compatibility", "turn"),
    Index(None, "account", "state", "slot"),
    Index(None, "account", "identifier"),
    Index(None, "lease_worker", "state"),
    Index(None, "state", "finished"),
)

shares = Table(
    "shares",
    METADATA,
    Column("account", String(ACCOUNT), primary_key=True),
    Column("rank", SmallInteger, primary_key=True, autoincrement=False),
    # The virtual time up to which the account's jobs of this rank have been given their turns.
    Column("spent", BigInteger, nullable=False),
    Index(None, "rank", "spent"),
)

workers = Table(
    "workers",
    METADATA,
    Column("identifier", String(IDENTIFIER), primary_key=True),
    Column("host", String(255), nullable=False),
    Column("device", String(80), nullable=False),
    Column("started", BigInteger, nullable=False),
    Column("seen", BigInteger, nullable=False, index=True),
)
