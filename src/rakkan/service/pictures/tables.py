"""The tables of the pictures. Every list has an index that it reads in its own order.

What a person has written privately, the recipe, is sealed in its column; what they have published is clear.
Times are milliseconds since 1970, digests SHA-256 in hexadecimal.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
)

from rakkan.service.schema import IDENTIFIER, METADATA

_DIGEST = 64


def _identifier(name: str, primary_key: bool = False) -> Column[str]:
    return Column(name, String(IDENTIFIER), nullable=False, primary_key=primary_key)


def _text(name: str, length: int) -> Column[str]:
    return Column(name, String(length), nullable=False, default="")


#: ``digest`` is what recipes and the ledger know the picture by, ``file`` and ``thumbnail`` what the vault
#: knows its files by. ``parent`` is the picture it was made of, ``character`` and ``character_name`` who it
#: was drawn with, "" for none. ``published`` is null until it is; ``changed`` is when its state last did.
pictures = Table(
    "pictures",
    METADATA,
    _identifier("identifier", primary_key=True),
    _text("account", 64),
    _text("file", _DIGEST),
    _text("digest", _DIGEST),
    _text("thumbnail", _DIGEST),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    _text("media_type", 32),
    _text("operation", 16),
    _text("model", 200),
    _text("model_digest", _DIGEST),
    _text("character", 64),
    _text("character_name", 200),
    _text("parent", IDENTIFIER),
    Column("created", BigInteger, nullable=False),
    Column("published", BigInteger),
    Column("changed", BigInteger, nullable=False),
    _text("state", 16),
    _text("title", 200),
    Column("recipe", LargeBinary, nullable=False),
    _text("disclosure", 16),
    _text("licence", 100),
    Column("likes", Integer, nullable=False, default=0),
    Column("comments", Integer, nullable=False, default=0),
    Index(None, "state", "published", "identifier"),
    Index(None, "account", "created", "identifier"),
    Index(None, "account", "state", "published", "identifier"),
    Index(None, "character", "state", "published", "identifier"),
    Index(None, "model_digest", "state", "published", "identifier"),
    Index(None, "parent", "identifier"),
    Index(None, "digest"),
    Index(None, "changed", "identifier"),
)

#: What published pictures are found by: tags, and the words of titles behind ``title:``. The time is that of
#: the picture, so that one index gives a page of a tag.
picture_tags = Table(
    "picture_tags",
    METADATA,
    Column("tag", String(80), primary_key=True),
    Column("published", BigInteger, primary_key=True),
    _identifier("picture", primary_key=True),
    Index(None, "picture"),
)

#: What a picture looks like: float16 numbers, by the reader (``nearness.reader``) that made them.
embeddings = Table(
    "embeddings",
    METADATA,
    Column(
        "picture",
        String(IDENTIFIER),
        ForeignKey("pictures.identifier", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("reader", String(_DIGEST), nullable=False),
    Column("vector", LargeBinary, nullable=False),
)

#: Files of pictures besides the one that each was sealed as (``releases.Released``); ``job`` made it.
releases = Table(
    "releases",
    METADATA,
    _identifier("picture", primary_key=True),
    Column("format", String(8), primary_key=True),
    Column("disclosure", String(16), primary_key=True),
    _text("account", 64),
    _text("file", _DIGEST),
    Column("size", BigInteger, nullable=False),
    Column("created", BigInteger, nullable=False),
    _identifier("job"),
    Index(None, "account", "job"),
)

likes = Table(
    "likes",
    METADATA,
    _identifier("picture", primary_key=True),
    Column("account", String(64), primary_key=True),
    Column("created", BigInteger, nullable=False),
    Index(None, "account", "created", "picture"),
)

follows = Table(
    "follows",
    METADATA,
    Column("follower", String(64), primary_key=True),
    Column("followed", String(64), primary_key=True),
    Column("created", BigInteger, nullable=False),
    Index(None, "followed", "follower"),
)

comments = Table(
    "comments",
    METADATA,
    _identifier("identifier", primary_key=True),
    _identifier("picture"),
    Column("account", String(64), nullable=False),
    Column("text", Text, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("state", String(16), nullable=False),
    Index(None, "picture", "state", "created", "identifier"),
    Index(None, "account", "created"),
)

#: Who did what about which thing, and why. Rows are only ever added; each holds a hash of all before it.
audit_log = Table(
    "audit_log",
    METADATA,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("time", BigInteger, nullable=False),
    Column("actor", String(64), nullable=False),
    Column("action", String(64), nullable=False),
    Column("about", String(200), nullable=False),
    Column("because", Text, nullable=False),
    Column("hash", String(_DIGEST), nullable=False),
    Index(None, "about", "number"),
)

#: The newest row of the log, so that one that is cut short is seen; and what its writers wait for.
audit_heads = Table(
    "audit_heads",
    METADATA,
    Column("name", String(16), primary_key=True),
    Column("number", BigInteger, nullable=False),
    Column("hash", String(_DIGEST), nullable=False),
)
