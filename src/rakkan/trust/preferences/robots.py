"""Reading robots.txt (RFC 9309) with AIPREF's Content-Usage rule, and ai.txt, which has its grammar.

The rule is that of draft-ietf-aipref-attach-05, section "Robots Exclusion Protocol Content-Usage Rule".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from rakkan.trust.policy.words import USES
from rakkan.trust.preferences.crawlers import CRAWLERS
from rakkan.trust.preferences.patterns import match_length
from rakkan.trust.preferences.reading import Reading, combine, silent, sound_path, text_of, unreadable
from rakkan.trust.preferences.site import read_content_usage
from rakkan.trust.preferences.wishes import GENERATIVE, MINING, TRAINING

#: Most rules that are read; a file with more counts as unreadable.
MOST_RULES = 5_000


@dataclass
class _Group:
    agents: list[str]
    crawling: list[tuple[bool, str]] = field(default_factory=list)
    usage: list[tuple[str, str]] = field(default_factory=list)


def read_robots(data: bytes | str, path: str, agent: str = "*") -> Reading:
    """What a site's robots.txt says of the picture at ``path``, to a crawler named ``agent``.

    A crawler that may not fetch it may not use it. A site that shuts out a crawler known to collect for
    a use reserves that use, since nobody can name the crawlers they have not heard of. An unreadable
    file, or preference, reserves.
    """
    what = "robots.txt"
    groups, place = _groups(data), sound_path(path)
    if groups is None or place is None:
        return unreadable(what, "it or the path is not UTF-8, or too large")
    own = _for_agent(groups, agent)
    if not _may_crawl(own, place):
        return Reading(dict.fromkeys(USES, "notAllowed"), f"{what} shuts {agent} out")
    readings = [_usage(own, place)]
    for crawler in CRAWLERS:
        if not _may_crawl(_named(groups, crawler.agent), place):
            uses = dict.fromkeys(crawler.uses, "notAllowed")
            readings.append(Reading(uses, f"{what} shuts {crawler.agent} out"))
    found = combine(*readings)
    return found if found.uses else silent(what)


def read_ai_txt(data: bytes | str, path: str) -> Reading:
    """What a site's ai.txt says of the picture at ``path``: what it disallows is not for mining or
    training. The grammar is that of robots.txt, with patterns such as ``*.png``."""
    what = "ai.txt"
    groups, place = _groups(data), sound_path(path)
    if groups is None or place is None:
        return unreadable(what, "it or the path is not UTF-8, or too large")
    decides = _longest(_for_agent(groups, "*").crawling, place)
    if decides is None:
        return silent(what)
    choice = "allowed" if decides else "notAllowed"
    return Reading(dict.fromkeys((MINING, GENERATIVE, TRAINING), choice), what)


def _groups(data: bytes | str) -> list[_Group] | None:
    text = text_of(data)
    if text is None:
        return None
    groups: list[_Group] = []
    fresh = False
    for count, (name, value) in enumerate(_lines(text)):
        if count >= MOST_RULES:
            return None
        if name == "user-agent":
            if not fresh:
                groups.append(_Group([]))
            groups[-1].agents.append(value.lower().partition("/")[0].strip())
            fresh = True
        elif groups and name in ("allow", "disallow"):
            fresh = False
            if value:
                groups[-1].crawling.append((name == "allow", value))
        elif groups and name == "content-usage":
            fresh = False
            pattern, preference = _split(value)
            groups[-1].usage.append((pattern, preference))
    return groups


def _lines(text: str) -> Iterator[tuple[str, str]]:
    for line in text.replace("\r", "\n").split("\n"):
        name, colon, value = line.partition("#")[0].partition(":")
        if colon:
            yield name.strip(" \t").lower(), value.strip(" \t")


def _split(value: str) -> tuple[str, str]:
    """The path, "" for none, and the preference of a Content-Usage rule."""
    if not value.startswith("/"):
        return "", value
    pattern, _, preference = value.replace("\t", " ").partition(" ")
    return pattern, preference.strip(" ")


def _for_agent(groups: list[_Group], agent: str) -> _Group:
    named = _named(groups, agent)
    return named if named.agents else _named(groups, "*")


def _named(groups: list[_Group], agent: str) -> _Group:
    """All groups that name an agent, as one (RFC 9309, section 2.2.1); without agents when none does."""
    named = [group for group in groups if agent.lower() in group.agents]
    crawling = [rule for group in named for rule in group.crawling]
    return _Group([agent] if named else [], crawling, [rule for group in named for rule in group.usage])


def _may_crawl(group: _Group, path: str) -> bool:
    return _longest(group.crawling, path) is not False


def _longest(rules: list[tuple[bool, str]], path: str) -> bool | None:
    """Whether the longest match allows, on a tie whether any does (RFC 9309, section 2.2.2); None when
    nothing matches."""
    matches = [
        (length, allows) for allows, pattern in rules if (length := match_length(pattern, path)) is not None
    ]
    return max(matches)[1] if matches else None


def _usage(group: _Group, path: str) -> Reading:
    """The longest match decides; where several have the same length, all of them."""
    lengths = [(match_length(pattern, path), preference) for pattern, preference in group.usage]
    longest = max((length for length, _ in lengths if length is not None), default=None)
    readings = [
        read_content_usage(preference)
        for length, preference in lengths
        if length is not None and length == longest
    ]
    return combine(*readings)
