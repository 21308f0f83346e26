"""A copy: a picture that left before, in another file, in another format or telling more or less.

Its recipe names what guided the picture, which is not at hand any more and was looked at then. So a copy is
stated of nothing but what this instance stated of its parent: the same pixels, the same recipe under the same
commitment, for the same account.
"""

from __future__ import annotations

import json

from rakkan.errors import RakkanError
from rakkan.records import AnyRecipe, canonical_json
from rakkan.store.ledger.ledger import Ledger
from rakkan.store.ledger.statements import Derived, Generated
from rakkan.store.vault import Vault
from rakkan.trust.seal import disclosure
from rakkan.trust.seal.disclosure import Disclosure

#: The operation of copies in the seal's table.
COPY = "copy"


def opening(
    vault: Vault, ledger: Ledger, account: str, parent: str, pixels: str, recipe: AnyRecipe
) -> tuple[Disclosure, str]:
    """What opens the recipe of the picture that the ledger knows as ``parent``, and the digest it lies under
    in the account's vault.

    ``pixels`` is the ``provenance.pixel_digest`` of the copy and ``recipe`` what it is to tell. Raises
    RakkanError when this instance has not stated just these of the parent for the account, also when that
    lost some of its pixels as it was saved, and when the opening was shredded.
    """
    for _, said in ledger.about(parent):
        if said.account != account or not isinstance(said.predicate, Generated | Derived):
            continue
        shown = {one.digests.get("pixels") for one in said.subjects if one.digests.get("sha256") == parent}
        kept = said.predicate.opening
        if pixels not in shown or not vault.holds(account, kept):
            continue
        found = disclosure.from_json(json.loads(vault.read(account, kept)))
        if disclosure.fields_of(found) == json.loads(canonical_json(recipe)):
            return found, kept
    raise RakkanError(
        "The picture was not released: it is no copy of one that was made here for this account",
        "Copy the file as it was sealed, with its own recipe, while the vault has what opens it",
    )
