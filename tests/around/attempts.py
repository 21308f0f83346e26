"""For every command of the command line, arguments that make it do its work: an attempt to get a picture out.

A command that is not named here fails a test. ``work`` runs in this order in one folder, as one instance;
``REFUSED`` is refused, then ``LAST`` runs. A word in braces is filled in from the instance
(``watched.filled``). Whatever draws is told its seed: of the pictures that the stand-in draws the gate
takes one in some hundreds for no drawing.
"""

from __future__ import annotations

from pathlib import Path

import numpy
from numpy.typing import NDArray
from PIL import Image, ImageFilter
from PIL.PngImagePlugin import PngInfo
from tests.formats.checkpoints.tables import checkpoint_file

from rakkan.corpus.figures import render
from rakkan.corpus.figures.attributes import Attributes
from rakkan.formats.checkpoints.architecture import SD1, SDXL

Arguments = tuple[str, ...]


def inputs(folder: Path) -> None:
    """The files that the attempts read: a noisy drawing in three formats, a folder of works, models, a
    drawing to report, and what passes for a photograph."""
    import safetensors.numpy

    (folder / "works").mkdir(parents=True)
    image = Image.fromarray(noise(3, 40, 48))
    for name in ("a.png", "b.jpg", "works/c.webp"):
        image.save(folder / name)
    Image.fromarray(noise(4, 64, 56)).save(folder / "reported.png")
    clear = numpy.dstack([noise(6, 32, 40), numpy.full((32, 40), 255, numpy.uint8)])
    clear[:8, :, 3] = 0
    Image.fromarray(clear).save(folder / "clear.png")
    told = PngInfo()
    told.add_text(
        "parameters", "hat\nSteps: 4, Sampler: Euler, CFG scale: 1, Seed: 3, Size: 512x512, Model: gone"
    )
    Image.fromarray(noise(6, 40, 48)).save(folder / "told.png", pnginfo=told)
    Image.fromarray(render(Attributes(), 7)).save(folder / "figure.png")
    Image.fromarray(render(Attributes(hair_colour="green"), 9)).save(folder / "friend.png")
    Image.fromarray(photographic(5, 256)).save(folder / "photograph.png")
    safetensors.numpy.save_file({"weight": numpy.ones((4, 4), numpy.float32)}, folder / "m.safetensors")
    (folder / "c.safetensors").write_bytes(checkpoint_file(SD1))
    (folder / "served.safetensors").write_bytes(checkpoint_file(SDXL))


def photographic(seed: int, side: int) -> NDArray[numpy.uint8]:
    """Soft clouds of colour under a sensor's grain: what the inspectors do not take for a drawing."""
    random = numpy.random.default_rng(seed)
    coarse = Image.fromarray(random.integers(0, 256, (40, 40, 3), numpy.uint8))
    soft = coarse.resize((side, side), Image.Resampling.BICUBIC).filter(ImageFilter.GaussianBlur(1))
    grained = numpy.asarray(soft).astype(float) + random.normal(0, 10, (side, side, 3))
    return grained.clip(0, 255).astype(numpy.uint8)


def noise(seed: int, height: int, width: int) -> NDArray[numpy.uint8]:
    """Flat fields of colour with a little noise: the inspectors take it for a drawing, and any few of its
    pixels can be told from everything else."""
    random = numpy.random.default_rng(seed)
    fields = random.integers(0, 244, (-(-height // 8), -(-width // 8), 3), numpy.uint8)
    drawn = fields.repeat(8, 0).repeat(8, 1)[:height, :width]
    return drawn + random.integers(0, 12, (height, width, 3), numpy.uint8)


def work(given: Path) -> list[Arguments]:
    """What is to succeed; ``given`` is the folder of ``inputs``."""
    return [
        ("create", "1girl, silver hair", "--seed", "5", "--out", "single.png"),
        ("create", "smile", "--seed", "5", "--out", "single.webp", "--disclosure", "redacted"),
        ("create", "smile", "--seed", "6", "--count", "2", "--steps", "2", "--out", "several"),
        ("create", "smile", "--seed", "7", "--disclosure", "digest", "--out", "A.JPEG"),
        ("create", "smile", "--seed", "8"),
        ("edit", "single.png", "hair: blue", "--mask", "40,40,200,200", "--seed", "5", "--out", "edited.png"),
        (
            "edit",
            f"{given}/a.png",
            "--prompt",
            "smile",
            "--strength",
            "0.5",
            "--seed",
            "5",
            "--out",
            "over.webp",
        ),
        ("edit", f"{given}/a.png", "--extend", "left=8", "--count", "2", "--seed", "5", "--out", "wider"),
        ("edit", f"{given}/a.png", "--restore", "--mask", "9,9,9,9", "--seed", "5", "--out", "whole.png"),
        ("vary", "single.png", "--count", "2", "--seed", "5", "--out", "varied"),
        ("vary", f"{given}/a.png", "--disclosure", "digest", "--seed", "5", "--out", "near.jpg"),
        ("upscale", f"{given}/a.png", f"{given}/b.jpg", "--out", "large", "--denoise", "-1"),
        (
            "upscale",
            f"{given}/works",
            "single.webp",
            "--scale",
            "1",
            "--out",
            "clean",
            "--disclosure",
            "digest",
        ),
        ("upscale", f"{given}/clear.png", "--scale", "4", "--out", "clear-4x.png"),
        ("upscale", f"{given}/clear.png", "--out", "clear-2x.webp"),
        (
            "create",
            "{{smile|grin}}, (hat:1.2), [smile:sad:0.5]",
            "--seed",
            "9",
            "--count",
            "2",
            "--out",
            "drawn",
        ),
        ("recipe", "single.png"),
        ("recipe", "--json", "A.JPEG"),
        ("recipe", "--a1111", f"{given}/told.png"),
        ("again", "single.png", "--out", "again.png"),
        ("again", "A.JPEG", "--out", "again.webp"),
        ("grid", "smile", "--x", "seed: 1-2", "--singles", "cells", "--out", "grid.png"),
        ("gallery", "--count", "2", "--seed", "3", "--creativity", "0-1"),
        ("create", "smile", "--seed", "9", "--reference", f"{given}/figure.png", "--out", "guided.png"),
        ("describe", f"{given}/figure.png", "--out", "seen.txt"),
        ("describe", f"{given}/figure.png", "--json"),
        ("create", "--prompt-file", "seen.txt", "--seed", "9", "--out", "again.png"),
        ("verify", "single.png", "A.JPEG"),
        ("verify", "--recipe", "single.webp"),
        ("import", f"{given}/a.png", f"{given}/b.jpg", f"{given}/m.safetensors", "single.png"),
        ("protect", f"{given}/works", "--out", "protected", "--maker", "Ann"),
        ("identity", "--name", "Studio", "--out", "public"),
        ("identity", "--trust", "public/root.pem"),
        ("vault", "list"),
        ("vault", "verify"),
        ("vault", "rotate"),
        ("vault", "sweep"),
        ("vault", "shred", "{blob}"),
        ("ledger", "show", "--last", "99"),
        ("ledger", "check"),
        ("ledger", "witness", "{log}", "--key", "{key}"),
        ("ledger", "cosign", f"{given}/said", "--key", "{witness}"),
        ("report", "--json"),
        ("report", "--quarter", "2024Q1"),
        ("takedown", "digest", "single.png"),
        ("takedown", "list"),
        ("takedown", "report", "--claim", "my work", f"{given}/b.jpg"),
        ("takedown", "decide", "{case}", "--overturn", "--reason", "unproven", "--because", "no reply"),
        ("takedown", "appeal", "{case}", "--by", "reporter", "--because", "here it is"),
        ("takedown", "show", "{case}"),
        ("takedown", "report", "--claim", "my work", f"{given}/reported.png"),
        ("model", "add", f"{given}/c.safetensors", "--licence", "CC0"),
        ("model", "get", f"https://models.invalid{given}/served.safetensors", "--yes"),
        ("model", "list"),
        ("model", "show", "served"),
        ("model", "export", "served", "--out", "back.safetensors"),
        ("model", "remove", "served"),
        ("character", "new", "Mika", "1girl, silver hair", "--reference", "single.png", "--seed", "5"),
        ("character", "new", "Read", "--from", "single.png"),
        ("character", "revise", "mika", "--reference", f"{given}/friend.png", "--add", "hat"),
        ("create", "wink", "--character", "mika", "--style", "ink", "--out", "cast.png"),
        ("character", "list"),
        ("character", "show", "mika"),
        ("character", "diff", "mika", "1"),
        ("character", "sheet", "mika", "--out", "character-sheet.png"),
        ("character", "export", "mika", "--out", "mika.rakkan"),
        ("character", "import", "mika.rakkan"),
        ("character", "rename", "mika", "Mikan"),
        ("character", "remove", "mikan"),
        ("style", "list"),
        ("style", "save", "Misty", "snow", "--from", "single.png", "--reference", f"{given}/b.jpg"),
        ("style", "show", "misty"),
        ("style", "sheet", "smile", "--out", "style-sheet.png"),
        ("style", "remove", "misty"),
        ("serve", "--port", "8420"),
        ("account", "link", "ann-of-here", "--payment", "invoice 7"),
        ("work",),
        ("figures", "sheet", "--seed", "2", "--count", "2", "--out", "figures.png"),
        ("figures", "survey", "--quick", "--out", "survey.json"),
        ("starter", "train", "--stage", "flow", "--minutes", "1"),
        ("starter", "reader", "--minutes", "1"),
        ("starter", "evaluate", "--quick"),
    ]


#: What succeeds, too, and leaves nothing to be refused for.
LAST: list[Arguments] = [("account", "erase", "local", "--yes")]


#: What is to be refused: by the prompt, by the place, by the settings.
REFUSED: list[Arguments] = [
    ("account", "link", "nobody-here", "--payment", "invoice 7"),
    ("create", "qwx"),
    ("create", "smile", "--out", "refused.gif"),
    ("create", "smile", "--out", "/proc/self/fd/x.png"),
    ("create", "smile", "--out", "/dev/fd/1.png"),
    ("create", "smile", "--out", "/dev/stdout"),
    ("create", "smile", "--out", "r" * 300 + ".png"),
    ("create", "smile", "--disclosure", "all"),
    ("create", "smile", "--steps", "0"),
    *(
        (
            "create",
            "smile",
            "--out",
            "refused.png",
            "--size",
            "64x64",
            "--model",
            "../given/c.safetensors",
            *shown,
        )
        for shown in (
            ("--reference", "nowhere.png"),
            ("--reference", "../given/m.safetensors"),
            ("--reference", "../given/photograph.png"),
            ("--reference", "../given/reported.png"),
            ("--reference", "/dev/stdin"),
            ("--control", "../given/c.safetensors=../given/a.png"),
            ("--ip-adapter", "../given/m.safetensors=../given/a.png"),
        )
    ),
    ("create", "smile", "--out", "refused.png", "--reference", "../given/a.png"),
    ("edit", "../given/photograph.png", "hair: blue", "--out", "refused.png"),
    ("edit", "../given/reported.png", "hair: blue", "--mask", "9,9,9,9", "--out", "refused.png"),
    ("edit", "../given/a.png", "smile", "--mask", "../given/photograph.png", "--out", "refused.png"),
    ("edit", "../given/a.png", "smile", "--mask", "9,9,9,9", "--out", "refused.gif"),
    ("edit", "/dev/stdin", "smile", "--out", "refused.png"),
    ("vary", "../given/photograph.png", "--out", "refused.png"),
    ("vary", "../given/a.png", "--strength", "2"),
    ("upscale", "../given/photograph.png", "--out", "refused.png"),
    ("upscale", "../given/reported.png", "--out", "refused.png"),
    ("upscale", "../given/m.safetensors", "--out", "refused.png"),
    ("upscale", "../given/a.png", "--out", "refused.gif"),
    ("upscale", "../given/a.png", "--scale", "3"),
    ("upscale", "/dev/stdin", "--out", "refused.png"),
    ("create", "__nothing__", "--out", "refused.png"),
    ("again", "nowhere.png"),
    ("again", "../given/photograph.png", "--out", "refused.png"),
    ("again", "../given/told.png", "--out", "refused.png"),
    ("again", "single.png", "--out", "refused.gif"),
    ("again", "grid.png", "--out", "refused.png"),
    ("recipe", "nowhere.png"),
    ("grid", "smile", "--x", "seed: 1-2", "--out", "refused.gif"),
    ("grid", "smile", "--x", "seed: 1-2", "--y", "prompt: qwx", "--out", "refused.png"),
    ("gallery", "--count", "1", "--out", "/dev/null/refused"),
    ("create", "--prompt-file", "../given/a.png", "--out", "refused.png"),
    ("describe", "nowhere.png"),
    ("describe", "../given/photograph.png", "--out", "refused.txt"),
    ("describe", "../given/reported.png"),
    ("describe", "../given/figure.png", "--out", "refused.png"),
    ("import", "nowhere.png"),
    ("model", "add", "nowhere.safetensors"),
    ("model", "get", "http://models.invalid/m.safetensors"),
    ("model", "show", "nothing"),
    ("model", "export", "nothing", "--out", "refused.safetensors"),
    ("figures", "sheet", "--out", "refused.gif"),
    ("create", "smile", "--character", "nobody"),
    ("create", "smile", "--style", "nothing"),
    ("character", "new", "Emma Watson", "1girl"),
    ("character", "new", "Refused", "1girl", "--reference", "../given/photograph.png"),
    ("character", "new", "Refused", "--from", "../given/reported.png"),
    ("character", "sheet", "read", "--out", "refused.gif"),
    ("character", "export", "read", "--out", "refused.png"),
    ("character", "import", "../given/a.png"),
    ("character", "import", "/dev/zero"),
    ("style", "save", "Refused", "--from", "../given/photograph.png"),
    ("style", "sheet", "--out", "refused.gif"),
    ("serve", "--sign-up", "everybody"),
    ("serve", "--host", "0.0.0.0"),
    ("verify", "nowhere.png"),
]
