"""ControlNet, reference-only attention and IP-Adapter, against diffusers and against attention done by
hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy
import pytest
import torch
from tests.checkpoints.adapters import make_lora
from tests.checkpoints.controls import make_controlnet, make_image_encoder, make_ip_adapter
from tests.checkpoints.reading import Files
from tests.studio.engines.torch.peers import (
    difference,
    drawing_of,
    latents_of,
    noise_of,
    our_latents,
    peer,
)

from rakkan.errors import RakkanError
from rakkan.formats.checkpoints.architecture import SD1, SD2, SDXL
from rakkan.studio.clip.grammar import Adapter
from rakkan.studio.diffusion.training import stable_diffusion
from rakkan.studio.engines.noise import gaussian
from rakkan.studio.engines.torch.adapting import Adapting
from rakkan.studio.engines.torch.controlnet import build_controlnet, controlled
from rakkan.studio.engines.torch.engine import TorchEngine
from rakkan.studio.engines.torch.guidance import Guidance, guided
from rakkan.studio.engines.torch.ip_adapter import IpAdapter, build_image_encoder, prepared
from rakkan.studio.engines.torch.lora import read_lora
from rakkan.studio.engines.torch.networks import Networks
from rakkan.studio.engines.torch.reference import Reference

Built = Callable[..., Networks]


def picture(size: int = 64, seed: int = 2) -> numpy.ndarray:
    coarse = numpy.random.default_rng(seed).integers(0, 256, (8, 8, 3), numpy.uint8)
    return coarse.repeat(size // 8, 0).repeat(size // 8, 1)


@pytest.mark.parametrize(("family", "diffusers"), [(SD1, False), (SD1, True), (SD2, True), (SDXL, True)])
def test_controlled_latents_are_those_of_diffusers_own_pipeline(
    family: str, diffusers: bool, checkpoint: Callable[..., Any], built: Built, tmp_path: Path
) -> None:
    from diffusers import (
        ControlNetModel,
        StableDiffusionControlNetPipeline,
        StableDiffusionXLControlNetPipeline,
    )
    from diffusers.loaders.single_file_utils import convert_controlnet_checkpoint

    folder = checkpoint(family, layout="diffusers")
    networks = built(family, layout="diffusers")
    file = make_controlnet(folder.architecture, tmp_path / "control.safetensors", diffusers=diffusers)
    files = Files(file)
    network = build_controlnet(networks, files)
    foreign = ControlNetModel.from_config(network.config)
    state = {
        name: torch.tensor(numpy.frombuffer(files.read(name), "<f4")).reshape(one.shape)
        for name, one in files.entries.items()
    }
    if not diffusers:
        state = convert_controlnet_checkpoint(state, foreign.config)
    foreign.load_state_dict(state)

    base = peer(folder.path, folder.architecture, folder.path)
    kind = StableDiffusionXLControlNetPipeline if family == SDXL else StableDiffusionControlNetPipeline
    parts = {name: one for name, one in base.components.items() if name != "image_encoder"}
    more = {} if family == SDXL else {"requires_safety_checker": False}
    pipeline = kind(**parts, controlnet=foreign, **more)
    pipeline.watermark = None
    pipeline.set_progress_bar_config(disable=True)

    drawing = drawing_of(steps=3)
    noise = noise_of(drawing)
    hint = picture()
    values = torch.from_numpy(hint.astype(numpy.float32) / 255).permute(2, 0, 1)[None]
    theirs = latents_of(pipeline, drawing, noise, image=values, controlnet_conditioning_scale=0.8)
    engine = TorchEngine(networks, besides=[controlled(networks, network, hint, 0.8)])
    ours = our_latents(engine, drawing, noise, pipeline.scheduler.sigmas)
    assert difference(ours, theirs) <= 1e-4
    assert (
        difference(our_latents(TorchEngine(networks), drawing, noise, pipeline.scheduler.sigmas), theirs)
        > 0.01
    )


def test_a_controlnet_for_another_base_is_refused(built: Built, tmp_path: Path) -> None:
    file = make_controlnet(built(SD2).architecture, tmp_path / "c.safetensors", diffusers=True)
    with pytest.raises(RakkanError, match=r"the ControlNet (lacks|does not fit)"):
        build_controlnet(built(SD1), Files(file))
    networks = built(SD1)
    file = make_controlnet(networks.architecture, tmp_path / "d.safetensors")
    besides = controlled(networks, build_controlnet(networks, Files(file)), picture(128))
    engine = TorchEngine(networks, besides=[besides])
    with pytest.raises(RakkanError, match="128x128"):
        our_latents(engine, drawing_of(), noise_of(drawing_of()), torch.tensor([14.0, 0.0]))


@pytest.mark.parametrize("fidelity", [0.0, 0.5, 1.0])
def test_a_reference_is_attended_to_beside_the_drawing_itself(built: Built, fidelity: float) -> None:
    """The same by hooks on the attentions: what went into them for the reference is joined to the
    drawing's."""
    networks = built(SD1)
    engine = TorchEngine(networks)
    positive, negative = engine.encode("a teapot"), engine.encode("blurry")
    x, timestep = noise_of(drawing_of()), 500.0
    reference = Reference(networks, picture(), fidelity=fidelity)
    guidance, size = Guidance(4.0), (64, 64)
    ours = guided(networks, [(positive, 1.0)], negative, guidance, size, [reference])(x, timestep)
    again = guided(networks, [(positive, 1.0)], negative, guidance, size, [reference])(x, timestep)
    assert torch.equal(ours, again)
    reference.close()

    sigma = stable_diffusion().sigma_of(timestep)
    values = torch.from_numpy(picture().astype(numpy.float32) / 127.5 - 1).permute(2, 0, 1)[None]
    with torch.no_grad():
        latents = networks.vae.encode(values).latent_dist.mean * 0.18215
    noised = (latents + torch.from_numpy(gaussian(0, tuple(latents.shape))) * sigma) / (sigma**2 + 1) ** 0.5
    seen: dict[str, torch.Tensor] = {}
    hooks = []
    attentions = {name: one for name, one in networks.unet.named_modules() if name.endswith("attn1")}
    for name, module in attentions.items():
        keep = lambda _, inputs, name=name: seen.__setitem__(name, inputs[0])  # noqa: E731
        hooks.append(module.register_forward_pre_hook(keep))
    text = torch.cat([negative.text, positive.text])
    with torch.no_grad():
        networks.unet(torch.cat([noised, noised]), timestep, encoder_hidden_states=text)
        for hook in hooks:
            hook.remove()
        for name, module in attentions.items():
            plain = module.forward

            def joined(
                hidden: torch.Tensor, *_: Any, name: str = name, plain: Any = plain, **__: Any
            ) -> torch.Tensor:
                both = plain(hidden, encoder_hidden_states=torch.cat([hidden, seen[name]], 1))
                alone = plain(hidden)
                both[0] = fidelity * alone[0] + (1 - fidelity) * both[0]
                return both

            module.forward = joined
        away, toward = networks.unet(torch.cat([x, x]), timestep, encoder_hidden_states=text)[0].chunk(2)
    assert torch.allclose(ours, away + 4 * (toward - away), atol=1e-4)


def test_a_reference_changes_the_drawing_until_it_is_closed(built: Built) -> None:
    networks = built(SDXL)
    plain = TorchEngine(networks)
    options: dict[str, Any] = {"width": 64, "height": 64, "seed": 3, "steps": 2, "guidance": 3.0}
    before = plain.sample("a teapot", **options)
    reference = Reference(networks, picture())
    drawn = TorchEngine(networks, besides=[reference]).sample("a teapot", **options)
    assert not numpy.array_equal(drawn, before)
    reference.close()
    assert numpy.array_equal(plain.sample("a teapot", **options), before)


def test_a_reference_out_of_range_is_refused(built: Built) -> None:
    networks = built(SD1)
    with pytest.raises(RakkanError, match="fidelity"):
        Reference(networks, picture(), fidelity=2)
    with pytest.raises(RakkanError, match="multiples of 64"):
        Reference(networks, picture(64)[:60])


def state_of(file: Path) -> dict[str, torch.Tensor]:
    files = Files(file)
    return {
        name: torch.tensor(numpy.frombuffer(files.read(name), "<f4")).reshape(one.shape)
        for name, one in files.entries.items()
    }


@pytest.mark.parametrize(("family", "plus"), [(SD1, False), (SD1, True), (SDXL, False), (SDXL, True)])
def test_a_picture_prompts_as_in_diffusers_own_pipeline(
    family: str, plus: bool, checkpoint: Callable[..., Any], built: Built, tmp_path: Path
) -> None:
    from transformers import CLIPImageProcessor, CLIPVisionModelWithProjection

    folder = checkpoint(family, layout="diffusers")
    networks = built(family, layout="diffusers")
    file = make_ip_adapter(folder.architecture, tmp_path / "ip.safetensors", plus=plus)
    encoder_file = make_image_encoder(tmp_path / "encoder.safetensors")
    encoder = build_image_encoder(networks, Files(encoder_file))

    pipeline = peer(folder.path, folder.architecture, folder.path)
    foreign = CLIPVisionModelWithProjection(encoder.config).eval()
    foreign.load_state_dict(state_of(encoder_file))
    sides = {"size": {"shortest_edge": 32}, "crop_size": {"height": 32, "width": 32}}
    pipeline.image_encoder, pipeline.feature_extractor = foreign, CLIPImageProcessor(**sides)
    parts: dict[str, dict[str, torch.Tensor]] = {"image_proj": {}, "ip_adapter": {}}
    for name, value in state_of(file).items():
        part, _, rest = name.partition(".")
        parts[part][rest] = value
    pipeline.load_ip_adapter(parts, subfolder="", weight_name="", image_encoder_folder=None)
    pipeline.set_ip_adapter_scale(0.6)

    drawing, shown = drawing_of(steps=3), picture(64, 4)[:, :48]
    noise = noise_of(drawing)
    from PIL import Image

    theirs = latents_of(pipeline, drawing, noise, ip_adapter_image=Image.fromarray(shown))
    plain = our_latents(TorchEngine(networks), drawing, noise, pipeline.scheduler.sigmas)
    adapter = IpAdapter(networks, Files(file), encoder, shown, strength=0.6)
    engine = TorchEngine(networks, besides=[adapter])
    assert difference(our_latents(engine, drawing, noise, pipeline.scheduler.sigmas), theirs) <= 1e-4
    assert difference(plain, theirs) > 0.01
    lora = read_lora(Files(make_lora(folder.architecture, tmp_path / "lora.safetensors")))
    Adapting(networks, {"ink": lora}).adapt([Adapter("ink", 0.0, 0.0)])
    reference = Reference(networks, picture())
    both = TorchEngine(networks, besides=[adapter, reference])
    assert difference(our_latents(both, drawing, noise, pipeline.scheduler.sigmas), theirs) > 0.01
    reference.close()
    adapter.close()
    assert torch.equal(our_latents(TorchEngine(networks), drawing, noise, pipeline.scheduler.sigmas), plain)


def test_a_picture_is_prepared_as_clip_prepares_it() -> None:
    from PIL import Image
    from transformers import CLIPImageProcessor

    processor = CLIPImageProcessor()
    for shape in ((300, 240), (224, 500), (100, 333)):
        values = numpy.random.default_rng(1).integers(0, 256, (*shape, 3), numpy.uint8)
        theirs = processor(Image.fromarray(values), return_tensors="pt").pixel_values
        assert float((prepared(values, 224) - theirs).abs().max()) < 0.02


def test_an_ip_adapter_that_does_not_fit_is_refused(built: Built, tmp_path: Path) -> None:
    networks = built(SD1)
    encoder = build_image_encoder(networks, Files(make_image_encoder(tmp_path / "e.safetensors")))
    foreign = Files(make_ip_adapter(built(SDXL).architecture, tmp_path / "a.safetensors"))
    with pytest.raises(RakkanError, match=r"for another base: .*to_k_ip"):
        IpAdapter(networks, foreign, encoder, picture())
    wide = Files(make_ip_adapter(networks.architecture, tmp_path / "b.safetensors", encoder_width=128))
    with pytest.raises(RakkanError, match="reads 128 numbers and the image encoder gives 64"):
        IpAdapter(networks, wide, encoder, picture())
    with pytest.raises(RakkanError, match="not an IP-Adapter"):
        IpAdapter(networks, Files(tmp_path / "e.safetensors"), encoder, picture())
    with pytest.raises(RakkanError, match="The image encoder lacks vision_model"):
        build_image_encoder(networks, foreign)
