"""What the pages show of what people bring: their texts, and the models that they may draw with."""

from __future__ import annotations

from rakkan import assemble
from rakkan.models.hashes import NAMES
from rakkan.service import sending
from rakkan.service.access.actors import Actor
from rakkan.service.arrivals.uploads import LARGEST, PART
from rakkan.service.core import Service
from rakkan.service.web.bringing import ImportView, Kept, ModelRow, ModelsView, OnItsWay
from rakkan.service.web.cards import Fact
from rakkan.service.web.words import Words
from rakkan.trust.gate import LOCAL

#: Hashes as other tools call them; the SHA-256 stands with the card's own facts.
_CALLED = {"autov1": "AutoV1", "autov2": "AutoV2", "autov3": "AutoV3", "crc32": "CRC32", "blake3": "BLAKE3"}


def import_view(service: Service, actor: Actor, notice: tuple[str, ...] = ()) -> ImportView:
    """The page Import as an account has it."""
    texts = service.texts
    return ImportView(
        tuple(Kept(one.identifier, one.name, one.lines) for one in texts.of(actor.account, "wildcard")),
        tuple(Kept(one.identifier, one.text) for one in texts.of(actor.account, "prompt")),
        tuple(one.version.name for one in assemble.casting().styles.all(actor.account)),
        sending.may_bring(service, actor),
        notice,
    )


def models_view(service: Service, actor: Actor, words: Words) -> ModelsView:
    """The page Models as whoever looks has it."""
    may = sending.may_bring(service, actor)
    on_way = service.uploads.of(actor.account) if actor.account else []
    return ModelsView(
        tuple(_row(one, actor, words) for one in sending.models(actor)),
        tuple(
            OnItsWay(
                one.identifier, one.told.name or one.told.file, 100 * one.received // one.size, one.state
            )
            for one in on_way
        ),
        may,
        PART,
        LARGEST,
        actor.at_least("owner"),
    )


def _row(model: sending.Model, actor: Actor, words: Words) -> ModelRow:
    card, files = model.kept.card, model.kept.files
    told = {
        "family": card.family,
        "layout": card.layout,
        "predicts": card.prediction,
        "resolution": f"{card.resolution} × {card.resolution}" if card.resolution else "",
        "trigger": ", ".join(card.triggers),
        "author": card.author,
        "numbers": f"{card.parameters:,} ({', '.join(card.dtypes)})" if card.parameters else "",
    }
    facts = [Fact(words(f"models.{name}"), text) for name, text in told.items() if text]
    facts.append(Fact("SHA-256", card.digest))
    if len(files) == 1:
        facts += [Fact(_CALLED[name], str(getattr(files[0], name))) for name in NAMES if name in _CALLED]
    return ModelRow(
        card.name,
        card.digest,
        card.kind,
        card.base or card.family,
        model.kept.licence.told,
        size(model.size),
        tuple(facts),
        card.notes,
        model.is_own,
        model.is_shared,
        model.is_own or (actor.at_least("owner") and model.kept.owner == LOCAL),
    )


def size(count: int) -> str:
    """Bytes as people say them."""
    for power, unit in ((3, "GB"), (2, "MB"), (1, "kB")):
        if count >= 1000**power:
            return f"{count / 1000**power:.1f} {unit}"
    return f"{count} B"
