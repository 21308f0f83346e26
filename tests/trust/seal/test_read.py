"""What a seal says once it is read, and that nothing that is no honest seal passes for one."""

from __future__ import annotations

import io
import json
import struct
import time
import zlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import c2pa
import pytest
from PIL import Image
from tests.trust.seal import samples
from tests.trust.seal.samples import MEDIA_TYPES, PNG, SEALING, picture, request, sealed, signer

from rakkan.errors import RakkanError
from rakkan.trust.seal import authority, disclosure, read
from rakkan.trust.seal.disclosure import open_with
from rakkan.trust.seal.manifest import ModelFacts
from rakkan.trust.seal.read import pack_request, read_json, read_seal
from rakkan.trust.seal.report import ActionTaken, Evidence, IngredientReport, SealReport, Use, report
from rakkan.trust.seal.sign import seal, settings

ROOT = samples.keys().root_certificate
IPTC = "http://cv.iptc.org/newscodes/digitalsourcetype/"


def seen(data: bytes, *roots: bytes) -> SealReport:
    found = read_seal(data, roots)
    assert found is not None
    return found


@pytest.mark.parametrize("media_type", MEDIA_TYPES)
@pytest.mark.parametrize("operation", SEALING)
def test_what_was_sealed_is_what_is_read(operation: str, media_type: str) -> None:
    found = seen(sealed(media_type, operation), ROOT)
    assert (found.state, found.problems, found.codes) == ("trusted", (), ())
    assert found.signer == samples.OURS
    assert found.root == found.stated_root == authority.fingerprint(ROOT)
    assert (found.title, found.maker, found.software) == ("A test", "Someone", "Rakkan 0.2")
    assert found.time == "2026-05-28T20:26:40Z"
    assert set(found.uses.values()) == {Use("notAllowed")} and len(found.uses) == 3
    assert found.recipe is not None and disclosure.fields_of(found.recipe)["guidance"] == 4.5
    assert found.model == ModelFacts("starter", "ab" * 32, b'{"payload":"e30="}')
    proof = samples.Proof()
    assert found.evidence == Evidence(proof.envelope, proof.salt, proof.leaf, proof.proof, proof.key)
    assert len(found.ingredients) == len(request(operation).ingredients)


def test_an_action_is_read_whole() -> None:
    (action,) = seen(sealed(PNG, "draft"), ROOT).actions
    source = IPTC + "trainedAlgorithmicMedia"
    assert action == ActionTaken("c2pa.created", source, "2026-05-28T20:26:40Z", "Rakkan", "Quick draft")


def test_a_picture_without_a_seal_has_none() -> None:
    for media_type in MEDIA_TYPES:
        assert read_seal(picture(media_type), [ROOT]) is None


@pytest.mark.parametrize("media_type", MEDIA_TYPES)
def test_saving_it_again_loses_the_seal(media_type: str) -> None:
    memory = io.BytesIO()
    with Image.open(io.BytesIO(sealed(media_type))) as image:
        image.save(memory, format=media_type.removeprefix("image/"))
    assert read_seal(memory.getvalue(), [ROOT]) is None


def test_without_the_root_it_is_valid_and_says_whose_it_claims_to_be() -> None:
    for roots in ((), (samples.keys("Another").root_certificate,)):
        found = seen(sealed(), *roots)
        assert found.state == "valid" and found.root == ""
        assert found.stated_root == authority.fingerprint(ROOT)
        assert found.problems == ("it was signed by someone whose root is not trusted here",)


def test_of_several_roots_the_one_that_vouches_is_named() -> None:
    other = samples.keys("Another").root_certificate
    for roots in ((ROOT, other), (other, ROOT)):
        assert seen(sealed(), *roots).root == authority.fingerprint(ROOT)
        assert seen(sealed(name="Another"), *roots).root == authority.fingerprint(other)


def test_a_seal_cannot_borrow_the_name_of_another_trusted_root() -> None:
    other = samples.keys("Another")
    liar = replace(signer("Another"), root=ROOT)  # states our fingerprint, signs under its own root
    data = seal(picture(), request(), liar)
    found = seen(data, ROOT, other.root_certificate)
    assert found.stated_root == authority.fingerprint(ROOT)
    assert found.root == authority.fingerprint(other.root_certificate)


def test_a_root_of_the_same_name_does_not_vouch() -> None:
    twin = authority.make_authority(samples.OURS)
    assert seen(sealed(), twin.root_certificate).state == "valid"


def test_a_leaf_of_another_root_does_not_pass() -> None:
    # Its issuer has our root's name and key identifier, but not our root's key.
    data = seal(picture(), request(), authority.authority(_forged()))
    assert seen(data, ROOT).state != "trusted"


def _forged() -> authority.AuthorityKeys:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    honest = samples.keys()
    leaf = x509.load_pem_x509_certificate(honest.leaf_certificate)
    leaf_key = serialization.load_pem_private_key(honest.leaf_key, None)
    assert isinstance(leaf_key, ec.EllipticCurvePrivateKey)
    builder = (
        x509.CertificateBuilder()
        .subject_name(leaf.subject)
        .issuer_name(leaf.issuer)
        .public_key(leaf_key.public_key())
        .serial_number(leaf.serial_number)
        .not_valid_before(leaf.not_valid_before_utc)
        .not_valid_after(leaf.not_valid_after_utc)
    )
    for extension in leaf.extensions:
        builder = builder.add_extension(extension.value, extension.critical)
    forged = builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    return replace(honest, leaf_certificate=forged)


def test_an_expired_leaf_is_told_as_such() -> None:
    lifetime = timedelta(days=365 * authority.LEAF_YEARS)
    ending = authority.authority(
        authority.make_authority(samples.OURS, datetime.now(UTC) - lifetime + timedelta(seconds=6))
    )
    data = seal(picture(), request(), ending)
    assert seen(data, ending.root).state == "trusted"
    time.sleep(7)
    found = seen(data, ending.root)
    assert found.state == "invalid" and found.root == ""
    assert "the signer's certificate has expired" in found.problems
    with pytest.raises(RakkanError):
        seal(picture(), request(), ending)


@pytest.mark.parametrize("media_type", MEDIA_TYPES)
def test_a_seal_does_not_fit_another_picture(media_type: str) -> None:
    plain, other = picture(media_type), picture(media_type, seed=9)
    ours = sealed(media_type)
    if media_type == "image/webp":
        place = samples._webp_seal(ours)
        moved = other + ours[place:]
        moved = b"RIFF" + struct.pack("<I", len(moved) - 8) + moved[8:]
    else:
        # Both pictures begin alike up to where the seal is put.
        start = {PNG: 33, "image/jpeg": 20}[media_type]
        moved = other[:start] + ours[start : start + len(ours) - len(plain)] + other[start:]
    with Image.open(io.BytesIO(moved)) as image:
        image.load()
    found = seen(moved, ROOT)
    assert found.state == "invalid"
    assert found.problems == ("the picture was changed after it was sealed",)


def test_a_changed_pixel_is_found() -> None:
    data = bytearray(sealed())
    place = data.rindex(b"IDAT") + 20
    data[place] ^= 1
    assert seen(bytes(data), ROOT).problems == ("the picture was changed after it was sealed",)


@pytest.mark.parametrize(
    "label", ["cawg.training-mining", "org.rakkan.recipe", "org.rakkan.ledger", "c2pa.actions.v2"]
)
def test_an_assertion_that_is_taken_out_is_missed(label: str) -> None:
    data = _without_assertion(sealed(), label)
    found = seen(data, ROOT)
    assert found.state == "invalid" and found.problems


def _without_assertion(data: bytes, label: str) -> bytes:
    """The PNG with one assertion's box cut out of its store, every length put right."""
    start = data.index(b"caBX") - 4
    (length,) = struct.unpack_from(">I", data, start)
    store = bytearray(data[start + 8 : start + 8 + length])
    holders = [0, 38, store.index(b"jumdc2as") - 12]  # the store, the manifest, the assertion store
    box = store.index(label.encode() + b"\0") - 33
    (size,) = struct.unpack_from(">I", store, box)
    for place in holders:
        assert store[place + 4 : place + 8] == b"jumb"
        struct.pack_into(">I", store, place, struct.unpack_from(">I", store, place)[0] - size)
    assert store[box + 4 : box + 8] == b"jumb"
    del store[box : box + size]
    chunk = b"caBX" + bytes(store)
    framed = struct.pack(">I", len(store)) + chunk + struct.pack(">I", zlib.crc32(chunk))
    return data[:start] + framed + data[start + 12 + length :]


def test_where_a_picture_came_from_can_be_followed_back() -> None:
    first = sealed(PNG, "create", "Another")
    reference = picture(seed=5)
    edited = seal(
        picture(seed=3),
        request(
            "edit",
            ingredients=(
                samples.ingredient("parentOf", first, "cd" * 32, outside=True),
                samples.ingredient("inputTo", reference, "ef" * 32),
                samples.ingredient("inputTo", None, "01" * 32),
            ),
        ),
        signer(),
    )
    upscaled = seal(
        picture(seed=4),
        request("upscale", ingredients=(samples.ingredient("parentOf", edited),)),
        signer(),
    )
    found = seen(upscaled, ROOT)
    assert found.state == "trusted"
    (parent,) = found.ingredients
    assert (parent.relationship, parent.state, parent.signer) == ("parentOf", "trusted", samples.OURS)
    assert [action.name for action in parent.actions] == ["c2pa.opened", "c2pa.edited"]
    assert parent.actions[1].source == IPTC + "compositeWithTrainedAlgorithmicMedia"
    by_digest = {one.digest: one for one in parent.ingredients}
    assert set(by_digest) == {"cd" * 32, "ef" * 32, "01" * 32}
    grandparent = by_digest["cd" * 32]
    assert (grandparent.state, grandparent.signer) == ("valid", "Another")
    assert [action.name for action in grandparent.actions] == ["c2pa.created"]
    assert by_digest["ef" * 32].state == by_digest["01" * 32].state == "none"


def test_an_ingredient_with_a_broken_seal_does_not_pass_for_a_sound_one() -> None:
    broken = bytearray(sealed())
    broken[-20] ^= 1
    parent = samples.ingredient("parentOf", bytes(broken))
    found = seen(seal(picture(seed=3), request("upscale", ingredients=(parent,)), signer()), ROOT)
    assert found.ingredients[0].state == "invalid"


def test_generations_and_ingredients_are_counted() -> None:
    data = sealed()
    for _ in range(10):
        data = seal(
            picture(),
            request(
                "upscale", ingredients=(samples.ingredient("parentOf", data),), recipe=None, evidence=None
            ),
            signer(),
        )
    found, depth = seen(data, ROOT), 0
    assert found.state == "trusted"
    level = found.ingredients
    while level:
        depth, level = depth + 1, level[0].ingredients
    assert depth == 8
    many = tuple(samples.ingredient("inputTo", None, f"{number:064x}") for number in range(64))
    assert len(seen(seal(picture(), request(ingredients=many), signer()), ROOT).ingredients) == 64


def test_the_maker_opens_a_digest_that_stands_in_a_file() -> None:
    shown, opening = disclosure.disclose(samples.RECIPE, "digest")
    found = seen(seal(picture(), request(recipe=shown), signer()), ROOT)
    assert found.recipe is not None
    assert open_with(found.recipe, opening)["prompt"] == samples.RECIPE.prompt


def test_a_recipe_that_does_not_hold_is_not_passed_on() -> None:
    found = seen(_sealed_with({"org.rakkan.recipe": {"disclosure": "full", "shown": [], "hidden": []}}), ROOT)
    assert found.recipe is None and "does not hold" in found.recipe_problem


def test_an_opt_out_in_the_older_form_is_heeded() -> None:
    older = {"entries": {"c2pa.ai_training": {"use": "notAllowed"}, "c2pa.other": {"use": "allowed"}}}
    found = seen(_sealed_with({"c2pa.training-mining": older}), ROOT)
    assert found.uses == {"cawg.ai_training": Use("notAllowed"), "c2pa.other": Use("allowed")}


def _sealed_with(assertions: dict[str, Any]) -> bytes:
    """A PNG sealed by our authority through c2pa alone, so that it can say anything."""
    created = {"actions": [{"action": "c2pa.created", "digitalSourceType": IPTC + "algorithmicMedia"}]}
    listed = [{"label": label, "data": data} for label, data in assertions.items()]
    manifest = {"assertions": [{"label": "c2pa.actions.v2", "data": created}, *listed]}
    key = c2pa.Signer.from_callback(signer().sign, c2pa.C2paSigningAlg.ES256, signer().chain.decode())
    output = io.BytesIO()
    with c2pa.Builder(json.dumps(manifest), c2pa.Context.from_dict(settings(b""))) as builder:
        builder.sign(key, PNG, io.BytesIO(picture()), output)
    return output.getvalue()


def test_odd_statements_are_left_out_or_cut() -> None:
    data = _sealed_with(
        {
            "cawg.training-mining": {"entries": {"cawg.ai_training": "no", "x" * 900: {"use": ["a"]}}},
            "org.rakkan.model": [1],
            "org.rakkan.ledger": {"envelope": 7, "salt": "not base64!", "leaf": "", "proof": None},
            "cawg.metadata": {"@context": {"dc": "http://purl.org/dc/elements/1.1/"}, "dc:creator": "x"},
            "org.rakkan.recipe": 3,
        }
    )
    found = seen(data, ROOT)
    assert found.state == "trusted"
    assert found.uses["cawg.ai_training"] == Use("")
    assert max(len(name) for name in found.uses) == 500
    assert (found.model, found.evidence, found.maker, found.recipe) == (None, None, "", None)
    assert found.stated_root == ""


def test_a_seal_that_says_too_much_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read, "LARGEST_STORE", 100_000)
    assert seen(_sealed_with({"org.example.essay": {"text": "x" * 90_000}}), ROOT).state == "trusted"
    found = seen(_sealed_with({"org.example.essay": {"text": "x" * 100_000}}), ROOT)
    assert (found.state, found.problems) == ("invalid", ("its seal says more than is read here",))


def test_a_seal_that_lies_on_a_server_is_not_fetched() -> None:
    xmp = (
        '<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF'
        ' xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about=""'
        ' xmlns:dcterms="http://purl.org/dc/terms/" dcterms:provenance="http://127.0.0.1:9/x.c2pa"/>'
        '</rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
    )
    body = b"iTXtXML:com.adobe.xmp\0\0\0\0\0" + xmp.encode()
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    data = picture()[:33] + chunk + picture()[33:]
    found = seen(data, ROOT)
    assert (found.state, found.problems) == ("invalid", ("its seal lies on a server and was not fetched",))


def test_the_answer_is_plain_json_and_no_bytes() -> None:
    answer, rest = read_json(pack_request(sealed(), [ROOT]))
    assert rest == b""
    assert report(json.loads(json.dumps(answer))) == seen(sealed(), ROOT)


def test_a_request_that_cannot_be_is_refused_in_words() -> None:
    with pytest.raises(RakkanError, match="not a certificate"):
        pack_request(sealed(), [b"x"])
    with pytest.raises(RakkanError, match="too many"):
        pack_request(sealed(), [ROOT] * 65)
    with pytest.raises(RakkanError, match="not a PNG"):
        pack_request(b"GIF89a")
    with pytest.raises(RakkanError, match="too large"):
        pack_request(b"\x89PNG\r\n\x1a\n" + bytes(64 << 20))


@pytest.mark.parametrize("answer", [None, [], {}, {"found": 1}])
def test_an_answer_of_another_form_is_refused(answer: object) -> None:
    with pytest.raises(RakkanError, match="no answer"):
        report(answer)


def test_an_answer_from_a_reader_gone_wrong_is_never_trusted() -> None:
    honest = read_json(pack_request(sealed(), [ROOT]))[0]
    for change in ({"state": "Trusted!"}, {"state": 1}, {"state": "trusted", "faults": ["odd"]}):
        found = report({**honest, **change})
        assert found is not None and found.state == "invalid" and found.problems and not found.root
    looped = json.loads(json.dumps(honest))
    (label,) = looped["store"]["manifests"]
    loop = {"relationship": "parentOf", "active_manifest": label}
    looped["store"]["manifests"][label]["ingredients"] = [loop, loop]
    found = report(looped)
    assert found is not None and len(found.ingredients) == 2
    assert _count(found.ingredients) == 64


def _count(ingredients: tuple[IngredientReport, ...]) -> int:
    return sum(1 + _count(one.ingredients) for one in ingredients)
