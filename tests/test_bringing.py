"""``rakkan create --model`` from end to end, with small checkpoints of random weights in the real layouts."""

from __future__ import annotations

import fcntl
import hashlib
import os
import platform
import re
import signal
from collections.abc import Container, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import numpy
import pytest
from PIL import Image

from rakkan import assemble
from rakkan.api.listening import Listener
from rakkan.cli import entry
from rakkan.corpus.figures import render
from rakkan.corpus.figures.attributes import Attributes
from rakkan.errors import RakkanError
from rakkan.formats import png
from rakkan.formats.checkpoints.architecture import SD1, SDXL
from rakkan.records import Recipe, SheetRecipe, recipe_from_json

pytest.importorskip("diffusers")

PROMPT = "1girl, blue hair"
SMALL = ["--seed", "7", "--steps", "2", "--size", "64x96", "--sampler", "Euler a"]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tests.checkpoints.adapters import make_inversion, make_lora, make_tiny
    from tests.checkpoints.make import make, make_vae

    folder = tmp_path_factory.mktemp("models")
    for name, family in (("xl", SDXL), ("one", SD1)):
        (folder / name).mkdir()
        made = make(family, folder / name)
        made.path.rename(folder / f"{name}.safetensors")
        make_lora(made.architecture, folder / f"ink {name}.safetensors")
        widths = tuple(text.width for text in made.architecture.text)
        make_inversion(folder / f"fluff {name}.safetensors", widths)
    (folder / "headless").mkdir()
    headless = make(SDXL, folder / "headless", without="vae").path
    headless.rename(folder / "headless.safetensors")
    made_vae = make_vae(folder)
    if made_vae.name != "vae.safetensors":
        made_vae.rename(folder / "vae.safetensors")
    make_tiny(folder / "taesd.safetensors")
    return folder


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One instance for all, so that a checkpoint is converted once."""
    return tmp_path_factory.mktemp("instance")


@pytest.fixture(autouse=True)
def instance(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAKKAN_HOME", str(home / "home"))
    monkeypatch.setenv("RAKKAN_KEY", "passphrase")
    monkeypatch.setenv("RAKKAN_PASSPHRASE", "correct horse battery staple")
    assemble.forget()


def recipe_of(path: Path) -> Recipe:
    recipe = recipe_from_json(png.text_of(path.read_bytes())["rakkan"])
    assert isinstance(recipe, Recipe)
    return recipe


def created(path: Path, *arguments: str) -> int:
    return entry(["create", PROMPT, *SMALL, "--out", str(path), *arguments])


def test_a_checkpoint_is_converted_once_and_draws_the_same_again(
    models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = models / "xl.safetensors"
    assert created(tmp_path / "a.png", "--model", str(file)) == 0
    said = capsys.readouterr()
    assert [line.split()[-1] for line in said.err.splitlines() if "converting" in line] == ["model"] * 4
    assembled = assemble.models().find("xl")
    recipe = recipe_of(tmp_path / "a.png")
    assert recipe.model_digest == hashlib.sha256(file.read_bytes()).hexdigest() == assembled.card.digest
    assert (recipe.sampler, recipe.engine, recipe.adapters) == ("euler_ancestral", "openvino", {})
    assert (recipe.width, recipe.height, recipe.prompt) == (64, 96, PROMPT)
    assert entry(["verify", str(tmp_path / "a.png")]) == 0
    assemble.forget()
    assert created(tmp_path / "b.png", "--model", "xl") == 0
    assert "converting" not in capsys.readouterr().err
    again = [numpy.asarray(Image.open(tmp_path / name)) for name in ("a.png", "b.png")]
    assert numpy.array_equal(*again)
    number = assemble.engine_process("cpu").process_id
    assert b"horse" not in Path(f"/proc/{number}/environ").read_bytes()


def test_a_checkpoint_edits_varies_and_makes_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Random weights draw on a small part, so that the gate takes the whole for a drawing."""
    monkeypatch.chdir(tmp_path)
    Image.fromarray(render(Attributes(hair_colour="green"), 7)).save("in.png")
    own = ["--model", "xl", "--steps", "2", "--sampler", "Euler a"]
    spot = ["--mask", "9,9,32,32"]
    assert created(Path("drawn.png"), "--model", "xl") == 0
    for name, asked in {
        "words": ["edit", "in.png", "hair: blue", *spot, *own],
        "prompt": ["edit", "in.png", "--prompt", PROMPT, "--strength", "0.6", *spot, *own],
        "wider": ["edit", "in.png", "--extend", "left=8", *own],
        "turned": ["vary", "drawn.png", "--strength", "0.05", "--model", "xl"],
    }.items():
        assert entry([*asked, "--seed", "3", "--out", f"{name}.png"]) == 0, (name, capsys.readouterr().err)
        capsys.readouterr()
        assert entry(["again", f"{name}.png", "--out", f"{name}-again.png"]) == 0, name
        assert "bit-exact" in capsys.readouterr().out, name
        recipe = recipe_of(Path(f"{name}.png"))
        assert recipe.model == "xl" and recipe == recipe_of(Path(f"{name}-again.png"))
    before, after = (numpy.asarray(Image.open(name)) for name in ("in.png", "prompt.png"))
    changed = (before != after).any(2)
    assert changed[9:41, 9:41].mean() > 0.5
    changed[9:41, 9:41] = False
    assert not changed.any()


def test_grids_and_characters_are_drawn_with_a_checkpoint(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    axes = ["--x", "guidance: 1, 1.02"]
    given = ["--seed", "7", "--steps", "2", "--size", "64x96", "--sampler", "Euler a", "--model", "xl"]
    assert entry(["grid", PROMPT, *axes, *given, "--out", "grid.png"]) == 0, capsys.readouterr().err
    sheet = recipe_from_json(png.text_of(Path("grid.png").read_bytes())["rakkan"])
    assert isinstance(sheet, SheetRecipe)
    assert [(one.model, one.guidance, one.seed) for one in sheet.recipes] == [("xl", 1, 7), ("xl", 1.02, 7)]
    assert entry(["character", "new", "mika", "1girl, blue hair", "--seed", "7"]) == 0
    small = ["--steps", "2", "--size", "64x96", "--sampler", "Euler a", "--model", "xl"]
    made = entry(["create", "smile", "--character", "mika", *small, "--out", "mika.png"])
    assert made == 0, capsys.readouterr().err
    recipe = recipe_of(Path("mika.png"))
    assert (recipe.model, recipe.seed) == ("xl", 7)
    assert "blue hair" in recipe.prompt and "smile" in recipe.prompt


def test_whatever_ends_the_engine_ends_in_one_line_and_leaves_nothing_behind(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    process = assemble.engine_process("cpu")
    numbers: list[int] = []
    happens = signal.SIGKILL

    @contextmanager
    def listening(*given: object) -> Iterator[Listener]:
        def step(done: int, total: int) -> None:
            number = process.process_id
            if number is None or number in numbers:
                return  # it was told of before the end, and is heard of after it
            numbers.append(number)
            os.kill(number if happens == signal.SIGKILL else os.getpid(), happens)

        yield Listener(step)

    with monkeypatch.context() as patch:
        patch.setattr("rakkan.cli.create.listening", listening)
        assert created(tmp_path / "a.png", "--model", "xl", "--steps", "50") == 2
        said = capsys.readouterr().err
        assert re.fullmatch(r"rakkan: The engine on cpu was killed, .* memory ran out\. Draw .*\n", said), (
            said
        )
        happens = signal.SIGINT
        assert created(tmp_path / "a.png", "--model", "xl", "--steps", "50") == 130
        assert capsys.readouterr().err == "rakkan: stopped; nothing was written\n"
    assert process.process_id is None and not Path(f"/proc/{numbers[-1]}").exists()
    assert not list(tmp_path.iterdir()) and len(numbers) == 2

    with (assemble.config.load().home / "locks" / f"{platform.node()}-cpu.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        waiting = SimpleNamespace(sleep=lambda seconds: fcntl.flock(lock, fcntl.LOCK_UN))
        monkeypatch.setattr("rakkan.studio.engines.checkpoint.process.time", waiting)
        assert created(tmp_path / "a.png", "--model", "xl") in (0, 2)  # as the gate finds the picture
    assert capsys.readouterr().err.count("rakkan: another process draws on cpu: waiting for it\n") == 1


def test_a_tiny_decoder_takes_the_place_of_the_vae(
    models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only it is converted, and both engines decode with it alike."""
    given = ["--model", str(models / "xl.safetensors"), "--vae", str(models / "taesd.safetensors")]
    assert created(tmp_path / "a.png", *given) in (0, 2)  # as the gate finds the picture
    assert [line for line in capsys.readouterr().err.splitlines() if "converting" in line] == [
        "rakkan: converting the decoder, once for this model"
    ]
    options = {"width": 64, "height": 96, "seed": 7, "steps": 2, "guidance": 1.0}
    drawn = []
    for engine in ("openvino", "torch"):
        monkeypatch.setenv("RAKKAN_ENGINE", engine)
        assemble.forget()
        brought = assemble.bring("xl", (PROMPT, ""), "taesd")
        assert list(brought.adapters.values()) == ["tiny decoder"]
        drawn.append(brought.engine.sample(PROMPT, "", **options).astype(int))
        with_own = assemble.bring("xl", (PROMPT, "")).engine.sample(PROMPT, "", **options)
        assert not numpy.array_equal(drawn[-1], with_own)
    assert drawn[0].shape == (96, 64, 3) and numpy.abs(drawn[0] - drawn[1]).mean() < 3


def test_adapters_are_called_by_name_and_stand_in_the_recipe(
    models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On torch, which draws the same but for its rounding, so that nothing is converted for a LoRA."""
    for name in ("ink xl", "fluff xl", "vae"):
        assert entry(["model", "add", str(models / f"{name}.safetensors")]) == 0
    monkeypatch.setenv("RAKKAN_ENGINE", "torch")
    assemble.forget()
    more = ["--lora", "ink xl:0.5", "--vae", "vae", "--negative", "fluff xl", "--guidance", "2"]
    status = created(tmp_path / "adapted.png", "--model", str(models / "xl.safetensors"), *more)
    assert status in (0, 2)  # the gate may take what random weights draw for a photograph
    number = assemble.engine_process("cpu").process_id
    prompts = PROMPT, f"{PROMPT} <lora:ink xl:0.5>"
    planned = assemble.bring("xl", (prompts[1], "fluff xl"), "vae")
    assert set(planned.adapters.values()) == {"lora ink xl 0.5", "embedding fluff xl", "vae"}
    assert all(len(digest) == 64 for digest in planned.adapters)
    adapted = planned.engine.sample(prompts[1], "", width=64, height=64, seed=1, steps=2, guidance=1.0)
    assert (planned.engine.name, planned.engine.precision) == ("torch", "f32")
    assert assemble.engine_process("cpu").process_id == number  # it has that engine already
    assert created(tmp_path / "plain.png", "--model", "xl") == 0
    plain = assemble.bring("xl", (PROMPT, "")).engine.sample(
        prompts[0], "", width=64, height=64, seed=1, steps=2, guidance=1.0
    )
    assert not numpy.array_equal(plain, adapted)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--model", "xxl"], "no model called 'xxl'.*Did you mean 'xl'"),
        (["--model", "{models}/nothing.safetensors"], "no model called"),
        (["--model", "{models}/ink one.safetensors"], "is a LoRA, no checkpoint"),
        (["--model", "{models}/headless.safetensors"], "no autoencoder .*--vae FILE"),
        (["--model", "xl", "--lora", "nobody"], "no model called 'nobody'"),
        (["--model", "xl", "--lora", "ink one"], "layers that this checkpoint does not have: lora_unet_"),
        (["--model", "xl", "--vae", "ink one"], "is a LoRA, no VAE"),
        (["--sampler", "Euler a"], "--sampler is for models that you bring.*--model"),
        (["--lora", "ink"], "--lora is for models that you bring"),
        (["--model", "xl", "--size", "100x100"], "'100x100' cannot be drawn"),
    ],
)
def test_what_cannot_be_drawn_with_is_said_in_one_line(
    arguments: list[str],
    message: str,
    models: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    capsys.readouterr()
    asked = [one.format(models=models) for one in arguments]
    size = [] if "--model" in asked else ["--size", "512x512"]
    assert entry(["create", PROMPT, "--seed", "7", "--out", str(tmp_path / "x.png"), *size, *asked]) == 2
    said = capsys.readouterr().err.strip()
    assert re.search(message, said), said
    assert len(said.splitlines()) == 1 and not (tmp_path / "x.png").exists()


def test_a_barred_adapter_bars_the_picture(tmp_path: Path) -> None:
    """The policy is asked about every further file as it is about the model."""
    from rakkan.records import Picture
    from rakkan.trust import standing
    from rakkan.trust.gate import Destination

    asked: list[str] = []

    class Ledger:
        def about(self, digest: str, without: Container[str] = ()) -> list[object]:
            asked.append(digest)
            return []

    recipe = Recipe("a", "", "m", "ab" * 32, "euler", "normal", 1, 1.0, 7, 8, 8, adapters={"cd" * 32: "vae"})
    picture = Picture(numpy.zeros((8, 8, 3), numpy.uint8), recipe)
    standing.release_policy(Ledger())(picture, Destination(tmp_path / "a.png"))  # type: ignore[arg-type]
    assert {"ab" * 32, "cd" * 32} <= set(asked)


def test_without_torch_one_line_says_what_to_install(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib.util

    real = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *more: None if name == "diffusers" else real(name, *more)
    )
    monkeypatch.setenv("RAKKAN_ENGINE", "torch")
    assemble.forget()
    with pytest.raises(RakkanError, match="needs diffusers") as caught:
        assemble.bring(str(models / "one.safetensors"), (PROMPT, ""))
    assert "pip install 'rakkan[torch]'" in caught.value.hint
