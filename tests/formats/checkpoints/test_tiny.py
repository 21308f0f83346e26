"""Tiny decoders told by their tensors, in both of their layouts, and what is wrong with one."""

from __future__ import annotations

import pytest
from tests.formats.checkpoints.tables import Table, architecture, table

from rakkan.errors import RakkanError
from rakkan.formats.checkpoints import layout
from rakkan.formats.checkpoints.architecture import SD1, SDXL
from rakkan.formats.checkpoints.autoencoders import check_tiny
from rakkan.formats.checkpoints.kinds import nature
from rakkan.formats.checkpoints.tensors import Entry

LAYOUTS = ["", "decoder.", "decoder.layers."]


def tiny(prefix: str, channels: int = 4) -> dict[str, Entry]:
    folder = prefix.endswith("layers.")
    return {
        prefix + (one.folder if folder else one.single): Entry("F16", one.shape)
        for one in layout.tiny_decoder(channels)
    }


@pytest.mark.parametrize("prefix", LAYOUTS)
def test_a_whole_one_is_told_and_fits_every_family(prefix: str) -> None:
    given = Table({**tiny(prefix), "encoder.layers.0.weight": Entry("F16", (64, 3, 3, 3))})
    found = nature(given)
    assert found.kind == "tiny decoder" and found.family == "" and "do not tell" in found.notes[0]
    shape = check_tiny(given, architecture(SD1))
    assert shape.is_tiny and (shape.scaling, shape.latent_channels, len(shape.channels)) == (1.0, 4, 4)
    assert check_tiny(given, architecture(SDXL)) == shape


def test_its_layers_are_those_of_taesd() -> None:
    names = [one.single for one in layout.tiny_decoder(4)]
    assert names[:2] == ["1.weight", "1.bias"] and names[-2:] == ["19.weight", "19.bias"]
    assert {"3.conv.0.weight", "7.weight", "12.weight", "17.weight", "18.conv.4.bias"} <= set(names)
    assert not {"7.bias", "12.bias", "17.bias"} & set(names)
    assert len(names) == 2 + 10 * 6 + 3 + 2
    by_both = {one.single: one.folder for one in layout.tiny_decoder(4)}
    assert (by_both["3.conv.0.weight"], by_both["19.bias"]) == ("2.conv.0.weight", "18.bias")


@pytest.mark.parametrize("prefix", LAYOUTS)
def test_what_is_missing_or_misfits_is_named(prefix: str) -> None:
    whole = tiny(prefix)
    name = list(whole)[9]
    short = {key: one for key, one in whole.items() if key != name}
    with pytest.raises(RakkanError, match=f"t lacks 1 of 67 tensors: {name}"):
        check_tiny(Table(short), architecture(SD1), "t")
    bent = {**whole, name: Entry("F16", (7,))}
    with pytest.raises(RakkanError, match=f"t does not fit the rest of it in 1 tensors: {name} is 7, not 64"):
        check_tiny(Table(bent), architecture(SD1), "t")


def test_one_for_other_latents_and_what_is_none_are_refused() -> None:
    given = Table(tiny("", channels=16))
    assert nature(given).kind == "tiny decoder"
    with pytest.raises(RakkanError, match="latents of 16 channels, not of 4"):
        check_tiny(given, architecture(SD1))
    with pytest.raises(RakkanError, match="is no tiny decoder"):
        check_tiny(table(SD1), architecture(SD1))
