"""What licence a model is said to have, and who says so. A claim: whether it is true, and what it allows, is
judged elsewhere."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

#: Who may say it, best first: the person who adds the model, a folder's card, the hub's page, the file.
PERSON, FOLDER, HUB, FILE, NOBODY = "person", "folder", "hub", "file", ""


@dataclass(frozen=True)
class Licence:
    """A licence as the table knows it: its SPDX identifier, or one of ours where SPDX has none."""

    id: str
    name: str
    url: str
    #: What people write for it, in small letters, as patterns.
    spellings: tuple[str, ...]


LICENCES = (
    Licence(
        "LicenseRef-OpenRAIL-M",
        "CreativeML OpenRAIL-M",
        "https://huggingface.co/spaces/CompVis/stable-diffusion-license",
        (r"creativeml[ -]?open ?rail-?m", r"openrail-?m?", r"bigscience-openrail-m"),
    ),
    Licence(
        "LicenseRef-OpenRAIL++-M",
        "CreativeML Open RAIL++-M",
        "https://huggingface.co/stabilityai/stable-diffusion-xl-base-1.0/blob/main/LICENSE.md",
        (r"(creativeml[ -])?open ?rail\+\+(-?m)?",),
    ),
    Licence(
        "LicenseRef-FAIPL-1.0-SD",
        "Fair AI Public License 1.0-SD",
        "https://freedevproject.org/faipl-1.0-sd/",
        (r"fair[ -]ai[ -]public[ -]license[ -]1\.0[ -]sd", r"faipl(-1\.0)?(-sd)?"),
    ),
    Licence(
        "LicenseRef-Stability-Community",
        "Stability AI Community License",
        "https://stability.ai/community-license-agreement",
        (
            r"stability[ -]ai[ -](community|ncrd)([ -]license)?",
            r"stabilityai-ai-community",
            r"sai-nc-community",
        ),
    ),
    Licence(
        "LicenseRef-SDXL-0.9",
        "SDXL 0.9 Research License",
        "https://huggingface.co/stabilityai/stable-diffusion-xl-base-0.9/blob/main/LICENSE.md",
        (r"sdxl[ -]0\.9([ -]research)?([ -]license)?",),
    ),
    Licence(
        "Apache-2.0",
        "Apache License 2.0",
        "https://spdx.org/licenses/Apache-2.0",
        (r"apache([ -]license)?([ -]v?2(\.0)?)?",),
    ),
    Licence("MIT", "MIT License", "https://spdx.org/licenses/MIT", (r"mit([ -]license)?",)),
    Licence("CC0-1.0", "Creative Commons Zero 1.0", "https://spdx.org/licenses/CC0-1.0", (r"cc-?0(-1\.0)?",)),
    *(
        Licence(
            f"CC-{terms}-4.0",
            f"Creative Commons {terms} 4.0",
            f"https://spdx.org/licenses/CC-{terms}-4.0",
            (rf"cc[ -]{terms.lower().replace('-', '[ -]')}([ -]4\.0)?",),
        )
        for terms in ("BY", "BY-SA", "BY-NC", "BY-ND", "BY-NC-SA", "BY-NC-ND")
    ),
)
_LONGEST = 200


@dataclass(frozen=True)
class Claim:
    """``licence`` is an identifier of the table, or "" when the words are none of its licences; ``words``
    what was said; ``source`` who said it: ``person``, ``folder``, ``hub``, ``file``, "" for nobody."""

    licence: str = ""
    words: str = ""
    source: str = NOBODY

    @property
    def told(self) -> str:
        """The claim in words."""
        if not self.source:
            return "not told"
        name = next((one.name for one in LICENCES if one.id == self.licence), self.words)
        return f"{name} (claimed by the {self.source})"


def claim(words: str, source: str) -> Claim:
    """The claim that somebody's words make; none when there are no words."""
    line = " ".join("".join(sign if sign.isprintable() else " " for sign in words[:_LONGEST]).split())
    return Claim(identify(line), line, source) if line else Claim()


def best(*claims: Claim) -> Claim:
    """The first claim that somebody makes."""
    return next((one for one in claims if one.source), Claim())


def identify(words: str) -> str:
    """The identifier of the licence that words name, "" when it is not known here or not told."""
    plain = re.sub(r"^the |[“”\"'.]+$", "", words.strip().lower()).replace("_", "-")
    for one in LICENCES:
        if plain in (
            one.id.lower(),
            one.name.lower(),
            one.url.lower(),
            one.id.lower().removeprefix("licenseref-"),
        ):
            return one.id
        if any(re.fullmatch(spelling, plain) for spelling in one.spellings):
            return one.id
    return ""


def of_metadata(metadata: Mapping[str, str]) -> Claim:
    """What a file says of its own licence."""
    for key in ("modelspec.license", "license", "licence"):
        if words := metadata.get(key, "").strip():
            return claim(words, FILE)
    return Claim()


def of_readme(text: str, source: str = FOLDER) -> Claim:
    """What the front matter of a model card (YAML between two lines of ``---``) says."""
    found = re.match(r"\s*---[ \t]*\n(.*?)\n---[ \t]*(?:\n|$)", text[:20_000], re.DOTALL)
    fields = dict(
        re.findall(r"^(license|license_name)[ \t]*:[ \t]*(.+?)[ \t]*$", found[1] if found else "", re.M)
    )
    return of_card(fields, source)


def of_card(fields: Mapping[str, object], source: str) -> Claim:
    """What the fields of a hub's model card say: ``license``, or ``license_name`` where that is ``other``."""
    said = fields.get("license")
    if isinstance(said, list):
        said = said[0] if said else ""
    if said == "other":
        said = fields.get("license_name") or said
    return claim(said.strip("'\""), source) if isinstance(said, str) else Claim()
