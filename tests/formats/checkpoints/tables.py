"""Names and shapes of checkpoints as they are shared, and small files of them; no numbers worth drawing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import prod
from pathlib import Path

from rakkan.formats.checkpoints import layout
from rakkan.formats.checkpoints.architecture import (
    SD1,
    SD2,
    SDXL,
    Architecture,
    TextShape,
    UNetShape,
    VaeShape,
)
from rakkan.formats.checkpoints.tensors import Entry

CLIP_L = TextShape(768, 12, 12, 3072, 49408, 77, "quick_gelu")
CLIP_H = TextShape(1024, 24, 16, 4096, 49408, 77, "gelu", 0, 2, True)
CLIP_G = TextShape(1280, 32, 20, 5120, 49408, 77, "gelu", 1280, 2, True)
UNETS = {
    SD1: UNetShape(4, 4, (320, 640, 1280, 1280), 2, (1, 1, 1, 0), (8, 8, 8, 8), 768, False),
    SD2: UNetShape(4, 4, (320, 640, 1280, 1280), 2, (1, 1, 1, 0), (5, 10, 20, 20), 1024, True),
    SDXL: UNetShape(4, 4, (320, 640, 1280), 2, (0, 2, 10), (5, 10, 20), 2048, True, 2816),
}
TEXTS = {SD1: (CLIP_L,), SD2: (CLIP_H,), SDXL: (replace(CLIP_L, last_layer=2), CLIP_G)}

#: The same layouts, a few channels wide: a file of one has some hundred KiB.
SMALL_UNETS = {
    SD1: UNetShape(4, 4, (8, 16), 1, (1, 0), (8, 8), 16, False),
    SD2: UNetShape(4, 4, (8, 16), 1, (1, 0), (1, 1), 24, True),
    SDXL: UNetShape(4, 4, (8, 16), 1, (0, 2), (1, 1), 40, True, 72),
}
SMALL_L = TextShape(16, 2, 1, 32, 64, 77, "quick_gelu")
SMALL_H = TextShape(24, 3, 1, 48, 64, 77, "gelu", 0, 2, True)
SMALL_G = TextShape(24, 3, 1, 48, 64, 77, "gelu", 24, 2, True)
SMALL_TEXTS = {SD1: (SMALL_L,), SD2: (SMALL_H,), SDXL: (replace(SMALL_L, last_layer=2), SMALL_G)}


def architecture(family: str, small: bool = False, kind: str = "ldm") -> Architecture:
    """What ``detect`` is to find in a file of the family."""
    v = family == SD2
    channels = (8, 16) if small else (128, 256, 512, 512)
    text = (SMALL_TEXTS if small else TEXTS)[family]
    if kind == "diffusers":
        text = tuple(
            replace(
                one,
                is_open_clip=False,
                layers=one.layers - (family == SD2),
                last_layer=2 if family == SDXL else 1,
            )
            for one in text
        )
    return Architecture(
        family=family,
        layout=kind,
        prediction="v" if v else "epsilon",
        zero_terminal_snr=False,
        resolution=1024 if family == SDXL else 768 if v else 512,
        unet=(SMALL_UNETS if small else UNETS)[family],
        vae=VaeShape(channels, 1 if small else 2, 4, 0.13025 if family == SDXL else 0.18215),
        text=text,
    )


@dataclass(frozen=True)
class Table:
    """Tensors without numbers: all are zero."""

    entries: Mapping[str, Entry]
    metadata: Mapping[str, str] = field(default_factory=dict)

    def read(self, name: str) -> bytes:
        return bytes(prod(self.entries[name].shape) * 2)


def table(family: str, small: bool = False, kind: str = "ldm", **metadata: str) -> Table:
    """The tensors of a checkpoint, in half precision."""
    shapes = layout.expected(architecture(family, small, kind))
    return Table({name: Entry("F16", shape) for name, shape in shapes.items()}, metadata)


def without(given: Table, *prefixes: str) -> Table:
    kept = {name: one for name, one in given.entries.items() if not name.startswith(prefixes)}
    return Table(kept, given.metadata)


def joined(*given: Table) -> Table:
    entries = {name: one for table in given for name, one in table.entries.items()}
    return Table(entries, given[0].metadata)


def file_of(entries: Mapping[str, Entry], metadata: Mapping[str, str] | None = None, value: int = 0) -> bytes:
    """A sound safetensors file of these tensors, in half precision, each byte ``value``."""
    header: dict[str, object] = {"__metadata__": dict(metadata)} if metadata else {}
    place = 0
    for name, one in entries.items():
        end = place + prod(one.shape) * 2
        header[name] = {"dtype": "F16", "shape": list(one.shape), "data_offsets": [place, end]}
        place = end
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + bytes([value]) * place


def checkpoint_file(family: str, **metadata: str) -> bytes:
    """A small checkpoint as one file."""
    return file_of(table(family, small=True).entries, metadata)


def write_folder(path: Path, family: str, prediction: str = "epsilon", **settings: object) -> Path:
    """A small checkpoint as a diffusers folder."""
    parts: dict[str, dict[str, Entry]] = {}
    for name, one in table(family, small=True, kind="diffusers").entries.items():
        part, _, own = name.partition("/")
        parts.setdefault(part, {})[own] = one
    path.mkdir(parents=True)
    (path / "model_index.json").write_text('{"_class_name": "StableDiffusionPipeline"}')
    for part, entries in parts.items():
        (path / part).mkdir()
        weights = "model" if part.startswith("text") else "diffusion_pytorch_model"
        (path / part / f"{weights}.safetensors").write_bytes(file_of(entries))
    (path / "unet" / "config.json").write_text(
        json.dumps({"attention_head_dim": 8 if family == SD1 else [1, 1]})
    )
    (path / "scheduler").mkdir()
    scheduler = {"prediction_type": prediction, **settings}
    (path / "scheduler" / "scheduler_config.json").write_text(json.dumps(scheduler))
    return path
