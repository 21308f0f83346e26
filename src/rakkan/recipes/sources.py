"""Pictures that were let in before, found again by the digest that recipes know them by."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from rakkan.errors import RakkanError
from rakkan.store.ledger.statements import Admitted
from rakkan.trust.gate import LOCAL

if TYPE_CHECKING:
    from rakkan.store.ledger.ledger import Ledger
    from rakkan.store.vault import Vault
    from rakkan.studio.references import LetIn


def let_in_before(vault: Vault, ledger: Ledger, account: str = LOCAL) -> Callable[[Path], LetIn]:
    """What gives a picture that has passed the gate, by its digest in place of a path.

    The function raises RakkanError for a digest of which the vault no longer holds the file.
    """

    def found(path: Path) -> LetIn:
        from rakkan.formats.inspect import inspect_picture
        from rakkan.studio.references import LetIn, over_white
        from rakkan.trust.provenance import digest_of_file

        digest = path.name
        for _, statement in ledger.about(digest):
            if not isinstance(statement.predicate, Admitted) or statement.account != account:
                continue
            files = [one.digests["file"] for one in statement.subjects if "file" in one.digests]
            for file in files:
                if vault.holds(account, file):
                    data = vault.read(account, file)
                    inspected, pixels = inspect_picture(data)
                    return LetIn(digest_of_file(data), inspected.media_type, data, over_white(pixels))
        raise RakkanError(
            f"The picture {digest[:10]} that guided it is not in the vault",
            "Let it in again: rakkan import FILE",
        )

    return found
