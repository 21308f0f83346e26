"""Reading what a site says in tdmrep.json, in headers and in the head of a page."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping
from typing import Any

from rakkan.trust.policy.words import USES
from rakkan.trust.preferences.fields import dictionary
from rakkan.trust.preferences.patterns import match_length
from rakkan.trust.preferences.reading import (
    LONGEST_PATH,
    Reading,
    combine,
    silent,
    sound_path,
    text_of,
    unreadable,
)
from rakkan.trust.preferences.wishes import GENERATIVE, INFERENCE, MINING, TRAINING

#: Most rules of a tdmrep.json that are read; a file with more counts as unreadable.
MOST_RULES = 5_000

#: Labels of the AIPREF vocabulary (draft 07 has only the first; ``search`` is no use of CAWG's), and
#: those of drafts 01 to 04, which sites still carry and which are read only when they say no.
LABELS: Mapping[str, tuple[str, ...]] = {
    "train-ai": (GENERATIVE,),
    "train-genai": (GENERATIVE,),
    "genai": (GENERATIVE,),
    "ai": (GENERATIVE, TRAINING),
    "tdm": (MINING, GENERATIVE, TRAINING),
    "bots": tuple(USES),
    "all": tuple(USES),
    "inference": (INFERENCE,),
    "ai-use": (INFERENCE,),
    "ai-output": (INFERENCE,),
}
_CURRENT = "train-ai"

#: Words of X-Robots-Tag and of the robots meta tag that img2dataset and others read as a no.
NO_AI = frozenset({"noai", "noimageai"})

# Possessive repeats: a hostile page is gone through once.
_META = re.compile(r"<meta\s([^<>]*+)>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"(?<![A-Za-z-])([A-Za-z-]++)\s*+=\s*+(\"[^\"]*+\"|'[^']*+'|[^\s\"']++)")


def read_tdmrep(data: bytes | str, path: str) -> Reading:
    """What ``/.well-known/tdmrep.json`` says of the picture at ``path``: the first match decides (W3C
    TDMRep, section "TDM File on the Origin Server"). The report takes an unreadable value as unset;
    here it reserves, and so does a file with one broken rule."""
    what = "tdmrep.json"
    text, place = text_of(data), sound_path(path)
    if text is None or place is None:
        return unreadable(what, "it or the path is not UTF-8, or too large")
    try:
        rules = json.loads(text)
    except (ValueError, RecursionError):
        return unreadable(what, "it is not JSON")
    if not isinstance(rules, list) or len(rules) > MOST_RULES:
        return unreadable(what, f"it is no list of at most {MOST_RULES} rules")
    for number, rule in enumerate(rules, 1):
        if not _is_rule(rule):
            return unreadable(what, f"rule {number} is broken")
    for rule in rules:
        if match_length(rule["location"], place) is not None:
            return _mining(rule["tdm-reservation"], what)
    return silent(what)


def read_content_usage(value: str) -> Reading:
    """What a Content-Usage header, or the preference of a robots rule, says (AIPREF vocabulary, draft
    07, section "Processing Algorithm"). A value that is neither ``y`` nor ``n``, which the draft takes
    as unknown, reserves here, and a header that cannot be parsed reserves everything."""
    what = "Content-Usage"
    members = dictionary(value)
    if members is None:
        return unreadable(what, "it is no structured dictionary")
    uses: dict[str, str] = {}
    for label, mapped in LABELS.items():
        choice = members.get(label)
        if choice == "y":
            if label == _CURRENT:
                uses = {**dict.fromkeys(mapped, "allowed"), **uses}
        elif choice is not None:
            uses |= dict.fromkeys(mapped, "notAllowed")
    return Reading(uses, what) if uses else silent(what)


def read_headers(headers: Mapping[str, str]) -> Reading:
    """What the headers of an HTTP response say: ``tdm-reservation``, ``Content-Usage`` and
    ``X-Robots-Tag``, upper and lower case alike; the strictest counts."""
    lower = {name.lower(): value for name, value in headers.items()}
    readings = []
    if "tdm-reservation" in lower:
        readings.append(_mining(lower["tdm-reservation"].strip(), "the header tdm-reservation"))
    if "content-usage" in lower:
        readings.append(read_content_usage(lower["content-usage"]))
    readings.append(_no_ai(lower.get("x-robots-tag", ""), "the header X-Robots-Tag"))
    return combine(*readings)


def read_html(data: bytes | str) -> Reading:
    """What the meta tags of a page say: ``tdm-reservation`` and ``robots``."""
    what = "the page"
    text = text_of(data)
    if text is None:
        return unreadable(what, "it is not UTF-8, or too large")
    readings = []
    for tag in _META.finditer(text):
        values = {
            name.lower(): html.unescape(value.strip("\"'")) for name, value in _ATTRIBUTE.findall(tag[1])
        }
        name, content = values.get("name", "").strip().lower(), values.get("content", "")
        if name == "tdm-reservation":
            readings.append(_mining(content.strip(), "the meta tag tdm-reservation"))
        elif name == "robots":
            readings.append(_no_ai(content, "the meta tag robots"))
    return combine(*readings)


def _is_rule(rule: Any) -> bool:
    return (
        isinstance(rule, dict)
        and isinstance(rule.get("location"), str)
        and len(rule["location"]) <= LONGEST_PATH
        and type(rule.get("tdm-reservation")) is int
        and rule["tdm-reservation"] in (0, 1)
    )


def _mining(value: int | str, what: str) -> Reading:
    choice = "allowed" if str(value) == "0" else "notAllowed"
    return Reading(dict.fromkeys((MINING, GENERATIVE, TRAINING), choice), what)


def _no_ai(value: str, what: str) -> Reading:
    # A directive may come after the name of a crawler and a colon.
    words = {word.rpartition(":")[2].strip().lower() for word in value.split(",")}
    if not words & NO_AI:
        return silent(what)
    return Reading(dict.fromkeys((MINING, GENERATIVE, TRAINING), "notAllowed"), what)
