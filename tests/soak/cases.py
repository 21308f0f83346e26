"""What the soak does again and again: plain functions of a random source that raise when a promise breaks.

Each takes ``(random, folder)``: a seeded source, and an empty folder of its own. ``@case`` registers it
with a weight, the share of the time it is to get.
"""

from __future__ import annotations

import io
import os
import signal
import string
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from xml.etree import ElementTree

import numpy

from rakkan import assemble
from rakkan.corpus.figures import attributes, draw, rasterise, render
from rakkan.errors import RakkanError
from rakkan.formats import png
from rakkan.formats.unsealed import without_seal
from rakkan.records import FiguresRecipe, Picture, canonical_json, recipe_from_json
from rakkan.trust.examination import examine
from rakkan.trust.verification import VALID

Work = Callable[[Random, Path], None]

ROOT = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True)
class Case:
    name: str
    weight: float
    work: Work


CASES: list[Case] = []


def case(weight: float) -> Callable[[Work], Work]:
    def register(work: Work) -> Work:
        CASES.append(Case(work.__name__, weight, work))
        return work

    return register


def check(condition: bool, message: str) -> None:
    """Raise AssertionError with ``message``; unlike ``assert`` also under ``python -O``."""
    if not condition:
        raise AssertionError(message)


@case(weight=4)
def any_figure_can_be_drawn(random: Random, folder: Path) -> None:
    figure = attributes.sample(random)
    seed = random.getrandbits(32)
    svg = draw(figure, seed)
    check(draw(figure, seed) == svg, f"not deterministic: {figure}, {seed}")
    for text in ElementTree.fromstring(svg).itertext():
        check("nan" not in text.lower(), f"a number got lost: {figure}, {seed}")
    check("nan" not in svg.lower() and "inf" not in svg.lower(), f"a number got lost: {figure}, {seed}")
    pixels = render(figure, seed)
    check(pixels.dtype == numpy.uint8 and pixels.shape[2] == 3, f"odd pixels: {figure}, {seed}")
    check(float(pixels.std()) > 8, f"next to nothing was drawn: {figure}, {seed}")


@case(weight=2)
def captions_are_read_back_exactly(random: Random, folder: Path) -> None:
    from rakkan.corpus.figures import captions
    from rakkan.studio.starter import lexicon

    condition = captions.slots(attributes.sample(random))
    if random.random() < 0.4:
        condition = captions.subset(condition, random)
    for text in (captions.tags(condition, random), captions.sentences(condition, random)):
        reading = lexicon.read(text)
        check(not reading.unknown, f"{text!r} holds words that are not known: {reading.unknown}")
        check(reading.condition == condition, f"{text!r} was read as {reading.condition}")


_ODD = "\0\t\n\r\x1b\u200b\u202e\ud7ffé落款😀ﬁ①()[]{}<>:|,\\\"'%$`;&#*?!~^_-+=/@0123456789.eE"


@case(weight=2)
def any_text_is_a_prompt_or_a_fault_in_words(random: Random, folder: Path) -> None:
    from rakkan.studio.starter import lexicon

    words = [word for names in attributes.GROUPS.values() for word in names]
    parts: list[str] = []
    for _ in range(random.randrange(60)):
        kind = random.randrange(4)
        if kind == 0:
            parts.append(random.choice(words))
        elif kind == 1:
            parts.append(_odd_text(random))
        elif kind == 2:
            parts.append("".join(random.choices(string.ascii_letters + " ", k=random.randrange(20))))
        else:
            parts.append(
                chr(random.choice([random.randrange(0x20, 0xD800), random.randrange(0xE000, 0x110000)]))
            )
    text = random.choice(["", " ", ", "]).join(parts)
    try:
        lexicon.read(text)
    except RakkanError as fault:
        check(bool(fault.message), f"a fault without words for {text!r}")


@case(weight=1)
def png_text_survives(random: Random, folder: Path) -> None:
    alphabet = _ODD.replace("\0", "")
    text = {
        "".join(random.choices(string.ascii_letters, k=random.randint(1, 79))): "".join(
            random.choices(alphabet, k=random.randrange(2000))
        )
        for _ in range(random.randrange(5))
    }
    data = png.encode(_noise(random, 16), text)
    check(png.text_of(data) == text, "PNG text came back changed")
    damaged = bytearray(data)
    for _ in range(random.randint(1, 6)):
        damaged[random.randrange(len(damaged))] = random.randrange(256)
    cut = bytes(damaged[: random.randrange(len(damaged) + 1)])
    try:
        png.text_of(cut)
    except RakkanError:
        pass


@case(weight=1)
def any_sheet_recipe_reads_back(random: Random, folder: Path) -> None:
    recipe = _recipe(random, random.randint(1, 99))
    check(recipe_from_json(canonical_json(recipe)) == recipe, f"{recipe} came back changed")


_RELEASES = """
import sys, numpy
from pathlib import Path
from rakkan import assemble
from rakkan.records import FiguresRecipe, Picture
random = numpy.random.default_rng(int(sys.argv[1]))  # noise alone would not be let out as a drawing
pixels = random.integers(0, 244, (24, 24, 3), numpy.uint8).repeat(8, 0).repeat(8, 1)
pixels = pixels + random.integers(0, 12, (192, 192, 3), numpy.uint8)
picture = Picture(pixels, FiguresRecipe(1, 1, 1, 192, 192, "soak"), "figure")
release = assemble.release()
print("ready", flush=True)
while True:
    release(picture, Path("a.png"))
"""


@case(weight=2)
def a_kill_leaves_no_half_picture(random: Random, folder: Path) -> None:
    # A process started in the background ignores Ctrl-C, and hands that down.
    inherited = signal.signal(signal.SIGINT, signal.default_int_handler)
    process = subprocess.Popen(
        [sys.executable, "-c", _RELEASES, str(random.getrandbits(16))],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src"), **_instance(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    try:
        check(process.stdout is not None and process.stdout.readline() == b"ready\n", "did not start")
        time.sleep(random.random() * 1.5)  # from the making of the instance to the n-th picture
    finally:
        _end(process, random.choice([signal.SIGKILL, signal.SIGTERM, signal.SIGINT]))
        if process.stdout is not None:
            process.stdout.close()
        signal.signal(signal.SIGINT, inherited)
    pictures = sorted(file.name for file in folder.glob("*.png"))
    for command in (["ledger", "check"], ["verify", *pictures] if pictures else ["ledger", "show"]):
        done = subprocess.run(
            [sys.executable, "-m", "rakkan", *command],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT / "src"), **_instance(folder)},
            capture_output=True,
            text=True,
        )
        check(done.returncode == 0, f"{command} after a kill: {done.stdout[-500:]}{done.stderr[-500:]}")


def _end(process: subprocess.Popen[bytes], number: int) -> None:
    """Send a signal until it is heeded, three times at most: Python loses what falls into a destructor."""
    try:
        for _ in range(3):
            process.send_signal(number)
            try:
                process.wait(10)
                return
            except subprocess.TimeoutExpired:
                continue
        check(False, f"three signals {number} did not end a release")
    finally:
        process.kill()


def _instance(folder: Path) -> dict[str, str]:
    """The environment of an instance of its own."""
    return {"RAKKAN_HOME": str(folder / "instance"), "RAKKAN_KEY": str(folder / "instance.key")}


@case(weight=1)
def a_failing_disk_leaves_nothing(random: Random, folder: Path) -> None:
    calls = random.randint(1, 80)
    name = random.choice(["open", "fsync", "link"])
    real = getattr(os, name)
    count = 0

    def failing(*arguments: object, **named: object) -> object:
        nonlocal count
        count += 1
        if count == calls:
            raise OSError(random.choice([5, 13, 28, 30, 122]), "planted")
        return real(*arguments, **named)

    pixels = _noise(random, 32)
    setattr(os, name, failing)
    try:
        for _ in range(5):
            try:
                assemble.release()(Picture(pixels, _recipe(random, 32), "figure"), folder / "a.png")
            except RakkanError:
                break
    finally:
        setattr(os, name, real)
    for file in folder.iterdir():
        check(file.suffix == ".png", f"{file.name} was left behind")
        check(examine(file, assemble.trusted_roots()).state == VALID, f"{file.name} is not whole")


@case(weight=1)
def two_rasterisers_agree(random: Random, folder: Path) -> None:
    import resvg_py
    from PIL import Image

    figure = attributes.sample(random)
    svg = draw(figure, random.getrandbits(32))
    height = 384 if figure.framing == "full body" else 256
    ours = rasterise(svg, 256, height)
    encoded = bytes(resvg_py.svg_to_bytes(svg_string=svg, width=256, height=height))
    with Image.open(io.BytesIO(encoded)) as image:
        theirs = numpy.asarray(image.convert("RGB"))[:height]  # resvg rounds its last row up
    # Edges fall a fraction of a pixel apart, a shape that one of them loses changes whole blocks.
    difference = numpy.abs(_blocks(ours) - _blocks(theirs))
    check(difference.mean() < 3 and difference.max() < 70, f"ThorVG and resvg differ: {figure}")


def _blocks(pixels: numpy.ndarray) -> numpy.ndarray:
    """Means of blocks of 8×8 pixels."""
    height, width = pixels.shape[:2]
    return pixels.reshape(height // 8, 8, width // 8, 8, 3).mean((1, 3))


@case(weight=2)
def a_prompt_becomes_a_picture_that_says_how(random: Random, folder: Path) -> None:
    from rakkan.corpus.figures import captions
    from rakkan.studio.create import CreateRequest, Upscaler, create, plan
    from rakkan.studio.engines.fake_engine import FakeEngine

    condition = captions.subset(captions.slots(attributes.sample(random)), random)
    words = captions.write(condition, random) + random.choice(["", "\n", ", "]) + _odd_text(random)
    request = CreateRequest(
        prompt=words,
        negative=random.choice(["", "hat", _odd_text(random)]),
        seed=random.getrandbits(random.randint(1, 52)),
        count=random.randint(1, 3),
        steps=random.randint(1, 9),
        guidance=random.choice([1.0, 1.5, 7.0]),
        out=folder,
    )
    double = Upscaler("repeat", "0" * 64, lambda pixels: pixels.repeat(2, 0).repeat(2, 1))
    try:
        planned = plan(request, assemble.gate().consider)
    except RakkanError as fault:
        check(bool(fault.message), f"a fault without words for {words!r}")
        return
    made = create(planned, FakeEngine(), double, assemble.release())
    again = create(planned, FakeEngine(), double, assemble.release())
    check(len(made) == request.count + (request.count > 1), f"{len(made)} files for {request.count}")
    for one, other in zip(made, again, strict=True):
        data = one.path.read_bytes()
        unsealed = without_seal(other.path.read_bytes())
        check(without_seal(data) == unsealed, f"the same recipe gave another file: {words!r}")
        check(recipe_from_json(png.text_of(data)["rakkan"]) == one.recipe, f"the recipe is lost: {words!r}")
    check(len(list(folder.iterdir())) == 2 * len(made), "files were overwritten or left behind")


def _odd_text(random: Random) -> str:
    return "".join(random.choices(_ODD, k=random.randrange(12)))


def _noise(random: Random, size: int) -> numpy.ndarray:
    return numpy.frombuffer(random.randbytes(size * size * 3), numpy.uint8).reshape(size, size, 3)


def _recipe(random: Random, size: int) -> FiguresRecipe:
    return FiguresRecipe(
        seed=random.getrandbits(53),
        count=random.randint(1, 99),
        columns=random.randint(1, 9),
        width=size,
        height=size,
        renderer="".join(random.choices(_ODD, k=9)),
    )


# At the end, because they take ``Case`` and ``check`` from here.
import api_cases  # noqa: E402
import around_cases  # noqa: E402
import character_cases  # noqa: E402
import formats_cases  # noqa: E402
import ledger_cases  # noqa: E402
import likeness_cases  # noqa: E402
import model_cases  # noqa: E402
import picture_cases  # noqa: E402
import policy_cases  # noqa: E402
import prompt_cases  # noqa: E402
import queue_cases  # noqa: E402
import seal_cases  # noqa: E402
import service_cases  # noqa: E402
import takedown_cases  # noqa: E402
import upscaling_cases  # noqa: E402
import vault_cases  # noqa: E402

TOPICS = (
    api_cases,
    around_cases,
    character_cases,
    formats_cases,
    ledger_cases,
    likeness_cases,
    model_cases,
    picture_cases,
    policy_cases,
    prompt_cases,
    queue_cases,
    seal_cases,
    service_cases,
    takedown_cases,
    upscaling_cases,
    vault_cases,
)

for topic in TOPICS:
    CASES.extend(topic.CASES)
