"""Dictionaries of HTTP's structured fields (RFC 9651, section 4.2.2), as far as Content-Usage needs them."""

from __future__ import annotations

import re

#: Longest header value that is read, in characters.
LONGEST_FIELD = 8 * 1024

# Possessive repeats (*+, ++): what a hostile value has matched is never tried again in another way.
_KEY = r"[a-z*][a-z0-9_\-.*]*+"
_TOKEN = r"[A-Za-z*][A-Za-z0-9!#$%&'*+\-.^_`|~:/]*+"
_BARE = (
    rf"(?:-?+[0-9]{{1,12}}\.[0-9]{{1,3}}|-?+[0-9]{{1,15}}+|{_TOKEN}"
    r"|\"(?:[\x20-\x21\x23-\x5b\x5d-\x7e]|\\[\"\\])*+\""
    r"|:[A-Za-z0-9+/=]*+:|\?[01]|@-?+[0-9]{1,15}+"
    r"|%\"(?:[\x20-\x21\x23-\x24\x26-\x7e]|%[0-9a-f]{2})*+\")"
)
_PARAMETERS = rf"(?:; *+{_KEY}(?:={_BARE})?+)*+"
_ITEM = rf"{_BARE}{_PARAMETERS}"
_LIST = rf"\( *+(?:{_ITEM}(?: ++{_ITEM})*+)?+ *+\){_PARAMETERS}"
_MEMBER = re.compile(rf"(?P<key>{_KEY})(?:=(?:(?P<bare>{_BARE}){_PARAMETERS}|{_LIST})|{_PARAMETERS})")
_NEXT = re.compile(r"[ \t]*+,[ \t]*+")
_END = re.compile(r"[ \t]*+\Z")


def dictionary(value: str) -> dict[str, str] | None:
    """Key to value as written, without parameters; "" for a value that is a list or merely true. Of a
    repeated key the last counts. None when ``value`` is no dictionary or longer than 8 KiB."""
    if len(value) > LONGEST_FIELD:
        return None
    value = value.strip(" ")
    members: dict[str, str] = {}
    place = 0
    while place < len(value):
        member = _MEMBER.match(value, place)
        if member is None:
            return None
        members[member["key"]] = member["bare"] or ""
        place = member.end()
        if _END.match(value, place):
            return members
        comma = _NEXT.match(value, place)
        if comma is None or comma.end() == len(value):
            return None
        place = comma.end()
    return members
