"""Checkpoints with random weights, in exactly the names and shapes of real ones.

``make`` writes one; ``architecture`` of ``architectures.py`` says what it is. Their pictures are noise.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.checkpoints.architectures import architecture
from tests.checkpoints.weights import Stored, constant, numbers, write

from rakkan.formats.checkpoints.architecture import SD1, SD2, SDXL, Architecture
from rakkan.studio.clip import tokenizer
from rakkan.studio.engines.torch import layouts, networks


@dataclass(frozen=True)
class Made:
    """A checkpoint: the file or folder, and what it is."""

    path: Path
    architecture: Architecture


def make(
    family: str,
    folder: Path,
    *,
    width: str = "small",
    layout: str = "ldm",
    seed: int = 0,
    dtype: str = "F32",
    prediction: str = "epsilon",
    zero_terminal_snr: bool = False,
    without: str = "",
    ema: bool = False,
) -> Made:
    """Write a checkpoint into ``folder``: ``model.safetensors``, or the folder itself for diffusers' layout.

    ``width`` is ``small`` or ``full``, ``dtype`` one of F16, BF16, F32. ``without`` leaves out one of
    ``unet``, ``vae`` and ``text``; ``ema`` adds the averaged copies that training leaves in a file (a few of
    them)."""
    made = architecture(
        family, width=width, layout=layout, prediction=prediction, zero_terminal_snr=zero_terminal_snr
    )
    parts = {name: one for name, one in _parts(made).items() if not name.startswith(without or "-")}
    if layout == "diffusers":
        _write_folder(folder, made, parts, seed, dtype)
        return Made(folder, made)
    stored: dict[str, Stored] = {}
    for network, find in parts.values():
        stored |= _stored(network, find, seed)
    stored |= dict(_leftovers(made, without))
    if ema:
        names = [name for name in stored if name.startswith(layouts.UNET_PREFIX)][:120]
        stored |= {
            "model_ema." + name.removeprefix("model.").replace(".", ""): stored[name] for name in names
        }
    metadata = {"modelspec.architecture": family, "modelspec.prediction_type": prediction}
    path = folder / "model.safetensors"
    write(path, stored.items(), dtype, metadata)
    return Made(path, made)


def make_of(made: Architecture, path: Path, *, seed: int = 0) -> Path:
    """Write a checkpoint of any architecture in the first authors' layout, without what training leaves."""
    stored: dict[str, Stored] = {}
    for network, find in _parts(made).values():
        stored |= _stored(network, find, seed)
    write(path, stored.items())
    return path


def make_vae(folder: Path, *, seed: int = 1, prefix: str = "", diffusers: bool = False) -> Path:
    """Write a small VAE of its own: in the first authors' names after ``prefix``, or in diffusers'."""
    made = architecture(SD1)
    assert made.vae is not None
    find = layouts.prefixed_vae_source(made.vae, prefix)
    if diffusers:
        find = lambda name: layouts.Source((name,))  # noqa: E731
    path = folder / "vae.safetensors"
    write(path, _stored(networks.vae_of(made, made.vae), find, seed).items())
    return path


def _parts(made: Architecture) -> dict[str, tuple[Any, layouts.Finder]]:
    assert made.unet is not None and made.vae is not None
    parts = {
        "unet": (networks.unet_of(made, made.unet), layouts.unet_source(made)),
        "vae": (networks.vae_of(made, made.vae), layouts.vae_source(made)),
    }
    for index, text in enumerate(made.text):
        name = "text_encoder" if index == 0 else f"text_encoder_{index + 1}"
        parts[name] = (networks.text_encoder_of(text), layouts.text_source(made, index))
    return parts


def _stored(network: Any, find: layouts.Finder, seed: int) -> dict[str, Stored]:
    """What a file holds of a network."""
    found: dict[str, list[tuple[str, tuple[int, ...], layouts.Source]]] = {}
    for name, one in network.state_dict().items():
        name = name.removeprefix("text_model.")
        source = find(name)
        found.setdefault(source.names[0], []).append((name, tuple(one.shape), source))
    return {place: _tensor(place, pieces, seed, type(network).__name__) for place, pieces in found.items()}


def _tensor(
    place: str, pieces: list[tuple[str, tuple[int, ...], layouts.Source]], seed: int, kind: str
) -> Stored:
    import numpy

    pieces = sorted(pieces, key=lambda piece: piece[2].third)
    shape = pieces[0][1]
    # encoders of one file differ though their parameters' names do not
    of = f"{kind}/"

    def combined() -> Any:
        values = [numbers(seed, of + name, one) for name, one, _ in pieces]
        whole = numpy.concatenate(values) if len(values) > 1 else values[0]
        return whole.reshape(stored.shape) if not pieces[0][2].transposed else whole.T

    full = (shape[0] * len(pieces), *shape[1:])
    is_pixelwise = "mid.attn_1" in place and len(shape) == 2
    stored = Stored(
        (*full, 1, 1) if is_pixelwise else full[::-1] if pieces[0][2].transposed else full, combined
    )
    return stored


def _leftovers(made: Architecture, without: str) -> Iterator[tuple[str, Stored]]:
    """What real files hold besides, and nothing reads."""
    import numpy

    betas = numpy.linspace(0.00085**0.5, 0.012**0.5, 1000) ** 2
    if made.family != SDXL:
        yield "betas", constant(betas)
        yield "alphas_cumprod", constant(numpy.cumprod(1 - betas))
    if without != "text":
        positions = constant([list(range(77))])
        scale = constant(4.6052)
        if made.family == SD1:
            yield "cond_stage_model.transformer.text_model.embeddings.position_ids", positions
        if made.family == SD2:
            yield "cond_stage_model.model.logit_scale", scale
            width = made.text[0].width
            yield "cond_stage_model.model.text_projection", constant(numpy.eye(width))
        if made.family == SDXL:
            yield "conditioner.embedders.0.transformer.text_model.embeddings.position_ids", positions
            yield "conditioner.embedders.1.model.logit_scale", scale
    if made.family == SDXL and made.prediction == "v":
        yield "v_pred", constant(numpy.zeros(0))
    if made.family == SDXL and made.zero_terminal_snr:
        yield "ztsnr", constant(numpy.zeros(0))


def _write_folder(
    folder: Path, made: Architecture, parts: dict[str, tuple[Any, layouts.Finder]], seed: int, dtype: str
) -> None:
    for part, (network, find) in parts.items():
        file = "model.safetensors" if part.startswith("text") else "diffusion_pytorch_model.safetensors"
        stored = _stored(network, find, seed)
        inside = {name.removeprefix(f"{part}/"): one for name, one in stored.items()}
        write(folder / part / file, inside.items(), dtype, {"format": "pt"})
        if part.startswith("text"):
            (folder / part / "config.json").write_text(network.config.to_json_string())
        else:
            options = {key: value for key, value in network.config.items() if not key.startswith("_")}
            named = {"_class_name": type(network).__name__, "_diffusers_version": "0.21.0", **options}
            (folder / part / "config.json").write_text(json.dumps(named, indent=2))
    _write_json(folder / "scheduler" / "scheduler_config.json", _scheduler(made))
    names = [name for name in parts if name.startswith("text")]
    for index, _ in enumerate(names):
        _write_tokenizer(folder / ("tokenizer" if index == 0 else f"tokenizer_{index + 1}"), made, index)
    _write_json(folder / "model_index.json", _index(made, parts))


def _write_json(path: Path, value: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=2))


def _scheduler(made: Architecture) -> dict[str, Any]:
    return {
        "_class_name": "EulerDiscreteScheduler",
        "_diffusers_version": "0.21.0",
        "beta_start": 0.00085,
        "beta_end": 0.012,
        "beta_schedule": "scaled_linear",
        "num_train_timesteps": 1000,
        "prediction_type": {"v": "v_prediction"}.get(made.prediction, made.prediction),
        "rescale_betas_zero_snr": made.zero_terminal_snr,
        "timestep_spacing": "trailing" if made.zero_terminal_snr else "leading",
        "steps_offset": 1,
    }


def _write_tokenizer(folder: Path, made: Architecture, index: int) -> None:
    ranks, ids = tokenizer._vocabulary()
    marks = {"<|startoftext|>": tokenizer.START, "<|endoftext|>": tokenizer.END}
    _write_json(folder / "vocab.json", {**ids, **marks})
    (folder / "merges.txt").write_text("#version: 0.2\n" + "\n".join(" ".join(one) for one in ranks))
    fills = "!" if made.family == SD2 or index == 1 else "<|endoftext|>"
    special = {"bos_token": "<|startoftext|>", "eos_token": "<|endoftext|>", "unk_token": "<|endoftext|>"}
    _write_json(
        folder / "tokenizer_config.json",
        {"tokenizer_class": "CLIPTokenizer", "model_max_length": 77, "pad_token": fills, **special},
    )


def _index(made: Architecture, parts: dict[str, Any]) -> dict[str, Any]:
    is_large = made.family == SDXL
    index: dict[str, Any] = {
        "_class_name": "StableDiffusionXLPipeline" if is_large else "StableDiffusionPipeline",
        "_diffusers_version": "0.21.0",
        "scheduler": ["diffusers", "EulerDiscreteScheduler"],
        "tokenizer": ["transformers", "CLIPTokenizer"],
    }
    for part, (network, _) in parts.items():
        index[part] = [type(network).__module__.split(".")[0], type(network).__name__]
    if is_large:
        return index | {
            "tokenizer_2": ["transformers", "CLIPTokenizer"],
            "force_zeros_for_empty_prompt": True,
        }
    absent = {"safety_checker": [None, None], "feature_extractor": [None, None]}
    return index | absent | {"requires_safety_checker": False}
