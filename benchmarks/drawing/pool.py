"""The pool that is learned from: development pictures, cropped, set on grounds, changed, 224 pixels square.

``python -m benchmarks.drawing.pool --pictures FOLDER --out FOLDER`` writes ``pixels.npy`` (uint8
[n, 224, 224, 3]), ``cover.npy`` (float32 [n, 14, 14], the share of every 16 × 16 block that is photographic),
``origin.npy`` (number of the picture), ``sources.json`` (the source of every such number) and
``manifest.json`` (every source with its licence and number of pictures). Same folder, same pool.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import numpy
from benchmarks.drawing.evasions import CHANGES, Pixels, cut_out, jpeg, pasted
from benchmarks.pictures import DEVELOPMENT, DRAWING, PHOTOGRAPH, own, read, records

SIDE, BLOCKS = 224, 14
#: Kept of each picture in memory, and how many openclipart drawings of the 6,900.
LONGEST, CLIPART = 640, 1100
RENDERS, SAMPLES, AVATARS = 450, 150, 100
FREE = ("CC", "public", "BSD", "MIT", "Expat", "Apache")


def free(licence: str) -> bool:
    """Whether what ships may have learned from it: Creative Commons, public domain and the like, no GPL."""
    return licence.startswith(FREE) and "GPL" not in licence and "sampling" not in licence


def originals(folder: Path) -> Iterator[tuple[str, str, str, Pixels]]:
    """Source, licence, kind and pixels of every picture that is learned from."""
    usable = [
        record
        for record in records(folder)
        if record.half == DEVELOPMENT and record.kind in (DRAWING, PHOTOGRAPH) and free(record.licence)
    ]
    clipart = [record for record in usable if record.package == "openclipart-png"]
    chosen = set(Random(0).sample([record.path for record in clipart], min(CLIPART, len(clipart))))
    for record in usable:
        if record.package != "openclipart-png" or record.path in chosen:
            try:
                pixels = read(record, LONGEST)
            except (OSError, ValueError):
                continue  # an SVG with a part that the rasteriser does not know
            if min(pixels.shape[:2]) >= 24:
                yield record.package, record.licence, record.kind, pixels
    for pixels in own.renders(DEVELOPMENT, RENDERS):
        yield "rakkan renderer", "Apache-2.0", DRAWING, pixels
    for pixels in own.starter_samples(DEVELOPMENT, SAMPLES):
        yield "rakkan starter model", "Apache-2.0", DRAWING, pixels
    for style, pixels in own.avatars(folder, DEVELOPMENT, AVATARS):
        yield f"dicebear {style}", own.STYLES[DEVELOPMENT][style], DRAWING, pixels


def ground(random: Random, height: int, width: int) -> Pixels:
    """What a cut-out stands on: white, flat, a slope, or soft blobs of light as of lamps out of focus."""
    source = numpy.random.default_rng(random.getrandbits(32))
    kind = random.random()
    if kind < 0.45:
        return numpy.full((height, width, 3), 255, numpy.uint8)
    colour = source.uniform(0, 255, 3)
    values = numpy.ones((height, width, 3)) * colour
    if kind > 0.6:
        slope = numpy.linspace(0, 1, height)[:, None, None] * source.uniform(-120, 120, 3)
        values = values + (slope if random.random() < 0.5 else slope.transpose(1, 0, 2)[:, :1])
    if kind > 0.78:
        rows, columns = numpy.mgrid[0:height, 0:width]
        for _ in range(random.randint(3, 25)):
            centre = source.uniform(0, 1, 2) * (height, width)
            radius = source.uniform(0.03, 0.25) * min(height, width)
            distance = numpy.hypot(rows - centre[0], columns - centre[1])
            disc = 1 / (1 + numpy.exp((distance - radius) / (1 + source.uniform(0.02, 0.4) * radius)))
            values = values + disc[..., None] * source.uniform(-60, 90, 3)
    return numpy.clip(values, 0, 255).astype(numpy.uint8)


def on_ground(random: Random, pixels: Pixels) -> Pixels:
    if pixels.shape[2] == 3:
        return pixels
    alpha = pixels[..., 3:] / 255.0
    below = ground(random, *pixels.shape[:2])
    return (pixels[..., :3] * alpha + below * (1 - alpha) + 0.5).astype(numpy.uint8)


def cropped(random: Random, pixels: Pixels) -> Pixels:
    """A part, or all, of a picture as 224 × 224 pixels."""
    from PIL import Image

    height, width = pixels.shape[:2]
    area = 1.0 if random.random() < 0.3 else random.uniform(0.12, 1)
    rows, columns = (max(16, int(side * area**0.5 * random.uniform(0.8, 1.25))) for side in (height, width))
    rows, columns = min(rows, height), min(columns, width)
    top, left = random.randint(0, height - rows), random.randint(0, width - columns)
    image: Any = Image.fromarray(numpy.ascontiguousarray(pixels[top : top + rows, left : left + columns]))
    image = image.resize((SIDE, SIDE), random.choice([Image.BOX, Image.BILINEAR, Image.BICUBIC]))
    if random.random() < 0.5:
        image = image.transpose(Image.FLIP_LEFT_RIGHT)
    return numpy.asarray(image)


def changed(random: Random, pixels: Pixels) -> Pixels:
    """With none to three changes, and JPEG after that as often as not."""
    for _ in range(random.choice([0, 0, 1, 1, 1, 2, 3])):
        pixels = CHANGES[random.choice([name for name in CHANGES if name != "cut out"])](random, pixels)
    return jpeg(random, pixels) if random.random() < 0.4 else pixels


def cover_of(where: Any) -> Any:
    block = SIDE // BLOCKS
    return where.reshape(BLOCKS, block, BLOCKS, block).mean((1, 3))


def build(folder: Path, out: Path, size: int, cut: int, sheets: int, seed: int) -> None:
    """Write ``size`` pictures, ``cut`` more that are cut out and ``sheets`` of several; what a shorter run
    wrote, stays."""
    out.mkdir(parents=True, exist_ok=True)
    pictures = list(originals(folder))
    counts = Counter((source, licence, kind) for source, licence, kind, _ in pictures)
    manifest = [
        {"source": source, "licence": licence, "kind": kind, "pictures": count}
        for (source, licence, kind), count in sorted(counts.items())
    ]
    (out / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n")
    (out / "sources.json").write_text(json.dumps([source for source, *_ in pictures]))
    by_source: dict[str, dict[str, list[int]]] = {PHOTOGRAPH: {}, DRAWING: {}}
    for number, (source, _, kind, _) in enumerate(pictures):
        by_source[kind].setdefault(source, []).append(number)
    total, there = size + cut + sheets, 0
    cover, origin = numpy.zeros((total, BLOCKS, BLOCKS), numpy.float32), numpy.zeros(total, numpy.int32)
    if (out / "origin.npy").exists():
        there = len(numpy.load(out / "origin.npy"))
        cover[:there], origin[:there] = numpy.load(out / "cover.npy"), numpy.load(out / "origin.npy")
        (out / "pixels.npy").rename(out / "earlier.npy")
    shape = (total, SIDE, SIDE, 3)
    values = numpy.lib.format.open_memmap(out / "pixels.npy", "w+", numpy.uint8, shape)
    if there:
        values[:there] = numpy.load(out / "earlier.npy", mmap_mode="r")
        (out / "earlier.npy").unlink()
    for number in range(there, total):
        random = Random(seed * 1_000_003 + number)
        made = _ordinary if number < size else _cut if number < size + cut else _sheet
        values[number], cover[number], origin[number] = made(random, pictures, by_source)
        if number % 1000 == 999:
            print(f"{number + 1} of {total}", flush=True)
    values.flush()
    numpy.save(out / "cover.npy", cover)
    numpy.save(out / "origin.npy", origin)


def _ordinary(random: Random, pictures: list[Any], by_source: Any) -> tuple[Pixels, Any, int]:
    """A picture as it may come, what of it is photographic, and which original it is from."""
    kind = random.choice([PHOTOGRAPH, DRAWING, DRAWING if random.random() < 0.4 else PHOTOGRAPH])
    chosen = _chosen(random, by_source[kind])
    pixels = cropped(random, on_ground(random, pictures[chosen][3]))
    share = numpy.full((BLOCKS, BLOCKS), float(kind == PHOTOGRAPH), numpy.float32)
    if kind == DRAWING and random.random() < 0.22:
        chosen = _chosen(random, by_source[PHOTOGRAPH])
        pixels, where = pasted(random, pixels, cropped(random, on_ground(random, pictures[chosen][3])))
        return jpeg(random, pixels) if random.random() < 0.5 else pixels, cover_of(where), chosen
    return changed(random, pixels), share, chosen


def _cut(random: Random, pictures: list[Any], by_source: Any) -> tuple[Pixels, Any, int]:
    """The same of a cut-out, photographs more often than drawings."""
    kind = DRAWING if random.random() < 0.3 else PHOTOGRAPH
    chosen = _chosen(random, by_source[kind])
    pixels, where = cut_out(random, cropped(random, on_ground(random, pictures[chosen][3])))
    return (
        changed(random, pixels) if random.random() < 0.4 else pixels,
        cover_of(where) * (kind == PHOTOGRAPH),
        chosen,
    )


def _sheet(random: Random, pictures: list[Any], by_source: Any) -> tuple[Pixels, Any, int]:
    """The same of a sheet of one to thirty whole pictures of one kind, as contact sheets are.

    From far a sheet of drawings has the busy texture of a photograph, so it has to be learned.
    """
    from PIL import Image

    kind = DRAWING if random.random() < 0.65 else PHOTOGRAPH
    ours = [name for name in by_source[kind] if name.startswith("rakkan")] if random.random() < 0.6 else []
    from_ours = {name: by_source[kind][name] for name in ours} or by_source[kind]
    columns, rows = random.randint(1, 6), random.randint(1, 5)
    width, height = random.choice([(96, 96), (96, 144), (128, 128), (128, 96)])
    gap = random.choice([0, 2, 3, 6])
    ground = random.choice([0, 128, 255, 255, 255])
    shape = (rows * (height + gap) + gap, columns * (width + gap) + gap, 3)
    sheet, chosen = numpy.full(shape, ground, numpy.uint8), 0
    one_source = random.random() < 0.5
    source = (
        {name: from_ours[name] for name in random.sample(list(from_ours), 1)} if one_source else from_ours
    )
    for row in range(rows):
        for column in range(columns):
            chosen = _chosen(random, source)
            pixels = on_ground(random, pictures[chosen][3])
            cell = Image.fromarray(pixels).resize((width, height), Image.BOX)
            top, left = gap + row * (height + gap), gap + column * (width + gap)
            sheet[top : top + height, left : left + width] = numpy.asarray(cell)
    image = Image.fromarray(sheet).resize((SIDE, SIDE), random.choice([Image.BOX, Image.BILINEAR]))
    share = numpy.full((BLOCKS, BLOCKS), float(kind == PHOTOGRAPH), numpy.float32)
    return (
        jpeg(random, numpy.asarray(image)) if random.random() < 0.2 else numpy.asarray(image),
        share,
        chosen,
    )


def _chosen(random: Random, by_source: dict[str, list[int]]) -> int:
    """A picture of a source, sources weighted by the root of their size, so that small ones count."""
    names = list(by_source)
    weights = [len(by_source[name]) ** 0.5 for name in names]
    return random.choice(by_source[random.choices(names, weights)[0]])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=Path, required=True, help="what benchmarks.pictures has fetched")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--size", type=int, default=9000)
    parser.add_argument("--cut", type=int, default=2500)
    parser.add_argument("--sheets", type=int, default=1500)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    build(arguments.pictures, arguments.out, arguments.size, arguments.cut, arguments.sheets, arguments.seed)


if __name__ == "__main__":
    main()
