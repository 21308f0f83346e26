"""A picture's recipe and origin in words that a person reads."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from rakkan import assemble
from rakkan.records import AnyRecipe, Recipe, SheetRecipe, UpscaleRecipe
from rakkan.service.access.actors import Actor
from rakkan.service.core import Service
from rakkan.service.pictures.lineage import from_ledger
from rakkan.service.pictures.records import Lineage, Shown
from rakkan.service.times import moment
from rakkan.service.web.views import Fact, Origin
from rakkan.service.web.words import Words

if TYPE_CHECKING:
    from rakkan.service.pictures.records import Origin as Stated

_DRAWN = ("create", "edit", "variation")


def sentences(recipe: AnyRecipe, shown: Shown, words: Words, tells_words: bool) -> tuple[str, ...]:
    """How a picture was made, a sentence each; ``tells_words`` says whether its words may be read."""
    told: list[str] = []
    if isinstance(recipe, Recipe):
        how = shown.operation if shown.operation in _DRAWN else "create"
        told.append(words(f"told.{how}", model=recipe.model, steps=recipe.steps, seed=recipe.seed))
        if recipe.upscaler:
            told.append(words("told.enlarged", model=recipe.upscaler))
        if recipe.references:
            told.append(words.count("told.guided", len(recipe.references)))
        if recipe.negative and tells_words:
            told.append(words("told.negative", words=recipe.negative))
    elif isinstance(recipe, UpscaleRecipe):
        told.append(words("told.upscale", scale=recipe.scale, model=recipe.model))
    elif isinstance(recipe, SheetRecipe):
        told.append(words("told.sheet", count=len(recipe.recipes)))
    else:
        told.append(words("told.other"))
    told.append(words("told.size", width=shown.width, height=shown.height))
    return (*told, *(() if tells_words else (words("told.kept_back"),)))


def facts(recipe: AnyRecipe, shown: Shown, words: Words) -> tuple[Fact, ...]:
    """All that the recipe states but for its words."""
    told = {"size": f"{shown.width} × {shown.height}"}
    if isinstance(recipe, Recipe):
        told |= {
            "steps": str(recipe.steps),
            "guidance": f"{recipe.guidance:g}",
            "seed": str(recipe.seed),
            "sampler": recipe.sampler,
            "schedule": recipe.schedule,
            "settings": _listed(recipe.settings.items()),
            "adapters": ", ".join(recipe.adapters.values()),
        }
    told |= {
        "model": getattr(recipe, "model", ""),
        "digest": getattr(recipe, "model_digest", ""),
        "engine": getattr(recipe, "engine", ""),
        "versions": _listed(getattr(recipe, "versions", {}).items()),
        "made": words.moment(moment(shown.created)),
    }
    return tuple(Fact(words(f"fact.{name}"), text) for name, text in told.items() if text)


def _listed(items: object) -> str:
    return ", ".join(f"{name} {text}" for name, text in items)  # type: ignore[attr-defined]


def lineage_of(service: Service, actor: Actor, shown: Shown) -> Lineage:
    """Where a picture came from, by the catalogue and the ledger. Raises NotFound."""
    from rakkan.service.pictures import lineage

    ledger = assemble.ledger()
    return lineage.lineage(
        service.catalogue,
        actor,
        shown.identifier,
        lambda digest: from_ledger(ledger, digest),
        seal_state,
    )


def seal_state(shown: Shown) -> str:
    """What a picture's seal is worth: ``valid``, ``invalid`` or ``none``."""
    return _seal_state(shown.account, shown.file)


@lru_cache(maxsize=4096)
def _seal_state(account: str, file: str) -> str:
    from rakkan.studio.characters.pictures import in_memory
    from rakkan.trust.examination import examine

    with in_memory(assemble.vault().read(account, file)) as path:
        return examine(path, assemble.trusted_roots()).state


def played(service: Service, shown: Shown, words: Words) -> Origin | None:
    """Whose character a picture was drawn with, where that is shared; None otherwise."""
    shared = service.sharing.among([shown.character]).get(shown.character)
    if shared is None:
        return None
    handle = service.accounts.profile(shared.account).handle
    detail = f"{words('picture.by')} @{handle}"
    return Origin("character", shown.character_name, detail, f"/characters/{shared.identifier}")


def origins(
    found: Lineage, shown: Shown, recipe: AnyRecipe, words: Words, who: Origin | None = None
) -> tuple[Origin, ...]:
    """The rows of "where this came from"; ``who`` is that of the character, where there is more to say."""
    told: list[Origin] = []
    if shown.operation == "import":
        told.append(_elsewhere(found, words))
    for link in found.ancestors:
        detail = "" if link.stated is None else words("origin.stated" if link.stated else "origin.unstated")
        if link.card is None:
            told.append(Origin("parent", words("origin.unseen"), detail))
            continue
        name = link.card.title or link.identifier
        address = f"/pictures/{link.identifier}"
        told.append(Origin("parent", name, detail, address, f"{address}/thumbnail"))
    if shown.character_name:
        told.append(who or Origin("character", shown.character_name))
    stated = found.origin
    references = getattr(recipe, "references", {})
    told += [Origin("reference", f"{digest[:12]}…", use) for digest, use in references.items()]
    if shown.model and shown.operation != "import":
        told.append(Origin("model", shown.model, shown.model_digest[:16]))
    if stated is None:
        return (*told, Origin("ledger", words("origin.none")))
    return (*told, *_of_ledger(stated, words), *_licences(stated, shown))


def _elsewhere(found: Lineage, words: Words) -> Origin:
    """Of a picture that was brought in: that it was made elsewhere, unless its seal is of here."""
    if found.origin is not None:
        return Origin("elsewhere", words("origin.came_back"))
    return Origin("elsewhere", words("origin.made_elsewhere"), words("origin.made_elsewhere_hint"))


def _of_ledger(stated: Stated, words: Words) -> list[Origin]:
    told = []
    training = stated.training
    if training:
        detail = ", ".join(str(training[key]) for key in ("basis", "licence") if training.get(key))
        told.append(Origin("training", str(training.get("corpus", "")), detail))
    if stated.seal:
        told.append(Origin("seal", words(f"origin.seal_{stated.seal}")))
    told.append(
        Origin(
            "ledger",
            words(
                "origin.entry", entry=words.number(stated.entry), time=words.day(moment(stated.time * 1000))
            ),
        )
    )
    return told


def _licences(stated: Stated, shown: Shown) -> list[Origin]:
    named = dict.fromkeys(filter(None, (shown.licence, *stated.licences)))
    return [Origin("licence", name) for name in named]


def told_by_file(service: Service, shown: Shown, words: Words) -> tuple[tuple[str, ...], tuple[Fact, ...]]:
    """Of a picture that was brought in: sentences and facts by its file, and how far they are proven. Raises
    RakkanError when the file is damaged."""
    from rakkan.api import equipment
    from rakkan.recipes import telling
    from rakkan.recipes import words as wording

    told = equipment.told(service.vault.read(shown.account, shown.file), "the picture")
    if told.worth == telling.NOTHING:
        said = words("told.import_nothing")
    elif told.worth == telling.CLAIMED:
        said = words("told.import", tool=told.tool or words("told.another_tool"))
    else:
        said = words("told.import_proven")
    rows = [Fact(name, text) for name, text in wording.rows(told) if name not in ("prompt", "negative")]
    worth = Fact(words("fact.worth"), wording.worth(told))
    size = words("told.size", width=shown.width, height=shown.height)
    return (said, size), (worth, *rows)
