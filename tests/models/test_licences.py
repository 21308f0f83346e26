"""Licences as people write them, and who claimed them."""

from __future__ import annotations

import pytest

from rakkan.models.licences import LICENCES, Claim, best, claim, identify, of_card, of_metadata, of_readme

SPELLINGS = {
    "creativeml-openrail-m": "LicenseRef-OpenRAIL-M",
    "CreativeML OpenRAIL-M": "LicenseRef-OpenRAIL-M",
    "openrail": "LicenseRef-OpenRAIL-M",
    "openrail++": "LicenseRef-OpenRAIL++-M",
    "CreativeML Open RAIL++-M": "LicenseRef-OpenRAIL++-M",
    "fair-ai-public-license-1.0-sd": "LicenseRef-FAIPL-1.0-SD",
    "https://freedevproject.org/faipl-1.0-sd/": "LicenseRef-FAIPL-1.0-SD",
    "stabilityai-ai-community": "LicenseRef-Stability-Community",
    "apache-2.0": "Apache-2.0",
    "Apache License 2.0": "Apache-2.0",
    "MIT": "MIT",
    "cc-by-nc-sa-4.0": "CC-BY-NC-SA-4.0",
    "CC BY 4.0": "CC-BY-4.0",
    "cc0-1.0": "CC0-1.0",
    "my own rules": "",
    "": "",
    "other": "",
    "summit": "",
}


@pytest.mark.parametrize("words", SPELLINGS)
def test_the_usual_spellings_are_known(words: str) -> None:
    assert identify(words) == SPELLINGS[words]


def test_every_licence_is_known_by_its_own_id_name_and_address_and_no_other() -> None:
    for one in LICENCES:
        assert {identify(text) for text in (one.id, one.name, one.url)} == {one.id}
    assert len({one.id for one in LICENCES}) == len(LICENCES)


def test_a_claim_names_its_source_and_keeps_words_that_are_not_known() -> None:
    assert claim("my own\nrules", "person") == Claim("", "my own rules", "person")
    assert claim(" ", "file") == Claim()
    assert "my own rules (claimed by the person)" in claim("my own rules", "person").told
    assert Claim().told == "not told"
    assert best(Claim(), claim("mit", "hub"), claim("cc0", "file")).source == "hub"


def test_files_folders_and_hubs_say_it_each_in_their_way() -> None:
    assert of_metadata({"modelspec.license": "MIT"}) == Claim("MIT", "MIT", "file")
    assert of_metadata({}) == Claim()
    readme = "---\ntags:\n- x\nlicense: other\nlicense_name: 'faipl-1.0-sd'\n---\n# license: mit\n"
    assert of_readme(readme) == Claim("LicenseRef-FAIPL-1.0-SD", "faipl-1.0-sd", "folder")
    assert of_readme("# x\nlicense: mit\n") == Claim()
    assert of_card({"license": ["mit"]}, "hub").licence == "MIT"
    assert of_card({"license": 7}, "hub") == Claim()
