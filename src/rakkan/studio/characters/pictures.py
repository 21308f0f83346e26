"""The pictures of characters and styles: let in once through the gate, and recalled from the vault."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rakkan.errors import RakkanError
from rakkan.store.faults import Missing
from rakkan.studio.references import LetIn, let_in, over_white
from rakkan.trust.gate import LOCAL, Admission, Source

#: Reads a blob of an account by its digest.
Read = Callable[[str, str], bytes]


@contextmanager
def in_memory(data: bytes) -> Iterator[Path]:
    """A file of these bytes that has a path for as long as it is open, and lies on no disk."""
    descriptor = os.memfd_create("rakkan-picture")
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(descriptor, view) :]
        yield Path(f"/proc/self/fd/{descriptor}")
    finally:
        os.close(descriptor)


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

    def take(self, data: bytes) -> str:
        """Let a picture in that lay inside another file; the SHA-256 of its own. Raises RakkanError for what
        the gate refuses and for what is no picture."""
        digest = hashlib.sha256(data).hexdigest()
        what = f"the picture {digest[:12]} in it"
        try:
            with in_memory(data) as path:
                called = path.name
                admission = self.admit(Source(path, self.account))
        except RakkanError as error:
            message = error.message.replace(f"{called} was not", f"{what} was not")
            raise RakkanError(message, error.hint) from error
        if not admission.inspected.media_type.startswith("image/"):
            raise RakkanError(f"{what} is none", "It is damaged or forged")
        return admission.digest

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
