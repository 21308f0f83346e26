"""``rakkan.Studio``: what the command line does, from Python.

Nothing is done here that a command does not do, and all of it passes the same gate: pictures come in by it,
and what is made is a sealed file before it is an object.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from rakkan.api.listening import SILENT, Listener, Progress
from rakkan.api.pictures import SealedPicture

if TYPE_CHECKING:
    import os

    from rakkan.api.creating import CreateOptions, ModelOptions
    from rakkan.api.editing import EditOptions
    from rakkan.studio.requests import Created
    from rakkan.studio.starter.describing import Description

    #: A picture: its path, or what a method here returned.
    Given = SealedPicture | str | os.PathLike[str]


class Studio:
    """A studio at this machine, with the settings, the vault and the ledger that the command line uses.

    ``pictures`` is the folder for new pictures and ``disclosure`` how much of its recipe a file tells
    (``full``, ``redacted``, ``digest``); None means as the settings say. The ``listener`` is told of
    progress and remarks. All methods raise ``rakkan.errors.RakkanError``, whose ``message`` says what is
    wrong and whose ``hint`` what to do; what was released before stays.
    """

    def __init__(
        self,
        pictures: str | os.PathLike[str] | None = None,
        disclosure: str | None = None,
        listener: Listener = SILENT,
    ) -> None:
        self._pictures = None if pictures is None else Path(pictures)
        self._disclosure = disclosure
        self._listener = listener

    def create(
        self,
        prompt: str,
        *,
        negative: str = "",
        seed: int | None = None,
        steps: int | None = None,
        guidance: float | None = None,
        size: str | None = None,
        reference: Given | None = None,
        reference_kind: str | None = None,
        reference_strength: float | None = None,
        character: str = "",
        style: str = "",
        model: str | ModelOptions = "",
        out: str | os.PathLike[str] | None = None,
        progress: Progress | None = None,
    ) -> SealedPicture:
        """Draw one picture, as ``rakkan create`` does. ``model`` is the name of one that somebody brought, or
        all that is asked of it; ``progress(done, total)`` is called after each step."""
        from rakkan.api.creating import CreateOptions, ReferenceOptions

        guided = ReferenceOptions(
            "" if reference is None else str(_path(reference)), reference_kind, reference_strength
        )
        options = CreateOptions(
            prompt,
            negative,
            seed,
            1,
            steps,
            guidance,
            size,
            None if out is None else Path(out),
            None,
            guided,
            character,
            style,
            model=_model(model),
        )
        return self.draw(options, progress)[0]

    def draw(self, options: CreateOptions, progress: Progress | None = None) -> list[SealedPicture]:
        """Draw all that ``options`` ask for; several pictures are followed by a contact sheet, the last."""
        from rakkan.api import creating

        asked = replace(options, out=self._out(options.out), disclosure=self._told(options.disclosure))
        return _sealed(creating.create(asked, self._listening(progress)))

    def edit(
        self,
        picture: Given,
        *changes: str,
        prompt: str = "",
        negative: str = "",
        mask: Given = "",
        strength: float | None = None,
        extend: str = "",
        restore: bool = False,
        invert: bool = False,
        seed: int | None = None,
        model: str | ModelOptions = "",
        out: str | os.PathLike[str] | None = None,
        progress: Progress | None = None,
    ) -> SealedPicture:
        """Change one thing or several of a picture and keep the rest, as ``rakkan edit`` does."""
        from rakkan.api.editing import EditOptions
        from rakkan.studio.editing.requests import EditRequest

        request = EditRequest(
            _path(picture),
            changes,
            prompt,
            negative,
            str(mask.path) if isinstance(mask, SealedPicture) else str(mask),
            invert=invert,
            extend=extend,
            restore=restore,
            strength=strength,
            seed=seed,
        )
        options = EditOptions(request, None if out is None else Path(out), None, _model(model))
        return self.change(options, progress)[0]

    def change(self, options: EditOptions, progress: Progress | None = None) -> list[SealedPicture]:
        """Make all edits that ``options`` ask for."""
        from rakkan.api import editing

        asked = replace(options, out=self._out(options.out), disclosure=self._told(options.disclosure))
        return _sealed(editing.edit(asked, self._listening(progress)))

    def vary(
        self,
        picture: Given,
        *,
        strength: float = 0.1,
        seed: int | None = None,
        model: str | ModelOptions = "",
        out: str | os.PathLike[str] | None = None,
        progress: Progress | None = None,
    ) -> SealedPicture:
        """Another picture much like one, as ``rakkan vary`` does."""
        from rakkan.api import editing

        options = editing.VaryOptions(
            _path(picture), strength, 1, seed, self._out(out), self._told(None), _model(model)
        )
        return _sealed(editing.vary(options, self._listening(progress)))[0]

    def upscale(
        self,
        picture: Given,
        *,
        scale: int = 2,
        denoise: int = 0,
        out: str | os.PathLike[str] | None = None,
        progress: Progress | None = None,
    ) -> SealedPicture:
        """Enlarge a picture, as ``rakkan upscale`` does; ``out`` is the file, by default of its own name in
        the folder ``enlarged``."""
        from rakkan.api import upscaling

        options = upscaling.UpscaleOptions(
            _path(picture), scale, denoise, None if out is None else Path(out), self._told(None)
        )
        return upscaling.upscale(options, self._listening(progress))

    def describe(self, picture: Given) -> Description:
        """What a drawing shows: a prompt to draw from, how sure each tag is, and its colours."""
        from rakkan import assemble
        from rakkan.studio.starter import describing

        path = _path(picture)
        return describing.described(assemble.let_in(path).pixels, path.name)

    def _out(self, asked: str | os.PathLike[str] | None) -> Path | None:
        return self._pictures if asked is None else Path(asked)

    def _told(self, asked: str | None) -> str | None:
        return self._disclosure if asked is None else asked

    def _listening(self, progress: Progress | None) -> Listener:
        return self._listener if progress is None else replace(self._listener, drawing=progress)


def _path(given: Given) -> Path:
    return given.path if isinstance(given, SealedPicture) else Path(given)


def _model(given: str | ModelOptions) -> ModelOptions:
    from rakkan.api.creating import ModelOptions

    return ModelOptions(given) if isinstance(given, str) else given


def _sealed(made: Sequence[Created]) -> list[SealedPicture]:
    return [SealedPicture(one.path, one.recipe, one.seconds) for one in made]
