"""Drawings that come and go at the assembled gate, and reports about them."""

from __future__ import annotations

import io
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import numpy
from numpy.typing import NDArray
from PIL import Image
from tests.trust.made import recipe

from rakkan import assemble
from rakkan.corpus.figures import attributes, render
from rakkan.records import Picture
from rakkan.trust.gate import Admission, Destination, Source
from rakkan.trust.takedown.digests import Digests, digests_of_bytes
from rakkan.trust.takedown.docket import Case

Pixels = NDArray[numpy.uint8]


@cache
def figure(seed: int) -> Pixels:
    random = Random(seed)
    return render(attributes.sample(random, framing="bust"), random.getrandbits(32), 0.75)


def release(path: Path, pixels: Pixels, account: str = "local") -> Path:
    height, width = pixels.shape[:2]
    picture = Picture(pixels, recipe(width=width, height=height))
    return assemble.gate().release(picture, Destination(path, account))


def admit(folder: Path, data: bytes, account: str = "local") -> Admission:
    path = folder / "arrival"
    path.write_bytes(data)
    return assemble.gate().admit(Source(path, account))


def png(pixels: Pixels) -> bytes:
    memory = io.BytesIO()
    Image.fromarray(pixels).save(memory, "PNG")
    return memory.getvalue()


def jpeg(pixels: Pixels, quality: int = 60) -> bytes:
    """A near copy: smaller, grey and lossy."""
    memory = io.BytesIO()
    image = Image.fromarray(pixels)
    image.resize((image.width * 3 // 4, image.height * 3 // 4)).convert("L").save(
        memory, "JPEG", quality=quality
    )
    return memory.getvalue()


def known(data: bytes) -> Digests:
    return digests_of_bytes(data)


def report(*pictures: bytes, claim: str = "my work", **more: Any) -> Case:
    return assemble.takedown().report(claim, [known(one) for one in pictures], **more)


def decide(case: Case, outcome: str, moderator: str = "local") -> Case:
    reason = "work" if outcome == "upheld" else "unproven"
    desk = assemble.takedown()
    return desk.decide(desk.docket.find(case.name), outcome, reason, "because", moderator)


def appeal(case: Case, by: str = "account") -> Case:
    desk = assemble.takedown()
    return desk.appeal(desk.docket.find(case.name), by, "look again")
