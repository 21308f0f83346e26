"""``python -m benchmarks.likeness --pictures FOLDER --scores FILE``: how well photographs are refused.

Every picture of one half is put to ``rakkan.trust.safety.likeness`` as a reference on its way in; what it
found goes to ``--scores`` line by line, so that a stopped run goes on. With the half ``held out`` the table
is written to ``docs/measurements/likeness.json``: counts and exact intervals per source package, the same
for evasions, and each voice of the judgement alone beside it: nsfwjs's own classes, content, statistics. The
half ``development`` is for choosing thresholds and prints only.
"""

from __future__ import annotations

import argparse
import io
import json
import time
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any, cast

import numpy
from benchmarks.bench import machine
from benchmarks.drawing.evasions import CHANGES, pasted
from benchmarks.drawing.pool import CLIPART, free
from benchmarks.pictures import DEVELOPMENT, DRAWING, FACE, HELD_OUT, OTHER, PHOTOGRAPH, own, read, records
from benchmarks.proportions import clopper_pearson

from benchmarks import likeness_tables
from rakkan.checkout import commit
from rakkan.features.content import drawn
from rakkan.features.drawing.views import shown
from rakkan.trust.gate import Arrival, Source
from rakkan.trust.safety import likeness

ROOT = Path(__file__).resolve().parent.parent
REPORT = ROOT / "docs" / "measurements" / "likeness.json"
SEED = 1
#: Of each source and kind, of our own renders, starter samples and avatars of each style, and pictures of
#: each kind that every evasion is tried on. Of a half that is learned from: some that were not.
MOST = {
    DEVELOPMENT: {DRAWING: 60, PHOTOGRAPH: 60, FACE: 60},
    HELD_OUT: {DRAWING: 150, PHOTOGRAPH: 300, FACE: 300},
}
RENDERS, SAMPLES = {DEVELOPMENT: 40, HELD_OUT: 120}, {DEVELOPMENT: 20, HELD_OUT: 60}
AVATARS = {DEVELOPMENT: 10, HELD_OUT: 30}
SHEETS = {DEVELOPMENT: 18, HELD_OUT: 45}
EVADING = {DEVELOPMENT: 20, HELD_OUT: 25}
LONGEST = 1024
#: Other limits for the whole, shown beside the one that holds.
LIMITS = (0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 0.95, 0.98)

Row = dict[str, Any]
Item = tuple[str, str, str, str, Any]


def pictures(folder: Path, half: str) -> Iterator[Item]:
    """Source, licence, kind, a name that is the same on every run, and a function that gives the pixels."""
    found = [record for record in records(folder) if record.half == half and record.kind != OTHER]
    learned = set()
    if half == DEVELOPMENT:
        clipart = [record.path for record in found if record.package == "openclipart-png"]
        learned = set(Random(0).sample(clipart, min(CLIPART, len(clipart))))
        found = [record for record in found if record.path not in learned]
    by_source: dict[tuple[str, str], list[Any]] = {}
    for record in found:
        by_source.setdefault((record.package, record.kind), []).append(record)
    for (source, kind), some in sorted(by_source.items()):
        chosen = some if len(some) <= MOST[half][kind] else Random(SEED).sample(some, MOST[half][kind])
        for record in chosen:
            name = f"{source}/{record.path.relative_to(folder / source).as_posix()}"
            note = "" if half == HELD_OUT or not free(record.licence) else " (learned from)"
            note = "" if source == "openclipart-png" else note
            yield source + note, record.licence, kind, name, lambda record=record: read(record, LONGEST)
    skip = 10_000 if half == DEVELOPMENT else 0
    made = [
        ("rakkan renderer", own.renders(half, RENDERS[half], skip)),
        ("rakkan starter model", own.starter_samples(half, SAMPLES[half], skip)),
    ]
    for source, drawings in made:
        for number, pixels in enumerate(drawings):
            yield source, "Apache-2.0", DRAWING, f"{source}/{number}", lambda pixels=pixels: pixels
    for number, pixels in enumerate(own.sheets(half, SHEETS[half], skip)):
        yield (
            "rakkan renderer, sheets",
            "Apache-2.0",
            DRAWING,
            f"sheets/{number}",
            lambda pixels=pixels: pixels,
        )
    for number, (style, pixels) in enumerate(own.avatars(folder, half, AVATARS[half], skip)):
        terms = own.STYLES[half][style]
        yield f"dicebear {style}", terms, DRAWING, f"{style}/{number}", lambda pixels=pixels: pixels


def arrival(pixels: Any) -> Arrival:
    return Arrival(cast(Any, None), b"", io.BytesIO(), "0" * 64, pixels=pixels)


class Watched:
    """The networks in use, with what they said last."""

    def __init__(self, eyes: likeness.Eyes) -> None:
        self.eyes, self.said, self.found = eyes, None, []

    def scores(self, pixels: Any, in_parts: bool = True) -> Any:
        self.said, self.found = self.eyes.judge.scores(pixels, in_parts), []
        return self.said

    def photographic(self, pixels: Any) -> float:
        return self.eyes.judge.photographic(pixels)

    def faces(self, pixels: Any, smallest: int) -> Any:
        faces = self.eyes.detector.faces(pixels, smallest)
        self.found += faces
        return faces


def judged(pixels: Any) -> Row:
    """What the check of references finds, and what lies behind it."""
    watched: Any = Watched(likeness.eyes())
    source, both = Source(Path("picture.png")), likeness.Eyes(watched, watched)
    start = time.perf_counter()
    findings = likeness.arriving_likeness(arrival(pixels), source, lambda: both)
    seconds = time.perf_counter() - start
    value = drawn.prepare(numpy.ascontiguousarray(shown(pixels)))
    classes = numpy.ravel(watched.eyes.judge.content(value)[0])
    return {
        **{name: round(value, 5) for name, value in asdict(watched.said).items()},
        "refused": sorted({finding.rule for finding in findings if not finding.allowed}),
        "drawn class": round(float(classes[0] + classes[1]), 5),
        "face": round(max((face.score for face in watched.found), default=0.0), 4),
        "milliseconds": round(1000 * seconds, 2),
    }


def collect(folder: Path, half: str, scores: Path) -> list[Row]:
    """Judge every picture of a half, and those changed by evasions, that ``scores`` does not hold yet."""
    rows = [json.loads(line) for line in scores.read_text().splitlines()] if scores.exists() else []
    known = {(row["name"], row["change"]) for row in rows}
    plain: dict[str, list[Item]] = {DRAWING: [], PHOTOGRAPH: []}
    with scores.open("a") as file:

        def judge(item: Item, change: str, pixels: Any) -> None:
            source, licence, kind, name, _ = item
            row = {"source": source, "licence": licence, "kind": kind, "name": name, "change": change}
            row.update(judged(pixels))
            rows.append(row)
            file.write(json.dumps(row) + "\n")
            file.flush()

        for item in pictures(folder, half):
            if item[2] in plain:
                plain[item[2]].append(item)
            if (item[3], "") not in known:
                try:
                    pixels = item[4]()
                except (OSError, ValueError):
                    continue
                judge(item, "", pixels)
        chosen = {
            kind: Random(SEED).sample(items, min(EVADING[half], len(items))) for kind, items in plain.items()
        }
        for change, function in CHANGES.items():
            for kind in (PHOTOGRAPH, DRAWING):
                for item in chosen[kind]:
                    if (item[3], change) not in known:
                        judge(item, change, function(Random(f"{SEED} {change} {item[3]}"), shown(item[4]())))
        for drawing, photograph in zip(chosen[DRAWING], chosen[PHOTOGRAPH], strict=False):
            if (photograph[3], "pasted into a drawing") not in known:
                source = Random(f"{SEED} pasted {photograph[3]}")
                pixels, _ = pasted(source, shown(drawing[4]()), shown(photograph[4]()))
                judge(photograph, "pasted into a drawing", pixels)
    return rows


def proportion(hits: int, trials: int) -> Row:
    low, high = clopper_pearson(hits, trials)
    return {
        "n": trials,
        "hits": hits,
        "share": round(hits / trials, 4),
        "interval": [round(low, 4), round(high, 4)],
    }


def right(rows: list[Row]) -> Row:
    """Drawings let in, or photographs refused, of rows of one kind."""
    refused = sum(bool(row["refused"]) for row in rows)
    return proportion(len(rows) - refused if rows[0]["kind"] == DRAWING else refused, len(rows))


def tables(rows: list[Row]) -> Row:
    """Everything that is published of the rows."""
    plain = [row for row in rows if not row["change"]]
    photographs = [row for row in plain if row["kind"] in (PHOTOGRAPH, FACE)]
    drawings = [row for row in plain if row["kind"] == DRAWING]
    made: Row = {
        "photographs refused": {"all": right(photographs), **_by_source(photographs)},
        "drawings let in": {"all": right(drawings), **_by_source(drawings)},
        "evasions": {
            name: {
                kind: right(some) for kind in (PHOTOGRAPH, DRAWING) if (some := _changed(rows, name, kind))
            }
            for name in dict.fromkeys(row["change"] for row in rows if row["change"])
        },
        "curve": {f"{limit:g}": _at(limit, photographs, drawings) for limit in LIMITS},
        "independent": _independent(photographs, drawings),
        "faces": _faces(plain),
    }
    return made


def _at(limit: float, photographs: list[Row], drawings: list[Row]) -> Row:
    """What would have come of another limit for the whole, with the parts and faces judged as they are."""

    def refused(row: Row) -> bool:
        by_face = row["refused"] and row["whole"] < likeness.UNCLEAR
        return row["whole"] >= limit or row["part"] >= likeness.PART_UNCLEAR or bool(by_face)

    caught, hurt = (sum(map(refused, rows)) for rows in (photographs, drawings))
    return {
        "photographs refused": proportion(caught, len(photographs)),
        "drawings let in": proportion(len(drawings) - hurt, len(drawings)),
    }


def _changed(rows: list[Row], change: str, kind: str) -> list[Row]:
    return [row for row in rows if row["change"] == change and row["kind"] == kind]


def _by_source(rows: list[Row]) -> Row:
    names = dict.fromkeys((row["source"], row["kind"]) for row in rows)
    return {
        f"{source}{', faces' if kind == FACE else ''}": {
            **right([row for row in rows if (row["source"], row["kind"]) == (source, kind)]),
            "licence": next(row["licence"] for row in rows if row["source"] == source),
        }
        for source, kind in names
    }


def _independent(photographs: list[Row], drawings: list[Row]) -> Row:
    """nsfwjs's own classes, and each kind of evidence alone, beside the judgement on the same pictures."""
    voices = {
        "judgement": lambda row: bool(row["refused"]),
        "nsfwjs's classes": lambda row: row["drawn class"] < 0.5,
        "content alone": lambda row: row["content"] >= 0.5,
        "statistics alone": lambda row: row["statistics"] >= 0.5,
    }
    made: Row = {
        name: {
            "photographs called photographs": proportion(sum(map(voice, photographs)), len(photographs)),
            "drawings called photographs": proportion(sum(map(voice, drawings)), len(drawings)),
        }
        for name, voice in voices.items()
    }
    both = [*photographs, *drawings]
    agree = sum(voices["judgement"](row) == voices["nsfwjs's classes"](row) for row in both)
    made["judgement and nsfwjs's classes agree"] = proportion(agree, len(both))
    return made


def _faces(plain: list[Row]) -> Row:
    faces = [row for row in plain if row["kind"] == FACE]
    drawings = [row for row in plain if row["kind"] == DRAWING]
    sure = [row for row in drawings if row["face"] >= likeness.FACE_SURE]
    named = [row for row in drawings if likeness.LIKENESS in row["refused"]]
    result: Row = {
        "photographic faces": len(faces),
        "needed": likeness.FACES_NEEDED,
        "drawings the detector fires on": proportion(len(sure), len(drawings)),
        "drawings refused as a real person's likeness": proportion(len(named), len(drawings)),
    }
    if len(faces) < likeness.FACES_NEEDED:
        return {"detection of photographic faces": "not measurable", **result}
    found = sum(likeness.LIKENESS in row["refused"] for row in faces)
    return {"detection of photographic faces": proportion(found, len(faces)), **result}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=Path, required=True, help="what benchmarks.pictures has fetched")
    parser.add_argument("--scores", type=Path, required=True)
    parser.add_argument("--half", choices=[DEVELOPMENT, HELD_OUT], default=HELD_OUT)
    arguments = parser.parse_args()
    rows = collect(arguments.pictures, arguments.half, arguments.scores)
    made = tables(rows)
    if arguments.half == HELD_OUT:
        report = {
            "command": "python -m benchmarks.likeness",
            "date": datetime.now(UTC).date().isoformat(),
            "commit": commit(ROOT),
            **machine(),
            "seed": SEED,
            "n": len(rows),
            "half": HELD_OUT,
            "interval": "95 %, Clopper-Pearson",
            "wanted": {"photographs refused": 0.98, "drawings let in": 0.97},
            **made,
        }
        REPORT.write_text(json.dumps(report, indent=1) + "\n")
        likeness_tables.write()
    print(json.dumps(made, indent=1))
    print("Photographic faces:", made["faces"]["detection of photographic faces"])


if __name__ == "__main__":
    main()
