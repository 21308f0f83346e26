"""On whose behalf something is done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rakkan import assemble
from rakkan.trust.gate import LOCAL

if TYPE_CHECKING:
    from rakkan.studio.characters.keeping import Loan
    from rakkan.studio.references import LetIn


@dataclass(frozen=True)
class Behalf:
    """``account`` is whom pictures are made and kept for; ``find`` gives the pictures that requests name by
    path, which must have passed the gate before. None lets files of this machine in. ``lend`` gives the
    character that a request names where it is not one of the account's own by its name, None where it is."""

    account: str = LOCAL
    find: Callable[[Path], LetIn] | None = None
    lend: Callable[[str], Loan | None] = lambda name: None

    def let_in(self, path: Path) -> LetIn:
        """A picture that a request names. Raises RakkanError for what the gate refuses or is not there."""
        return self.find(path) if self.find else assemble.let_in(path, self.account)


#: The person at this machine.
SELF = Behalf()
