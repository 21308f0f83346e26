"""Which jobs may be done together. Whoever accepts work asks this, so it imports nothing that draws."""

from __future__ import annotations

from typing import Any

from rakkan.service.jobs.records import Priority

#: How many jobs a worker takes at once, at most: as many as one pass of the starter model draws.
TOGETHER = 4


def compatibility(kind: str, told: dict[str, Any], priority: Priority) -> str:
    """The compatibility of a job by its wish as plain values (without what is as usual); "" for one that is
    always done alone.

    Only pictures nobody waits for are drawn together: a draft or a picture that somebody looks forward to
    shall be held up by one other at most. All that a pass shares is named here as far as it was said; what
    the worker's own settings and the prompt decide, it compares itself.
    """
    alone = ("model", "reference", "character", "style", "sampler")
    if kind != "create" or priority != "batch" or told.get("count", 1) != 1 or any(map(told.get, alone)):
        return ""
    shared = (told.get("size") or "", told.get("steps") or "", told.get("guidance") or "")
    return "/".join(("create", "starter", *map(str, shared)))
