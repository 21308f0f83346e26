"""What a service is started with, besides the settings that it shares with the command line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from rakkan.errors import RakkanError

SignUp = Literal["open", "invited", "closed"]
Bringing = Literal["owner", "members"]


@dataclass(frozen=True)
class Settings:
    """``origins`` are the addresses people reach it at, the usual one first. ``devices`` gives a worker each;
    none are started when other hosts do the work. ``sign_up`` says who may make an account, ``models`` who
    may bring models."""

    origins: tuple[str, ...]
    devices: tuple[str, ...] = ("cpu",)
    sign_up: SignUp = "invited"
    name: str = "Rakkan"
    models: Bringing = "owner"

    def __post_init__(self) -> None:
        for origin in self.origins:
            parts = urlsplit(origin)
            if parts.scheme not in ("http", "https") or not parts.hostname or parts.path or parts.query:
                raise RakkanError(f"{origin!r} is no address of a service", "Give https://rakkan.example")

    @property
    def origin(self) -> str:
        """The usual address."""
        return self.origins[0]

    @property
    def domain(self) -> str:
        """The host's name, which passkeys are bound to."""
        return urlsplit(self.origin).hostname or ""
