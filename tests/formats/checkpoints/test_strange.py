"""Whatever names and shapes a header tells, and whatever it says of itself: an answer, or one line."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.formats.checkpoints.tables import Table, architecture, table
from tests.formats.checkpoints.test_kinds import lora

from rakkan.errors import RakkanError
from rakkan.formats.checkpoints.adapters import check_embedding, check_lora
from rakkan.formats.checkpoints.architecture import SD1, SD2, SDXL
from rakkan.formats.checkpoints.autoencoders import check_vae
from rakkan.formats.checkpoints.checks import check
from rakkan.formats.checkpoints.kinds import nature
from rakkan.formats.checkpoints.tensors import Entry

TABLES = [table(family, True, kind) for family in (SD1, SD2, SDXL) for kind in ("ldm", "diffusers")]
TABLES += [lora(family, naming, small=True) for family in (SD1, SDXL) for naming in ("kohya", "peft")]
SHAPES: list[tuple[int, ...]] = [(), (0,), (1,), (2**40,), (8, 0), (16, 16), (8, 8, 3, 3), (1,) * 16]
KEYS = [
    "modelspec.prediction_type",
    "modelspec.resolution",
    "scheduler/prediction_type",
    "unet/attention_head_dim",
    "text_encoder/num_attention_heads",
    "text_encoder/hidden_act",
    "vae/scaling_factor",
]
VALUES = [
    "",
    "v",
    "0",
    "-1",
    "[1]",
    "[0, 0]",
    "[[1]]",
    "nan",
    "inf",
    "1e999",
    "[" * 5000,
    "99999x0",
    "8",
    "gelu",
]


@given(
    st.integers(0, 2**32),
    st.sampled_from(TABLES),
    st.dictionaries(st.sampled_from(KEYS), st.sampled_from(VALUES)),
)
def test_strange_headers_end_in_an_answer_or_one_line(
    seed: int, made: Table, metadata: dict[str, str]
) -> None:
    chance = random.Random(seed)
    entries = dict(made.entries)
    names = list(entries)
    for _ in range(chance.choice([0, 1, 1, 2, 20])):
        name = chance.choice(names)
        what = chance.randrange(4)
        if what == 0:
            entries.pop(name, None)
        elif what == 1:
            entries[name] = Entry("F16", chance.choice(SHAPES))
        elif what == 2:
            entries[name.replace("0", str(chance.choice([1, 7, 999, 10**9])))] = Entry("F16", (1,))
        else:
            entries[name + chance.choice(["x", ".weight", "\n"])] = entries.get(name, Entry("I64", ()))
    given_table = Table(entries, metadata)
    try:
        found = nature(given_table)
        if found.architecture is not None:
            check(given_table, found.architecture)
    except RakkanError as error:
        assert str(error).isprintable() and len(str(error)) < 1000
    for look in (check_lora, check_embedding, check_vae):
        try:
            look(given_table, architecture(SD1, small=True))
        except RakkanError as error:
            assert str(error).isprintable() and len(str(error)) < 1000


@pytest.mark.parametrize("name", [name for name in table(SDXL, True).entries if "bias" in name][:400:7])
def test_no_tensor_of_a_checkpoint_can_be_missing_or_of_another_shape(name: str) -> None:
    made = table(SDXL, True)
    for entries in (
        {key: one for key, one in made.entries.items() if key != name},
        {**made.entries, name: Entry("F16", (977,))},
    ):
        found = nature(Table(entries)).architecture
        assert found is not None
        with pytest.raises(RakkanError, match=name):
            check(Table(entries), found)
