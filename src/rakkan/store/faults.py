"""What can be wrong with stored bytes, told apart by type; each is a ``RakkanError`` with its advice."""

from __future__ import annotations

from rakkan.errors import RakkanError


class Missing(RakkanError):
    """What was asked for is not held: never put, or shredded, or its owner erased."""


class Damaged(RakkanError):
    """Stored bytes are not what was stored: cut short, altered, moved or lost."""

    def __init__(self, message: str, hint: str = "Restore it from a copy, or put it again") -> None:
        super().__init__(message, hint)


class WrongKey(RakkanError):
    """The master key given is not the one that sealed what is stored."""
