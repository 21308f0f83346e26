"""The models that an account may draw with: its own, and those that are lent to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from rakkan.errors import RakkanError
from rakkan.formats.checkpoints.files import shown
from rakkan.formats.checkpoints.tensors import Tensors
from rakkan.models.card import Kept
from rakkan.models.registry import Registry, pick
from rakkan.trust.gate import LOCAL


class Models(Protocol):
    """Models to draw with, by name or hash; a ``Registry`` is one, with those of this machine's person."""

    def all(self) -> list[Kept]:
        """Their cards."""

    def find(self, text: str) -> Kept:
        """The one that a name or a hash names. Raises RakkanError."""

    def resolve(self, text: str) -> Kept:
        """As ``find``, or of a file of this machine where that is allowed. Raises RakkanError."""

    def opened(self, kept: Kept) -> AbstractContextManager[Tensors]:
        """Its tensors. Raises RakkanError when a file is gone."""


@dataclass(frozen=True)
class Loan:
    """What the account ``owner`` lends: the models of these digests, None for all that it has."""

    owner: str
    digests: frozenset[str] | None = None


@dataclass(frozen=True)
class Reach:
    """A registry as ``account`` sees it: of two models of one name its own counts, then those of whoever
    lends all, then what is shared."""

    registry: Registry
    account: str = LOCAL
    loans: tuple[Loan, ...] = ()

    def all(self) -> list[Kept]:
        """The cards of its own models by name, then of those that are lent; each model once."""
        found: dict[str, Kept] = {}
        for tier in self._tiers():
            for one in tier:
                found.setdefault(one.card.digest, one)
        return list(found.values())

    def find(self, text: str) -> Kept:
        """The model of a name, or of the first eight digits or more of its hash. A whole digest names its
        model whatever others are called. Raises RakkanError, with the nearest name, for none, and for
        several."""
        held = self.all()
        whole = next((one for one in held if one.card.digest == text), None)
        if whole is not None:
            return whole
        for tier in self._tiers():
            named = list({one.card.digest: one for one in tier if one.card.name == text}.values())
            if len(named) == 1:
                return named[0]
            if named:
                raise RakkanError(
                    f"{len(named)} models are called {shown(text)}", "Give the first 8 digits of its hash"
                )
        return pick(text, held)

    def resolve(self, text: str, progress: Callable[[int, int], None] = lambda done, of: None) -> Kept:
        """As ``find``; for the person at this machine a file or folder, too, which is let in first. Raises
        RakkanError as ``Registry.resolve`` does."""
        return self.registry.resolve(text, LOCAL, progress) if self.account == LOCAL else self.find(text)

    def opened(self, kept: Kept) -> AbstractContextManager[Tensors]:
        """The tensors of a model that was found here. Raises RakkanError when a file is gone."""
        return self.registry.opened(kept)

    def _tiers(self) -> Iterator[list[Kept]]:
        yield self.registry.all(self.account)
        shared: list[Kept] = []
        for loan in self.loans:
            if loan.owner == self.account:
                continue
            held = self.registry.all(loan.owner)
            if loan.digests is None:
                yield held
            else:
                shared += [one for one in held if one.card.digest in loan.digests]
        yield sorted(shared, key=lambda one: (one.card.name, one.card.digest))
