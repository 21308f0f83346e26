"""Compile src/rakkan/trust/safety/prompts/names.bin, the list of real people's names, from open sources.

    python scripts/compile_names.py WORDNET CORPORA CONGRESS

WORDNET is the dictionary folder of Debian's wordnet-base (WordNet 3.0), CORPORA a checkout of
dariusk/corpora (CC0), CONGRESS one of unitedstates/congress-legislators (CC0). Only hashes are written:
the list can say whether a name is on it, not which names are. ``rakkan.trust.safety.prompts.names``
reads it and says how it is laid out.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "src"))

from rakkan.trust.safety.prompts.names import (  # noqa: E402
    JOINED,
    LONG_DEAD,
    ORDINARY,
    encode,
    folded_words,
    given_key,
    name_key,
)

#: Whoever died seventy years ago or more: a painter among them may be named for a style.
LONG_DEAD_BEFORE = 1956
PERSON = "00007846"
#: The lexicographer file of places (lexnames(5WN)).
LOCATION = "15"
SHORTEST_JOINED = 8
#: Names that lists carry and that are no one's alone.
NOT_NAMES = {"santa claus", "virgin mary", "jesus christ", "father christmas", "john doe", "jane doe"}
LISTS = {
    "humans/celebrities.json": "celebrities",
    "humans/britishActors.json": "britishActors",
    "humans/scientists.json": "scientists",
}


def synsets(wordnet: Path) -> Iterator[tuple[str, str, list[str], list[tuple[str, str]], str]]:
    """Offset, lexicographer file, lemmas, pointers and gloss of each noun (wndb(5WN))."""
    for line in (wordnet / "data.noun").read_text().splitlines():
        if line.startswith(" "):
            continue
        data, _, gloss = line.partition(" | ")
        parts = data.split()
        count = int(parts[3], 16)
        lemmas = [parts[4 + 2 * index] for index in range(count)]
        rest = parts[5 + 2 * count :]
        pointers = [(rest[index], rest[index + 1]) for index in range(0, len(rest) - 3, 4)]
        yield parts[0], parts[1], lemmas, pointers, gloss


def wordnet_names(wordnet: Path) -> Iterator[tuple[str, bool]]:
    """Names of people in WordNet (instances of what is a person), with whether they are long dead."""
    above: dict[str, list[str]] = {}
    instances = []
    places: set[str] = set()
    for offset, file, lemmas, pointers, gloss in synsets(wordnet):
        if file == LOCATION:
            places.update(lemmas)
        above[offset] = [target for sign, target in pointers if sign == "@"]
        targets = [target for sign, target in pointers if sign == "@i"]
        if targets:
            instances.append((lemmas, targets, gloss))
    for lemmas, targets, gloss in instances:
        if not any(_is_person(target, above) for target in targets):
            continue
        years = re.findall(r"(?:-|died (?:in )?|died about )(\d{3,4})\b", gloss)
        long_dead = "BC" in gloss or bool(years and int(years[-1]) < LONG_DEAD_BEFORE)
        for lemma in lemmas:
            if lemma not in places:
                yield lemma.replace("_", " "), long_dead


def _is_person(offset: str, above: dict[str, list[str]]) -> bool:
    waiting, seen = [offset], set()
    while waiting:
        one = waiting.pop()
        if one == PERSON:
            return True
        if one not in seen:
            seen.add(one)
            waiting.extend(above.get(one, ()))
    return False


def corpora_names(data: Path) -> Iterator[str]:
    for name, key in LISTS.items():
        yield from _read(data / name)[key]
    for entry in _read(data / "humans/richpeople.json")["richPeople"]:
        yield entry["name"]
    for entry in _read(data / "sports/nba_mvps.json")["winners"].values():
        yield entry["name"]
    for entry in _read(data / "music/female_classical_guitarists.json")["data"]:
        yield entry["name"]
    for value in _read(data / "music/xxl_freshman.json").values():
        if isinstance(value, list):
            yield from value


def congress_names(folder: Path) -> Iterator[str]:
    for name in ("legislators-current.yaml", "executive.yaml"):
        first = last = ""
        for line in (folder / name).read_text().splitlines():
            found = re.match(r"\s+(first|last|official_full|nickname): (.+)", line)
            if not found:
                continue
            value = found[2].strip("'\"")
            if found[1] == "official_full":
                yield value
            elif found[1] == "last":
                last = value
                yield f"{first} {last}"
            elif found[1] == "first":
                first = value
            elif last:
                yield f"{value} {last}"


def given_names(data: Path) -> Iterator[str]:
    for name in ("firstNames", "spanishFirstNames", "norwayFirstNamesBoys", "norwayFirstNamesGirls"):
        for value in _read(data / f"humans/{name}.json").values():
            if isinstance(value, list):
                yield from value


def _read(path: Path) -> Any:
    return json.loads(path.read_text())


def lemmas_of(wordnet: Path) -> set[str]:
    """Every lower-case word of WordNet: what names are made of that are ordinary words too."""
    found = set()
    for part in ("noun", "verb", "adj", "adv"):
        for line in (wordnet / f"data.{part}").read_text().splitlines():
            if not line.startswith(" "):
                fields = line.split()
                count = int(fields[3], 16)
                found |= {re.sub(r"\(\w+\)$", "", fields[4 + 2 * index]) for index in range(count)}
    return {word for word in found if word == word.lower()}


def main(wordnet: Path, corpora: Path, congress: Path) -> None:
    data = corpora / "data"
    lemmas = lemmas_of(wordnet)
    names: dict[bytes, int] = {}
    entries = [(name, False) for name in [*corpora_names(data), *congress_names(congress)]]
    entries += list(wordnet_names(wordnet))
    for name, long_dead in entries:
        words = folded_words(name)
        shapes = [words]
        if len(words) > 2:
            shapes.append([words[0], words[-1]])
        for shape in shapes:
            if (
                not 2 <= len(shape) <= 4
                or " ".join(shape) in NOT_NAMES
                or any(len(word) < 2 for word in (shape[0], shape[-1]))
                or shape[0] == "the"
            ):
                continue
            ordinary = ORDINARY * all(word in lemmas for word in shape)
            flags = ordinary | LONG_DEAD * long_dead
            names[name_key(shape)] = flags
            joined = "".join(shape)
            if len(joined) >= SHORTEST_JOINED and joined not in lemmas and not ordinary:
                names[name_key([joined])] = flags | JOINED
    given = {
        given_key(word)
        for name in given_names(data)
        for word in folded_words(name)[:1]
        if len(word) > 2 and word not in lemmas
    }
    target = ROOT / "src/rakkan/trust/safety/prompts/names.bin"
    target.write_bytes(encode(names, given))
    print(f"{len(names)} names, {len(given)} given names, {target.stat().st_size} bytes")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:4]))
