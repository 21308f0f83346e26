"""The one place where the parts are wired together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rakkan import config

#: ``rakkan.trust.gate.LOCAL``, which is slow to import.
LOCAL = "local"

if TYPE_CHECKING:
    import sqlalchemy

    from rakkan.bringing.showing import Wanted
    from rakkan.casting import Casting
    from rakkan.models.index import Index
    from rakkan.models.reach import Reach
    from rakkan.models.registry import Registry
    from rakkan.models.sharing import Sharing
    from rakkan.records import Picture
    from rakkan.store.disk import Disk
    from rakkan.store.keyring import Keyring
    from rakkan.store.keys import MasterKey
    from rakkan.store.ledger.ledger import Entry, Ledger
    from rakkan.store.ledger.notes import VerificationKey
    from rakkan.store.ledger.witness import Witness
    from rakkan.store.storage import Storage
    from rakkan.store.vault import Vault
    from rakkan.studio.bring import Brought
    from rakkan.studio.create import Upscaler
    from rakkan.studio.engines.checkpoint.process import EngineProcess
    from rakkan.studio.engines.engine import Engine
    from rakkan.studio.references import LetIn
    from rakkan.trust.gate import Gate
    from rakkan.trust.instance import Instance
    from rakkan.trust.provenance import Provenance
    from rakkan.trust.takedown.desk import Desk
    from rakkan.trust.takedown.docket import Docket


@cache
def master() -> MasterKey:
    """The master key: a key file, made at first use, or a passphrase."""
    from rakkan.store import keys

    settings = config.load()
    if settings.key == config.PASSPHRASE:
        return keys.Passphrase(config.ask_passphrase(), _storage("keys"))
    return keys.KeyFile(Path(settings.key))


@cache
def vault() -> Vault:
    """The vault that the settings name."""
    from rakkan.store.vault import Vault

    return Vault(_storage(config.load().vault or "vault"), master())


@cache
def passing_vault() -> Vault:
    """The same vault, for what is read and shredded within minutes: a power cut may take it. Only for owners
    who have put something by ``vault`` before, so that their keys are durable."""
    from rakkan.store.disk import PassingDisk
    from rakkan.store.vault import Vault

    return Vault(_storage(config.load().vault or "vault", PassingDisk()), master())


@cache
def keyring() -> Keyring:
    """The instance's own secrets, sealed by the master key; always in the home folder."""
    from rakkan.store.keyring import Keyring

    return Keyring(_storage("keys"), master())


@cache
def instance() -> Instance:
    """Who this instance is; made at first use."""
    from rakkan.trust.instance import load

    return load(keyring())


@cache
def ledger() -> Ledger:
    """The ledger of this instance."""
    from rakkan.store.ledger.index import Index
    from rakkan.store.ledger.ledger import Ledger
    from rakkan.trust.instance import INSTANCE

    key = _secret("index")  # first of all: it makes the folder that a database is made in
    index = Index(database_engine(), key)
    return Ledger(config.load().home / "ledger", vault(), instance().ledger_key, index, INSTANCE)


@cache
def provenance() -> Provenance:
    """What states and seals, with what is known of the models that come with the package."""
    from rakkan.studio.starter.origin import training_of
    from rakkan.trust.provenance import Provenance

    return Provenance(vault(), ledger(), instance(), training_of)


@cache
def gate() -> Gate:
    """The gate of this process, with every inspector and marker there is."""
    from rakkan.studio.metadata import parameters_text
    from rakkan.studio.wording import released_wording
    from rakkan.trust import arrivals, standing
    from rakkan.trust.checks import recipe_text, well_formed
    from rakkan.trust.gate import Gate
    from rakkan.trust.safety import likeness, pictures
    from rakkan.trust.safety.overturning import overturnable
    from rakkan.trust.safety.prompts import inspectors as words
    from rakkan.trust.takedown import blocklist, refusals

    origin = provenance()
    content = pictures.Judge(pictures.shipped_opinions)
    blocked = blocklist.Blocklist(docket())
    secret = _takedown_secret("refusals")
    return Gate(
        word_inspectors={"prompt": words.considered_prompt},
        inspectors={
            "well formed": well_formed,
            "policy": standing.release_policy(ledger()),
            "prompt": words.released_prompt,
            "wording": released_wording(words.considered_prompt),
            "blocklist": blocklist.released_blocklist(blocked),
            "likeness": likeness.released_likeness,
            "content": content.released_content,
        },
        markers={"recipe": recipe_text, "parameters": parameters_text},
        arrival_inspectors={
            "seal": arrivals.seal_state,
            "policy": standing.arrival_policy(ledger()),
            "text": words.arriving_text,
            "blocklist": blocklist.arriving_blocklist(blocked),
            "likeness": likeness.arriving_likeness,
            "content": content.arriving_content,
        },
        seal=origin.seal,
        parse=lambda path: arrivals.parse(path, trusted_roots()),
        keep=origin.keep,
        endorse=origin.protect,
        overturned=refusals.overturner(ledger(), secret, overturnable()),
        refuse=refusals.refuser(ledger(), secret),
        begin=content.begin,
        departure_inspectors={
            "policy": standing.departure_policy(ledger()),
            "text": words.departing_text,
            "pictures": blocklist.departing_blocklist(blocked),
        },
        character_inspectors={"prompt": words.considered_prompt, "adulthood": words.considered_adulthood},
        part_inspectors={"content": content.part_content},
        seal_file=origin.seal_file,
    )


@cache
def docket() -> Docket:
    """The cases of takedown, as the ledger tells them."""
    from rakkan.trust.takedown.docket import Docket
    from rakkan.trust.takedown.register import Register

    return Docket(ledger(), Register(database_engine(), _takedown_secret("register")))


@cache
def takedown() -> Desk:
    """Where reports, decisions and appeals are made."""
    from rakkan.trust.takedown.desk import Desk

    return Desk(vault(), ledger(), docket(), _takedown_secret("moderators"))


@cache
def models() -> Registry:
    """The models that people brought."""
    from rakkan.models.registry import Registry

    return Registry(vault(), gate().admit, gate().hand_out, _model_index())


def reach(account: str = LOCAL) -> Reach:
    """The models that an account may draw with: its own, this instance's, and those that others share."""
    from rakkan.models.reach import Loan, Reach

    return Reach(models(), account, () if account == LOCAL else (Loan(LOCAL), *sharing().loans()))


@cache
def sharing() -> Sharing:
    """Which models are shared by their accounts."""
    from rakkan.models.sharing import Sharing

    return Sharing(database_engine())


@cache
def _model_index() -> Index:
    from rakkan.models.index import Index

    return Index(database_engine(), _secret("models"))


@cache
def casting() -> Casting:
    """The characters and styles that are kept here."""
    from rakkan.casting import Casting

    parts = (vault(), ledger(), gate(), database_engine(), keyring(), reach)
    return Casting(*parts, lambda: instance().authority, trusted_roots, knows_references)


def bring(
    model: str,
    prompts: tuple[str, str],
    vae: str = "",
    progress: Callable[[int, int], None] = lambda done, total: None,
    say: Callable[[str], None] = lambda line: None,
    wanted: Wanted | None = None,
    known: Callable[[Path], LetIn] | None = None,
    account: str = LOCAL,
) -> Brought:
    """A model of those that ``account`` may draw with, or a file or folder that is let in first, ready to
    draw these prompts.

    ``progress`` is told of bytes read, ``say`` in a line of what takes a while. What is ``wanted`` to be
    shown comes in through the gate, or by ``known`` where it has passed it before. Raises RakkanError.
    """
    from rakkan import bringing

    settings, found = config.load(), reach(account)
    kept = found.resolve(model, progress)
    own_vae = found.resolve(vae, progress) if vae else None
    ways = (vault(), engine_process, known or let_in, settings.engine, settings.threads or None)
    return bringing.bring(bringing.Instance(found, *ways), kept, prompts, own_vae, wanted, say)


def let_in(path: Path, account: str = LOCAL) -> LetIn:
    """A picture from outside, through the gate, to be read or to guide a drawing, kept for an account. Raises
    RakkanError."""
    from rakkan.studio import references

    return references.let_in(path, gate().admit, vault().read, account)


def known_pictures(account: str) -> Callable[[Path], LetIn]:
    """What gives a picture that an account let in before, by its digest in place of a path."""
    from rakkan.recipes.sources import let_in_before

    return let_in_before(vault(), ledger(), account)


def engine_process(device: str) -> EngineProcess:
    """The process that draws on a device with the models that people brought; it starts when it is needed and
    ends with this one, or when this is forgotten."""
    from rakkan.studio.engines.checkpoint.process import EngineProcess

    if device not in _processes():
        _processes()[device] = EngineProcess(device, config.load().home / "locks")
    return _processes()[device]


@cache
def _processes() -> dict[str, EngineProcess]:
    return {}


def erase(account: str) -> Entry:
    """Shred everything kept for an account, what takedown remembers of its pictures and the names of its
    models and characters too; the entry that says so. Raises RakkanError for the instance's own account."""
    entry = ledger().erase_account(account)
    _model_index().forget_account(account)
    sharing().forget_account(account)
    casting().index.forget_account(account)
    docket().forget_erased()
    return entry


def _takedown_secret(purpose: str) -> bytes:
    from rakkan.store import sealing

    return sealing.derive(_secret("takedown"), f"rakkan takedown {purpose} 1")


def _secret(name: str) -> bytes:
    import secrets

    return keyring().secret(name, lambda: secrets.token_bytes(32))


@cache
def database_engine() -> sqlalchemy.Engine:
    """The database of this instance."""
    from rakkan.store import database

    settings = config.load()
    return database.connect(settings.database or database.url_of(settings.home / "database.sqlite"))


def witness(logs: Mapping[str, Sequence[VerificationKey]]) -> Witness:
    """This instance as a witness of other ledgers: their keys by origin."""
    from rakkan.store.ledger.witness import Witness
    from rakkan.trust.instance import witness_key

    return Witness(config.load().home / "witness", witness_key(keyring()), logs)


def release(disclosure: str | None = None, account: str = LOCAL) -> Callable[[Picture, Path], Path]:
    """The way out for an account, telling recipes as the settings say or as given.

    Raises RakkanError now, before anything is drawn, when the vault or the ledger cannot be opened.
    """
    from rakkan.trust.gate import Destination

    told = disclosure or config.load().disclosure
    opened = gate()
    return lambda picture, path: opened.release(picture, Destination(path, account, told))


def released() -> list[Path]:
    """The files this process has released; makes no gate."""
    return gate().released if gate.cache_info().currsize else []


def trusted_roots() -> list[bytes]:
    """The root certificates (PEM) that are trusted here: this instance's own and those in its folder."""
    from rakkan.trust.instance import read_root

    others = sorted((config.load().home / "roots").glob("*.pem"))
    return [instance().root, *(read_root(path) for path in others)]


def forget() -> None:
    """Take everything apart, so that changed settings count."""
    for process in _processes().values():
        process.close()
    for part in list(globals().values()):
        if hasattr(part, "cache_clear"):
            part.cache_clear()


def _storage(place: str, disk: Disk | None = None) -> Storage:
    from rakkan.store.places import storage_at

    return storage_at(place, disk, config.load().home)


@cache
def engine() -> Engine:
    """The engine that the settings name, its weights verified.

    Raises RakkanError when the settings are wrong or the weights are missing or corrupted.
    """
    settings = config.load()
    if settings.engine == "fake":
        from rakkan.studio.engines.fake_engine import FakeEngine

        return FakeEngine()
    from rakkan.studio.engines.openvino_engine import OpenVinoEngine
    from rakkan.studio.starter import WEIGHTS

    return OpenVinoEngine(settings.weights or WEIGHTS, threads=settings.threads or None)


def usual_sampling() -> tuple[int, float]:
    """Steps and guidance scale that the model in use was made for: a distilled one needs four steps and no
    guidance, one that is not yet needs both. Raises RakkanError as ``_manifest`` does."""
    return (4, 1.0) if _manifest().get("distilled") else (16, 2.0)


def knows_references() -> bool:
    """Whether the starter model in use has learnt from references. Raises RakkanError likewise."""
    return "reference" in dict(_manifest().get("stages", {}))


def _manifest() -> Mapping[str, Any]:
    """What is said of the weights in use. Raises RakkanError for wrong settings and what cannot be read."""
    from rakkan.studio.engines import fake_engine, weights
    from rakkan.studio.starter import WEIGHTS

    settings, fake = config.load(), fake_engine.MANIFEST
    return fake if settings.engine == "fake" else weights.read_manifest(settings.weights or WEIGHTS)


@cache
def upscaler() -> Upscaler:
    """waifu2x, twice each side; its weights are verified when it first enlarges."""
    from rakkan.studio.create import Upscaler
    from rakkan.studio.upscaling import waifu2x

    return Upscaler("waifu2x upconv_7 anime noise0 2x", waifu2x.digest(2, 0), waifu2x.doubled)
