"""``rakkan create`` with ``--reference``, ``--control`` and ``--ip-adapter`` from end to end, with a small
checkpoint of random weights in the real layout."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any

import numpy
import pytest
from PIL import Image
from tests.around.attempts import noise
from tests.trust.made import look

from rakkan import assemble
from rakkan.bringing.showing import Wanted
from rakkan.cli import entry
from rakkan.errors import RakkanError
from rakkan.formats import png
from rakkan.formats.checkpoints.architecture import SD1, SD2
from rakkan.records import Ingredient, Picture, Recipe, recipe_from_json
from rakkan.store.ledger.statements import Admitted
from rakkan.studio import metadata
from rakkan.studio.engines.checkpoint.process import Facts
from rakkan.studio.engines.checkpoint.served import ServedTensors
from rakkan.studio.references import REFERENCE, Asked, asked_for
from rakkan.trust.gate import Destination
from rakkan.trust.provenance import digest_of_file
from rakkan.trust.verification import VALID

pytest.importorskip("diffusers")

PROMPT = "1girl, blue hair"
SMALL = ["--seed", "7", "--steps", "1", "--size", "64x96", "--sampler", "Euler"]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("instance")


@pytest.fixture(autouse=True)
def instance(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAKKAN_HOME", str(home / "home"))
    monkeypatch.setenv("RAKKAN_KEY", str(home / "key"))
    assemble.forget()


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory, home: Path) -> Path:
    """Models and drawings; the models are kept under the names of their files."""
    from tests.checkpoints.controls import make_controlnet, make_image_encoder, make_ip_adapter
    from tests.checkpoints.make import make

    folder = tmp_path_factory.mktemp("given")
    made = make(SD1, folder)
    made.path.rename(folder / "one.safetensors")
    make_controlnet(made.architecture, folder / "lines.safetensors", diffusers=True)
    make_ip_adapter(made.architecture, folder / "looks.safetensors")
    make_image_encoder(folder / "eye.safetensors")
    make_image_encoder(folder / "wide eye.safetensors", width=128, projection=96)
    for name, (height, width) in {"figure": (130, 100), "lines": (192, 128), "square": (64, 64)}.items():
        Image.fromarray(noise(3, height, width)).save(folder / f"{name}.png")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAKKAN_HOME", str(home / "home"))
        patch.setenv("RAKKAN_KEY", str(home / "key"))
        assemble.forget()
        for name in ("one", "lines", "looks", "eye", "wide eye"):
            assemble.models().add(folder / f"{name}.safetensors")
        assemble.forget()
    return folder


class Here:
    """An engine process that is none: its engine is made and draws in this one."""

    def __init__(self) -> None:
        self.made: dict[int, Any] = {}

    def tensors(self, digest: str) -> ServedTensors:
        return ServedTensors(lambda what, *given: self.serve(what, given, lambda: False), digest)

    def load(self, make: Any, serve: Any, **more: Any) -> Any:
        engine = self.engine(make, serve)
        return Facts(engine.name, engine.precision, engine.versions())

    def sample(self, make: Any, serve: Any, *, say: Any = None, **options: Any) -> Any:
        return self.engine(make, serve).sample(**options)

    def engine(self, make: Any, serve: Any) -> Any:
        if id(make) not in self.made:
            self.serve = serve
            self.made[id(make)] = make, make(self)
        return self.made[id(make)][1]


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> Here:
    process = Here()
    monkeypatch.setattr(assemble, "engine_process", lambda device: process)
    return process


@pytest.fixture
def drawn(here: Here, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Latents that were drawn. The gate is shown drawings instead: random weights draw none."""
    from rakkan.studio.engines.torch.engine import TorchEngine

    seen: list[Any] = []

    def decode(engine: TorchEngine, latents: Any) -> Any:
        seen.append(latents)
        return noise(len(seen), latents.shape[2] * 8, latents.shape[3] * 8)

    monkeypatch.setattr(TorchEngine, "_decode", decode)
    return seen


def recipe_of(path: Path) -> Recipe:
    recipe = recipe_from_json(png.text_of(path.read_bytes())["rakkan"])
    assert isinstance(recipe, Recipe)
    return recipe


def created(path: Path, *arguments: str) -> int:
    return entry(["create", PROMPT, *SMALL, "--model", "one", "--out", str(path), *arguments])


def test_a_reference_stands_in_the_recipe_the_seal_and_the_ledger(
    given: Path, drawn: list[Any], tmp_path: Path
) -> None:
    reference = given / "figure.png"
    digest = digest_of_file(reference.read_bytes())
    more = ["--reference", str(reference), "--reference-strength", "0.8", "--guidance", "2"]
    assert created(tmp_path / "a.png", *more) == 0
    recipe = recipe_of(tmp_path / "a.png")
    assert recipe.references == {digest: "reference 0.8"}
    assert recipe.adapters == {} and recipe.engine == "torch" and recipe.precision in ("bf16", "f32")
    found = look(tmp_path / "a.png")
    assert found.state == VALID and found.report is not None and found.entry is not None
    assert [(one.relationship, one.digest) for one in found.report.ingredients] == [("inputTo", digest)]
    assert found.entry.statement.predicate.references == (digest,)
    assert any(isinstance(said.predicate, Admitted) for _, said in assemble.ledger().about(digest))
    told = metadata.read(png.text_of((tmp_path / "a.png").read_bytes())["parameters"]).details
    assert told["ControlNet 0"] == "Model: None, Module: reference_only, Weight: 0.8"
    assert created(tmp_path / "b.png", *more) == 0
    assert bool((drawn[0] == drawn[1]).all())


def test_all_at_once_stand_in_the_recipe_each_by_its_digest(
    given: Path, drawn: list[Any], tmp_path: Path
) -> None:
    lines, figure = given / "lines.png", given / "figure.png"
    more = ["--control", f"lines={lines}:0.5", "--control", f"lines={lines}", "--reference", str(figure)]
    more += ["--ip-adapter", f"looks={figure}:0.7", "--count", "2"]
    assert created(tmp_path / "many", *more) == 0
    files = sorted((tmp_path / "many").iterdir())
    assert len(files) == 3 and "sheet" in files[2].name
    recipe = recipe_of(files[0])
    assert recipe.references == {
        digest_of_file(lines.read_bytes()): "controlnet lines 0.5; controlnet lines 1",
        digest_of_file(figure.read_bytes()): "reference 1; ip-adapter looks 0.7",
    }
    models = assemble.models()
    assert recipe.adapters == {
        models.find("lines").card.digest: "controlnet lines",
        models.find("looks").card.digest: "ip-adapter looks",
        models.find("eye").card.digest: "image encoder eye",
    }
    report = look(files[0]).report
    assert report is not None and len(report.ingredients) == 2
    told = metadata.read(png.text_of(files[0].read_bytes())["parameters"]).details
    assert {told[f"ControlNet {number}"] for number in range(4)} == {
        "Model: lines, Module: none, Weight: 0.5",
        "Model: lines, Module: none, Weight: 1",
        "Model: None, Module: reference_only, Weight: 1",
        "Model: looks, Module: ip-adapter, Weight: 0.7",
    }


def test_a_reference_of_strength_0_changes_nothing_and_one_of_1_does(
    given: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To the last bit, in the real engine process and in the same arithmetic."""
    monkeypatch.setenv("RAKKAN_ENGINE", "torch")
    assemble.forget()

    def pixels(strength: float | None) -> Any:
        asked = () if strength is None else (Asked(REFERENCE, given / "figure.png", strength),)
        brought = assemble.bring("one", (PROMPT, ""), wanted=Wanted(asked, size=(64, 96)))
        options: dict[str, Any] = {"width": 64, "height": 96, "seed": 7, "steps": 1, "guidance": 2.0}
        return brought.engine.sample(PROMPT, "", **options)

    plain, without, once = (pixels(one) for one in (None, 0.0, 1.0))
    assert numpy.array_equal(plain, without) and not numpy.array_equal(plain, once)
    assemble.forget()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--reference", "{given}/nowhere.png"], "nowhere.png was not let in: There is no file"),
        (["--reference", "{given}/one.safetensors"], "one.safetensors is no picture"),
        (
            ["--reference", "{given}/figure.png", "--reference-strength", "1.5"],
            "strength 1.5 is out of range",
        ),
        (
            ["--reference", "{given}/figure.png", "--reference-strength", "nan"],
            "strength nan is out of range",
        ),
        (["--reference-strength", "0.5"], "goes with a reference.*--reference"),
        (["--control", "{given}/lines.png"], "names no model and picture.*MODEL=FILE"),
        (["--control", "lines={given}/lines.png:9"], "The ControlNet's strength 9 is out of range"),
        (["--control", "line={given}/lines.png"], "no model called 'line'.*Did you mean 'lines'"),
        (["--control", "looks={given}/lines.png"], "'looks' is a IP-Adapter, no ControlNet"),
        (["--control", "lines={given}/square.png"], "square.png is 64x64, .*drawing of 64x96.*--size"),
        (["--ip-adapter", "lines={given}/figure.png"], "'lines' is a ControlNet, no IP-Adapter"),
        (["--ip-adapter", "looks={given}/figure.png"] * 2, "2 IP-Adapters are too many at once"),
        (
            ["--ip-adapter", "looks={given}/figure.png", "--image-encoder", "wide eye"],
            "reads 64 numbers of a picture, and the image encoder 'wide eye' gives others",
        ),
        (["--image-encoder", "eye"], "goes with an IP-Adapter"),
    ],
)
def test_what_does_not_go_together_is_said_in_one_line(
    arguments: list[str], message: str, given: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = [one.format(given=given) for one in arguments]
    assert created(tmp_path / "x.png", *asked) == 2
    said = capsys.readouterr().err.strip()
    assert re.search(message, said), said
    assert len(said.splitlines()) == 1 and not (tmp_path / "x.png").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ["--control", "lines=lines.png"],
        ["--ip-adapter", "looks=figure.png"],
        ["--image-encoder", "eye"],
    ],
)
def test_without_a_model_of_ones_own_one_line_says_so(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert entry(["create", PROMPT, "--out", str(tmp_path / "x.png"), *arguments]) == 2
    said = capsys.readouterr().err.strip()
    assert f"{arguments[0]} is for models that you bring" in said and "--model" in said
    assert len(said.splitlines()) == 1


def test_a_misfit_is_named_before_a_picture_is_let_in(given: Path, tmp_path: Path) -> None:
    from tests.checkpoints.architectures import architecture
    from tests.checkpoints.controls import make_controlnet

    foreign = make_controlnet(architecture(SD2), tmp_path / "foreign.safetensors", diffusers=True)
    before = assemble.ledger().size()
    wanted = Wanted(asked_for("", None, [f"{foreign}={given}/lines.png"], []), size=(64, 96))
    with pytest.raises(RakkanError, match=r"foreign was made for SD 2\.x, not for SD 1\.x: see down_blocks"):
        assemble.bring("one", (PROMPT, ""), wanted=wanted)
    assert assemble.ledger().size() == before + 1  # the model came in, the picture did not


def test_an_image_encoder_is_asked_for_and_chosen_among_several(given: Path, tmp_path: Path) -> None:
    from tests.checkpoints.controls import make_image_encoder

    models = assemble.models()
    wanted = Wanted(asked_for("", None, [], [f"looks={given}/figure.png"]), size=(64, 96))
    assert models.find("eye").card.kind == "image encoder"
    models.add(make_image_encoder(tmp_path / "another.safetensors", layers=2))
    with pytest.raises(RakkanError, match="which 2 image encoders give: ") as caught:
        assemble.bring("one", (PROMPT, ""), wanted=wanted)
    assert "--image-encoder" in caught.value.hint
    models.remove("another")
    models.remove("eye")
    with pytest.raises(
        RakkanError, match="reads 64 numbers of a picture, and no image encoder here"
    ) as caught:
        assemble.bring("one", (PROMPT, ""), wanted=wanted)
    assert "rakkan model add" in caught.value.hint
    models.add(given / "eye.safetensors")


def test_a_photograph_or_what_was_reported_is_no_reference(
    given: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    photograph = pytest.importorskip("skimage.data").coffee()
    Image.fromarray(photograph).save(tmp_path / "photograph.png")
    Image.fromarray(noise(21, 96, 64)).save(tmp_path / "reported.png")
    assert entry(["takedown", "report", "--claim", "my work", str(tmp_path / "reported.png")]) == 0
    capsys.readouterr()
    for name, rule in (("photograph", "drawings only"), ("reported", "was reported in case")):
        file = tmp_path / f"{name}.png"
        for option in (
            ["--reference", str(file)],
            ["--control", f"lines={file}"],
            ["--ip-adapter", f"looks={file}"],
        ):
            assert created(tmp_path / "x.png", *option) == 2
            said = capsys.readouterr().err
            assert f"{name}.png was not let in" in said and rule in said and said.count("\n") == 1
        assert not assemble.vault().holds("local", hashlib.sha256(file.read_bytes()).hexdigest())
    assert not (tmp_path / "x.png").exists()


def test_a_reference_that_did_not_come_in_through_the_gate_does_not_go_out(tmp_path: Path) -> None:
    """Whoever builds the picture by hand: its recipe, its ingredients and the ledger must agree."""
    Image.fromarray(noise(11, 48, 48)).save(tmp_path / "stranger.png")
    data = (tmp_path / "stranger.png").read_bytes()
    digest = digest_of_file(data)
    used = Ingredient("reference", "image/png", data)

    def picture(references: dict[str, str], *ingredients: Ingredient) -> Picture:
        recipe = Recipe("a", "", "m", "ab" * 32, "euler", "normal", 1, 1.0, 7, 48, 48, references=references)
        return Picture(noise(12, 48, 48), recipe, ingredients=ingredients)

    to = Destination(tmp_path / "out.png")
    for made, rule in (
        (picture({digest: "reference 1"}, used), "did not come in through the gate"),
        (picture({digest: "reference 1"}), "other references"),
        (picture({}, used), "other references"),
        (picture({"cd" * 32: "reference 1"}, used), "other references"),
    ):
        with pytest.raises(RakkanError, match=rule):
            assemble.gate().release(made, to)
    assert not to.path.exists()
