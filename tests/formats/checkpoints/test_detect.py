"""Architectures told from names and shapes, and what is wrong with a checkpoint said in one line."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.formats.checkpoints.tables import (
    Table,
    architecture,
    joined,
    table,
    without,
    write_folder,
)

from rakkan.errors import RakkanError
from rakkan.formats.checkpoints import files, layout
from rakkan.formats.checkpoints.architecture import SD1, SD2, SDXL
from rakkan.formats.checkpoints.checks import check
from rakkan.formats.checkpoints.detect import detect, find
from rakkan.formats.checkpoints.tensors import Entry

FAMILIES = (SD1, SD2, SDXL)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("kind", ["ldm", "diffusers"])
@pytest.mark.parametrize("small", [False, True])
def test_an_architecture_is_told_from_names_and_shapes(family: str, kind: str, small: bool) -> None:
    given = table(family, small, kind)
    assert detect(given) == architecture(family, small, kind)
    check(given, detect(given))


def test_a_folder_on_the_disk_is_told_with_what_its_settings_say(tmp_path: Path) -> None:
    path = write_folder(tmp_path / "m", SDXL, "v_prediction", rescale_betas_zero_snr=True)
    with files.opened(path) as tensors:
        found = detect(tensors)
    wanted = architecture(SDXL, small=True, kind="diffusers")
    assert found == replace(wanted, prediction="v", zero_terminal_snr=True)


def test_what_sd2_predicts_is_assumed_aloud() -> None:
    assert "v is usual" in find(table(SD2)).notes[0]
    for metadata in ({"modelspec.prediction_type": "epsilon"}, {"modelspec.architecture": SD2 + "-512"}):
        found = find(Table(table(SD2).entries, metadata))
        assert (found.architecture.prediction, found.architecture.resolution, found.notes) == (
            "epsilon",
            512,
            (),
        )


@pytest.mark.parametrize(
    ("marks", "metadata", "wanted"),
    [
        ((), {}, ("epsilon", False)),
        (("v_pred",), {}, ("v", False)),
        (("v_pred", "ztsnr"), {}, ("v", True)),
        (("v_pred",), {"modelspec.prediction_type": "epsilon"}, ("v", False)),
        ((), {"modelspec.prediction_type": "v"}, ("v", False)),
        ((), {"ss_v_parameterization": "True", "ss_zero_terminal_snr": "True"}, ("v", True)),
        ((), {"ss_v_parameterization": "False"}, ("epsilon", False)),
        ((), {"scheduler/prediction_type": "v_prediction"}, ("v", False)),
    ],
)
def test_what_the_anime_families_predict_is_read_from_what_marks_it(
    marks: tuple[str, ...], metadata: dict[str, str], wanted: tuple[str, bool]
) -> None:
    entries = {**table(SDXL).entries, **{name: Entry("F32", (0,)) for name in marks}}
    found = detect(Table(entries, metadata))
    assert (found.prediction, found.zero_terminal_snr) == wanted


def test_a_prediction_that_is_neither_is_refused() -> None:
    with pytest.raises(RakkanError, match=r"predicts 'sample'"):
        detect(table(SD1, **{"scheduler/prediction_type": "sample"}))


def test_the_size_it_was_trained_at_is_read_from_modelspec() -> None:
    assert detect(table(SD1, **{"modelspec.resolution": "768x640"})).resolution == 768
    assert detect(table(SD1, **{"modelspec.resolution": "huge"})).resolution == 512


def test_numbers_that_are_no_weights_do_not_disturb() -> None:
    more = {name: Entry("F32", (1000,)) for name in ("alphas_cumprod", "betas", "model_ema.decay")}
    more["cond_stage_model.transformer.text_model.embeddings.position_ids"] = Entry("I64", (1, 77))
    assert detect(Table({**more, **table(SD1).entries})) == architecture(SD1)


def test_an_old_models_text_encoder_and_an_old_folders_autoencoder_are_found() -> None:
    old = {name.replace("text_model.", ""): one for name, one in table(SD1, True).entries.items()}
    check(Table(old), detect(Table(old)))
    renames = {"to_q": "query", "to_k": "key", "to_v": "value", "to_out.0": "proj_attn"}
    entries = {}
    for name, one in table(SD1, True, "diffusers").entries.items():
        if name.startswith("vae/") and ".attentions." in name:
            for new, before in renames.items():
                name = name.replace(new, before)
        entries[name] = one
    check(Table(entries), detect(Table(entries)))


# ---- what is wrong


def fault(given: Table, vae_given: bool = False) -> str:
    with pytest.raises(RakkanError) as caught:
        check(given, detect(given), vae_given)
    assert "\n" not in str(caught.value) and caught.value.hint
    assert len(str(caught.value)) < 400
    return str(caught.value)


@pytest.mark.parametrize("kind", ["ldm", "diffusers"])
def test_a_missing_autoencoder_is_refused_unless_another_is_given(kind: str) -> None:
    given = without(table(SD1, kind=kind), layout.VAE, "vae/")
    assert "no autoencoder" in fault(given)
    check(given, detect(given), vae_given=True)


@pytest.mark.parametrize("kind", ["ldm", "diffusers"])
def test_missing_tensors_are_named_the_first_few(kind: str) -> None:
    gone = "middle_block" if kind == "ldm" else "mid_block"
    given = table(SD1, kind=kind)
    entries = {name: one for name, one in given.entries.items() if gone not in name or "resnet" in name}
    message = fault(Table(entries))
    assert "lacks" in message and f"{gone}" in message and "more" in message


def test_a_missing_text_encoder_is_refused() -> None:
    assert "no text encoder" in fault(without(table(SD1), "cond_stage_model."))
    assert "lacks a text encoder of SDXL" in fault(without(table(SDXL), "conditioner.embedders.1"))


def test_mixtures_are_refused() -> None:
    sdxl_text = without(table(SDXL), "model.", "first_stage")
    unet1 = without(table(SD1), "cond_stage_model")
    message = fault(joined(unet1, sdxl_text))
    assert "mixture" in message and "conditioner.embedders.0" in message
    unet_xl = without(table(SDXL), "conditioner.")
    text1 = without(table(SD1), "model.", "first_stage")
    assert "mixture" in fault(joined(unet_xl, text1))
    folder = joined(
        without(table(SD1, kind="diffusers"), "text_encoder/"),
        without(table(SD2, kind="diffusers"), "unet/", "vae/"),
    )
    assert "768 wide" in fault(folder) and "1024 wide" in fault(folder)
    both = joined(
        table(SD1, kind="diffusers"), without(table(SDXL, kind="diffusers"), "unet", "vae", "text_encoder/")
    )
    assert "2 text encoders" in fault(both)


def test_the_refiner_is_called_by_its_name() -> None:
    unet = replace(architecture(SDXL).unet, context=1280, depth=(0, 4, 4), added=2560)  # type: ignore[type-var]
    made = replace(architecture(SDXL), unet=unet)
    entries = {
        name.replace("embedders.1.", "embedders.0."): Entry("F16", shape)
        for name, shape in layout.expected(made).items()
        if "embedders.0." not in name
    }
    assert "refiner" in fault(Table(entries))


def test_wrong_shapes_are_named() -> None:
    given = table(SD1, small=True)
    name = "model.diffusion_model.output_blocks.0.0.in_layers.2.weight"
    message = fault(Table({**given.entries, name: Entry("F16", (16, 999, 3, 3))}))
    assert "1 tensors" in message and name in message and "16×999×3×3" in message


def test_what_is_no_checkpoint_is_said_to_be_none() -> None:
    for entries in ({}, {"a": Entry("F16", (2,))}, {layout.UNET + "a": Entry("F16", (2,))}):
        with pytest.raises(RakkanError):
            detect(Table(entries))


def test_a_header_that_lies_about_numbers_of_blocks_costs_nothing() -> None:
    entries = {
        layout.UNET + f"input_blocks.{n}.0.in_layers.2.weight": Entry("F16", (1, 1, 1, 1)) for n in (1, 999)
    }
    with pytest.raises(RakkanError):
        detect(Table(entries))
