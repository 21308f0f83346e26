"""What can be stated in the ledger: in-toto statements (v1) with typed, versioned predicates.

A kind of statement is a frozen dataclass under ``@statement``; its fields are the predicate. Kinds
and versions are public (they stand in the log in clear), so neither may ever say anything personal.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

#: The in-toto type of the statement layer (in-toto attestation framework, Statement v1).
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"


@dataclass(frozen=True)
class Subject:
    """What a statement is about. ``name`` is the sort of thing (``picture``, ``model``, ``work``,
    ``account``, ``statement``), never a person's words; ``digests`` maps an algorithm to lower-case
    hexadecimal: ``sha256`` of a file without its seal, ``pixels`` of the decoded pixels, and so on."""

    name: str
    digests: Mapping[str, str]


@dataclass(frozen=True)
class Kind:
    """One kind of statement: its name and version in the log, and the record its predicate is."""

    name: str
    version: int
    record: type[Any]

    @property
    def predicate_type(self) -> str:
        """The in-toto ``predicateType``."""
        return f"urn:rakkan:{self.name}:{self.version}"


_KINDS: dict[type[Any], Kind] = {}


def statement(name: str, version: int = 1) -> Callable[[type[Any]], type[Any]]:
    """Make a frozen dataclass a kind of statement."""

    def register(record: type[Any]) -> type[Any]:
        _KINDS[record] = Kind(name, version, record)
        return record

    return register


def kinds() -> tuple[Kind, ...]:
    """Every kind there is, in the order they are written here."""
    return tuple(_KINDS.values())


def kind_of(predicate: object) -> Kind:
    """The kind of a predicate. Raises KeyError for a record that is none."""
    return _KINDS[type(predicate)]


@dataclass(frozen=True)
class Statement:
    """One statement: a predicate about subjects, made by ``account`` (whose key shreds its body).

    ``time`` is seconds since 1970 (UTC), whole.
    """

    predicate: Any
    subjects: tuple[Subject, ...]
    account: str
    time: int


@statement("generated")
@dataclass(frozen=True)
class Generated:
    """A picture was made by a model. ``operation`` is ``create``, ``variation``, ``draft`` or
    ``sheet``; ``recipe`` the salted commitment to its recipe; ``disclosure`` ``full``, ``redacted`` or
    ``digest``: how much of the recipe the file itself tells. ``training`` is the SHA-256 of the model's
    training statement, "" for none; ``references`` are digests of the pictures that guided it."""

    operation: str
    recipe: str
    disclosure: str
    model: str
    model_digest: str
    training: str = ""
    references: tuple[str, ...] = ()


@statement("derived")
@dataclass(frozen=True)
class Derived:
    """A picture was made from other pictures. ``operation`` is ``edit`` or ``upscale``; ``parents`` are
    digests of what it was made from; the other fields are those of ``Generated``."""

    operation: str
    parents: tuple[str, ...]
    recipe: str
    disclosure: str
    model: str
    model_digest: str
    training: str = ""
    references: tuple[str, ...] = ()


@statement("admitted")
@dataclass(frozen=True)
class Admitted:
    """A file came in, inspected. ``source`` says how (``file``), ``seal`` what its own seal was worth
    (``none``, ``valid``, ``invalid``)."""

    media_type: str
    size: int
    source: str
    seal: str


@statement("trained")
@dataclass(frozen=True)
class Trained:
    """A model was trained. ``corpus`` names what on, ``corpus_digest`` is the SHA-256 of its manifest,
    ``basis`` the consent or licence it rests on, ``facts`` further plain facts (stages, minutes)."""

    model: str
    corpus: str
    corpus_digest: str
    basis: str
    licence: str
    facts: Mapping[str, str] = field(default_factory=dict)


@statement("licensed")
@dataclass(frozen=True)
class Licensed:
    """The subject may be used under ``licence``, an SPDX identifier or a name of the licence table."""

    licence: str


@statement("reserved")
@dataclass(frozen=True)
class Reserved:
    """Its artist reserves uses of a work: ``uses`` maps a CAWG use (``cawg.ai_training``) to ``allowed``,
    ``notAllowed`` or ``constrained``. ``until`` is seconds since 1970, 0 for no end."""

    uses: Mapping[str, str]
    until: int = 0


@statement("consented")
@dataclass(frozen=True)
class Consented:
    """Its artist allows the ``uses`` (as in ``Reserved``) until ``until`` (0: no end), under ``terms``.
    ``accounts`` limits it to those accounts; empty means to all."""

    uses: tuple[str, ...]
    until: int = 0
    terms: str = ""
    accounts: tuple[str, ...] = ()


@statement("leaked")
@dataclass(frozen=True)
class Leaked:
    """The subject was found where it may not be. ``confirmed`` once someone looked; ``evidence`` is the
    SHA-256 of what shows it, "" for none."""

    confirmed: bool
    evidence: str = ""


@statement("banned")
@dataclass(frozen=True)
class Banned:
    """The subject (an account, a picture, a model) is barred from ``actions`` (empty: all) until
    ``until`` (0: no end). ``reason`` is a word of the policy table."""

    reason: str
    actions: tuple[str, ...] = ()
    until: int = 0


@statement("revoked")
@dataclass(frozen=True)
class Revoked:
    """The statement with the envelope digest ``statement`` no longer holds."""

    statement: str


@statement("erased")
@dataclass(frozen=True)
class Erased:
    """The bodies of the log's ``entries`` were shredded on request; their commitments stay."""

    entries: tuple[int, ...]
