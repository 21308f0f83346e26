"""What can be stated in the ledger: in-toto statements (v1) with typed, versioned predicates.

A kind of statement is a frozen dataclass under ``@statement``; its fields are the predicate. Kinds
and versions are public (they stand in the log in clear), so neither may ever say anything personal.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Annotated, Any

from rakkan.errors import RakkanError
from rakkan.records import LARGEST_INTEGER
from rakkan.store.ledger import canonical, typed
from rakkan.store.ledger.typed import CASE, SHA256, SHA256_OR_NONE, Form

#: The in-toto type of the statement layer (in-toto attestation framework, Statement v1).
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"

#: Caps on what is read: bytes of a payload, subjects of a statement.
MOST_BYTES = 1_048_576
MOST_SUBJECTS = 1000

_SUBJECT_NAME = Form("[a-z][a-z-]{0,39}", "a word in lower case")
_ALGORITHM = Form("[a-z0-9][a-z0-9_-]{0,31}", "the name of an algorithm")
_DIGEST = Form("(?:[0-9a-f]{2}){1,512}", "bytes in lower-case hexadecimal")
_ACCOUNT = Form(r"[^\x00-\x1f\x7f]{1,256}", "a name of 1 to 256 characters")


@dataclass(frozen=True)
class Subject:
    """What a statement is about. ``name`` is the sort of thing (``picture``, ``model``, ``work``,
    ``character``, ``style``, ``account``, ``statement``), never a person's words; ``digests`` maps an
    algorithm to lower-case hexadecimal: ``sha256`` of a file without its seal, ``pixels`` of the decoded
    pixels, and so on. A ``look`` is what a picture's copies are found by, and names none exactly."""

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
    """Make a frozen dataclass a kind of statement. Its fields must not be called account or time."""

    def register(record: type[Any]) -> type[Any]:
        if {part.name for part in fields(record)} & {"account", "time"}:
            raise TypeError(f"{record.__name__} has a field that every predicate has already")
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

    ``time`` is seconds since 1970 (UTC), whole. In its envelope, which may travel, a pseudonym stands for
    the account, another one each time (``Index.pseudonym``).
    """

    predicate: Any
    subjects: tuple[Subject, ...]
    account: str
    time: int


def to_payload(statement: Statement) -> bytes:
    """The in-toto JSON of a statement, canonical (RFC 8785).

    Raises RakkanError for a statement that could not be read back.
    """
    kind = _KINDS.get(type(statement.predicate))
    if kind is None:
        raise RakkanError(
            f"{type(statement.predicate).__name__} is no kind of statement", "See docs/statements.md"
        )
    value = {
        "_type": STATEMENT_TYPE,
        "subject": [{"name": one.name, "digest": dict(one.digests)} for one in statement.subjects],
        "predicateType": kind.predicate_type,
        "predicate": {
            "account": statement.account,
            "time": statement.time,
            **typed.plain(statement.predicate),
        },
    }
    _read(value)
    payload = canonical.encode(value)
    if len(payload) > MOST_BYTES:
        raise RakkanError(f"The statement has {len(payload)} bytes, more than {MOST_BYTES}", "Say less")
    return payload


def from_payload(payload: bytes) -> Statement:
    """Read a statement that anyone may have written.

    Raises RakkanError for JSON that is none, a kind or version not known here, and fields that are
    missing, unknown, of the wrong type or too large.
    """
    return _read(canonical.decode(payload, "The statement", MOST_BYTES))


def _read(value: Any) -> Statement:
    if not isinstance(value, dict) or value.get("_type") != STATEMENT_TYPE:
        raise RakkanError("This is no in-toto statement (v1)", "It was not made by Rakkan")
    if set(value) != {"_type", "subject", "predicateType", "predicate"}:
        raise RakkanError(
            "The statement has not exactly the four fields of in-toto", "It is damaged or forged"
        )
    named = value["predicateType"]
    kind = next((kind for kind in kinds() if kind.predicate_type == named), None)
    if kind is None:
        raise RakkanError(f"The kind of statement {str(named)[:80]!r} is not known here", "Update Rakkan")
    said = value["predicate"]
    if not isinstance(said, dict):
        raise RakkanError("The statement's predicate is not an object", "It is damaged or forged")
    what = f"The statement {kind.name!r}"
    account = typed.text(said.get("account"), f"{what}'s field 'account'", _ACCOUNT)
    time = said.get("time")
    if type(time) is not int or not 0 <= time <= LARGEST_INTEGER:
        raise RakkanError(f"{what}'s field 'time' is not a time in whole seconds", "It is damaged or forged")
    rest = {name: item for name, item in said.items() if name not in ("account", "time")}
    return Statement(typed.read(kind.record, rest, what), _subjects(value["subject"]), account, time)


def _subjects(value: Any) -> tuple[Subject, ...]:
    if not isinstance(value, list) or not 1 <= len(value) <= MOST_SUBJECTS:
        raise RakkanError(f"A statement is about 1 to {MOST_SUBJECTS} subjects", "Split it, or name one")
    subjects = []
    for one in value:
        if not isinstance(one, dict) or set(one) != {"name", "digest"}:
            raise RakkanError(
                "A subject of the statement has not exactly a name and a digest", "It is forged"
            )
        digests = one["digest"]
        if not isinstance(digests, dict) or not 1 <= len(digests) <= 16:
            raise RakkanError("A subject of the statement has not 1 to 16 digests", "Give at least one")
        for algorithm, digest in digests.items():
            typed.text(algorithm, "A digest's algorithm", _ALGORITHM)
            typed.text(digest, "A subject's digest", _DIGEST)
        subjects.append(Subject(typed.text(one["name"], "A subject's name", _SUBJECT_NAME), digests))
    return tuple(subjects)


# ---- the kinds


@statement("generated")
@dataclass(frozen=True)
class Generated:
    """A picture was made by a model, or drawn by a renderer (then the model is empty)."""

    operation: Annotated[str, "`create`, `variation`, `draft`, `sheet` or `figure`"]
    recipe: Annotated[str, "the salted commitment to its recipe"]
    disclosure: Annotated[str, "how much of the recipe the file tells: `full`, `redacted` or `digest`"]
    model: Annotated[str, "the model's name"]
    model_digest: Annotated[str, "SHA-256 of the model"]
    training: Annotated[str, "SHA-256 of the model's training statement, empty for none"] = ""
    references: Annotated[tuple[str, ...], "digests of the pictures that guided it"] = ()
    opening: Annotated[str, "SHA-256 of what opens the commitment, kept in the account's vault"] = ""


@statement("derived")
@dataclass(frozen=True)
class Derived:
    """A picture was made from other pictures."""

    operation: Annotated[str, "`edit`, `upscale`, `thumbnail` or `copy`"]
    parents: Annotated[tuple[str, ...], "digests of what it was made from"]
    recipe: Annotated[str, "the salted commitment to its recipe"]
    disclosure: Annotated[str, "how much of the recipe the file tells: `full`, `redacted` or `digest`"]
    model: Annotated[str, "the model's name"]
    model_digest: Annotated[str, "SHA-256 of the model"]
    training: Annotated[str, "SHA-256 of the model's training statement, empty for none"] = ""
    references: Annotated[tuple[str, ...], "digests of the pictures that guided it"] = ()
    opening: Annotated[str, "SHA-256 of what opens the commitment, kept in the account's vault"] = ""


@statement("admitted")
@dataclass(frozen=True)
class Admitted:
    """A file came in and was inspected."""

    media_type: Annotated[str, "its media type, such as `image/png`"]
    size: Annotated[int, "its bytes"]
    source: Annotated[str, "how it came: `file` or `download`"]
    seal: Annotated[
        str, "what its own seal was worth: `none`, `trusted`, `valid` (by someone unknown) or `invalid`"
    ]


@statement("trained")
@dataclass(frozen=True)
class Trained:
    """A model was trained."""

    model: Annotated[str, "the model's name"]
    corpus: Annotated[str, "the name of what it was trained on"]
    corpus_digest: Annotated[str, "SHA-256 of that corpus' manifest"]
    basis: Annotated[str, "the consent or licence it rests on"]
    licence: Annotated[str, "the model's licence"]
    facts: Annotated[Mapping[str, str], "further plain facts, such as stages and minutes"] = field(
        default_factory=dict
    )


@statement("versioned")
@dataclass(frozen=True)
class Versioned:
    """A version of a character or a style was kept; what it says stays in its account's part of the vault."""

    sort: Annotated[str, "`character` or `style`"]
    number: Annotated[int, "which version, from 1"]
    parent: Annotated[str, "SHA-256 of the version before, empty for the first", SHA256_OR_NONE]
    references: Annotated[tuple[str, ...], "SHA-256 of the files of its pictures", SHA256] = ()
    adapters: Annotated[tuple[str, ...], "SHA-256 of its LoRAs", SHA256] = ()
    source: Annotated[str, "`made` here or `imported`"] = "made"


@statement("copied")
@dataclass(frozen=True)
class Copied:
    """Somebody took a copy of a character or a style that its maker shares: the subject goes on from it."""

    original: Annotated[str, "SHA-256 of the version that was copied", SHA256]
    maker: Annotated[str, "SHA-256 of the account that shares it, as bans name accounts", SHA256]


@statement("licensed")
@dataclass(frozen=True)
class Licensed:
    """The subject may be used under a licence."""

    licence: Annotated[str, "an SPDX identifier or a name of the licence table"]


@statement("reserved")
@dataclass(frozen=True)
class Reserved:
    """Its artist reserves uses of a work."""

    uses: Annotated[
        Mapping[str, str],
        "a CAWG use (`cawg.ai_training`) to `allowed`, `notAllowed` or `constrained`",
    ]
    until: Annotated[int, "seconds since 1970, 0 for no end"] = 0


@statement("consented")
@dataclass(frozen=True)
class Consented:
    """Its artist allows uses of a work."""

    uses: Annotated[tuple[str, ...], "CAWG uses, as in `reserved`"]
    until: Annotated[int, "seconds since 1970, 0 for no end"] = 0
    terms: Annotated[str, "the terms, in the artist's words or by reference"] = ""
    accounts: Annotated[tuple[str, ...], "the accounts it is limited to; empty for all"] = ()


@statement("leaked")
@dataclass(frozen=True)
class Leaked:
    """The subject was found where it may not be."""

    confirmed: Annotated[bool, "true once someone looked"]
    evidence: Annotated[str, "SHA-256 of what shows it, empty for none", SHA256_OR_NONE] = ""


@statement("banned")
@dataclass(frozen=True)
class Banned:
    """The subject (an account, a picture, a model) is barred."""

    reason: Annotated[str, "a word of the policy table"]
    actions: Annotated[tuple[str, ...], "what it is barred from; empty for all"] = ()
    until: Annotated[int, "seconds since 1970, 0 for no end"] = 0


@statement("refused")
@dataclass(frozen=True)
class Refused:
    """The gate, or what asks before it, refused something by itself. About whom is not kept."""

    case: Annotated[str, "16 random bytes in hexadecimal: how an appeal names it", CASE]
    action: Annotated[str, "what was asked for: `create`, `release`, `admit`, `protect` or `export`"]
    rule: Annotated[str, "the rule that refused it"]


@statement("reported")
@dataclass(frozen=True)
class Reported:
    """Someone, with or without an account, reported a picture."""

    case: Annotated[str, "16 random bytes in hexadecimal", CASE]
    claim: Annotated[str, "`my work`, `my likeness`, `unsafe` or `spam`"]
    due: Annotated[int, "seconds since 1970 by which a moderator decides"]


@statement("decided")
@dataclass(frozen=True)
class Decided:
    """A moderator decided a report, a refusal or an appeal; the reasons in words stay in the case's file."""

    case: Annotated[str, "the case, as in `reported` or `refused`", CASE]
    stage: Annotated[str, "`report` or `appeal`"]
    outcome: Annotated[str, "`upheld` (the picture stays down, the refusal stands) or `overturned`"]
    reason: Annotated[str, "a word of the table of reasons"]


@statement("appealed")
@dataclass(frozen=True)
class Appealed:
    """Someone appealed against a decision or a refusal."""

    case: Annotated[str, "the case, as in `reported` or `refused`", CASE]
    by: Annotated[str, "`reporter` or `account`"]


@statement("revoked")
@dataclass(frozen=True)
class Revoked:
    """An earlier statement no longer holds."""

    statement: Annotated[str, "SHA-256 of that statement's envelope", SHA256]


@statement("erased")
@dataclass(frozen=True)
class Erased:
    """Bodies were shredded on request; their commitments stay in the log."""

    entries: Annotated[tuple[int, ...], "the indexes of their entries in the log"]
