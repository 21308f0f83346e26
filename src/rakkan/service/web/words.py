"""The studio's words: flat tables in ``words/*.toml``, one a language, the same keys in each."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

_FOLDER = Path(__file__).parent / "words"

#: Languages by their tags (BCP 47), as they call themselves; the first is the default.
LOCALES: dict[str, str] = {"en": "English", "ja": "日本語", "id": "Bahasa Indonesia"}
DEFAULT = "en"
#: What stands between thousands, and before tenths.
_SIGNS = {"en": (",", "."), "ja": (",", "."), "id": (".", ",")}


@lru_cache(maxsize=len(LOCALES))
def catalogue(locale: str) -> dict[str, str]:
    """Every key with its text; a language that is not there gets the default's."""
    name = locale if locale in LOCALES else DEFAULT
    table = tomllib.loads((_FOLDER / f"{name}.toml").read_text(encoding="utf-8"))
    return {key: str(text) for key, text in table.items()}


class Words:
    """The words of one language: ``words("key", name=value)`` and ``words.count("key", 3)``."""

    def __init__(self, locale: str) -> None:
        self._texts = catalogue(locale)
        self._signs = _SIGNS.get(locale, _SIGNS[DEFAULT])

    def __call__(self, key: str, **values: object) -> str:
        """The text of a key with its {placeholders} filled in. Raises KeyError for what has no text."""
        text = self._texts[key]
        return text.format(**values) if values else text

    def count(self, key: str, number: int, **values: object) -> str:
        """``key.one`` or ``key.other``, with {count}."""
        return self(f"{key}.{'one' if number == 1 else 'other'}", count=self.number(number), **values)

    def number(self, number: float) -> str:
        """A number as this language writes it: ``1,234.5`` is ``1.234,5`` in Indonesian."""
        thousands, tenths = self._signs
        return f"{number:,}".translate(str.maketrans(",.", thousands + tenths))

    def day(self, moment: str) -> str:
        """The day of an ISO 8601 moment, such as ``20 Nov 2026``; what is no moment stays as it is."""
        time = _moment(moment)
        if time is None:
            return moment
        return self("time.day", year=time.year, month=self(f"month.{time.month}"), day=time.day)

    def moment(self, moment: str) -> str:
        """An ISO 8601 moment to the minute, in UTC; what has no minutes is a day."""
        time = _moment(moment)
        if time is None or len(moment) < 16:
            return self.day(moment)
        return self("time.moment", day=self.day(moment), clock=f"{time.hour:02}:{time.minute:02}")

    def chip(self, value: str) -> str:
        """What a word of the model is called; what has no translation stays as it is."""
        return self.known("word", value)

    def known(self, prefix: str, word: str) -> str:
        """``prefix.word`` if it has a text, else the word: for words that the service does not choose."""
        return self._texts.get(f"{prefix}.{word}", word)

    def kind(self, status: int) -> str:
        """What an HTTP status of a fault means, in a sentence."""
        other = "error.other" if status < 500 else "error.fault"
        return self._texts.get(f"error.{status}", self._texts[other])

    def part(self, prefix: str) -> dict[str, str]:
        """All texts whose key begins with a prefix, without it: what a module says."""
        return {key.removeprefix(prefix): text for key, text in self._texts.items() if key.startswith(prefix)}


def _moment(text: str) -> datetime | None:
    """What an ISO 8601 text means, in UTC; None for what it is not."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return None
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


def preferred(header: str) -> str:
    """The language of an Accept-Language header (RFC 9110, 12.5.4), the default if it wants none of ours."""
    wanted: list[tuple[float, int, str]] = []
    for order, part in enumerate(header.split(",")[:20]):
        tag, _, quality = part.strip().partition(";q=")
        try:
            weight = float(quality) if quality else 1.0
        except ValueError:
            weight = 0.0
        wanted.append((-weight, order, tag.split("-")[0].lower()))
    known = [tag for weight, _, tag in sorted(wanted) if tag in LOCALES and weight < 0]
    return known[0] if known else DEFAULT
