"""The characters and styles of an instance and all that is done with them; a part of ``assemble``."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from rakkan.trust.gate import LOCAL

if TYPE_CHECKING:
    import sqlalchemy

    from rakkan.models.reach import Reach
    from rakkan.records import Picture
    from rakkan.store.keyring import Keyring
    from rakkan.store.ledger.ledger import Ledger
    from rakkan.store.vault import Vault
    from rakkan.studio.characters.cast import Cast
    from rakkan.studio.characters.file import Opened
    from rakkan.studio.characters.index import Index
    from rakkan.studio.characters.keeping import Kept, Loan, Shelf
    from rakkan.studio.characters.making import CharacterRequest, Revision
    from rakkan.studio.characters.pictures import Pictures
    from rakkan.studio.characters.records import Character, Style
    from rakkan.studio.characters.sheet import Sheet
    from rakkan.studio.characters.styles import StyleRequest
    from rakkan.studio.references import Asked, LetIn
    from rakkan.studio.requests import Progress, Release
    from rakkan.studio.starter.guiding import Guide
    from rakkan.trust.gate import Gate
    from rakkan.trust.seal.authority import Authority


class Casting:
    """Characters and styles, with the vault, the ledger, the gate and the models at hand."""

    def __init__(
        self,
        vault: Vault,
        ledger: Ledger,
        gate: Gate,
        database: sqlalchemy.Engine,
        keyring: Keyring,
        models: Callable[[str], Reach],
        authority: Callable[[], Authority],
        roots: Callable[[], Sequence[bytes]],
        knows_references: Callable[[], bool],
    ) -> None:
        self.vault, self.ledger, self.gate = vault, ledger, gate
        self._database, self._keyring, self._models = database, keyring, models
        self._authority, self._roots = authority, roots
        self._knows_references = knows_references
        self._said: set[str] = set()

    @cached_property
    def index(self) -> Index:
        """Which versions are the newest."""
        from rakkan.studio.characters.index import Index

        return Index(self._database, self._keyring.secret("characters", lambda: secrets.token_bytes(32)))

    @cached_property
    def characters(self) -> Shelf[Character]:
        """The characters that are kept."""
        from rakkan.studio.characters.keeping import Shelf
        from rakkan.studio.characters.records import Character

        return Shelf(Character, self.vault, self.index, self.gate.consider_character, self._state)

    @cached_property
    def styles(self) -> Shelf[Style]:
        """The styles that are kept."""
        from rakkan.studio.characters.keeping import Shelf
        from rakkan.studio.characters.records import Style

        return Shelf(Style, self.vault, self.index, self.gate.consider_character, self._state)

    def pictures(self, account: str = LOCAL) -> Pictures:
        """The way in for pictures, and the way back to them."""
        from rakkan.studio.characters.pictures import Pictures

        return Pictures(self.gate.admit, self.vault.read, account)

    def make(self, request: CharacterRequest, account: str = LOCAL) -> Kept[Character]:
        """Keep a new character. Raises RakkanError as ``studio.characters.making.make`` does."""
        from rakkan.studio.characters import making

        find_lora = partial(self.find_lora, account=account)
        return making.make(
            request, self.characters, self.pictures(account), find_lora, self.describe, account
        )

    def revise(self, name: str, revision: Revision, account: str = LOCAL) -> Kept[Character]:
        """Keep another version. Raises RakkanError as ``studio.characters.making.revise`` does."""
        from rakkan.studio.characters import making

        find_lora = partial(self.find_lora, account=account)
        return making.revise(name, revision, self.characters, self.pictures(account), find_lora, account)

    def cast(
        self,
        prompt: str,
        negative: str = "",
        character: str = "",
        style: str = "",
        model: str = "",
        *,
        naming: bool = True,
        account: str = LOCAL,
        loan: Loan | None = None,
    ) -> Cast:
        """Put a character and a style, by their names ("" for none), into a prompt for a ``model`` ("" for
        the starter model); a character on ``loan`` takes the place of a named one. Raises RakkanError, with
        the nearest name, for one that is not kept."""
        from dataclasses import replace

        from rakkan.studio.characters.casting import cast

        played = self.characters.find(character, account) if character and loan is None else None
        made = cast(
            prompt,
            negative,
            loan.kept if loan else played,
            self.style(style, account) if style else None,
            order=self._order(model, account) if model else None,
            naming=naming,
        )
        if loan and loan.kept.version.references:
            return replace(made, account=loan.account)
        return made

    def shown(
        self, cast: Cast, asked: tuple[Asked, ...], account: str = LOCAL
    ) -> tuple[tuple[Asked, ...], dict[Path, LetIn]]:
        """What a checkpoint is to be shown besides what is ``asked`` for: the first picture of the character,
        or else of the style, unless another reference is given; with the pictures by the names they are asked
        for by. Raises RakkanError for one that is no longer kept."""
        from rakkan.studio.references import REFERENCE, Asked

        if any(one.use == REFERENCE for one in asked):
            return asked, {}
        digest, _ = cast.references[0]
        name = Path(f"{digest}.kept")
        picture = self.pictures(cast.account or account).recall(digest, "the character")
        return (Asked(REFERENCE, name), *asked), {name: picture}

    def sheet(
        self,
        name: str,
        drawing: Callable[[Cast], Picture],
        out: Path,
        release: Release,
        expressions: Sequence[str] = (),
        outfits: Sequence[str] = (),
        model: str = "",
        progress: Progress = lambda done, total: None,
        account: str = LOCAL,
    ) -> Sheet:
        """Draw and release a character's sheet; ``drawing`` draws one cell. Raises RakkanError."""
        from rakkan.studio.characters import sheet
        from rakkan.studio.characters.casting import cast

        kept = self.characters.find(name, account)
        order = self._order(model, account) if model else None
        wanted = sheet.cells(expressions, outfits)
        shown = self.pictures(account)
        known = [shown.recall(one, kept.version.name).pixels for one in kept.version.references]
        drawn = sheet.draw(
            wanted, lambda prompt: drawing(cast(prompt, character=kept, order=order)), progress
        )
        return sheet.release_sheet(kept, wanted, drawn, known, out, release)

    def export(self, name: str, to: Path, account: str = LOCAL, head: str = "") -> Path:
        """Hand out a character with its history and pictures as one signed file, up to the version ``head``
        ("" for the newest); the path it took, for nothing is written over. Raises RakkanError for what the
        gate refuses."""
        from rakkan.errors import RakkanError
        from rakkan.store.faults import Missing
        from rakkan.studio.characters import file

        if to.suffix != file.SUFFIX:
            raise RakkanError(
                f"A character is written as a {file.SUFFIX} file", f"Name it {to.stem or 'it'}{file.SUFFIX}"
            )
        if not head:
            head = self.characters.find(name, account).digest
        history = list(self.characters.since(head, name, account))
        kept = history[0]
        pictures = {}
        for digest in dict.fromkeys(one for each in history for one in each.version.references):
            try:
                pictures[digest] = self.vault.read(account, digest)
            except Missing:  # of an earlier version; the newest needs its own
                if digest in history[0].version.references:
                    raise RakkanError(
                        f"The picture {digest[:12]} of {kept.version.name!r} is no longer kept",
                        f"rakkan character revise … --drop {digest[:8]}",
                    ) from None
        return self.gate.hand_out(file.departure(history, pictures, self._authority(), account), to)

    def check(self, path: Path) -> Opened:
        """Whether a character's file holds, and who signed it; nothing is kept. Raises RakkanError."""
        from rakkan.studio.characters import file

        return file.opened(file.read(path), path.name, self._roots())

    def take(self, path: Path, account: str = LOCAL) -> tuple[Kept[Character], Opened]:
        """Let a character's file in: its words and pictures through the gate, then all its versions.

        Versions that follow those that are here are added to them. Raises RakkanError, with nothing kept, for
        a file that does not hold, what the gate refuses, and another character of that name.
        """
        from rakkan.studio.characters.taking import take

        found = self.check(path)
        kept = take(
            found, self.characters, self.pictures(account), self.gate.consider_character, self.vault, account
        )
        return kept, found

    def copy(self, loan: Loan, name: str, because: str, maker: str, account: str) -> Kept[Character]:
        """Let ``account`` take a copy of a character that another one shares; see ``copying.copy``."""
        from rakkan.casting.copying import copy

        return copy(self, loan, name, because, maker, account)

    def style(self, name: str, account: str = LOCAL) -> Kept[Style]:
        """A saved style, one that the starter model draws, or, for checkpoints, a LoRA. Raises RakkanError,
        with the nearest name, for none of them."""
        from difflib import get_close_matches

        from rakkan.errors import RakkanError
        from rakkan.studio.characters.keeping import Kept

        called = name.rpartition("@")[0] or name
        if any(one.version.name.casefold() == called.casefold() for one in self.styles.all(account)):
            return self.styles.find(name, account)
        others = {one.name: one for one in self.other_styles(account)}
        found = next((one for key, one in others.items() if key.casefold() == name.casefold()), None)
        if found is not None:
            return Kept(found, "")
        known = [*others, *(one.version.name for one in self.styles.all(account))]
        near = get_close_matches(name, known, 1, 0.5)
        hint = f"Did you mean {near[0]!r}?" if near else "See rakkan style list"
        raise RakkanError(f"There is no style called {name[:60]!r}", hint)

    def other_styles(self, account: str = LOCAL) -> list[Style]:
        """The styles that nobody saved: those of the starter model, and LoRAs whose names fit a style."""
        from rakkan.errors import RakkanError
        from rakkan.formats.checkpoints import kinds
        from rakkan.studio.characters import styles

        found = styles.shipped()
        for kept in self._models(account).all():
            if kept.card.kind != kinds.LORA:
                continue
            try:
                found.append(styles.of_lora(kept.card.name, kept.card.digest, f"lora {kept.card.name} 1"))
            except RakkanError:  # called otherwise than a style can be: --lora still takes it
                continue
        return found

    def save_style(self, request: StyleRequest, account: str = LOCAL) -> Kept[Style]:
        """Keep a style. Raises RakkanError as ``studio.characters.styles.saved`` does."""
        from rakkan.features.figures.reading import read
        from rakkan.studio.characters import styles

        def see_style(picture: LetIn) -> str:
            value, share = read(picture.pixels).slots["style"]
            return value if share >= 0.5 else ""

        find_lora = partial(self.find_lora, account=account)
        return styles.saved(request, self.styles, self.pictures(account), find_lora, see_style, account)

    def style_samples(
        self,
        names: Sequence[str],
        prompt: str,
        character: str,
        drawing: Callable[[Cast], Picture],
        out: Path,
        release: Release,
        model: str = "",
        progress: Progress = lambda done, total: None,
        account: str = LOCAL,
    ) -> Path:
        """Draw the same figure in each style on a sheet and release it. With no names given, in all that go
        with the model. Raises RakkanError."""
        from dataclasses import replace

        from rakkan.records import Picture
        from rakkan.studio.characters import styles

        chosen = list(names)
        if not chosen:
            others = [one for one in self.other_styles(account) if bool(one.adapters) == bool(model)]
            chosen = [one.name for one in others] + [one.version.name for one in self.styles.all(account)]
        prompt = prompt or ("" if character else styles.SAMPLE)
        found = []
        for name in chosen[: styles.MOST_SAMPLES]:
            cast = self.cast(prompt, "", character, name, model, account=account)
            found.append((name, replace(cast, seed=styles.SAMPLE_SEED) if cast.seed is None else cast))
        of_it = self.characters.find(character, account).version.tags if character else ""
        shown = ", ".join(one for one in (of_it, prompt) if one)
        pixels, recipe = styles.samples(shown, found, drawing, progress)
        return release(Picture(pixels, recipe, "sheet"), out)

    def guide(self, cast: Cast, say: Callable[[str], None], account: str = LOCAL) -> Guide | None:
        """What the starter model is guided by: the first picture of the character, or else of the style.
        None, and ``say`` is told why, when nobody is seen in it. Raises RakkanError when it is gone."""
        from rakkan.errors import RakkanError
        from rakkan.studio.starter import guiding

        digest, kind = cast.references[0]
        picture = self.pictures(cast.account or account).recall(digest, "the character")
        looks = self._knows_references()
        try:
            found = guiding.guide(picture, f"the picture {digest[:8]}", kind, 1.0, looks)
        except RakkanError as error:
            say(f"{error.message}: it is drawn by its tags alone")
            return None
        note = "these weights have not learnt from pictures: it is drawn by its tags, and by theirs in words"
        if not looks and note not in self._said:
            self._said.add(note)
            say(note)
        return found

    def find_lora(self, text: str, account: str = LOCAL) -> tuple[str, str]:
        """The LoRA that ``NAME`` or ``NAME:STRENGTH`` names: its SHA-256, and its use as versions say it.

        Raises RakkanError for one that is not here, or of another kind, and for a strength out of range.
        """
        from rakkan.errors import RakkanError
        from rakkan.formats.checkpoints import kinds

        name, marked, strength = text.strip().rpartition(":")
        if not marked:
            name, strength = text.strip(), "1"
        try:
            weight = float(strength)
        except ValueError:
            weight = 99.0
        if not -10 <= weight <= 10:
            raise RakkanError(f"The LoRA's strength {strength[:20]!r} is out of range", "Give -10 to 10")
        kept = self._models(account).find(name)
        if kept.card.kind != kinds.LORA:
            raise RakkanError(f"{name[:60]!r} is a {kept.card.kind}, no LoRA", "See rakkan model list")
        return kept.card.digest, f"lora {kept.card.name} {weight:.4g}"

    def describe(self, picture: LetIn) -> tuple[str, tuple[str, ...]]:
        """The tags that a picture shows, and its colours. Raises RakkanError where no figure is seen."""
        from rakkan.studio.characters.sheet import colours_of
        from rakkan.studio.starter.describing import described

        return described(picture.pixels, "the picture").prompt, colours_of(picture.pixels)

    def _order(self, model: str, account: str) -> tuple[str, ...]:
        """The order of tags that a model has learnt."""
        from rakkan.models.profiles import find

        kept = self._models(account).resolve(model)
        profile = find(kept.card.profile)
        return profile.order if profile else ()

    def _state(self, statement: object) -> None:
        from rakkan.store.ledger.statements import Statement

        assert isinstance(statement, Statement)
        self.ledger.append([statement])
