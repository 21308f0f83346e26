"""``python -m benchmarks.hub``: what the lists of a hub of 4,000 accounts and 100,000 pictures take.

The pictures are rows alone, their prompts written by the renderer's captions and their tags read off those;
the embeddings are random. A few are real: drawn by the renderer, released, reduced to thumbnails and read.
Calls are those that handlers make, one after the other in one process, in a database on this machine.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import numpy
from benchmarks.bench import machine
from sqlalchemy import Engine, insert

from rakkan.checkout import commit
from rakkan.records import Recipe, canonical_json
from rakkan.service.access.actors import Actor
from rakkan.service.pictures import tables, tags
from rakkan.service.pictures.catalogue import Catalogue
from rakkan.service.pictures.nearness import Nearness, embedding, reader
from rakkan.service.pictures.records import Wanted
from rakkan.service.pictures.social import Social
from rakkan.service.schema import METADATA, new_identifier
from rakkan.store import sealing
from rakkan.store.database import connect, transaction, url_of

ROOT = Path(__file__).resolve().parent.parent
REPORT = ROOT / "docs" / "measurements" / "hub.json"
#: When the first picture was published, in milliseconds since 1970, and how far they lie apart.
START, APART = 1_780_000_000_000, 30_000
#: Prompts are drawn from so many, which are read once.
PROMPTS = 2000
WORDS = [
    "moon",
    "harbour",
    "garden",
    "rain",
    "autumn",
    "tea",
    "lantern",
    "snow",
    "river",
    "library",
    "train",
    "kite",
]
AT_ONCE = 5000


def account(number: int) -> str:
    return f"account{number:05d}"


def prompts(random: Random) -> list[tuple[str, tuple[str, ...]]]:
    """Prompts as the renderer describes its figures, each with the tags it reads as."""
    from rakkan.corpus.figures.attributes import sample
    from rakkan.corpus.figures.captions import caption

    texts = [caption(sample(random), random) for _ in range(PROMPTS)]
    return [(text, tags.of_prompt(text)) for text in texts]


def rows(
    accounts: int, pictures: int, seed: int, key: bytes, identify: Callable[[float], str] = new_identifier
) -> Iterator[tuple[dict[str, Any], list[str]]]:
    """The row of each picture and what it is found by. Few accounts have many pictures (Zipf)."""
    random, known = Random(seed), prompts(Random(seed))
    weights = [1 / (1 + number) ** 0.8 for number in range(accounts)]
    owners = random.choices(range(accounts), weights, k=pictures)
    secret = sealing.derive(key, "rakkan pictures recipes 1")
    for number, owner in enumerate(owners):
        moment = START + number * APART
        identifier = identify(moment / 1000)
        prompt, found = known[random.randrange(PROMPTS)]
        model = f"{random.choice((0, 0, 0, 1, 1, 2, 3)):064x}"
        recipe = Recipe(prompt, "", f"model {model[-1]}", model, "euler", "linear", 4, 1.0, number, 512, 512)
        title = " ".join(random.sample(WORDS, 3)) if random.random() < 0.5 else ""
        character = random.random() < 0.3
        bound = f"rakkan picture recipe {identifier}".encode()
        sealed = sealing.seal(secret, canonical_json(recipe).encode(), bound)
        row = {
            "identifier": identifier, "account": account(owner), "file": f"{number:064x}",
            "digest": f"{number + 1:064x}", "thumbnail": f"{number + 2:064x}", "width": 512, "height": 512,
            "media_type": "image/png", "operation": "create", "model": recipe.model, "model_digest": model,
            "character": f"c{owner}" if character else "", "character_name": "Aki" if character else "",
            "parent": "", "created": moment, "published": moment, "changed": moment, "state": "published",
            "title": title, "recipe": sealed, "disclosure": "full", "licence": "", "likes": 0, "comments": 0,
        }  # fmt: skip
        yield row, [*found, *tags.of_title(title)]


def fill(
    engine: Engine,
    accounts: int,
    pictures: int,
    seed: int,
    key: bytes,
    identify: Callable[[float], str] = new_identifier,
) -> float:
    """Fill an empty database; the seconds that took. ``identify`` makes identifiers, from seconds."""
    started = time.perf_counter()
    METADATA.create_all(engine)
    by, length = reader(), len(embedding(numpy.zeros((64, 64, 3), numpy.uint8)))
    vectors = numpy.random.default_rng(seed)
    waiting: list[tuple[dict[str, Any], list[str]]] = []

    def put() -> None:
        made = vectors.random((len(waiting), length), numpy.float32)
        made /= numpy.linalg.norm(made, axis=1, keepdims=True)
        names = [row["identifier"] for row, _ in waiting]
        found = [
            {"tag": tag, "published": row["published"], "picture": row["identifier"]}
            for row, terms in waiting
            for tag in dict.fromkeys(terms)
        ]
        seen = [
            {"picture": name, "reader": by, "vector": one.tobytes()}
            for name, one in zip(names, made.astype(numpy.float16), strict=True)
        ]
        with transaction(engine) as connection:
            connection.execute(insert(tables.pictures), [row for row, _ in waiting])
            connection.execute(insert(tables.picture_tags), found)
            connection.execute(insert(tables.embeddings), seen)
        waiting.clear()

    for one in rows(accounts, pictures, seed, key, identify):
        waiting.append(one)
        if len(waiting) == AT_ONCE:
            put()
    if waiting:
        put()
    random = Random(seed)
    pairs = {(random.randrange(accounts), random.randrange(accounts)) for _ in range(10 * accounts)}
    follows = [
        {"follower": account(one), "followed": account(other), "created": START}
        for one, other in sorted(pairs | {(0, other) for other in range(1, min(500, accounts))})
        if one != other
    ]
    with transaction(engine) as connection:
        connection.execute(insert(tables.follows), follows)
    return time.perf_counter() - started


def timed(work: Callable[[int], object], n: int) -> dict[str, float]:
    """Milliseconds of a call, by its number; the first, which compiles its statement, is not counted."""
    work(n)
    took = []
    for number in range(n):
        start = time.perf_counter()
        work(number)
        took.append(1000 * (time.perf_counter() - start))
    return {
        "p50": float(numpy.percentile(took, 50)),
        "p99": float(numpy.percentile(took, 99)),
        "most": max(took),
        "n": n,
    }


def calls(catalogue: Catalogue, accounts: int, n: int, seed: int) -> dict[str, dict[str, float]]:
    """Every list, and a picture, each asked for as many ways as there are times."""
    random, social = Random(seed), Social(catalogue)
    people = [Actor(account(random.randrange(accounts)), "member") for _ in range(n + 1)]
    visitor = Actor()
    ids, cursor, deep = [], "", []
    for _ in range(200):
        page = catalogue.feed(visitor, cursor=cursor, most=100)
        ids += [card.identifier for card in page.cards]
        cursor = page.cursor
        if not cursor:
            break
        deep.append(cursor)
    common = ["1girl", "silver hair", "twin tails", "hoodie", "red eyes", "smile", "glasses", "blonde hair"]
    pairs = [tuple(random.sample(common, 2)) for _ in range(n + 1)]
    feed = catalogue.feed
    asked: dict[str, Callable[[int], object]] = {
        "feed, first page": lambda at: feed(visitor),
        "feed, up to 20,000 pictures down": lambda at: feed(visitor, cursor=deep[at % len(deep)], most=100),
        "feed of followed": lambda at: feed(people[at], Wanted(followed=True)),
        "feed of 500 followed": lambda at: feed(Actor(account(0), "member"), Wanted(followed=True)),
        "search, one tag": lambda at: feed(visitor, Wanted(tags=(common[at % len(common)],))),
        "search, two tags": lambda at: feed(visitor, Wanted(tags=pairs[at])),
        "search, three tags that never meet": lambda at: feed(
            visitor, Wanted(tags=("silver hair", "blonde hair", "1girl"))
        ),
        "search, words of a title": lambda at: feed(
            visitor, Wanted(title=f"{WORDS[at % 12]} {WORDS[(at + 5) % 12]}")
        ),
        "search, model": lambda at: feed(visitor, Wanted(model=f"{at % 4:064x}")),
        "search, character": lambda at: feed(visitor, Wanted(character=f"c{at % 50}")),
        "pictures of an account": lambda at: feed(visitor, Wanted(account=account(at % accounts))),
        "one's own pictures": lambda at: catalogue.mine(people[at]),
        "a picture": lambda at: catalogue.get(visitor, ids[at % len(ids)]),
        "its recipe": lambda at: catalogue.recipe(visitor, ids[at % len(ids)]),
        "similar pictures": lambda at: catalogue.similar(visitor, ids[at % len(ids)]),
        "a like": lambda at: social.like(people[at], ids[at % len(ids)]),
    }
    found = {}
    for name, work in asked.items():
        found[name] = timed(work, n if name != "a like" else min(n, 100))
        print(f"{name:>36} {found[name]['p50']:8.2f} ms, p99 {found[name]['p99']:8.2f} ms")
    return found


def nearest(engine: Engine, n: int) -> tuple[float, dict[str, float]]:
    """Seconds to take all embeddings in, and milliseconds to find the 24 nearest in memory."""
    held = Nearness(engine)
    start = time.perf_counter()
    held.refresh()
    took = time.perf_counter() - start
    length = len(embedding(numpy.zeros((64, 64, 3), numpy.uint8)))
    asked = numpy.random.default_rng(5).random((n + 1, length), numpy.float32).astype(numpy.float16)
    return took, timed(lambda at: held.nearest(asked[at]), n)


def thumbnails(folder: Path, count: int, seed: int) -> dict[str, Any]:
    """Pictures of the renderer, released at 512², then reduced, released again and read."""
    from rakkan import assemble
    from rakkan.corpus.figures.attributes import sample
    from rakkan.formats.unsealed import without_seal
    from rakkan.records import FiguresRecipe, Picture
    from rakkan.service.pictures.thumbnails import sealed_thumbnail
    from rakkan.studio.starter.renders import render_with_parts
    from rakkan.trust.gate import Destination

    gate, random = assemble.gate(), Random(seed)
    took: dict[str, list[float]] = {"thumbnail": [], "embedding": []}
    sizes: dict[str, list[int]] = {"file": [], "without seal": []}
    for number in range(count + 1):
        pixels = numpy.ascontiguousarray(render_with_parts(sample(random), number, 512, 512)[..., :3])
        recipe = FiguresRecipe(number, 1, 1, 512, 512, "figures")
        data = gate.release(Picture(pixels, recipe, "figure"), Destination(folder / "a.png")).read_bytes()
        start = time.perf_counter()
        made = sealed_thumbnail(data, "image/png", "local", folder, gate.release)
        middle = time.perf_counter()
        embedding(pixels)
        if number:  # the first of all loads networks
            took["thumbnail"].append(1000 * (middle - start))
            took["embedding"].append(1000 * (time.perf_counter() - middle))
            sizes["file"].append(len(made))
            sizes["without seal"].append(len(without_seal(made)))
    return {
        "milliseconds": {name: float(numpy.median(values)) for name, values in took.items()},
        "bytes": {name: float(numpy.median(values)) for name, values in sizes.items()},
        "n": count,
    }


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Time the lists of a hub on this machine.")
    parser.add_argument("--accounts", type=int, default=4000)
    parser.add_argument("--pictures", type=int, default=100_000)
    parser.add_argument("--n", type=int, default=300)
    parser.add_argument("--thumbnails", type=int, default=12)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, default=REPORT)
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as name:
        os.environ |= {"RAKKAN_HOME": f"{name}/home", "RAKKAN_KEY": f"{name}/key"}
        file, key = Path(name) / "hub.sqlite", bytes(range(32))
        engine = connect(url_of(file))
        filled = fill(engine, given.accounts, given.pictures, given.seed, key)
        print(f"filled in {filled:.1f} s, {file.stat().st_size >> 20} MiB")
        took, near = nearest(engine, given.n)
        found = calls(Catalogue(engine, time.time, key), given.accounts, given.n, given.seed)
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        made = thumbnails(Path(name), given.thumbnails, given.seed)
        report = {
            "command": "python -m benchmarks.hub",
            "date": datetime.now(UTC).date().isoformat(),
            "commit": commit(ROOT),
            **machine(),
            "seed": given.seed,
            "accounts": given.accounts,
            "pictures": given.pictures,
            "database": "SQLite",
            "fill_seconds": filled,
            "database_mib": file.stat().st_size / 1024**2,
            "memory_mib": memory,
            "load_embeddings_seconds": took,
            "nearest_milliseconds": near,
            "milliseconds": found,
            "thumbnails": made,
        }
    given.json.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"memory {memory:.0f} MiB; nearest {near['p50']:.1f} ms; {made}")


if __name__ == "__main__":
    main()
