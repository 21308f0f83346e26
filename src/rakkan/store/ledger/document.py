"""The document about statements, docs/statements.md, written from the code.

``python -m rakkan.store.ledger.document > docs/statements.md`` makes it again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from rakkan.store.ledger import statements, typed
from rakkan.store.ledger.entry import Leaf
from rakkan.store.ledger.envelope import PAYLOAD_TYPE
from rakkan.store.ledger.statements import Generated, Kind, Statement, Subject, kinds

_HEAD = """\
# Statements and the ledger

Written from the code by `python -m rakkan.store.ledger.document`; a test fails when it is stale.

Whatever Rakkan makes, admits or is told about bytes it *states* in its ledger. A statement is signed, its
commitment stands in a public append-only log, and its words lie encrypted in the vault, where their account
can have them shredded.

## A statement

An [in-toto Statement v1](https://in-toto.io/Statement/v1) in canonical JSON (RFC 8785, whole numbers only):
"""

_SUBJECTS = """
- `subject`: what it is about, one or more. `name` is the sort of thing (`picture`, `model`, `work`,
  `character`, `style`, `account`, `statement`, `entries`), never a person's words. `digest` maps an
  algorithm to lower-case hexadecimal: `sha256` of a file without its seal, `pixels` of the decoded pixels,
  and so on; a `look` is what a picture's copies are found by, and names none exactly.
- `predicateType`: `urn:rakkan:NAME:VERSION` of one of the kinds below.
- `predicate`: in every kind `account`, who states it, as a pseudonym: HMAC-SHA256 of the salt and the
  account's name under a key of the instance, so that a picture which carries the statement names nobody, and
  two pictures of one account do not show that they are; `time`, whole seconds since 1970 (UTC); and the
  fields of the kind. All of them are always written and none besides; a reader refuses anything else by
  name.

## The kinds
"""

_REST = """
## From a statement to the log

1. **Envelope.** The statement's bytes are the payload of a
   [DSSE](https://github.com/secure-systems-lab/dsse) envelope, `payloadType` `{payload_type}`, itself
   canonical JSON, signed with Ed25519. The signature is over `"DSSEv1 " LENGTH " " TYPE " " LENGTH " "
   PAYLOAD`, lengths in decimal bytes. `keyid` is the key's name and identifier, a hint and no more.
2. **Commitment.** SHA-256 of `"rakkan commitment 1\\n"`, then `32` random bytes (the salt), then the
   envelope.
3. **Log entry.** Canonical JSON of kind, version and commitment, and nothing else:

   ```json
   {leaf}
   ```

4. **Body.** `"rakkan body 1\\n"`, then the salt, then the envelope: a blob in the vault that belongs to the
   statement's account and is encrypted under that account's key.

The same key signs envelopes and checkpoints. The two cannot be mistaken for each other: an envelope's
signature is over bytes that begin with `DSSEv1` and a space, a checkpoint's over bytes that begin with the
log's name, which has no space in it.

## The log

A Merkle tree as in RFC 6962 and RFC 9162 (section 2.1) over SHA-256, kept in a folder as [C2SP
tlog-tiles](https://c2sp.org/tlog-tiles), so that any web server can publish it as it lies:

| file | holds |
|---|---|
| `checkpoint` | name of the log, number of entries, root; signed ([tlog-checkpoint]) |
| `tile/entries/000`, … | up to 256 entries each, every one after its length as two bytes, the higher first |
| `tile/LEVEL/000`, … | up to 256 hashes each; those of level 0 are of entries, those above of full tiles |
| `….p/WIDTH` | what a tile or bundle was before it was full; goes when the full one is there |
| `checkpoint.witnessed` | the newest checkpoint that witnesses have cosigned ([tlog-cosignature]) |

The checkpoint is replaced last and atomically. Tiles beyond it are left over from an append that was
interrupted, mean nothing, and are replaced by the next.

## What stands in the log, and what does not

In it, for everybody to see: how many statements there are, in which order, of which kind and version. Not
in it: digests of pictures or models, prompts, accounts, times, signatures of statements. A commitment tells
nothing to who does not have the salt *and* the envelope.

Erasing an account shreds its bodies in the vault, deletes its rows in the index, and states `erased` with
the indexes of its entries; the subject of that statement is the SHA-256 of their leaf hashes, one after the
other. The entries and their place in the log stay and can still be proven; what they committed to cannot.
What cannot be called back: evidence that was given away before, such as inside a picture file, and what
others have stated about the account or its pictures, which is theirs.

## The index

A database (`sqlite:///…` or PostgreSQL by URL) finds the statements about a digest. It holds the digests of
subjects and the names of accounts only as HMAC-SHA256 under an index key; each account's name besides once,
encrypted under a key derived from it, because the vault is asked by name. It can be lost: it is made again
from the log and the vault.

## Evidence, and checking it by hand

Evidence is four parts, which may be embedded in a file: `envelope`, `salt`, `leaf` (the log entry) and
`proof`, a [C2SP tlog-proof](https://c2sp.org/tlog-proof): the entry's index, the hashes from its leaf to
the root, and a signed checkpoint. `rakkan.store.ledger.verify.verify_evidence` checks it without vault,
database or network. By hand:

1. Verify the envelope's Ed25519 signature over the encoding above, with the public key of the log. A
   verification key is written `NAME+IDENTIFIER+BASE64`; in the base64 part, the first byte is the type and
   the other `32` are the Ed25519 key.
2. SHA-256 of `"rakkan commitment 1\\n"`, salt and envelope must be the `commitment` of the leaf, and `kind`
   and `version` of the leaf those of the statement's `predicateType`.
3. Verify the checkpoint's signature, and the witnesses' if you ask for them: a cosignature is over
   `"cosignature/v1\\ntime SECONDS\\n"` and the checkpoint's text.
4. Begin with SHA-256 of a zero byte and the leaf. With each hash of the proof, join SHA-256 of a one byte,
   the left and the right, as RFC 9162 (2.1.3.2) tells from index and size. The last must be the
   checkpoint's root.

A single checkpoint shows one face of the log. Witnesses, who cosign only what continues what they saw
before, and comparing checkpoints with others, show that everyone is shown the same.

[tlog-checkpoint]: https://c2sp.org/tlog-checkpoint
[tlog-cosignature]: https://c2sp.org/tlog-cosignature
"""

_TYPES = {
    str: "text",
    int: "whole number",
    bool: "true or false",
    tuple[str, ...]: "list of texts",
    tuple[int, ...]: "list of whole numbers",
    Mapping[str, str]: "object of texts",
}


def document() -> str:
    """The whole document, in Markdown."""
    return "".join(
        [
            _HEAD,
            _fenced(_example()),
            _SUBJECTS,
            *map(_section, kinds()),
            _REST.format(payload_type=PAYLOAD_TYPE, leaf=bytes(Leaf("generated", 1, "0" * 64)).decode()),
        ]
    )


def _section(kind: Kind) -> str:
    rows = [
        f"| `{part.name}` | {_TYPES[part.kind]} | {_meaning(part)} |\n"
        for part in typed.described(kind.record)
    ]
    head = f"\n### `{kind.predicate_type}`\n\n{' '.join((kind.record.__doc__ or '').split())}\n\n"
    return head + "| field | type | meaning |\n|---|---|---|\n" + "".join(rows)


def _meaning(part: typed.Field) -> str:
    return part.meaning if part.form is None else f"{part.meaning} ({part.form.words})"


def _example() -> Any:
    predicate = Generated("create", "6b" * 32, "digest", "starter", "2e" * 32)
    said = Statement(predicate, (Subject("picture", {"sha256": "c4" * 32}),), "9f" * 32, 1_700_000_000)
    return json.loads(statements.to_payload(said))


def _fenced(value: Any) -> str:
    return f"\n```json\n{json.dumps(value, indent=1)}\n```\n"


if __name__ == "__main__":
    print(document(), end="")
