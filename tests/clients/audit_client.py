"""Checks an export of the audit log with other people's code: pymerkle's tree and cryptography's Ed25519.

Usage: audit_client.py EXPORT.jsonl PUBLIC_KEY, for an export of the whole log. What the two libraries make of the entries
has to be what the export says: root, signature, and the proof of every entry; and no entry may be changed by a bit.
"""

import base64
import json
import sys
import uuid
import warnings

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pymerkle import InmemoryTree

warnings.simplefilter("ignore", DeprecationWarning)

FORMAT = b"zelo audit entry v1\n"
TEXTS = "actor_kind event_type action target_kind target_id outcome request_id trace_id".split()
ORDER = (
    "tenant_id id at actor_kind actor_id event_type action target_kind target_id outcome ip_digest request_id trace_id "
    "actor_sealed actor_digest detail_sealed detail_digest"
).split()


def encoded(name, value):
    if value is None:
        return b"\xff\xff\xff\xff"
    if name in TEXTS:
        data = value.encode()
    elif name == "at":
        data = value.to_bytes(8, "big", signed=True)
    elif name in ("tenant_id", "id", "actor_id"):
        data = uuid.UUID(value).bytes
    else:
        data = base64.b64decode(value)
    return len(data).to_bytes(4, "big") + data


def entry_bytes(entry):
    return FORMAT + b"".join(encoded(name, entry[name]) for name in ORDER)


def tree_of(entries):
    tree = InmemoryTree(algorithm="sha256")
    for data in entries:
        tree.append_entry(data)
    return tree


def main(path, key):
    head, *lines = [json.loads(text) for text in open(path, encoding="utf-8")]
    entries = [entry_bytes(line["entry"]) for line in lines]
    tree = tree_of(entries)

    text, _, signatures = head["checkpoint"].rpartition("\n\n")
    name, size, root = text.split("\n")[:3]
    assert int(size) == len(entries), "the checkpoint is of another size"
    assert base64.b64decode(root) == tree.get_state(), "pymerkle's root is another one"

    public = base64.b64decode(key.split("+", 2)[2])[1:]
    signature = base64.b64decode(signatures.split(f"{name} ", 1)[1].split("\n")[0])[4:]
    Ed25519PublicKey.from_public_bytes(public).verify(signature, (text + "\n").encode())

    for number, line in enumerate(lines, 1):
        theirs = [bytes.fromhex(item) for item in tree.prove_inclusion(number, len(entries)).serialize()["path"]]
        assert [base64.b64decode(item) for item in line["proof"]] == theirs[1:], f"the proof of entry {number}"

    changed = 0
    for number, data in enumerate(entries):
        for bit in (0, len(data) * 4, len(data) * 8 - 1):
            other = bytearray(data)
            other[bit // 8] ^= 1 << bit % 8
            assert tree_of([*entries[:number], bytes(other), *entries[number + 1 :]]).get_state() != tree.get_state()
            changed += 1
    print(f"{len(entries)} entries, {len(lines)} proofs and the signature agree; {changed} of {changed} changed bits show")


main(*sys.argv[1:])
