"""The OpenVINO graphs against the torch modules they mirror, with random weights."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from rakkan.errors import RakkanError
from rakkan.studio.engines import starter_graph
from rakkan.studio.engines.device import compile_model, has_bf16
from rakkan.studio.starter.vocabulary import SLOTS, encode

torch = pytest.importorskip("torch")
networks = pytest.importorskip("rakkan.studio.starter.networks")
autoencoders = pytest.importorskip("rakkan.studio.starter.autoencoder")

Array = npt.NDArray[Any]
PRECISIONS = [
    pytest.param("f32", 1e-4, id="f32"),
    pytest.param("bf16", 0.06, id="bf16", marks=pytest.mark.skipif(not has_bf16(), reason="no bf16 here")),
]
IDS = encode({"hair_colour": "silver", "eye_colour": "red", "outfit": "hoodie"})[None]


def randomised(module: Any, seed: int) -> Any:
    """The module with every weight random, those that start at zero too, but tame enough to stay finite."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, weight in module.named_parameters():
            fan = weight[0].numel() if weight.ndim > 1 else 1
            noise = torch.randn(weight.shape, generator=generator)
            if name.startswith(("rows", "columns", "table")):
                weight.copy_(0.2 * noise)
            elif weight.ndim == 1:
                weight.copy_(0.1 * noise + (1.0 if "norm" in name and name.endswith("weight") else 0.0))
            else:
                weight.copy_(0.7 * noise / fan**0.5)
    return module.eval()


def arrays(module: Any) -> dict[str, Array]:
    return {name: tensor.numpy() for name, tensor in module.state_dict().items()}


def run(model: Any, precision: Any, *inputs: Array) -> list[Array]:
    results = compile_model(model, precision)(list(inputs))
    return [np.array(results[index]) for index in range(len(results))]


def relative(found: Array, expected: Array) -> float:
    """Largest difference, in units of the expected values' spread."""
    return float(np.abs(found - expected).max() / expected.std())


def mean_relative(found: Array, expected: Array) -> float:
    return float(np.abs(found - expected).mean() / expected.std())


@pytest.fixture
def sizes(request: pytest.FixtureRequest) -> Any:
    return networks.sizes_of(request.param)


#: The latents that ship at the larger native size, and both kinds of latents at the smallest.
CASES = pytest.mark.parametrize(
    ("sizes", "width", "height"),
    [("f16c32", 256, 384), ("f16c32", 64, 128), ("f8c16", 64, 128)],
    indirect=["sizes"],
)


@pytest.mark.parametrize("sizes", ["f16c32"], indirect=True)
@pytest.mark.parametrize(("precision", "tolerance"), PRECISIONS)
def test_text_encoder(sizes: Any, precision: str, tolerance: float) -> None:
    module = randomised(networks.TextEncoder(sizes), 1)
    with torch.no_grad():
        expected = [item.numpy() for item in module(torch.from_numpy(IDS.astype(np.int64)))]
    found = run(starter_graph.text_model(arrays(module), asdict(sizes), len(SLOTS)), precision, IDS)
    for ours, theirs in zip(found, expected, strict=True):
        assert mean_relative(ours, theirs) <= tolerance
        if precision == "f32":
            assert relative(ours, theirs) <= tolerance


@CASES
@pytest.mark.parametrize(("precision", "tolerance"), PRECISIONS)
def test_unet(sizes: Any, precision: str, tolerance: float, width: int, height: int) -> None:
    module = randomised(networks.UNet(sizes), 2)
    random = np.random.default_rng(3)
    shape = starter_graph.latent_shape(asdict(sizes), width, height)
    latents = random.standard_normal(shape, dtype=np.float32)
    tokens = random.standard_normal((1, len(SLOTS), 256), dtype=np.float32)
    pooled = random.standard_normal((1, 256), dtype=np.float32)
    with torch.no_grad():
        torches = [torch.from_numpy(item) for item in (latents, tokens, pooled)]
        expected = module(
            torches[0], torch.tensor([0.7]), torch.tensor([0.25]), torches[1], torches[2]
        ).numpy()
    model = starter_graph.unet_model(arrays(module), asdict(sizes), len(SLOTS), width, height)
    inputs = (latents, starter_graph.sinusoid(0.7), starter_graph.sinusoid(0.25), tokens, pooled)
    (found,) = run(model, precision, *inputs)
    assert mean_relative(found, expected) <= tolerance
    if precision == "f32":
        assert relative(found, expected) <= tolerance


@CASES
@pytest.mark.parametrize(("precision", "tolerance"), PRECISIONS)
def test_autoencoder(sizes: Any, precision: str, tolerance: float, width: int, height: int) -> None:
    module = randomised(autoencoders.Autoencoder(sizes), 4)
    module.latent_mean.copy_(torch.linspace(-1, 1, sizes.latent_channels))
    module.latent_std.copy_(torch.linspace(0.5, 2, sizes.latent_channels))
    random = np.random.default_rng(5)
    picture = random.integers(0, 256, (1, height, width, 3), dtype=np.uint8)
    planes = torch.from_numpy(picture.transpose(0, 3, 1, 2).astype(np.float32)) / 127.5 - 1
    with torch.no_grad():
        latents = module.normalise(module.encode(planes)[0])
        decoded = module.decode(module.denormalise(0.2 * latents)).numpy()
    levels = np.clip(np.rint(decoded.transpose(0, 2, 3, 1) * 127.5 + 127.5), 0, 255)
    (found,) = run(
        starter_graph.encoder_model(arrays(module), asdict(sizes), width, height), precision, picture
    )
    assert mean_relative(found, latents.numpy()) <= tolerance
    model = starter_graph.decoder_model(arrays(module), asdict(sizes), width, height)
    (pixels,) = run(model, precision, 0.2 * latents.numpy())
    assert pixels.dtype == np.uint8
    assert pixels.shape == (1, height, width, 3)
    assert np.abs(pixels - levels).max() <= (1 if precision == "f32" else 60)
    assert mean_relative(pixels, levels) <= tolerance


def test_sinusoid_equals_torch() -> None:
    for position in (0.0, 0.3, 1.0):
        expected = networks.sinusoid(torch.tensor([position]), 256).numpy()
        assert np.allclose(starter_graph.sinusoid(position), expected, atol=2e-4)


@pytest.mark.parametrize(("width", "height"), [(0, 64), (100, 64), (64, 448), (-64, 64)])
def test_odd_sizes_are_refused(width: int, height: int) -> None:
    with pytest.raises(RakkanError, match=f"{width}x{height}"):
        starter_graph.latent_shape({"latent_factor": 16, "latent_channels": 32}, width, height)


def test_missing_tensor_is_named() -> None:
    sizes = networks.sizes_of("f16c32")
    tensors = arrays(networks.TextEncoder(sizes))
    del tensors["pool.weight"]
    with pytest.raises(RakkanError, match=r"pool\.weight"):
        starter_graph.text_model(tensors, asdict(sizes), len(SLOTS))


@CASES
@pytest.mark.parametrize(("precision", "tolerance"), PRECISIONS)
def test_unet_with_a_reference(sizes: Any, precision: str, tolerance: float, width: int, height: int) -> None:
    module = randomised(networks.UNet(sizes), 2)
    random = np.random.default_rng(3)
    dimensions = asdict(sizes)
    latents = random.standard_normal(starter_graph.latent_shape(dimensions, width, height), dtype=np.float32)
    seen = random.standard_normal(starter_graph.latent_shape(dimensions, 64, 64), dtype=np.float32)
    tokens = random.standard_normal((1, len(SLOTS), 256), dtype=np.float32)
    pooled = random.standard_normal((1, 256), dtype=np.float32)
    told = [torch.from_numpy(item) for item in (tokens, pooled)]
    moment = [torch.tensor([0.7]), torch.tensor([0.25])]
    with torch.no_grad():
        memory = module.remember(torch.from_numpy(seen), torch.tensor([2]), *told)
        expected = module(torch.from_numpy(latents), *moment, *told, memory).numpy()
        alone = module(torch.from_numpy(latents), *moment, *told).numpy()
    assert relative(alone, expected) > 0.05
    found = run(
        starter_graph.memory_model(arrays(module), dimensions, len(SLOTS), 64, 64),
        precision,
        seen,
        np.array([2], np.int32),
        tokens,
        pooled,
    )
    for ours, theirs in zip(found, memory, strict=True):
        # The last of them lie behind the whole network, whose roundings in bf16 add up.
        assert mean_relative(ours, theirs.numpy()) <= 3 * tolerance
    model = starter_graph.unet_model(arrays(module), dimensions, len(SLOTS), width, height, (64, 64))
    asked = (
        latents,
        starter_graph.sinusoid(0.7),
        starter_graph.sinusoid(0.25),
        tokens,
        pooled,
        *(one.numpy() for one in memory),
    )
    (drawn,) = run(model, precision, *asked, np.zeros(1, np.float32))
    assert mean_relative(drawn, expected) <= tolerance
    # What counts for next to nothing is as if it were not there.
    (faint,) = run(model, precision, *asked, np.full(1, -40, np.float32))
    assert mean_relative(faint, alone) <= tolerance


def test_weights_that_never_saw_a_reference_say_so() -> None:
    sizes = networks.sizes_of("f16c32")
    tensors = arrays(networks.UNet(sizes))
    del tensors["roles"]
    with pytest.raises(RakkanError, match="know no references"):
        starter_graph.memory_model(tensors, asdict(sizes), len(SLOTS), 64, 64)
