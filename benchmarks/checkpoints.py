"""Stable Diffusion 1.5 on a processor: Rakkan against its peers, on the same random weights, in one run.

``python benchmarks/checkpoints.py --work FOLDER`` makes a full-size checkpoint with random weights in FOLDER,
converts it once for each that wants it converted, and then lets every contestant draw in turns, each in a
process of its own: 512x512, 20 steps with guidance and 4 without. What is measured is kept in FOLDER, so a
run that was stopped goes on where it was, and tries again what failed. ``--write`` puts the result into
``docs/measurements``. ``--python`` names the interpreter for peers that need packages of other versions; a
peer that cannot be had is reported as such.

diffusers in 32 bits, its default, is timed for two steps of each kind and scaled.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "src"), str(ROOT)]
REPORT = ROOT / "docs" / "measurements" / "checkpoint-speed.json"

SIDE = 512
PROMPT, NEGATIVE = "1girl, silver hair, hat, garden", "lowres"
#: Steps and guidance of the two kinds of picture.
KINDS = {"20 steps with guidance": (20, 7.5), "4 steps without": (4, 1.0)}
CONTESTANTS = (
    "rakkan",
    "diffusers-bf16",
    "diffusers-f32",
    "openvino-genai",
    "optimum-intel",
    "stable-diffusion-cpp",
)
#: Those with packages that may live in another interpreter.
ELSEWHERE = ("openvino-genai", "optimum-intel", "stable-diffusion-cpp")
SCALED_STEPS = 2

#: (steps, guidance, seed) -> one picture.
Paint = Callable[[int, float, int], object]


def make_checkpoint(work: Path) -> Path:
    """A folder in diffusers' layout, half floats, with random weights that keep activations finite."""
    from tests.checkpoints.make import make

    from rakkan.formats.checkpoints.architecture import SD1

    folder = work / "checkpoint"
    if not (folder / "model_index.json").exists():
        make(SD1, folder, width="full", layout="diffusers", dtype="F16")
    return folder


def conversions(work: Path) -> Any:
    """Rakkan's own, in a vault of the run's."""
    from rakkan.store.folder import FolderStorage
    from rakkan.store.keys import KeyFile
    from rakkan.store.vault import Vault
    from rakkan.studio.engines.checkpoint.cache import Conversions

    return Conversions(Vault(FolderStorage(work / "vault"), KeyFile(work / "key")))


def wanted(part: str) -> Any:
    """What the run's conversions are called."""
    from rakkan.studio.engines.checkpoint.cache import Wanted

    return Wanted("0" * 64, part)


def convert_rakkan(work: Path, threads: int) -> None:
    """Convert part by part; each module goes before the next one comes."""
    import gc

    import torch
    from diffusers import AutoencoderKL, UNet2DConditionModel
    from transformers import CLIPTextModel

    from rakkan.studio.engines.checkpoint import convert

    torch.set_num_threads(threads)
    folder = work / "checkpoint"
    for part, (kind, name, turn) in {
        "unet": (UNet2DConditionModel, "unet", convert.convert_unet),
        "decoder": (AutoencoderKL, "vae", convert.convert_decoder),
        "text 1": (CLIPTextModel, "text_encoder", convert.convert_text),
    }.items():
        module = kind.from_pretrained(folder / name, torch_dtype=torch.float16)
        graph = turn(module)
        del module
        gc.collect()
        conversions(work).hold(wanted(part), graph)
        graph.close()


def convert_optimum(work: Path, threads: int) -> None:
    """What openvino-genai and optimum-intel read."""
    from optimum.exporters.openvino import main_export

    main_export(
        str(work / "checkpoint"), output=work / "optimum", task="text-to-image", convert_tokenizer=True
    )


def rakkan(work: Path, threads: int, kind: str) -> Paint:
    """The shipped way."""
    from tests.checkpoints.architectures import architecture

    from rakkan.formats.checkpoints.architecture import SD1
    from rakkan.studio.engines.checkpoint.engine import CheckpointEngine

    held = conversions(work)
    engine = CheckpointEngine(
        architecture(SD1, width="full", layout="diffusers"),
        "0" * 64,
        lambda part: held.find(wanted(part)),
        threads=threads,
    )

    def paint(steps: int, guidance: float, seed: int) -> object:
        options = {"width": SIDE, "height": SIDE, "seed": seed, "steps": steps, "guidance": guidance}
        return engine.sample(PROMPT, NEGATIVE, **options)

    return paint


def diffusers(work: Path, threads: int, half: bool) -> Paint:
    """Its pipeline as it comes."""
    import torch
    from diffusers import StableDiffusionPipeline

    torch.set_num_threads(threads)
    kind = torch.bfloat16 if half else torch.float32
    pipeline = StableDiffusionPipeline.from_pretrained(work / "checkpoint", torch_dtype=kind)
    pipeline.set_progress_bar_config(disable=True)
    return _pipeline_painter(pipeline)


def optimum(work: Path, threads: int, kind: str) -> Paint:
    """Its pipeline with static shapes where it takes them."""
    from optimum.intel import OVStableDiffusionPipeline

    settings = {"INFERENCE_NUM_THREADS": str(threads), "CACHE_DIR": ""}
    pipeline = OVStableDiffusionPipeline.from_pretrained(work / "optimum", compile=False, ov_config=settings)
    if KINDS[kind][1] > 1:
        pipeline.reshape(batch_size=1, height=SIDE, width=SIDE, num_images_per_prompt=1)
    pipeline.compile()
    pipeline.set_progress_bar_config(disable=True)
    return _pipeline_painter(pipeline)


def _pipeline_painter(pipeline: Any) -> Paint:
    def paint(steps: int, guidance: float, seed: int) -> object:
        given = {"height": SIDE, "width": SIDE, "num_inference_steps": steps, "guidance_scale": guidance}
        return pipeline(PROMPT, negative_prompt=NEGATIVE, output_type="np", **given).images

    return paint


def genai(work: Path, threads: int, kind: str) -> Paint:
    """Its pipeline with static shapes."""
    import openvino_genai

    pipeline = openvino_genai.Text2ImagePipeline(work / "optimum")
    pipeline.reshape(1, SIDE, SIDE, KINDS[kind][1])
    pipeline.compile("CPU", INFERENCE_NUM_THREADS=threads)

    def paint(steps: int, guidance: float, seed: int) -> object:
        more = {"negative_prompt": NEGATIVE} if guidance > 1 else {}
        given = {"width": SIDE, "height": SIDE, "num_inference_steps": steps, "guidance_scale": guidance}
        return pipeline.generate(PROMPT, rng_seed=seed, **given, **more).data

    return paint


def stable_diffusion_cpp(work: Path, threads: int) -> Paint:
    """ggml's, from one file in the first authors' names."""
    from stable_diffusion_cpp import StableDiffusion

    file = work / "file" / "model.safetensors"
    if not file.exists():
        from tests.checkpoints.make import make

        from rakkan.formats.checkpoints.architecture import SD1

        make(SD1, work / "file", width="full", dtype="F16")
    model = StableDiffusion(model_path=str(file), n_threads=threads)

    def paint(steps: int, guidance: float, seed: int) -> object:
        given = {"width": SIDE, "height": SIDE, "sample_steps": steps, "cfg_scale": guidance, "seed": seed}
        return model.generate_image(prompt=PROMPT, negative_prompt=NEGATIVE, sample_method="euler", **given)

    return paint


def painter(name: str, work: Path, threads: int, kind: str) -> Paint:
    """The painter of that name."""
    if name.startswith("diffusers"):
        return diffusers(work, threads, name.endswith("bf16"))
    if name == "stable-diffusion-cpp":
        return stable_diffusion_cpp(work, threads)
    return {"rakkan": rakkan, "openvino-genai": genai, "optimum-intel": optimum}[name](work, threads, kind)


def contest(name: str, work: Path, threads: int, kind: str, pictures: int) -> dict[str, Any]:
    """What one contestant's process does: load, draw one step to warm up, and draw."""
    start = time.perf_counter()
    paint = painter(name, work, threads, kind)
    steps, guidance = KINDS[kind]
    scaled = name == "diffusers-f32"
    paint(1, guidance, 0)
    loaded = time.perf_counter() - start
    seconds = []
    for number in range(pictures):
        start = time.perf_counter()
        if scaled:
            paint(1, guidance, number)
            one = time.perf_counter() - start
            start = time.perf_counter()
            paint(1 + SCALED_STEPS, guidance, number)
            each = (time.perf_counter() - start - one) / SCALED_STEPS
            seconds.append(one + (steps - 1) * each)
        else:
            paint(steps, guidance, number)
            seconds.append(time.perf_counter() - start)
    return {"load_seconds": loaded, "seconds": seconds, "scaled": scaled}


def rates(threads: int) -> dict[str, float]:
    """What the machine multiplies matrices of 2,048 with, FLOP/s, the best of five by torch."""
    import torch

    torch.set_num_threads(threads)
    found = {}
    for name, kind in (("bf16", torch.bfloat16), ("f32", torch.float32)):
        one = torch.ones(2048, 2048, dtype=kind)
        times = []
        for _ in range(5):
            start = time.perf_counter()
            one @ one
            times.append(time.perf_counter() - start)
        found[name] = 2 * 2048**3 / min(times)
    return found


def operations() -> dict[str, float]:
    """FLOP of one pass of each network at this size, counted by torch on tensors without numbers."""
    import torch
    from tests.checkpoints.architectures import architecture
    from torch.utils.flop_counter import FlopCounterMode

    from rakkan.formats.checkpoints.architecture import SD1
    from rakkan.studio.engines.torch import networks

    made = architecture(SD1, width="full", layout="diffusers")
    assert made.unet is not None and made.vae is not None
    latents, text = torch.zeros(1, 4, 64, 64, device="meta"), torch.zeros(1, 77, 768, device="meta")
    time_of = torch.zeros(1, device="meta")
    found = {}
    unet, vae = networks.unet_of(made, made.unet), networks.vae_of(made, made.vae)
    for name, call in (
        ("unet", lambda: unet(latents, time_of, text)),
        ("decoder", lambda: vae.decode(latents)),
    ):
        with FlopCounterMode(display=False) as counter, torch.no_grad():
            call()
        found[name] = float(counter.get_total_flops())
    return found


def child(python: str, *arguments: str) -> tuple[dict[str, Any] | None, int, str]:
    """Run this file in a process of its own: its answer, its peak of resident memory in bytes, and the last
    line of what went wrong."""
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}
    errors = Path(arguments[-1]) / "errors.txt"
    with errors.open("w") as complaints:
        process = subprocess.Popen(
            [python, str(Path(__file__).resolve()), *arguments],
            stdout=subprocess.PIPE,
            stderr=complaints,
            env=environment,
            text=True,
        )
        assert process.stdout is not None
        text = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    lines = [line for line in text.splitlines() if line.startswith("{")]
    if process.returncode or not lines:
        last = [line for line in errors.read_text().splitlines() if line.strip()][-1:]
        return None, usage.ru_maxrss * 1024, last[0] if last else f"status {process.returncode}"
    return json.loads(lines[-1]), usage.ru_maxrss * 1024, ""


def compare(given: argparse.Namespace) -> None:
    """All contestants in turns, keeping what was measured already."""
    work: Path = given.work
    work.mkdir(parents=True, exist_ok=True)
    state = work / "results.json"
    results: dict[str, Any] = json.loads(state.read_text()) if state.exists() else {}

    def keep(key: str, value: Any) -> None:
        results[key] = value
        state.write_text(json.dumps(results, indent=1))

    make_checkpoint(work)
    common = ["--threads", str(given.threads), "--pictures", str(given.pictures)]
    for job, python in (("convert_rakkan", sys.executable), ("convert_optimum", given.python)):
        if results.get(job, {"fault": "not run"})["fault"]:
            start = time.perf_counter()
            _, peak, fault = child(python, "--job", job, *common, "--work", str(work))
            keep(job, {"seconds": time.perf_counter() - start, "peak_bytes": peak, "fault": fault})
            print(job, results[job], flush=True)
    if "operations" not in results:
        keep("operations", operations())
    keep("rates", rates(given.threads))
    for number in range(given.rounds):
        for kind in given.kinds:
            for name in given.contestants:
                key = f"{name} / {kind} / {number}"
                if "seconds" in results.get(key, {}):
                    continue
                python = given.python if name in ELSEWHERE else sys.executable
                job = ["--job", "contest", "--name", name, "--kind", kind]
                answer, peak, fault = child(python, *job, *common, "--work", str(work))
                keep(key, {**(answer or {"fault": fault}), "peak_bytes": peak})
                print(key, results[key], flush=True)
    summary = summarise(results, given)
    print_table(summary)
    if given.write:
        REPORT.write_text(json.dumps(summary, indent=1) + "\n")


def summarise(results: dict[str, Any], given: argparse.Namespace) -> dict[str, Any]:
    """Medians over rounds, FLOP/s beside the machine's rate, and ratios to the fastest peer."""
    from rakkan.checkout import commit
    from rakkan.studio.engines.device import processor

    work_of = {
        kind: results["operations"]["unet"] * steps * (2 if guidance > 1 else 1)
        + results["operations"]["decoder"]
        for kind, (steps, guidance) in KINDS.items()
    }
    table: dict[str, Any] = {}
    for kind in KINDS:
        rows: dict[str, Any] = {}
        for name in CONTESTANTS:
            found = [one for key, one in results.items() if key.startswith(f"{name} / {kind} / ")]
            drawn = [seconds for one in found for seconds in one.get("seconds", [])]
            if not drawn:
                rows[name] = {"fault": next((one["fault"] for one in found if "fault" in one), "not run")}
                continue
            median = statistics.median(drawn)
            rows[name] = {
                "seconds": median,
                "low": min(drawn),
                "high": max(drawn),
                "n": len(drawn),
                "flops": work_of[kind] / median,
                "peak_bytes": max(one["peak_bytes"] for one in found),
                "load_seconds": statistics.median(one["load_seconds"] for one in found if "seconds" in one),
                "scaled": any(one.get("scaled") for one in found),
            }
        own = rows["rakkan"].get("seconds")
        peers = {name: row["seconds"] for name, row in rows.items() if name != "rakkan" and "seconds" in row}
        ratios = {name: seconds / own for name, seconds in peers.items()} if own else {}
        table[kind] = {"contestants": rows, "times_as_fast": ratios}
    return {
        "command": "python benchmarks/checkpoints.py --write",
        "date": datetime.now(UTC).date().isoformat(),
        "commit": commit(),
        "processor": processor(),
        "cores": os.cpu_count(),
        "threads": given.threads,
        "seed": 0,
        "size": f"{SIDE}x{SIDE}",
        "interval": "lowest and highest",
        "matmul_flops": results["rates"],
        "operations": results["operations"],
        "conversion": {job: results[job] for job in ("convert_rakkan", "convert_optimum")},
        "results": table,
    }


def print_table(summary: dict[str, Any]) -> None:
    """The result in lines for people."""
    rate = summary["matmul_flops"]
    print(f"matmul: bf16 {rate['bf16'] / 1e9:.0f} GFLOP/s, f32 {rate['f32'] / 1e9:.0f} GFLOP/s")
    for kind, found in summary["results"].items():
        print(kind)
        for name, row in found["contestants"].items():
            if "fault" in row:
                print(f"  {name:22} {row['fault']}")
                continue
            print(
                f"  {name:22} {row['seconds']:7.1f} s  {row['flops'] / 1e9:5.0f} GFLOP/s"
                f"  {row['peak_bytes'] / 1e9:5.2f} GB  {found['times_as_fast'].get(name, 1):5.2f}x"
                f"{'  (scaled)' if row['scaled'] else ''}"
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--job", choices=["compare", "contest", "convert_rakkan", "convert_optimum"], default="compare"
    )
    parser.add_argument("--name", choices=CONTESTANTS)
    parser.add_argument("--kind", choices=list(KINDS))
    parser.add_argument("--contestants", nargs="+", choices=CONTESTANTS, default=list(CONTESTANTS))
    parser.add_argument("--kinds", nargs="+", choices=list(KINDS), default=list(KINDS))
    parser.add_argument("--python", default=sys.executable, help="interpreter for peers with other packages")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--pictures", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--write", action="store_true", help="write docs/measurements/checkpoint-speed.json")
    parser.add_argument("--work", type=Path, required=True, help="a folder with 12 GB of room")
    given = parser.parse_args()
    if given.job == "compare":
        compare(given)
    elif given.job == "contest":
        print(json.dumps(contest(given.name, given.work, given.threads, given.kind, given.pictures)))
    else:
        {"convert_rakkan": convert_rakkan, "convert_optimum": convert_optimum}[given.job](
            given.work, given.threads
        )
        print("{}")


if __name__ == "__main__":
    main()
