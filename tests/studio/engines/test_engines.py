"""Engines: the same picture alone and in a batch, equal to torch, and clear about what is wrong."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from rakkan.errors import RakkanError
from rakkan.studio.engines.device import has_bf16
from rakkan.studio.engines.engine import REFERENCE_SIDE, Engine, Reference
from rakkan.studio.engines.fake_engine import FakeEngine
from rakkan.studio.engines.noise import gaussian
from rakkan.studio.engines.openvino_engine import OpenVinoEngine
from rakkan.studio.starter.checkpoints import Checkpoint, half, load_checkpoint, save_checkpoint
from rakkan.studio.starter.vocabulary import UNSPECIFIED, encode

torch = pytest.importorskip("torch")
networks = pytest.importorskip("rakkan.studio.starter.networks")
autoencoders = pytest.importorskip("rakkan.studio.starter.autoencoder")

SILVER = encode({"hair_colour": "silver", "eye_colour": "red"})
PINK = encode({"hair_colour": "pink", "outfit": "kimono"})
SIZE: dict[str, Any] = {"width": 64, "height": 128}


@pytest.fixture(scope="module")
def modules() -> dict[str, Any]:
    """The three networks with random weights that fp16 holds exactly."""
    torch.manual_seed(5)
    sizes = networks.sizes_of("f16c32")
    made = {
        "autoencoder": autoencoders.Autoencoder(sizes),
        "text": networks.TextEncoder(sizes),
        "unet": networks.UNet(sizes),
    }
    with torch.no_grad():
        for module in made.values():
            for weight in module.parameters():
                if not weight.any():
                    weight.copy_(0.02 * torch.randn_like(weight))
                weight.copy_(weight.half().float())
            module.eval()
    return made


@pytest.fixture(scope="module")
def checkpoint(modules: dict[str, Any]) -> Checkpoint:
    tensors: dict[str, npt.NDArray[Any]] = {}
    for part, module in modules.items():
        tensors.update(half(module.state_dict(), part))
    return Checkpoint("f16c32", asdict(networks.sizes_of("f16c32")), tensors)


@pytest.fixture(scope="module")
def folder(checkpoint: Checkpoint, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("weights")
    save_checkpoint(checkpoint, place)
    return place


@pytest.fixture(scope="module")
def engine(folder: Path) -> OpenVinoEngine:
    return OpenVinoEngine(folder)


@pytest.fixture(params=["fake", "openvino"])
def any_engine(request: pytest.FixtureRequest, engine: OpenVinoEngine) -> Engine:
    return FakeEngine() if request.param == "fake" else engine


def test_alone_and_in_a_batch(any_engine: Engine, folder: Path) -> None:
    """Neither what is drawn before nor a fresh engine changes a pixel."""

    def draw(which: Engine, seed: int) -> npt.NDArray[np.uint8]:
        return which.sample(SILVER, seed=seed, steps=2, **SIZE)

    batch = [draw(any_engine, seed) for seed in (11, 12, 13)]
    fresh: Engine = FakeEngine() if any_engine.name == "fake" else OpenVinoEngine(folder)
    assert np.array_equal(draw(fresh, 13), batch[2])
    assert np.array_equal(draw(any_engine, 11), batch[0])
    assert not np.array_equal(batch[0], batch[1])
    assert batch[0].shape == (128, 64, 3)
    assert batch[0].dtype == np.uint8


def test_arguments_matter(any_engine: Engine) -> None:
    base: dict[str, Any] = {**SIZE, "seed": 3, "steps": 2}
    plain = any_engine.sample(SILVER, **base)
    assert np.array_equal(plain, any_engine.sample(SILVER, PINK, **base))
    guided = any_engine.sample(SILVER, guidance=3.0, **base)
    negative = any_engine.sample(SILVER, PINK, guidance=3.0, **base)
    others = [
        any_engine.sample(PINK, **base),
        any_engine.sample(SILVER, **{**base, "steps": 3}),
        guided,
        negative,
    ]
    assert all(not np.array_equal(plain, other) for other in others)
    assert not np.array_equal(guided, negative)


def test_progress(any_engine: Engine) -> None:
    told: list[tuple[int, int]] = []
    any_engine.sample(SILVER, seed=1, steps=3, progress=lambda *counts: told.append(counts), **SIZE)
    assert told == [(1, 3), (2, 3), (3, 3)]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"steps": 0}, "0 steps"),
        ({"steps": -4}, "-4 steps"),
        ({"steps": 10**6}, "steps"),
        ({"seed": -1}, "seed"),
        ({"guidance": float("nan")}, "guidance"),
        ({"guidance": -1.0}, "guidance"),
        ({"width": 0}, "0x128"),
        ({"sampler": "oiler"}, "euler"),
    ],
)
def test_out_of_range(any_engine: Engine, change: dict[str, Any], words: str) -> None:
    with pytest.raises(RakkanError, match=words):
        any_engine.sample(SILVER, **{**SIZE, "seed": 1, "steps": 1, **change})


def test_foreign_tokens(any_engine: Engine) -> None:
    for tokens in (SILVER[:3], SILVER + np.int32(1000)):
        with pytest.raises(RakkanError, match="token"):
            any_engine.sample(tokens, seed=1, steps=1, **SIZE)


SHOWN = np.random.default_rng(8).integers(0, 256, (REFERENCE_SIDE, REFERENCE_SIDE, 3), dtype=np.uint8)


def test_a_reference_its_role_and_its_strength_matter(any_engine: Engine) -> None:
    base: dict[str, Any] = {**SIZE, "seed": 3, "steps": 1}
    drawn = [
        any_engine.sample(SILVER, **base),
        any_engine.sample(SILVER, **base, reference=Reference(SHOWN)),
        any_engine.sample(SILVER, **base, reference=Reference(SHOWN, "palette")),
        any_engine.sample(SILVER, **base, reference=Reference(SHOWN, strength=0.3)),
        any_engine.sample(SILVER, **base, reference=Reference(255 - SHOWN)),
    ]
    for number, one in enumerate(drawn):
        assert all(not np.array_equal(one, other) for other in drawn[:number])
    assert np.array_equal(drawn[1], any_engine.sample(SILVER, **base, reference=Reference(SHOWN)))


@pytest.mark.parametrize(
    ("reference", "words"),
    [
        (Reference(SHOWN, "mood"), "'mood'.*identity"),
        (Reference(SHOWN, strength=0), "strength 0"),
        (Reference(SHOWN, strength=float("nan")), "strength nan"),
        (Reference(SHOWN, strength=2.5), "strength 2.5"),
        (Reference(SHOWN[:64]), "64, 256, 3"),
        (Reference(SHOWN.astype(np.float32)), "cannot be read"),  # type: ignore[arg-type]
    ],
)
def test_references_out_of_range(any_engine: Engine, reference: Reference, words: str) -> None:
    with pytest.raises(RakkanError) as caught:
        any_engine.sample(SILVER, **SIZE, seed=1, steps=1, reference=reference)
    assert re.search(words, f"{caught.value.message} {caught.value.hint}")


@pytest.mark.parametrize(("guidance", "shown"), [(1.0, False), (2.5, False), (2.5, True)])
def test_equals_torch(modules: dict[str, Any], folder: Path, guidance: float, shown: bool) -> None:
    """The whole way from token ids to pixels, in single precision."""
    from rakkan.studio.starter.sampling import draw_latents

    memory = []
    if shown:
        unspecified = torch.from_numpy(UNSPECIFIED[None].astype(np.int64))
        planes = torch.from_numpy(SHOWN).permute(2, 0, 1)[None].float() / 127.5 - 1
        with torch.no_grad():
            seen = modules["autoencoder"].normalise(modules["autoencoder"].encode(planes)[0])
            memory = modules["unet"].remember(seen, torch.tensor([1]), *modules["text"](unspecified))
    reference = Reference(SHOWN, "style") if shown else None
    latents = draw_latents(
        modules["unet"],
        modules["text"],
        torch.from_numpy(SILVER[None].astype(np.int64)),
        torch.from_numpy(UNSPECIFIED[None].astype(np.int64)),
        torch.from_numpy(gaussian(9, (1, 32, 8, 4))),
        3,
        guidance,
        False,
        memory,
    )
    autoencoder = modules["autoencoder"]
    with torch.no_grad():
        decoded = autoencoder.decode(autoencoder.denormalise(latents))
    expected = (decoded[0].permute(1, 2, 0) * 127.5 + 127.5).round().clamp(0, 255).numpy()
    exact = OpenVinoEngine(folder, precision="f32")
    asked: dict[str, Any] = {"seed": 9, "steps": 3, "guidance": guidance, "reference": reference, **SIZE}
    found = exact.sample(SILVER, **asked)
    assert np.abs(found.astype(int) - expected).max() <= 1
    default = OpenVinoEngine(folder).sample(SILVER, **asked)
    assert np.abs(default.astype(int) - expected).mean() <= 2


def test_distilled_model_is_told_its_steps(
    checkpoint: Checkpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Up to eight steps it hears their size; beyond, its baked-in guidance is applied explicitly."""
    save_checkpoint(replace(checkpoint, distilled=True, guidance=2.0), tmp_path)
    few = OpenVinoEngine(tmp_path, precision="f32")
    asked: list[float] = []
    inner = few._velocity

    def spying(latents: Any, time: float, step: float, *rest: Any) -> Any:
        asked.append(step)
        return inner(latents, time, step, *rest)

    monkeypatch.setattr(few, "_velocity", spying)
    few.sample(SILVER, seed=1, steps=4, **SIZE)
    assert asked == pytest.approx([0.25] * 4)
    asked.clear()
    few.sample(SILVER, seed=1, steps=9, **SIZE)
    assert asked == [0.0] * 18


def test_encoding_a_picture(engine: OpenVinoEngine) -> None:
    picture = np.full((128, 64, 3), 90, np.uint8)
    assert engine.encode_picture(picture).shape == (1, 32, 8, 4)
    with pytest.raises(RakkanError):
        engine.encode_picture(picture[:100])
    with pytest.raises(RakkanError):
        engine.encode_picture(picture.astype(np.float32))


class TestWeights:
    def test_corrupted_file_is_named(self, checkpoint: Checkpoint, tmp_path: Path) -> None:
        save_checkpoint(checkpoint, tmp_path)
        name = sorted(json.loads((tmp_path / "manifest.json").read_text())["files"])[-1]
        content = bytearray((tmp_path / name).read_bytes())
        content[-1] ^= 1
        (tmp_path / name).write_bytes(content)
        with pytest.raises(RakkanError, match=f"{name} are corrupted"):
            OpenVinoEngine(tmp_path)
        (tmp_path / name).unlink()
        with pytest.raises(RakkanError, match=f"{name} are missing"):
            OpenVinoEngine(tmp_path)

    def test_no_folder(self, tmp_path: Path) -> None:
        with pytest.raises(RakkanError, match="no weights"):
            OpenVinoEngine(tmp_path / "nowhere")

    @pytest.mark.parametrize(
        "text", ["", "[]", "{}", '{"files": {}}', '{"files": {"../x": {"sha256": "0"}}}']
    )
    def test_malformed_manifest(self, tmp_path: Path, text: str) -> None:
        (tmp_path / "manifest.json").write_text(text)
        with pytest.raises(RakkanError, match=r"manifest"):
            OpenVinoEngine(tmp_path)

    def test_half_trained(self, checkpoint: Checkpoint, tmp_path: Path) -> None:
        kept = {name: tensor for name, tensor in checkpoint.tensors.items() if not name.startswith("unet.")}
        save_checkpoint(replace(checkpoint, tensors=kept), tmp_path)
        with pytest.raises(RakkanError, match="lack unet"):
            OpenVinoEngine(tmp_path)

    def test_digest_names_the_weights(self, checkpoint: Checkpoint, folder: Path, tmp_path: Path) -> None:
        assert len(OpenVinoEngine(folder).model_digest) == 64
        save_checkpoint(load_checkpoint(folder), tmp_path / "copy")
        assert OpenVinoEngine(tmp_path / "copy").model_digest == OpenVinoEngine(folder).model_digest
        first = next(iter(checkpoint.tensors))
        changed = {**checkpoint.tensors, first: checkpoint.tensors[first] + np.float16(1)}
        save_checkpoint(replace(checkpoint, tensors=changed), tmp_path / "other")
        assert OpenVinoEngine(tmp_path / "other").model_digest != OpenVinoEngine(folder).model_digest


def test_precision_follows_the_processor(engine: OpenVinoEngine) -> None:
    assert engine.precision == ("bf16" if has_bf16() else "f32")
    assert engine.versions()["openvino"]


def test_no_torch(folder: Path) -> None:
    """Drawing imports no torch."""
    code = (
        "import sys; from pathlib import Path\n"
        "from rakkan.studio.engines.openvino_engine import OpenVinoEngine\n"
        "from rakkan.studio.starter.vocabulary import UNSPECIFIED\n"
        "from rakkan.studio.upscaling import enlarge\n"
        "engine = OpenVinoEngine(Path(sys.argv[1]))\n"
        "enlarge(engine.sample(UNSPECIFIED, width=64, height=64, seed=1, steps=1))\n"
        "assert not any(name.split('.')[0] == 'torch' for name in sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code, str(folder)], check=True, timeout=120)
