"""From records to the definition of a C2PA manifest: pure, so every word of a seal can be tested.

Five assertions, all attributed to the signer: ``c2pa.actions.v2`` (C2PA 2.2, section 18.14),
``cawg.training-mining`` (CAWG Training and Data Mining 1.1), and of our own ``org.rakkan.recipe``,
``org.rakkan.model`` and ``org.rakkan.ledger``; ``cawg.metadata`` names the maker when there is one to name.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from rakkan.errors import RakkanError
from rakkan.store.ledger.verify import Evidence
from rakkan.trust.seal import disclosure
from rakkan.trust.seal.disclosure import Disclosure
from rakkan.trust.seal.operations import Action, Operation, operation

ACTIONS = "c2pa.actions.v2"
TRAINING = "cawg.training-mining"
OLDER_TRAINING = "c2pa.training-mining"
METADATA = "cawg.metadata"
RECIPE = "org.rakkan.recipe"
MODEL = "org.rakkan.model"
LEDGER = "org.rakkan.ledger"
#: In the claim generator's description: the fingerprint of the root that the signer says it stands under.
STATED_ROOT = "org.rakkan.root"

MEDIA_TYPES = ("image/png", "image/jpeg", "image/webp")
PERMISSIONS = ("allowed", "notAllowed", "constrained")
KNOWN_USES = ("cawg.data_mining", "cawg.ai_inference", "cawg.ai_training", "cawg.ai_generative_training")
#: For a picture whose maker has said nothing. What is refused today can be allowed tomorrow; what is allowed
#: in copies all over the world cannot be taken back. Inference stays open, because to look whether a
#: picture is sealed, marked or safe is to infer from it.
DEFAULT_USES: Mapping[str, str] = MappingProxyType(
    {
        "cawg.data_mining": "notAllowed",
        "cawg.ai_training": "notAllowed",
        "cawg.ai_generative_training": "notAllowed",
    }
)
#: Longest title, name or remark, in characters, and the most a ledger proof or training statement may take.
LONGEST_NAME = 200
LARGEST_PROOF = 256 * 1024

_DIGEST = re.compile(r"[0-9a-f]{64}")
_LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*(\.[A-Za-z0-9][A-Za-z0-9_-]*)+")
_DIGEST_NAME = "urn:rakkan:sha256:"


@dataclass(frozen=True)
class Ingredient:
    """A picture that went into this one.

    ``digest`` is the SHA-256 of the file without its seal, as the ledger knows it. With ``data`` (the file,
    sealed or not) its own seal is carried along, so that origins can be followed back; without, only the
    digest is named. ``relationship`` is ``parentOf``, ``inputTo`` or ``componentOf``; ``outside`` says that
    this instance did not make it.
    """

    relationship: str
    digest: str
    media_type: str
    data: bytes | None = None
    title: str = ""
    outside: bool = False


@dataclass(frozen=True)
class ModelFacts:
    """The model that made the picture; ``training`` is the DSSE envelope of its training statement."""

    name: str
    digest: str
    training: bytes | None = None


@dataclass(frozen=True)
class SealRequest:
    """All that a seal says. ``time`` is seconds since 1970 by the instance's own clock. ``uses`` maps a
    CAWG use to a permission; ``constraint`` explains ``constrained``. ``maker`` is a name the maker chose
    to give, "" for none."""

    operation: str
    media_type: str
    time: int
    version: str
    recipe: Disclosure | None = None
    ingredients: tuple[Ingredient, ...] = ()
    uses: Mapping[str, str] = field(default_factory=lambda: DEFAULT_USES)
    constraint: str = ""
    model: ModelFacts | None = None
    evidence: Evidence | None = None
    title: str = ""
    maker: str = ""
    software: str = "Rakkan"


def definition(request: SealRequest, stated_root: str) -> dict[str, Any]:
    """The manifest definition of a request, for c2pa's Builder, without the ingredients that have data.

    Raises RakkanError for an operation, media type, use, digest, number of ingredients or text that a seal
    cannot hold, and for a recipe disclosure that does not hold.
    """
    row = operation(request.operation)
    _check(request, row)
    agent = {"name": request.software, "version": request.version}
    assertions: list[tuple[str, dict[str, Any]]] = [
        (ACTIONS, {"actions": _actions(request, row, agent)}),
        (TRAINING, {"entries": _entries(request)}),
    ]
    if request.maker:
        context = {"dc": "http://purl.org/dc/elements/1.1/"}
        assertions.append((METADATA, {"@context": context, "dc:creator": [request.maker]}))
    if request.recipe is not None:
        disclosure.check(request.recipe)
        assertions.append((RECIPE, disclosure.to_json(request.recipe)))
    if request.model is not None:
        assertions.append((MODEL, _model(request.model)))
    if request.evidence is not None:
        assertions.append((LEDGER, _evidence(request.evidence)))
    made: dict[str, Any] = {
        "claim_generator_info": [{**agent, STATED_ROOT: stated_root}],
        "format": request.media_type,
        "assertions": [_assertion(label, data) for label, data in assertions],
        "ingredients": [
            ingredient_definition(number, one)
            for number, one in enumerate(request.ingredients)
            if one.data is None
        ],
    }
    if request.title:
        made["title"] = request.title
    return made


def ingredient_definition(number: int, ingredient: Ingredient) -> dict[str, Any]:
    """The definition of the ``number``-th ingredient; its label is how the actions name it."""
    return {
        "title": ingredient.title or f"Picture {ingredient.digest[:12]}",
        "format": ingredient.media_type,
        "relationship": ingredient.relationship,
        "label": _ingredient_label(number),
        "instance_id": _DIGEST_NAME + ingredient.digest,
    }


def digest_of(instance_id: str) -> str:
    """The digest in an ingredient's identifier, "" when another program wrote it."""
    digest = instance_id.removeprefix(_DIGEST_NAME)
    return digest if instance_id.startswith(_DIGEST_NAME) and _DIGEST.fullmatch(digest) else ""


def _check(request: SealRequest, row: Operation) -> None:
    if request.media_type not in MEDIA_TYPES:
        raise RakkanError(f"{request.media_type!r} cannot be sealed", f"Use {', '.join(MEDIA_TYPES)}")
    for relationship in {one.relationship for one in request.ingredients} | set(row.ingredients):
        found = sum(one.relationship == relationship for one in request.ingredients)
        fewest, most = row.ingredients.get(relationship, (0, 0))
        if not fewest <= found <= most:
            raise RakkanError(
                f"A seal for {request.operation!r} takes {fewest} to {most} ingredients {relationship!r}, "
                f"not {found}",
                "Give the pictures it was made from",
            )
    digests = [one.digest for one in request.ingredients]
    digests += [request.model.digest] if request.model is not None else []
    for digest in digests:
        if not _DIGEST.fullmatch(digest):
            raise RakkanError(f"{digest!r} is not a SHA-256 digest", "Give 64 lower-case hexadecimal digits")
    if any(one.media_type not in MEDIA_TYPES for one in request.ingredients):
        raise RakkanError("An ingredient is of an unknown media type", f"Use {', '.join(MEDIA_TYPES)}")
    texts = (request.title, request.maker, request.constraint, request.software, request.version)
    titles = tuple(one.title for one in request.ingredients)
    names = (request.model.name,) if request.model is not None else ()
    for text in (*texts, *titles, *names):
        if len(text) > LONGEST_NAME or "\0" in text:
            raise RakkanError(
                f"{text[:40]!r}… cannot stand in a seal", f"Use at most {LONGEST_NAME} characters, no NUL"
            )


def _actions(request: SealRequest, row: Operation, agent: dict[str, str]) -> list[dict[str, Any]]:
    when = datetime.fromtimestamp(request.time, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    outside = any(one.outside for one in request.ingredients if one.relationship == "parentOf")
    made = []
    for action in row.actions:
        labels = [
            _ingredient_label(number)
            for number, one in enumerate(request.ingredients)
            if one.relationship == action.uses
        ]
        if labels or not action.only_with:
            made.append(_action(action, labels, outside) | {"when": when, "softwareAgent": agent})
    return made


def _action(action: Action, labels: list[str], outside: bool) -> dict[str, Any]:
    source = action.outside if outside and action.outside else action.source
    made: dict[str, Any] = {"action": action.name}
    if source:
        made["digitalSourceType"] = source
    if action.description:
        made["description"] = action.description
    if labels:
        made["parameters"] = {"ingredientIds": labels}
    return made


def _entries(request: SealRequest) -> dict[str, dict[str, str]]:
    entries: dict[str, dict[str, str]] = {}
    for use, permission in request.uses.items():
        reserved = use.startswith(("cawg.", "c2pa.")) and use not in KNOWN_USES
        if permission not in PERMISSIONS or reserved or not _LABEL.fullmatch(use):
            raise RakkanError(
                f"{use!r}: {permission!r} cannot be stated",
                f"Uses are {', '.join(KNOWN_USES)}; they are {', '.join(PERMISSIONS)}",
            )
        entries[use] = {"use": permission}
        if permission == "constrained" and request.constraint:
            entries[use]["constraint_info"] = request.constraint
    if not entries:
        raise RakkanError("A seal must say what may be done with the picture", "Give at least one use")
    return entries


def _model(model: ModelFacts) -> dict[str, Any]:
    made = {"name": model.name, "digest": model.digest}
    if model.training is not None:
        made["training"] = _text(model.training, "training statement")
    return made


def _evidence(evidence: Evidence) -> dict[str, Any]:
    if len(evidence.proof) > LARGEST_PROOF:
        raise RakkanError("The ledger's proof is too large for a seal", "Let the ledger make it again")
    return {
        "envelope": _text(evidence.envelope, "statement"),
        "salt": base64.b64encode(evidence.salt).decode("ascii"),
        "leaf": base64.b64encode(evidence.leaf).decode("ascii"),
        "proof": evidence.proof,
        "key": evidence.key,
    }


def _text(envelope: bytes, what: str) -> str:
    try:
        text = envelope.decode("utf-8")
    except UnicodeDecodeError as error:
        raise RakkanError(f"The {what} is not JSON text", "Let the ledger make it again") from error
    if len(envelope) > LARGEST_PROOF:
        raise RakkanError(f"The {what} is too large for a seal", f"Keep it to {LARGEST_PROOF} bytes")
    return text


def _assertion(label: str, data: dict[str, Any]) -> dict[str, Any]:
    # Our own are JSON, so that any tool prints them as they are; the standard ones have to be CBOR.
    kind = {} if label in (ACTIONS, TRAINING) else {"kind": "Json"}
    return {"label": label, "data": data, "created": True, **kind}


def _ingredient_label(number: int) -> str:
    return f"ingredient-{number}"
