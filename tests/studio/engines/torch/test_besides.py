"""ControlNet, reference and IP-Adapter together: as diffusers' pipelines, and by hand on its networks."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy
import pytest
import torch
from PIL import Image
from tests.checkpoints.architectures import architecture
from tests.checkpoints.controls import make_controlnet, make_image_encoder, make_ip_adapter
from tests.checkpoints.reading import Files
from tests.studio.engines.torch.peers import difference, drawing_of, latents_of, noise_of, our_latents, peer

from rakkan.errors import RakkanError
from rakkan.formats.checkpoints.architecture import SD1, SD2, SDXL
from rakkan.studio.diffusion.training import stable_diffusion
from rakkan.studio.engines.noise import gaussian
from rakkan.studio.engines.torch import networks as building
from rakkan.studio.engines.torch.besides import attach, detach
from rakkan.studio.engines.torch.conditioning import Conditioning
from rakkan.studio.engines.torch.engine import TorchEngine
from rakkan.studio.engines.torch.guidance import Besides, Guidance, guided
from rakkan.studio.engines.torch.ip_adapter import IpAdapter, build_image_encoder
from rakkan.studio.engines.torch.networks import Networks
from rakkan.studio.references import CONTROL, IMAGE_PROMPT, REFERENCE, Shown

Built = Callable[..., Networks]
SHORT, LONG = "a teapot", "a teapot BREAK on a table"


def picture(seed: int, height: int = 64, width: int = 64) -> numpy.ndarray:
    coarse = numpy.random.default_rng(seed).integers(
        0, 256, (-(-height // 8), -(-width // 8), 3), numpy.uint8
    )
    return coarse.repeat(8, 0).repeat(8, 1)[:height, :width]


class Brought:
    """The files of a ControlNet, an IP-Adapter and an image encoder for one checkpoint."""

    def __init__(self, made: Any, folder: Path, plus: bool = False) -> None:
        self.files = {
            "control": make_controlnet(made.architecture, folder / "control.safetensors", diffusers=True),
            "adapter": make_ip_adapter(made.architecture, folder / "adapter.safetensors", plus=plus),
            "encoder": make_image_encoder(folder / "encoder.safetensors"),
        }

    def opened(self, name: str) -> Files:
        return Files(self.files[name])

    def state(self, name: str) -> dict[str, torch.Tensor]:
        files = Files(self.files[name])
        return {
            key: torch.tensor(numpy.frombuffer(files.read(key), "<f4")).reshape(one.shape)
            for key, one in files.entries.items()
        }


@pytest.fixture(scope="module", params=[SD1, SDXL])
def family(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def brought(family: str, checkpoint: Any, tmp_path_factory: pytest.TempPathFactory) -> Brought:
    folder = tmp_path_factory.mktemp("brought")
    return Brought(checkpoint(family, layout="diffusers"), folder, plus=family == SDXL)


@pytest.fixture(scope="module")
def pipeline(family: str, brought: Brought, checkpoint: Any, built: Built) -> Any:
    folder = checkpoint(family, layout="diffusers")
    base = peer(folder.path, folder.architecture, folder.path)
    return foreign(base, brought, built(family, layout="diffusers"))


@pytest.fixture(scope="module")
def plain_brought(checkpoint: Any, tmp_path_factory: pytest.TempPathFactory) -> Brought:
    return Brought(checkpoint(SD1, layout="diffusers"), tmp_path_factory.mktemp("plain"))


REFERENCES = Shown(REFERENCE, picture(2, 64, 128), 1.0)
CONTROLS = Shown(CONTROL, picture(3), 0.8, "control")
PROMPTS = Shown(IMAGE_PROMPT, picture(4, 64, 48), 0.6, "adapter", "encoder")


def foreign(pipeline: Any, brought: Brought, networks: Networks) -> Any:
    """diffusers' pipeline with the ControlNet and the IP-Adapter of these files, at the strengths above."""
    from diffusers import (
        ControlNetModel,
        StableDiffusionControlNetPipeline,
        StableDiffusionXLControlNetPipeline,
    )
    from transformers import CLIPImageProcessor, CLIPVisionModelWithProjection

    from rakkan.studio.engines.torch.controlnet import build_controlnet

    is_xl = networks.architecture.family == SDXL
    control = ControlNetModel.from_config(build_controlnet(networks, Files(brought.files["control"])).config)
    control.load_state_dict(brought.state("control"))
    encoder = CLIPVisionModelWithProjection(
        build_image_encoder(networks, Files(brought.files["encoder"])).config
    ).eval()
    encoder.load_state_dict(brought.state("encoder"))
    sides = {"size": {"shortest_edge": 32}, "crop_size": {"height": 32, "width": 32}}
    parts = dict(pipeline.components) | {
        "image_encoder": encoder,
        "feature_extractor": CLIPImageProcessor(**sides),
        "controlnet": control.eval(),
    }
    kind = StableDiffusionXLControlNetPipeline if is_xl else StableDiffusionControlNetPipeline
    made = kind(**parts, **({} if is_xl else {"requires_safety_checker": False}))
    made.watermark = None
    made.set_progress_bar_config(disable=True)
    adapter: dict[str, dict[str, torch.Tensor]] = {"image_proj": {}, "ip_adapter": {}}
    for name, value in brought.state("adapter").items():
        part, _, rest = name.partition(".")
        adapter[part][rest] = value
    made.load_ip_adapter(adapter, subfolder="", weight_name="", image_encoder_folder=None)
    made.set_ip_adapter_scale(PROMPTS.strength)
    return made


def test_controlnet_and_ip_adapter_together_are_diffusers_own_pipeline(
    family: str, brought: Brought, pipeline: Any, built: Built
) -> None:
    networks = built(family, layout="diffusers")
    for guidance in (5.0, 1.0):
        drawing = drawing_of(steps=2, guidance=guidance)
        noise = noise_of(drawing)
        hint = torch.from_numpy(CONTROLS.pixels.astype(numpy.float32) / 255).permute(2, 0, 1)[None]
        theirs = latents_of(
            pipeline,
            drawing,
            noise,
            image=hint,
            controlnet_conditioning_scale=CONTROLS.strength,
            ip_adapter_image=Image.fromarray(PROMPTS.pixels),
        )
        sigmas = pipeline.scheduler.sigmas
        order = [CONTROLS, PROMPTS] if guidance == 1 else [PROMPTS, CONTROLS]
        besides = attach(networks, brought.opened, order)
        ours = our_latents(TorchEngine(networks, besides=besides), drawing, noise, sigmas)
        detach(besides)
        assert difference(ours, theirs) <= 1e-4
        assert difference(our_latents(TorchEngine(networks), drawing, noise, sigmas), theirs) > 0.01


def by_hand(
    pipeline: Any,
    networks: Networks,
    x: torch.Tensor,
    timestep: float,
    text: Conditioning,
    is_guided: bool,
    size: tuple[int, int],
) -> torch.Tensor:
    """What diffusers' denoiser says of x with all three, for one of the prompts: what went into each
    self-attention for the reference is joined to the drawing's, the rest is the pipeline's own."""
    unet, shape = pipeline.unet, networks.architecture.vae
    assert shape is not None
    vectors: dict[str, Any] = {}
    if text.pooled is not None:
        sizes = torch.tensor([[size[1], size[0], 0, 0, size[1], size[0]]], dtype=torch.float32)
        vectors = {"text_embeds": text.pooled, "time_ids": sizes}
    shown = pipeline.prepare_ip_adapter_image_embeds(
        Image.fromarray(PROMPTS.pixels), None, torch.device("cpu"), 1, True
    )
    embedded = {**vectors, "image_embeds": [shown[0].chunk(2)[int(is_guided)]]}
    values = torch.from_numpy(REFERENCES.pixels.astype(numpy.float32) / 127.5 - 1).permute(2, 0, 1)[None]
    hint = torch.from_numpy(CONTROLS.pixels.astype(numpy.float32) / 255).permute(2, 0, 1)[None]
    sigma = stable_diffusion().sigma_of(timestep)
    seen: dict[str, torch.Tensor] = {}
    attentions = {name: one for name, one in unet.named_modules() if name.endswith("attn1")}
    told = {"encoder_hidden_states": text.text, "added_cond_kwargs": embedded}
    with torch.no_grad():
        latents = pipeline.vae.encode(values).latent_dist.mean * shape.scaling
        noise = torch.from_numpy(gaussian(0, tuple(latents.shape)))
        hooks = [
            one.register_forward_pre_hook(lambda _, given, name=name: seen.__setitem__(name, given[0]))
            for name, one in attentions.items()
        ]
        unet((latents + noise * sigma) / (sigma**2 + 1) ** 0.5, timestep, **told)
        for hook in hooks:
            hook.remove()
        down, middle = pipeline.controlnet(
            x,
            timestep,
            encoder_hidden_states=text.text,
            controlnet_cond=hint,
            conditioning_scale=CONTROLS.strength,
            added_cond_kwargs=vectors or None,
            return_dict=False,
        )
        for name, module in attentions.items():
            plain = module.forward

            def joined(hidden: torch.Tensor, *_: Any, name: str = name, plain: Any = plain, **__: Any) -> Any:
                both = plain(hidden, encoder_hidden_states=torch.cat([hidden, seen[name]], 1))
                return both if is_guided else 0.5 * plain(hidden) + 0.5 * both

            module.forward = joined
        out: torch.Tensor = unet(
            x,
            timestep,
            **told,
            down_block_additional_residuals=down,
            mid_block_additional_residual=middle,
        )[0]
        for module in attentions.values():
            del module.forward  # the class's own again
    return out


@pytest.mark.parametrize(("prompt", "negative"), [(SHORT, "blurry"), (LONG, "blurry"), (SHORT, LONG)])
def test_all_three_together_are_what_they_are_by_hand(
    family: str, prompt: str, negative: str, brought: Brought, pipeline: Any, built: Built
) -> None:
    networks = built(family, layout="diffusers")
    engine, x, timestep, size = TorchEngine(networks), noise_of(drawing_of()), 500.0, (64, 64)
    positive, away = engine.encode(prompt), engine.encode(negative)
    besides = attach(networks, brought.opened, [CONTROLS, REFERENCES, PROMPTS])
    alone = guided(networks, [(positive, 1.0)], away, Guidance(1.0), size, besides)(x, timestep)
    both = guided(networks, [(positive, 1.0)], away, Guidance(4.0), size, besides)(x, timestep)
    again = guided(networks, [(positive, 1.0)], away, Guidance(4.0), size, besides)(x, timestep)
    detach(besides)
    toward = by_hand(pipeline, networks, x, timestep, positive, True, size)
    from_there = by_hand(pipeline, networks, x, timestep, away, False, size)
    assert torch.equal(both, again)
    assert difference(alone, toward) <= 1e-4
    assert difference(both, from_there + 4 * (toward - from_there)) <= 1e-4


def latents(networks: Networks, besides: list[Besides], **options: Any) -> torch.Tensor:
    drawing = drawing_of(**({"steps": 1} | options))
    return TorchEngine(networks, besides=besides).latents(drawing)


def processors(networks: Networks) -> list[tuple[str, int]]:
    return [(name, id(one)) for name, one in networks.unet.attn_processors.items()]


def test_attaching_and_detaching_leaves_the_networks_as_they_were(
    plain_brought: Brought, built: Built
) -> None:
    networks = built(SD1, layout="diffusers")
    before, plain = processors(networks), latents(networks, [])
    for shown in ([REFERENCES, PROMPTS, CONTROLS], [REFERENCES], [PROMPTS]):
        besides = attach(networks, plain_brought.opened, shown)
        changed = latents(networks, besides)
        assert not torch.allclose(changed, plain, atol=1e-3)
        assert torch.equal(latents(networks, besides), changed)
        detach(besides)
        assert processors(networks) == before and networks.unet.encoder_hid_proj is None
        assert torch.equal(latents(networks, []), plain)
        besides = attach(networks, plain_brought.opened, shown)
        assert torch.equal(latents(networks, besides), changed)
        detach(besides)


def test_strength_is_how_much_changes_and_none_changes_nothing(plain_brought: Brought, built: Built) -> None:
    networks = built(SD1, layout="diffusers")
    plain = latents(networks, [])
    for one in (REFERENCES, CONTROLS, PROMPTS):
        away = []
        for strength in (0.0, 0.3, 1.0):
            besides = attach(networks, plain_brought.opened, [replace(one, strength=strength)])
            away.append(float((latents(networks, besides) - plain).norm()))
            detach(besides)
        assert away[0] == 0.0 < away[1] < away[2]
    besides = attach(
        networks,
        plain_brought.opened,
        [replace(one, strength=0.0) for one in (REFERENCES, CONTROLS, PROMPTS)],
    )
    assert besides == [] and torch.equal(latents(networks, besides), plain)


@pytest.mark.parametrize(("strength", "looking"), [(0.0, 0), (0.01, 1), (0.25, 4), (0.5, 8), (1.0, 16)])
def test_the_widest_self_attentions_look_first(built: Built, strength: float, looking: int) -> None:
    from rakkan.studio.engines.torch.reference import Reference, _Beside

    networks = built(SD1)
    reference = Reference(networks, picture(2), strength=strength)
    found = [name for name, one in networks.unet.attn_processors.items() if isinstance(one, _Beside)]
    reference.close()
    assert len(found) == looking
    widest = ["down_blocks.2.attentions.0", "down_blocks.2.attentions.1", "mid_block.attentions.0"]
    expected = [f"{name}.transformer_blocks.0.attn1.processor" for name in widest]
    assert sorted(found)[: min(looking, 3)] == sorted(expected[: min(looking, 3)]) or looking > 3
    if looking >= 3:
        assert set(expected) <= set(found)


def test_a_batch_draws_what_each_seed_draws_alone(plain_brought: Brought, built: Built) -> None:
    networks = built(SD1, layout="diffusers")
    besides = attach(networks, plain_brought.opened, [REFERENCES, PROMPTS, CONTROLS])
    engine = TorchEngine(networks, besides=besides)
    both = engine.latents(drawing_of(steps=1, seed=5), 2)
    alone = [engine.latents(drawing_of(steps=1, seed=seed)) for seed in (5, 6)]
    detach(besides)
    assert difference(both, torch.cat(alone)) <= 1e-4


def test_sides_that_are_odd_in_cells_and_half_precision_are_drawn(
    brought: Brought, checkpoint: Any, family: str
) -> None:
    made = checkpoint(family, layout="diffusers")
    networks = building.build(made.architecture, Files(made.path), dtype=torch.bfloat16)
    shown = [REFERENCES, PROMPTS, replace(CONTROLS, pixels=picture(3, 72, 88))]
    besides = attach(networks, brought.opened, shown)
    drawn = latents(networks, besides, width=88, height=72)
    pixels = TorchEngine(networks, besides=besides).sample(
        "a teapot", "", width=88, height=72, seed=1, steps=1, guidance=2.0
    )
    detach(besides)
    assert bool(torch.isfinite(drawn).all()) and pixels.shape == (72, 88, 3)


def test_what_fails_to_attach_leaves_the_networks_as_they_were(
    plain_brought: Brought, built: Built, tmp_path: Path
) -> None:
    networks = built(SD1, layout="diffusers")
    before, plain = processors(networks), latents(networks, [])
    good, sd2 = copy(plain_brought), architecture(SD2)
    good.files = dict(plain_brought.files, control=make_controlnet(sd2, tmp_path / "foreign.safetensors"))
    with pytest.raises(RakkanError, match="the ControlNet"):
        attach(networks, good.opened, [REFERENCES, PROMPTS, CONTROLS])
    assert processors(networks) == before and networks.unet.encoder_hid_proj is None
    assert torch.equal(latents(networks, []), plain)
    with pytest.raises(RakkanError, match="strength 3 is out of range"):
        attach(networks, good.opened, [REFERENCES, replace(PROMPTS, strength=3.0)])
    assert processors(networks) == before
    good.files["adapter"] = brought_apart(good.files["adapter"], tmp_path / "broken.safetensors")
    with pytest.raises(Exception):  # noqa: B017 (what diffusers raises: checks before this name the tensors)
        attach(networks, good.opened, [PROMPTS])
    assert processors(networks) == before and networks.unet.encoder_hid_proj is None
    assert torch.equal(latents(networks, []), plain)


def brought_apart(file: Path, path: Path) -> Path:
    """The same IP-Adapter without a tensor of its projection."""
    import safetensors.torch

    held = safetensors.torch.load_file(file)
    del held["image_proj.norm.weight"]
    safetensors.torch.save_file(held, path)
    return path


def test_two_ip_adapters_at_once_are_refused(plain_brought: Brought, built: Built) -> None:
    networks = built(SD1, layout="diffusers")
    with pytest.raises(RakkanError, match="2 IP-Adapters are too many"):
        attach(networks, plain_brought.opened, [PROMPTS, PROMPTS])
    besides = attach(networks, plain_brought.opened, [PROMPTS])
    with pytest.raises(RakkanError, match="an IP-Adapter already"):
        IpAdapter(
            networks,
            Files(plain_brought.files["adapter"]),
            build_image_encoder(networks, Files(plain_brought.files["encoder"])),
            PROMPTS.pixels,
        )
    drawn = latents(networks, besides)
    detach(besides)
    assert not torch.equal(drawn, latents(networks, []))


def test_several_controlnets_add_up(plain_brought: Brought, built: Built) -> None:
    networks = built(SD1, layout="diffusers")
    twice = attach(networks, plain_brought.opened, [replace(CONTROLS, strength=0.4)] * 2)
    once = attach(networks, plain_brought.opened, [CONTROLS])
    assert difference(latents(networks, twice), latents(networks, once)) <= 1e-4
