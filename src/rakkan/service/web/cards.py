"""Records that views of many pages are made of: pictures in lists, choices, facts, meters."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class PictureCard:
    """A picture in a list: its thumbnail (``width`` and ``height`` in pixels), never its recipe."""

    identifier: str
    thumbnail: str
    width: int
    height: int
    alternative: str
    handle: str
    likes: int = 0
    liked: bool = False


@dataclass(frozen=True)
class Choice:
    """One of several in a select: the value that is sent, and what people read."""

    value: str
    label: str
    chosen: bool = False


@dataclass(frozen=True)
class Meter:
    """A budget: how much of ``most`` is ``used``; ``label`` is a key of the words, ``unit`` is shown after
    both; ``renews`` is when (ISO 8601), "" if it does not."""

    label: str
    used: int
    most: int
    unit: str = ""
    renews: str = ""

    @property
    def left(self) -> int:
        """What is left, never less than nothing."""
        return max(self.most - self.used, 0)


@dataclass(frozen=True)
class Fact:
    """A name and what it is, for lists of details."""

    name: str
    value: str
