"""What draws in ``benchmarks/checkpoints.py``: Rakkan and its peers, on full-size random weights.

``work`` is the run's folder: ``checkpoint-FAMILY`` in diffusers' layout, ``file`` in the first authors'
names, ``optimum`` as optimum-intel converts it, and a vault with Rakkan's conversions.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from rakkan.formats.checkpoints.architecture import SD1

#: (steps, guidance, seed) -> one picture.
Paint = Callable[[int, float, int], object]

#: Of the checkpoints, as tests/checkpoints/architectures.py names it.
WIDTH = "full"
PROMPT, NEGATIVE = "1girl, silver hair, hat, garden", "lowres"
#: Modules that a contestant cannot do without.
NEEDS = {
    "rakkan": "rakkan",
    "diffusers-bf16": "diffusers",
    "diffusers-f32": "diffusers",
    "openvino-genai": "openvino_genai",
    "optimum-intel": "optimum.intel",
    "stable-diffusion-cpp": "stable_diffusion_cpp",
}


def folder_of(work: Path, family: str) -> Path:
    """Where the checkpoint of a family lies."""
    return work / f"checkpoint-{family}"


def make_checkpoint(work: Path, family: str) -> None:
    """A folder in diffusers' layout, half floats, with random weights that keep activations finite."""
    from tests.checkpoints.make import make

    folder = folder_of(work, family)
    if not (folder / "model_index.json").exists():
        make(family, folder, width=WIDTH, layout="diffusers", dtype="F16")


def make_file(work: Path) -> Path:
    """The same weights in one file, in the first authors' names."""
    from tests.checkpoints.make import make

    path = work / "file" / "model.safetensors"
    if not path.exists():
        part = make(SD1, work / "part", width=WIDTH, dtype="F16").path
        part.parent.rename(path.parent)
    return path


def conversions(work: Path) -> Any:
    """Rakkan's own, in a vault of the run's."""
    from rakkan.store.folder import FolderStorage
    from rakkan.store.keys import KeyFile
    from rakkan.store.vault import Vault
    from rakkan.studio.engines.checkpoint.cache import Conversions

    return Conversions(Vault(FolderStorage(work / "vault"), KeyFile(work / "key")))


def wanted(family: str, part: str) -> Any:
    """What the run's conversions are called."""
    from rakkan.studio.engines.checkpoint.cache import Wanted

    return Wanted("0" * 64, part, (family,))


def parts(family: str) -> tuple[str, ...]:
    """What is converted of a family, one after another."""
    return ("text 1", "unet", "decoder") if family == SD1 else ("text 1", "text 2", "unet", "decoder")


def convert_rakkan(work: Path, family: str, part: str, threads: int) -> None:
    """Convert one part; the module's weights stay mapped from the file until it is traced."""
    import torch
    from diffusers import AutoencoderKL, UNet2DConditionModel
    from transformers import CLIPTextModel, CLIPTextModelWithProjection

    from rakkan.studio.engines.checkpoint import convert

    torch.set_num_threads(threads)
    kind, name, turn = {
        "unet": (UNet2DConditionModel, "unet", convert.convert_unet),
        "decoder": (AutoencoderKL, "vae", convert.convert_decoder),
        "text 1": (CLIPTextModel, "text_encoder", convert.convert_text),
        "text 2": (CLIPTextModelWithProjection, "text_encoder_2", convert.convert_text),
    }[part]
    module = kind.from_pretrained(folder_of(work, family) / name, torch_dtype=torch.float16)
    graph = turn(module)
    del module
    conversions(work).hold(wanted(family, part), graph)
    graph.close()


def convert_optimum(work: Path) -> None:
    """What openvino-genai and optimum-intel read."""
    from optimum.exporters.openvino import main_export

    main_export(
        str(folder_of(work, SD1)), output=work / "optimum", task="text-to-image", convert_tokenizer=True
    )


def rakkan(work: Path, threads: int, side: int, family: str = SD1) -> Paint:
    """The shipped way."""
    from tests.checkpoints.architectures import architecture

    from rakkan.studio.engines.checkpoint.engine import CheckpointEngine

    held = conversions(work)
    engine = CheckpointEngine(
        architecture(family, width=WIDTH, layout="diffusers"),
        "0" * 64,
        lambda part: held.find(wanted(family, part)),
        threads=threads,
    )

    def paint(steps: int, guidance: float, seed: int) -> object:
        options = {"width": side, "height": side, "seed": seed, "steps": steps, "guidance": guidance}
        return engine.sample(PROMPT, NEGATIVE, **options)

    return paint


def diffusers(work: Path, threads: int, side: int, *, half: bool) -> Paint:
    """Its pipeline as it comes."""
    import torch
    from diffusers import StableDiffusionPipeline

    torch.set_num_threads(threads)
    kind = torch.bfloat16 if half else torch.float32
    pipeline = StableDiffusionPipeline.from_pretrained(folder_of(work, SD1), torch_dtype=kind)
    pipeline.set_progress_bar_config(disable=True)
    return _pipeline_painter(pipeline, side)


def optimum(work: Path, threads: int, side: int, guidance: float) -> Paint:
    """Its pipeline, with static shapes where it takes them: with guidance."""
    from optimum.intel import OVStableDiffusionPipeline

    settings = {"INFERENCE_NUM_THREADS": str(threads), "CACHE_DIR": ""}
    pipeline = OVStableDiffusionPipeline.from_pretrained(work / "optimum", compile=False, ov_config=settings)
    if guidance > 1:
        pipeline.reshape(batch_size=1, height=side, width=side, num_images_per_prompt=1)
    pipeline.compile()
    pipeline.set_progress_bar_config(disable=True)
    return _pipeline_painter(pipeline, side)


def _pipeline_painter(pipeline: Any, side: int) -> Paint:
    def paint(steps: int, guidance: float, seed: int) -> object:
        given = {"height": side, "width": side, "num_inference_steps": steps, "guidance_scale": guidance}
        return pipeline(PROMPT, negative_prompt=NEGATIVE, output_type="np", **given).images

    return paint


def genai(work: Path, threads: int, side: int, guidance: float) -> Paint:
    """Its pipeline with static shapes."""
    import openvino_genai

    pipeline = openvino_genai.Text2ImagePipeline(work / "optimum")
    pipeline.reshape(1, side, side, guidance)
    pipeline.compile("CPU", INFERENCE_NUM_THREADS=threads)

    def paint(steps: int, guidance: float, seed: int) -> object:
        more = {"negative_prompt": NEGATIVE} if guidance > 1 else {}
        given = {"width": side, "height": side, "num_inference_steps": steps, "guidance_scale": guidance}
        return pipeline.generate(PROMPT, rng_seed=seed, **given, **more).data

    return paint


def stable_diffusion_cpp(work: Path, threads: int, side: int) -> Paint:
    """ggml's, from one file in the first authors' names."""
    from stable_diffusion_cpp import StableDiffusion

    model = StableDiffusion(model_path=str(work / "file" / "model.safetensors"), n_threads=threads)

    def paint(steps: int, guidance: float, seed: int) -> object:
        given = {"width": side, "height": side, "sample_steps": steps, "cfg_scale": guidance, "seed": seed}
        return model.generate_image(prompt=PROMPT, negative_prompt=NEGATIVE, sample_method="euler", **given)

    return paint


def painter(name: str, work: Path, threads: int, side: int, guidance: float) -> Paint:
    """The painter of that name, ready to draw squares of ``side`` pixels with this guidance."""
    if name == "rakkan":
        return rakkan(work, threads, side)
    if name == "openvino-genai":
        return genai(work, threads, side, guidance)
    if name == "optimum-intel":
        return optimum(work, threads, side, guidance)
    if name == "stable-diffusion-cpp":
        return stable_diffusion_cpp(work, threads, side)
    return diffusers(work, threads, side, half=name.endswith("bf16"))
