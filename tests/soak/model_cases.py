"""What the soak does with models: downloads from a server that has its moods, headers that lie."""

from __future__ import annotations

import json
import sys
from hashlib import sha256
from math import prod
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from cases import Case, check
from tests.formats.checkpoints.tables import checkpoint_file, table
from tests.models.servers import Answer, breaks_off, serving, status

from rakkan.errors import RakkanError
from rakkan.formats.checkpoints import files
from rakkan.formats.checkpoints.architecture import SD1, SD2, SDXL
from rakkan.formats.checkpoints.checks import check as check_checkpoint
from rakkan.formats.checkpoints.kinds import nature
from rakkan.models.download import MOST_TRIES, fetch


def _a_download_comes_whole_or_is_refused(random: Random, folder: Path) -> None:
    data = checkpoint_file(random.choice([SD1, SD2, SDXL]), x=str(random.random()))

    def garbled(answer: Answer) -> bool:
        """Some bytes of the range are others: of the right length, and nothing tells but the hash."""
        place = random.randrange(len(data))
        answer.give(data[:place] + random.randbytes(1) + data[place + 1 :])
        return True

    digest = sha256(data).hexdigest()
    with serving(m__safetensors=data) as host:
        host.etags = random.random() < 0.7
        moods = [status(503), status(429), breaks_off(0), garbled]
        moods += [breaks_off(random.randrange(len(data))) for _ in range(4)]
        for _ in range(random.randrange(1, 4)):
            host.tricks["/m.safetensors"] = [random.choice(moods) for _ in range(random.randrange(8))]
            try:
                path = fetch(f"{host.address}/m.safetensors", folder, digest, pause=lambda seconds: None)
            except RakkanError as error:
                check("\n" not in str(error), "an error of two lines")
                continue
            check(path.read_bytes() == data, "what came is not what was asked for")
        check(len(host.asked) <= 4 * MOST_TRIES, "it never gives up")
        host.tricks.clear()
        path = fetch(f"{host.address}/m.safetensors", folder / "anew", pause=lambda seconds: None)
        check(path.read_bytes() == data, "a sound server was not understood")


def _a_lying_header_ends_in_one_line(random: Random, folder: Path) -> None:
    made = table(random.choice([SD1, SD2, SDXL]), True, random.choice(["ldm", "diffusers"]))
    header, place = {}, 0
    for name, one in made.entries.items():
        end = place + prod(one.shape) * 2
        header[name] = {"dtype": "F16", "shape": list(one.shape), "data_offsets": [place, end]}
        place = end
    for _ in range(random.randrange(1, 4)):
        entry = header[random.choice(list(header))]
        entry[random.choice(list(entry))] = random.choice(  # type: ignore[assignment]
            ["F32", [0], [], [2, 2], [0, 2**60], None, "F16", [-1, 4], [1.5], "x" * 99, {}, [[]]]
        )
    text = json.dumps(header).encode()
    if random.random() < 0.3:
        cut = random.randrange(len(text))
        text = text[:cut] + random.randbytes(3) + text[cut + 3 :]
    path = folder / "m.safetensors"
    path.write_bytes(len(text).to_bytes(8, "little") + text + bytes(random.choice([place, place - 1, 0])))
    try:
        with files.opened(path) as tensors:
            found = nature(tensors)
            if found.architecture is not None:
                check_checkpoint(tensors, found.architecture)
    except RakkanError as error:
        check(str(error).isprintable() and len(str(error)) < 1500, f"not one line: {error}")


CASES = (
    Case("a_download_comes_whole_or_is_refused", 1, _a_download_comes_whole_or_is_refused),
    Case("a_lying_header_ends_in_one_line", 1, _a_lying_header_ends_in_one_line),
)
