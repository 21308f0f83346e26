"""What an artist wishes for the pictures under one path of a site."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote

from rakkan.errors import RakkanError
from rakkan.trust.policy.nearest import nearest
from rakkan.trust.policy.words import CHOICES, USES, canonical_use

MINING = "cawg.data_mining"
INFERENCE = "cawg.ai_inference"
GENERATIVE = "cawg.ai_generative_training"
TRAINING = "cawg.ai_training"

#: Longest path, address, contact or constraint, in characters.
LONGEST = 1000

# Nothing that would need quoting in any of the files: see the tests of what may not be broken out of.
_PATH = re.compile(r"/[A-Za-z0-9\-._~%!&'()*+,;=:@/]*\$?")
_URL = re.compile(r"https?://[A-Za-z0-9\-._~:/?#\[\]@!&()*+,;=%]+")


@dataclass(frozen=True)
class Preferences:
    """``uses`` maps CAWG uses to ``allowed``, ``notAllowed`` or ``constrained``; what is not named is
    ``notAllowed``. ``constraints`` says in words what ``constrained`` means. ``path`` is where the
    pictures lie on the site, from its root, with ``*`` for anything and ``$`` for the end, as in
    robots.txt (RFC 9309, section 2.2.3). ``policy_url`` is a page on how to ask, ``contact`` a line that
    people can use; both may be "".

    Raises RakkanError for an unknown use or choice, with the nearest known one, and for text that could
    break out of the files it is written into.
    """

    uses: Mapping[str, str] = field(default_factory=dict)
    constraints: str = ""
    path: str = "/"
    policy_url: str = ""
    contact: str = ""

    def __post_init__(self) -> None:
        uses = dict.fromkeys(USES, "notAllowed")
        for word, choice in self.uses.items():
            use = canonical_use(word)
            if use not in USES:
                raise RakkanError(f"{word!r} is no use", f"Did you mean {nearest(use, USES)!r}?")
            if choice not in CHOICES:
                raise RakkanError(f"{choice!r} is no choice", f"Did you mean {nearest(choice, CHOICES)!r}?")
            uses[use] = choice
        object.__setattr__(self, "uses", uses)
        decoded = unquote(self.path, errors="replace")
        if not _PATH.fullmatch(self.path) or len(self.path) > LONGEST or not _harmless(decoded):
            raise RakkanError(
                f"{self.path[:100]!r} cannot be a path of a site",
                "Start it with '/' and percent-encode spaces and signs, such as '/art%20of%20mine/'",
            )
        if self.policy_url and (not _URL.fullmatch(self.policy_url) or len(self.policy_url) > LONGEST):
            raise RakkanError(
                f"{self.policy_url[:100]!r} cannot be the address of a policy",
                "Give an http or https address",
            )
        for name, text in (("contact", self.contact), ("constraints", self.constraints)):
            if len(text) > LONGEST or (text and not text.isprintable()):
                raise RakkanError(
                    f"The {name} is longer than {LONGEST} characters or not one line",
                    "Shorten it to one line",
                )

    def allows(self, use: str) -> bool:
        """Whether a use is allowed outright."""
        return self.uses[use] == "allowed"

    @property
    def reserves_mining(self) -> bool:
        """Whether text and data mining is reserved: unless it and all training are allowed outright."""
        return not all(self.allows(use) for use in (MINING, GENERATIVE, TRAINING))


def _harmless(path: str) -> bool:
    return path.isprintable() and not set(path) & set('"\\#{}<>`\ufffd')
