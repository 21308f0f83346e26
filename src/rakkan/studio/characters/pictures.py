"""The pictures of characters and styles: let in once through the gate, and recalled from the vault."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rakkan.errors import RakkanError
from rakkan.store.faults import Missing
from rakkan.studio.references import LetIn, let_in, over_white
from rakkan.trust.gate import LOCAL, Admission, Source

#: Reads a blob of an account by its digest.
Read = Callable[[str, str], bytes]


@dataclass(frozen=True)
class Pictures:
    """The way in for pictures and the way back to them. ``admit`` is the gate's, ``read`` the vault's."""

    admit: Callable[[Source], Admission]
    read: Read
    account: str = LOCAL

    def let_in(self, path: Path) -> tuple[str, LetIn]:
        """Let a picture in; the SHA-256 of its file, which characters name it by, and itself. Raises
        RakkanError for what the gate refuses and for what is no picture."""
        found = let_in(path, self.admit, self.read, self.account)
        return hashlib.sha256(found.data).hexdigest(), found

    def recall(self, digest: str, called: str) -> LetIn:
        """A picture that came in before, by the SHA-256 of its file; ``called`` names whose it is in errors.
        Raises RakkanError when it is no longer kept."""
        from rakkan.formats.inspect import inspect_picture
        from rakkan.trust.provenance import digest_of_file

        try:
            data = self.read(self.account, digest)
        except Missing as error:
            raise RakkanError(
                f"The picture {digest[:12]} of {called!r} is no longer kept", "Give it again as a --reference"
            ) from error
        inspected, pixels = inspect_picture(data, f"the picture {digest[:12]}")
        return LetIn(digest_of_file(data), inspected.media_type, data, over_white(pixels))
