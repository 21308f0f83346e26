"""What a seal says and what it is worth, in records; made from the JSON that ``read_json`` answers.

That JSON describes a file from anywhere and may come from a process that such a file took over, so every
value is taken for what it should be or left out, cut to a length, and counted.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from rakkan.errors import RakkanError
from rakkan.store.ledger.verify import Evidence
from rakkan.trust.seal import disclosure, manifest
from rakkan.trust.seal.disclosure import Disclosure
from rakkan.trust.seal.manifest import ModelFacts

LONGEST_TEXT = 500
MOST_ITEMS = 64
#: Generations of ingredients that are followed back, and ingredients that are listed in all.
DEEPEST = 8
MOST_INGREDIENTS = 64

UNTRUSTED = "signingCredential.untrusted"
#: Failure codes (C2PA 2.2, section 15.2.2) by their beginnings, in plain words; the first that fits counts.
_WORDS = (
    (UNTRUSTED, "it was signed by someone whose root is not trusted here"),
    ("signingCredential.expired", "the signer's certificate has expired"),
    ("claimSignature.outsideValidity", "it was signed outside its certificate's lifetime"),
    ("signingCredential.ocsp.revoked", "the signer's certificate was revoked"),
    ("signingCredential", "the signer's certificate is not fit for seals"),
    ("claimSignature", "the signature does not fit what was signed"),
    ("assertion.dataHash", "the picture was changed after it was sealed"),
    ("assertion.bmffHash", "the file was changed after it was sealed"),
    ("assertion.boxesHash", "the picture was changed after it was sealed"),
    ("assertion.hashedURI", "a statement in the seal was changed"),
    ("assertion.missing", "a statement was taken out of the seal"),
    ("assertion.undeclared", "a statement was put into the seal"),
    ("assertion.action", "what it says was done contradicts itself"),
    ("assertion", "a statement in the seal is malformed"),
    ("ingredient", "the seal of a picture it was made from does not hold"),
    ("claim", "the seal is incomplete or malformed"),
    ("algorithm", "it was signed in a way that is not known or not safe"),
    ("manifest", "the seal is incomplete or malformed"),
)


@dataclass(frozen=True)
class ActionTaken:
    """One action as stated: its name, the IPTC source type ("" for none), when, with what software."""

    name: str
    source: str = ""
    when: str = ""
    software: str = ""
    description: str = ""


@dataclass(frozen=True)
class Use:
    """What may be done with the picture: ``allowed``, ``notAllowed`` or ``constrained`` (read it as
    ``notAllowed`` unless ``constraint`` satisfies you), or another word as it stood there."""

    permission: str
    constraint: str = ""


@dataclass(frozen=True)
class IngredientReport:
    """A picture that went into this one. ``state`` is what its own seal was worth when it was used:
    ``none``, ``trusted``, ``valid`` or ``invalid``; trust is that of whoever sealed the newer picture."""

    relationship: str
    title: str
    digest: str
    media_type: str
    state: str
    signer: str = ""
    actions: tuple[ActionTaken, ...] = ()
    ingredients: tuple[IngredientReport, ...] = ()


@dataclass(frozen=True)
class SealReport:
    """A seal. ``state``: ``trusted`` by a root that was given; ``valid``: nothing was changed, but who signed
    is not known here; ``invalid``. ``problems`` say why in plain words, ``codes`` as C2PA has it. ``root``
    is the fingerprint of the root that vouches (trusted only), ``stated_root`` the one the seal names
    itself. Everything from ``title`` on is what the signer says, and worth what the state is worth."""

    state: str
    problems: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    signer: str = ""
    certificate: str = ""
    root: str = ""
    stated_root: str = ""
    title: str = ""
    maker: str = ""
    software: str = ""
    time: str = ""
    actions: tuple[ActionTaken, ...] = ()
    ingredients: tuple[IngredientReport, ...] = ()
    uses: Mapping[str, Use] = field(default_factory=dict)
    recipe: Disclosure | None = None
    recipe_problem: str = ""
    model: ModelFacts | None = None
    evidence: Evidence | None = None


def report(answer: Any) -> SealReport | None:
    """The report that an answer of ``read_json`` stands for; None for no seal.

    Raises RakkanError when the answer is not of the form ``read_json`` gives.
    """
    if not isinstance(answer, dict) or not isinstance(answer.get("found"), bool):
        raise RakkanError("The seal could not be read: the reader gave no answer", "Try again")
    if not answer["found"]:
        return None
    store = _mapping(answer.get("store"))
    manifests = _mapping(store.get("manifests"))
    active = _mapping(manifests.get(_text(store.get("active_manifest"))))
    faults = [_text(fault) for fault in _items(answer.get("faults"))]
    codes = list(dict.fromkeys(_failures(store)))
    problems = [_text(answer.get("problem"))] if answer.get("problem") else []
    problems += dict.fromkeys(_words(code) for code in codes)
    problems += faults
    state = _text(answer.get("state"))
    if state not in ("trusted", "valid") or faults:
        state = "invalid"
        problems = problems or ["it does not hold"]
    said = _assertions(active)
    actions = tuple(_actions(said))
    recipe, recipe_problem = _recipe(said.get(manifest.RECIPE))
    signature = _mapping(active.get("signature_info"))
    return SealReport(
        state=state,
        problems=tuple(problems),
        codes=tuple(codes),
        signer=_text(signature.get("issuer")),
        certificate=_text(signature.get("cert_serial_number")),
        root=_text(answer.get("root")) if state == "trusted" else "",
        stated_root=_generator(active, manifest.STATED_ROOT),
        title=_text(active.get("title")),
        maker=_maker(said.get(manifest.METADATA)),
        software=f"{_generator(active, 'name')} {_generator(active, 'version')}".strip(),
        time=next((action.when for action in actions if action.when), ""),
        actions=actions,
        ingredients=tuple(_ingredients(active, manifests, [MOST_INGREDIENTS], DEEPEST)),
        uses=_uses(said),
        recipe=recipe,
        recipe_problem=recipe_problem,
        model=_model(said.get(manifest.MODEL)),
        evidence=_evidence(said.get(manifest.LEDGER)),
    )


def _failures(store: Mapping[str, Any]) -> Iterator[str]:
    results = _mapping(store.get("validation_results"))
    for status in _items(_mapping(results.get("activeManifest")).get("failure")):
        yield _text(_mapping(status).get("code"))
    for delta in _items(results.get("ingredientDeltas")):
        for status in _items(_mapping(_mapping(delta).get("validationDeltas")).get("failure")):
            code = _text(_mapping(status).get("code"))
            # Who vouches for an ingredient is its own matter: see IngredientReport.state.
            if code != UNTRUSTED:
                yield code


def _words(code: str) -> str:
    return next((words for start, words in _WORDS if code.startswith(start)), f"it fails the check {code!r}")


def _assertions(active: Mapping[str, Any]) -> dict[str, Any]:
    """The statements by label; of two with one label the first counts."""
    said: dict[str, Any] = {}
    for assertion in _items(active.get("assertions")):
        said.setdefault(_text(_mapping(assertion).get("label")), _mapping(assertion).get("data"))
    return said


def _actions(said: Mapping[str, Any]) -> Iterator[ActionTaken]:
    for label in (manifest.ACTIONS, "c2pa.actions"):
        for item in _items(_mapping(said.get(label)).get("actions")):
            action = _mapping(item)
            agent = action.get("softwareAgent")
            software = _text(agent) or _text(_mapping(agent).get("name"))
            yield ActionTaken(
                _text(action.get("action")),
                _text(action.get("digitalSourceType")),
                _text(action.get("when")),
                software,
                _text(action.get("description")),
            )


def _ingredients(
    active: Mapping[str, Any], manifests: Mapping[str, Any], left: list[int], depth: int
) -> Iterator[IngredientReport]:
    """``left`` holds how many more may be listed, counted down across all generations."""
    items = _items(active.get("ingredients"))[: left[0]]
    left[0] -= len(items)
    for item in items:
        one = _mapping(item)
        own = _mapping(manifests.get(_text(one.get("active_manifest"))))
        yield IngredientReport(
            relationship=_text(one.get("relationship")),
            title=_text(one.get("title")),
            digest=manifest.digest_of(_text(one.get("instance_id"))),
            media_type=_text(one.get("format")),
            state=_state_when_used(one),
            signer=_text(_mapping(own.get("signature_info")).get("issuer")),
            actions=tuple(_actions(_assertions(own))),
            ingredients=tuple(_ingredients(own, manifests, left, depth - 1)) if depth > 1 else (),
        )


def _state_when_used(ingredient: Mapping[str, Any]) -> str:
    if not ingredient.get("active_manifest"):
        return "none"
    results = _mapping(_mapping(ingredient.get("validation_results")).get("activeManifest"))
    failures = {_text(_mapping(status).get("code")) for status in _items(results.get("failure"))}
    successes = {_text(_mapping(status).get("code")) for status in _items(results.get("success"))}
    if failures - {UNTRUSTED} or "claimSignature.validated" not in successes:
        return "invalid"
    return "trusted" if "signingCredential.trusted" in successes and not failures else "valid"


def _uses(said: Mapping[str, Any]) -> dict[str, Use]:
    """The uses by their CAWG names; C2PA 1.4 had the same ones under its own prefix."""
    uses: dict[str, Use] = {}
    for label in (manifest.OLDER_TRAINING, manifest.TRAINING):
        for name, entry in list(_mapping(_mapping(said.get(label)).get("entries")).items())[:MOST_ITEMS]:
            newer = "cawg." + _text(name).removeprefix("c2pa.")
            one = _mapping(entry)
            use = Use(_text(one.get("use")), _text(one.get("constraint_info")))
            uses[newer if newer in manifest.KNOWN_USES else _text(name)] = use
    return uses


def _recipe(said: Any) -> tuple[Disclosure | None, str]:
    if said is None:
        return None, ""
    try:
        recipe = disclosure.from_json(said)
        disclosure.check(recipe)
    except RakkanError as error:
        return None, error.message
    return recipe, ""


def _model(said: Any) -> ModelFacts | None:
    if not isinstance(said, dict):
        return None
    training = _text(said.get("training"), manifest.LARGEST_PROOF).encode("utf-8", "replace")
    return ModelFacts(_text(said.get("name")), _text(said.get("digest")), training or None)


def _evidence(said: Any) -> Evidence | None:
    if not isinstance(said, dict):
        return None
    envelope, proof = (_text(said.get(name), manifest.LARGEST_PROOF) for name in ("envelope", "proof"))
    try:
        salt, leaf = (
            base64.b64decode(_text(said.get(name), manifest.LARGEST_PROOF), validate=True)
            for name in ("salt", "leaf")
        )
    except ValueError:
        return None
    return Evidence(envelope.encode("utf-8", "replace"), salt, leaf, proof, _text(said.get("key")))


def _maker(said: Any) -> str:
    creators = _items(_mapping(said).get("dc:creator"))
    return _text(creators[0]) if creators else ""


def _generator(active: Mapping[str, Any], name: str) -> str:
    infos = _items(active.get("claim_generator_info"))
    return _text(_mapping(infos[0]).get(name)) if infos else ""


def _text(value: Any, most: int = LONGEST_TEXT) -> str:
    return value[:most] if isinstance(value, str) else ""


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _items(value: Any) -> list[Any]:
    return value[:MOST_ITEMS] if isinstance(value, list) else []
