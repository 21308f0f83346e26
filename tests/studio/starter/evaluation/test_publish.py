"""What a measurement leaves behind, what it refuses before it starts, and that a rehearsal hurts nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.studio.starter.evaluation.figures import by_eye, made_up, made_up_references

from rakkan import assemble
from rakkan.cli import starter
from rakkan.errors import RakkanError
from rakkan.formats import png
from rakkan.records import SheetRecipe, recipe_from_json
from rakkan.studio.engines.fake_engine import FakeEngine
from rakkan.studio.engines.weights import manifest_digest
from rakkan.studio.starter.evaluation import protocol, publish, references
from rakkan.studio.starter.evaluation.protocol import Plan
from rakkan.studio.starter.renders import Scope

DOCUMENTS = Path(__file__).resolve().parents[4] / "docs"


class Starter(FakeEngine):
    """An engine that says it draws with the weights of a folder."""

    name = "openvino"

    def __init__(self, weights: Path) -> None:
        self.model_digest = manifest_digest(weights)


def manifest(**more: Any) -> dict[str, Any]:
    record = {"seconds": 90.0, "steps": 100, "samples": 1600, "processor": "Some Processor", "renderer": "x"}
    return {
        "files": {
            "a.safetensors": {"sha256": "00" * 32, "bytes": 3_000_000},
            "b.safetensors": {"sha256": "11" * 32, "bytes": 500_000},
        },
        "stages": {"autoencoder": record, "flow": record},
        "guidance": 2.0,
        "distilled": True,
        **more,
    }


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    folder = tmp_path / "weights"
    folder.mkdir()
    (folder / "manifest.json").write_text(json.dumps(manifest()))
    return folder


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Let the measurement find made-up figures at once; the folders it was given."""
    folders: list[Path] = []

    def measure(draw: Any, kept: Path, folder: Path, *others: Any, scope: Scope) -> dict[str, Any]:
        picture = draw({"framing": "full body"}, "full body", 3, 4)
        assert picture.shape == (384, 256, 3)
        folders.extend((kept, folder))
        figures = made_up()
        del figures["training"]
        return figures

    monkeypatch.setattr(protocol, "measure", measure)
    monkeypatch.setattr(protocol, "obtain_classifier", lambda *given: None)
    monkeypatch.setattr(references, "measure", lambda *given: made_up_references())
    return folders


def run(engine: FakeEngine, tmp_path: Path, weights: Path, rehearsal: bool = False) -> Path:
    return publish.run(
        engine,
        assemble.release(),
        tmp_path / "kept",
        tmp_path / "docs",
        tmp_path / "run",
        Plan.quick(),
        lambda line: None,
        assemble.vault(),
        weights=weights,
        rehearsal=rehearsal,
    )


def test_figures_sheet_and_card_are_written(tmp_path: Path, weights: Path, measured: list[Path]) -> None:
    engine = Starter(weights)
    card = run(engine, tmp_path, weights)
    assert card == tmp_path / "docs" / "starter-model.md"
    figures = json.loads((tmp_path / "docs" / "measurements" / "starter.json").read_text())
    assert figures["training"]["megabytes"] == 3.5
    assert figures["training"]["stages"]["flow"] == {"minutes": 1.5, "steps": 100, "samples": 1600}
    assert figures["training"]["processors"] == ["Some Processor"]
    for name in ("command", "seed", "commit", "n", "processor", "interval", "model_digest"):
        assert figures["measured"][name]
    assert figures["measured"]["command"] == "rakkan starter evaluate"
    assert card.read_text() == publish.card_text(tmp_path / "docs")
    assert "3.5 MB" in card.read_text()
    # Pictures of one engine's weights are kept apart from all others.
    assert measured == [tmp_path / "kept" / f"{engine.model_digest[:12]}-f32", tmp_path / "kept"]


def test_references_are_measured_where_they_were_learnt(
    tmp_path: Path, weights: Path, measured: list[Path]
) -> None:
    run(Starter(weights), tmp_path, weights)
    assert not (tmp_path / "docs" / "measurements" / "references.json").exists()
    record = manifest()["stages"]["flow"]
    stages = {"autoencoder": record, "flow": record, "reference": record}
    (weights / "manifest.json").write_text(json.dumps(manifest(stages=stages)))
    card = run(Starter(weights), tmp_path, weights)
    figures = json.loads((tmp_path / "docs" / "measurements" / "references.json").read_text())
    assert figures["measured"]["n"] == 1000 and figures["steps"] == 4
    assert "Does a reference keep" in card.read_text()
    # Of other weights than the card's they are not told.
    figures["measured"]["model_digest"] = "00" * 32
    (tmp_path / "docs" / "measurements" / "references.json").write_text(json.dumps(figures))
    assert "Does a reference keep" not in publish.write_card(tmp_path / "docs").read_text()


def test_the_sheet_holds_four_rows_of_six(tmp_path: Path, weights: Path, measured: list[Path]) -> None:
    run(Starter(weights), tmp_path, weights)
    run(Starter(weights), tmp_path, weights)  # the second replaces the first
    sheets = list((tmp_path / "docs" / "pictures").iterdir())
    assert [sheet.name for sheet in sheets] == ["starter-sheet.png"]
    recipe = recipe_from_json(png.text_of(sheets[0].read_bytes())["rakkan"])
    assert isinstance(recipe, SheetRecipe)
    assert len(recipe.recipes) == 24 and recipe.columns == 6
    heights = [one.height for one in recipe.recipes]
    assert heights == sorted(heights) and set(heights) == {256, 384}
    assert len({one.prompt for one in recipe.recipes}) == 24


def test_the_scope_is_that_of_the_last_stage(tmp_path: Path, weights: Path, measured: list[Path]) -> None:
    record = manifest()["stages"]["flow"]
    stages = {"autoencoder": {**record, "renderer": "x all"}, "flow": {**record, "renderer": "x busts"}}
    (weights / "manifest.json").write_text(json.dumps(manifest(stages=stages)))
    card = run(Starter(weights), tmp_path, weights)
    assert "Figures: `busts`" in card.read_text()
    sheet = next((tmp_path / "docs" / "pictures").iterdir())
    recipe = recipe_from_json(png.text_of(sheet.read_bytes())["rakkan"])
    assert isinstance(recipe, SheetRecipe) and {one.height for one in recipe.recipes} == {256}


def test_what_was_counted_by_eye_comes_into_the_card(
    tmp_path: Path, weights: Path, measured: list[Path]
) -> None:
    run(Starter(weights), tmp_path, weights)
    measurements = tmp_path / "docs" / "measurements"
    model = json.loads((measurements / publish.FIGURES).read_text())["measured"]["model_digest"]
    (measurements / publish.BY_EYE).write_text(json.dumps(by_eye(model)))
    assert publish.write_card(tmp_path / "docs").read_text() == publish.card_text(tmp_path / "docs")
    assert "### By eye" in publish.card_text(tmp_path / "docs")
    (measurements / publish.BY_EYE).write_text(json.dumps(by_eye("those of other weights")))
    assert "### By eye" not in publish.card_text(tmp_path / "docs")


def test_the_fake_engine_may_rehearse_but_not_publish(
    tmp_path: Path, weights: Path, measured: list[Path]
) -> None:
    with pytest.raises(RakkanError, match=r"fake engine has no weights.*--quick"):
        run(FakeEngine(), tmp_path, weights)
    assert not measured and not (tmp_path / "docs").exists()
    card = run(FakeEngine(), tmp_path, tmp_path / "no weights", rehearsal=True)
    assert "rehearsal with the fake engine" in card.read_text()
    figures = json.loads((tmp_path / "docs" / "measurements" / "starter.json").read_text())
    assert figures["measured"]["command"] == "rakkan starter evaluate --quick"


def test_weights_that_cannot_be_told_of_are_refused_before_measuring(
    tmp_path: Path, weights: Path, measured: list[Path]
) -> None:
    engine = Starter(weights)
    content = manifest(stages={"flow": {"seconds": 1}})
    (weights / "manifest.json").write_text(json.dumps(content))
    with pytest.raises(RakkanError, match="does not tell how the weights were trained"):
        run(engine, tmp_path, weights)
    content["files"]["a.safetensors"]["sha256"] = "22" * 32
    (weights / "manifest.json").write_text(json.dumps(content))
    with pytest.raises(RakkanError, match="not those that the engine draws with"):
        run(engine, tmp_path, weights)
    (weights / "manifest.json").unlink()
    with pytest.raises(RakkanError, match="There are no weights in"):
        run(engine, tmp_path, weights)
    assert not measured and not (tmp_path / "docs").exists()


def test_the_published_card_belongs_to_the_published_figures() -> None:
    if not (DOCUMENTS / "measurements" / publish.FIGURES).exists():
        pytest.skip("docs/measurements/starter.json has not been measured yet")
    assert (DOCUMENTS / publish.CARD).read_text(encoding="utf-8") == publish.card_text(DOCUMENTS)


# ---- the command


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Any]:
    """What the command hands on."""
    calls: list[Any] = []

    def run(engine: Any, release: Any, folder: Path, documents: Path, *others: Any, **named: Any) -> Path:
        calls.extend((folder, documents, others[1], named["rehearsal"]))
        return documents / publish.CARD

    monkeypatch.setattr(publish, "run", run)
    monkeypatch.setattr(assemble, "engine", FakeEngine)
    return calls


def test_a_rehearsal_stays_out_of_the_documents(called: list[Any]) -> None:
    starter.evaluate(folder=Path("kept"), training=Path("run"), classifier_minutes=5, quick=True)
    # Its hasty classifier and its few pictures lie where no real measurement looks.
    assert called == [Path("kept/quick"), Path("kept/quick/docs"), Plan.quick(), True]


def test_a_measurement_goes_into_the_documents(called: list[Any]) -> None:
    starter.evaluate(folder=Path("kept"), training=Path("run"), classifier_minutes=2, quick=False)
    assert called == [Path("kept"), Path("docs"), Plan(classifier_seconds=120), False]
    called.clear()
    starter.evaluate(
        folder=Path("kept"), documents=Path("d"), training=Path("run"), classifier_minutes=2, quick=False
    )
    assert called[1] == Path("d")


@pytest.mark.parametrize("minutes", [0.0, -1.0, float("nan"), float("inf")])
def test_no_time_trains_no_classifier(minutes: float, called: list[Any]) -> None:
    with pytest.raises(RakkanError, match="cannot be trained for"):
        starter.evaluate(folder=Path("kept"), training=Path("run"), classifier_minutes=minutes, quick=False)
    assert not called


def test_missing_weights_are_one_line(rakkan: Any, tmp_path: Path) -> None:
    result = rakkan("starter", "evaluate", RAKKAN_WEIGHTS=str(tmp_path / "none"))
    assert result.returncode == 2
    assert result.stderr.startswith("rakkan: There are no weights in") and result.stderr.count("\n") == 1
    assert result.stdout == "" and not (tmp_path / "docs").exists() and not (tmp_path / ".proof").exists()
