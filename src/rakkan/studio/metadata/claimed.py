"""What another tool's text claims of a picture, as a frozen record, gathered field by field.

A claim is worth what its writer is worth: nothing here is proven. Every field is read by itself, so a bad one
is left out with a remark and the others stand; every number is in range, every text capped and printable.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any
from unicodedata import category

from rakkan.errors import RakkanError
from rakkan.records import LARGEST_INTEGER
from rakkan.studio.prompts import LONGEST_PROMPT

LONGEST_NAME = 200
MOST_STEPS, MOST_GUIDANCE, MOST_SIDE, MOST_LORAS, MOST_REMARKS = 1000, 100.0, 65_536, 64, 24
MOST_CLIP_SKIP = 12
#: JSON longer (in characters) or deeper than this is not read; ComfyUI's graphs are the longest honest ones.
LONGEST_JSON, DEEPEST_JSON = 2 * 1024 * 1024, 64

_HASH = re.compile(r"(?:0x)?([0-9a-fA-F]{8,64})")
#: What keys of services look like; a text that holds one was never meant to be told.
_SECRET = re.compile(
    r"\b(?:sk-(?:ant-|proj-)?|hf_|gh[pousr]_|github_pat_|xox[abpr]-|glpat-|r8_|AKIA|AIza|pst-)[\w-]{12,}"
    r"|\b(?:Bearer|(?:api|access|secret)[ _-]?(?:key|token))\b\s{0,3}[:=]?\s{0,3}[\w.~+/-]{12,}"
    r"|\beyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]+",
    re.IGNORECASE,
)
#: Strings, to the end where one is not closed, and brackets.
_BRACKETS = re.compile(r'"(?:[^"\\]|\\.)*+(?:"|\\?$)|[\[\]{}]', re.DOTALL)
_ENDINGS = (".safetensors", ".ckpt", ".pt", ".pth", ".bin", ".sft", ".gguf")


@dataclass(frozen=True)
class Lora:
    """An adapter that was called: its name without folder and ending, its strength, the start of its hash
    ("" when it is not told)."""

    name: str
    weight: float = 1.0
    digest: str = ""


@dataclass(frozen=True)
class Claimed:
    """How a picture was made, as its file says. ``tool`` wrote that. ``sampler`` and ``schedule`` are our
    names, "" where there is none that is the same; None and "" mean that nothing valid is said.
    ``model_hash`` and ``vae_hash`` are starts of hashes of whatever kind, lower case. ``clip_skip`` is as
    A1111 counts it, ``noise`` is ``cpu``, ``gpu`` or ``rakkan``, ``strength`` how much of another picture was
    drawn anew, 0 to 1. ``remarks`` say what was not understood, a line each."""

    tool: str
    prompt: str = ""
    negative: str = ""
    seed: int | None = None
    steps: int | None = None
    sampler: str = ""
    schedule: str = ""
    guidance: float | None = None
    width: int | None = None
    height: int | None = None
    model: str = ""
    model_hash: str = ""
    vae: str = ""
    vae_hash: str = ""
    loras: tuple[Lora, ...] = ()
    clip_skip: int | None = None
    noise: str = ""
    strength: float | None = None
    remarks: tuple[str, ...] = ()


@dataclass
class Gathered:
    """A claim being gathered; a field is set once, by the first value of it that is valid."""

    tool: str
    values: dict[str, Any] = field(default_factory=dict)
    loras: dict[str, Lora] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)

    def done(self) -> Claimed:
        """The record."""
        kept = tuple(dict.fromkeys(self.remarks))
        if len(kept) > MOST_REMARKS:
            kept = (*kept[:MOST_REMARKS], f"and {len(kept) - MOST_REMARKS} more remarks like these")
        return Claimed(self.tool, **self.values, loras=tuple(self.loras.values()), remarks=kept)

    def remark(self, text: str) -> None:
        """Say that something was not understood; the line is shortened and made printable."""
        self.remarks.append(line_of(text, LONGEST_NAME))

    def text(self, name: str, value: Any) -> None:
        """A prompt or a negative prompt: no control characters but line breaks, and no longer than may be."""
        if value is None or value == "":
            return
        if not isinstance(value, str):
            self.remark(f"its {name} is no text")
            return
        shown = self._without_secrets(name, value[: LONGEST_PROMPT * 4])
        kept = "".join(sign if sign == "\n" or category(sign) not in ("Cc", "Cs") else " " for sign in shown)
        kept = kept.strip()
        if len(value) > LONGEST_PROMPT:
            self.remark(f"its {name} has {len(value)} characters; the first {LONGEST_PROMPT} are read")
        self._set(name, kept[:LONGEST_PROMPT])

    def name(self, name: str, value: Any) -> None:
        """The name of a model: without its folders, which tell whose machine it was, and its ending."""
        if value is None or value == "":
            return
        if not isinstance(value, str):
            self.remark(f"its {name.replace('_', ' ')} is no text")
            return
        self._set(name, self._without_secrets(name, base_name(value)))

    def digest(self, name: str, value: Any) -> None:
        """The start of a hash: 8 to 64 hexadecimal digits."""
        if value is None or value == "":
            return
        found = _HASH.fullmatch(value.strip()) if isinstance(value, str) else None
        if found:
            self._set(name, found[1].lower())
        else:
            self.remark(f"its {name.replace('_', ' ')} {line_of(str(value), 40)!r} is no hash")

    def integer(self, name: str, value: Any, least: int = 0, most: int = LARGEST_INTEGER) -> None:
        """A whole number in a range, also when it is written as text or with a point."""
        found = number_of(value)
        if value is None or value == "":
            return
        if found is None or not float(found).is_integer() or not least <= found <= most:
            self.remark(f"its {name.replace('_', ' ')} {line_of(str(value), 40)!r} is left out")
            return
        self._set(name, int(found))

    def real(self, name: str, value: Any, least: float, most: float) -> None:
        """A finite number in a range."""
        found = number_of(value)
        if value is None or value == "":
            return
        if found is None or not least <= found <= most:
            self.remark(f"its {name.replace('_', ' ')} {line_of(str(value), 40)!r} is left out")
            return
        self._set(name, float(found))

    def size(self, width: Any, height: Any) -> None:
        """Both sides, in pixels."""
        self.integer("width", width, 1, MOST_SIDE)
        self.integer("height", height, 1, MOST_SIDE)

    def sampling(self, sampler: Any, schedule: Any = None) -> None:
        """A sampler and its schedule by our names, from whatever name the tool has for them."""
        from rakkan.studio.diffusion.names import key
        from rakkan.studio.diffusion.samplers import AUTOMATIC, find_sampler
        from rakkan.studio.diffusion.schedules import find_schedule

        if isinstance(sampler, str) and sampler:
            try:
                found = find_sampler(_known_as(sampler))
            except RakkanError:
                self.remark(f"the sampler {line_of(sampler, 40)!r} is not known here")
            else:
                self._set("sampler", found.name)
                if not schedule:
                    self._set("schedule", found.schedule)
        elif sampler:
            self.remark("its sampler is no text")
        if isinstance(schedule, str) and schedule and key(schedule) != AUTOMATIC:
            try:
                self._set("schedule", find_schedule(schedule).name)
            except RakkanError:
                self.remark(f"the schedule {line_of(schedule, 40)!r} is not known here")

    def lora(self, name: Any, weight: Any = 1.0, digest: Any = "") -> None:
        """An adapter; told twice, the first counts."""
        if not isinstance(name, str) or not name:
            self.remark("a LoRA has no name")
            return
        strength = number_of(weight)
        if strength is None or abs(strength) > 100:
            self.remark(f"the strength of the LoRA {line_of(name, 40)!r} is left out")
            strength = 1.0
        known = _HASH.fullmatch(digest) if isinstance(digest, str) else None
        plain = base_name(name)
        if plain not in self.loras and len(self.loras) >= MOST_LORAS:
            self.remark(f"it calls more than {MOST_LORAS} LoRAs")
            return
        self.loras.setdefault(plain, Lora(plain, float(strength), known[1].lower() if known else ""))

    def _set(self, name: str, value: Any) -> None:
        if value not in ("", None):
            self.values.setdefault(name, value)

    def _without_secrets(self, name: str, text: str) -> str:
        shown, count = _SECRET.subn("", text)
        if count:
            self.remark(
                f"its {name.replace('_', ' ')} held what looks like a key or password; it is left out"
            )
        return shown


def json_of(text: str, gathered: Gathered, what: str) -> Any:
    """JSON from a file, None with a remark when it is not valid, too long or too deep. Numbers that are not
    finite become None; of a key that stands twice the first counts."""
    if len(text) > LONGEST_JSON:
        gathered.remark(f"its {what} is longer than {LONGEST_JSON // 1024} KiB and was not read")
        return None
    if _too_deep(text):
        gathered.remark(f"its {what} nests deeper than {DEEPEST_JSON} and was not read")
        return None

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in pairs:
            if key in found:
                gathered.remark(f"its {what} says {line_of(key, 40)!r} twice; the first counts")
            found.setdefault(key, value)
        return found

    try:
        return json.loads(text, object_pairs_hook=once, parse_constant=lambda _: None, parse_int=_integer)
    except (ValueError, RecursionError):
        gathered.remark(f"its {what} is not valid JSON")
        return None


def _integer(digits: str) -> int | None:
    """Python refuses integers past 4300 digits, and nothing here counts so far."""
    return int(digits) if len(digits) <= 32 else None


def _too_deep(text: str) -> bool:
    """Whether brackets nest deeper than is read, those in strings aside."""
    depth = 0
    for found in _BRACKETS.finditer(text):
        sign = found[0]
        depth += (sign in "[{") - (sign in "]}")
        if depth > DEEPEST_JSON:
            return True
    return False


def number_of(value: Any) -> int | float | None:
    """A finite number, also from its text; None for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        if not re.fullmatch(r"\s*[+-]?(?:\d{1,20}(?:\.\d{0,20})?|\.\d{1,20})(?:[eE][+-]?\d{1,3})?\s*", value):
            return None
        value = float(value) if re.search(r"[.eE]", value) else int(value)
    if isinstance(value, int):
        return value
    return value if isinstance(value, float) and math.isfinite(value) else None


def base_name(text: str) -> str:
    """A file's name without folders and the ending of a model."""
    name = PurePosixPath(text.replace("\\", "/")[-1000:]).name
    for ending in _ENDINGS:
        name = name.removesuffix(ending)
    return line_of(name, LONGEST_NAME)


def line_of(text: str, longest: int) -> str:
    """One printable line of at most so many characters."""
    plain = " ".join("".join(sign if sign.isprintable() else " " for sign in text[: longest * 4]).split())
    return plain if len(plain) <= longest else plain[: longest - 1] + "…"


def part(value: Any, key: str) -> Any:
    """A value of a JSON object, None where there is no object or no such key."""
    return value.get(key) if isinstance(value, Mapping) else None


def _known_as(sampler: str) -> str:
    """Names that other tools have for samplers of ours, as NovelAI, InvokeAI and ComfyUI write them."""
    return _NAMES.get(sampler.strip().lower(), sampler)


_NAMES = {
    "k_euler_ancestral": "euler_ancestral", "euler_a": "euler_ancestral", "k_euler_a": "euler_ancestral",
    "k_dpm_2_ancestral": "dpm_2_ancestral", "dpmpp_2s": "dpmpp_2s_ancestral",
    "kdpm_2": "dpm_2", "kdpm_2_a": "dpm_2_ancestral", "dpmpp_2m_k": "DPM++ 2M Karras",
    "dpmpp_sde_k": "DPM++ SDE Karras", "dpmpp_2m_sde_k": "DPM++ 2M SDE Karras", "euler_k": "Euler Karras",
    "heun_k": "Heun Karras", "lms_k": "LMS Karras", "dpmpp_2s_k": "DPM++ 2S a Karras",
    "ddim_v3": "ddim", "uni_pc": "unipc", "uni_pc_bh2": "unipc", "nai_smea": "euler_ancestral",
    "dpmpp_sde_gpu": "dpmpp_sde", "dpmpp_2m_sde_gpu": "dpmpp_2m_sde", "dpmpp_3m_sde_gpu": "dpmpp_3m_sde",
}  # fmt: skip
