"""The tables of what people bring. Times are milliseconds since 1970; what somebody wrote is sealed."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, Integer, LargeBinary, String, Table

from rakkan.service.schema import METADATA

#: Files that come in parts; of one that is ``done`` its model alone is known. ``sealed`` says what each is,
#: ``until`` is when nobody goes on with it any more.
uploads = Table(
    "uploads",
    METADATA,
    Column("identifier", String(26), primary_key=True),
    Column("account", String(64), nullable=False, index=True),
    Column("state", String(8), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("received", BigInteger, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("until", BigInteger, nullable=False, index=True),
    CheckConstraint("state IN ('open', 'queued', 'done')", name="state"),
)

#: The parts of an upload by the byte that they begin at, as the vault knows them.
upload_parts = Table(
    "upload_parts",
    METADATA,
    Column("upload", String(26), primary_key=True),
    Column("start", BigInteger, primary_key=True, autoincrement=False),
    Column("digest", String(64), nullable=False),
    Column("length", Integer, nullable=False),
)

#: Wildcards and prompts of accounts. ``named`` is a keyed digest of the name, so that none stands twice.
kept_texts = Table(
    "kept_texts",
    METADATA,
    Column("identifier", String(26), primary_key=True),
    Column("account", String(64), nullable=False, index=True),
    Column("kind", String(8), nullable=False),
    Column("named", LargeBinary(32), nullable=False, unique=True),
    Column("size", Integer, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("created", BigInteger, nullable=False),
    CheckConstraint("kind IN ('wildcard', 'prompt')", name="kind"),
)
