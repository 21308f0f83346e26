"""The table of what is on its way from a worker to somebody. Times are milliseconds since 1970."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, String, Table

from rakkan.service.schema import METADATA

#: ``digest`` is what the vault knows the file by. A row that is not ``pending`` any more is being swept.
deliveries = Table(
    "deliveries",
    METADATA,
    Column("account", String(64), primary_key=True),
    Column("digest", String(64), primary_key=True),
    Column("state", String(8), nullable=False),
    Column("until", BigInteger, nullable=False, index=True),
)
