"""What the soak does around the gate: commands stopped at any moment, and the search for pictures itself."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from random import Random

import numpy

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from cases import Case, check
from tests.around.places import Places, stopped
from tests.around.scanner import holds_trace, pictures_in, traces

from rakkan.formats import encode, png


def _what_is_stopped_leaves_no_bare_picture(random: Random, folder: Path) -> None:
    how = random.choice([signal.SIGINT, signal.SIGKILL])
    found = stopped(Places(folder), how, random.uniform(0, 1.5))
    check(not found, f"left after {how.name}: {found}")


def _pictures_are_found_wherever_they_hide(random: Random, folder: Path) -> None:
    pixels = numpy.frombuffer(random.randbytes(3 * 32 * 48), numpy.uint8).reshape(32, 48, 3)
    data = random.choice([png.encode, encode.jpeg, encode.webp_file])(pixels, {})
    before, after = (random.randbytes(random.randrange(5000)) for _ in range(2))
    check(pictures_in(before + data + after) != [], "a picture in the middle of a file was overlooked")
    check(holds_trace(before + pixels.tobytes() + after, traces(pixels)), "bare pixels were overlooked")
    check(pictures_in(before + after) == [], "noise was taken for a picture")


CASES = (
    Case("what_is_stopped_leaves_no_bare_picture", 2, _what_is_stopped_leaves_no_bare_picture),
    Case("pictures_are_found_wherever_they_hide", 1, _pictures_are_found_wherever_they_hide),
)
