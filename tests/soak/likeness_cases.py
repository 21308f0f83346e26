"""The likeness checks again and again: any picture gets an answer, our own drawings pass, damage refuses."""

from __future__ import annotations

import io
from pathlib import Path
from random import Random
from typing import Any, cast

import numpy
from cases import Case, check

from rakkan.corpus.figures import attributes, render
from rakkan.errors import RakkanError
from rakkan.features.drawing import judge
from rakkan.features.drawing.views import parts
from rakkan.features.faces import detect
from rakkan.features.networks import Network, load
from rakkan.records import Picture
from rakkan.trust.gate import Arrival, Destination, Source
from rakkan.trust.safety.likeness import arriving_likeness, released_likeness


def any_pixels_get_an_answer(random: Random, folder: Path) -> None:
    source = numpy.random.default_rng(random.getrandbits(32))
    height, width = (int(2 ** random.uniform(0, 10)) for _ in range(2))
    pixels = source.integers(0, 256, (height, width, random.choice([3, 4])), numpy.uint8)
    if random.random() < 0.5:
        pixels[...] = pixels[:1, :1]
    arrival = Arrival(cast(Any, None), b"", io.BytesIO(), "0" * 64, pixels=pixels)
    findings = arriving_likeness(arrival, Source(folder / "a.png"))
    picture = Picture(pixels[..., :3], cast(Any, None), "figure")
    findings += released_likeness(picture, Destination(folder / "a.png"))
    check(len(findings) >= 2, f"no answer for {pixels.shape}")
    covered = numpy.zeros((height, width), bool)
    for rows, columns in parts(height, width):
        covered[rows, columns] = True
    check(covered.all() or max(height, width) <= 96, f"parts of {pixels.shape} leave something out")


def our_own_drawings_leave(random: Random, folder: Path) -> None:
    seed = random.getrandbits(32)
    picture = Picture(render(attributes.sample(random), seed), cast(Any, None), "figure")
    findings = released_likeness(picture, Destination(folder / "a.png"))
    check(all(finding.allowed for finding in findings), f"{findings} of our own drawing {seed}")


def a_damaged_network_is_never_used(random: Random, folder: Path) -> None:
    network = random.choice([judge.HEAD, judge.STATISTICS, detect.PROPOSALS, detect.REFUSALS, detect.OUTPUTS])
    copy = folder / "copy"
    for ending in (".xml", ".bin"):
        copy.with_suffix(ending).write_bytes(network.path.with_suffix(ending).read_bytes())
    file = copy.with_suffix(random.choice([".xml", ".bin"]))
    data = bytearray(file.read_bytes())
    if random.random() < 0.3:
        data = data[: random.randrange(len(data))]
    else:
        data[random.randrange(len(data))] ^= 1 << random.randrange(8)
    file.write_bytes(bytes(data))
    try:
        load(Network(copy, network.graph_sha256, network.weights_sha256))
    except RakkanError:
        return
    check(False, f"{file.name} of {network.path.name} was used though damaged")


CASES = (
    Case("any_pixels_get_an_answer", 2, any_pixels_get_an_answer),
    Case("our_own_drawings_leave", 2, our_own_drawings_leave),
    Case("a_damaged_network_is_never_used", 1, a_damaged_network_is_never_used),
)
