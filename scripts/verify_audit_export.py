#!/usr/bin/env python3
"""Check an export of Zelo's audit log (`zelo audit export`) without trusting Zelo.

Usage: verify_audit_export.py EXPORT.jsonl --key PUBLIC_KEY [--checkpoint FILE]

PUBLIC_KEY is the line that `zelo audit seal --json` prints, kept since the log began; FILE is a checkpoint that was kept
outside, against which the export was made. Only Python's standard library is used. docs/audit-log.md describes what is
checked. Ends with 0 when everything is proven, and with 1 and the reason when something is not.
"""

import argparse
import base64
import hashlib
import json
import sys
import uuid

FORMAT = b"zelo audit entry v1\n"
ORDER = (
    "tenant_id id at actor_kind actor_id event_type action target_kind target_id outcome ip_digest request_id trace_id "
    "actor_sealed actor_digest detail_sealed detail_digest"
).split()


class Refused(Exception):
    """Something is not proven."""


def from_base64(text):
    """Bytes, if they are written in the one way in which they must be."""
    data = base64.b64decode(text, validate=True)
    if base64.b64encode(data).decode() != text:
        raise Refused("its base64 is not as it must be")
    return data


# --- Ed25519 (RFC 8032, section 5.1), verification only ---

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)


def recover_x(y, sign):
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT_OF_MINUS_ONE % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    return P - x if x % 2 != sign else x


BASE_Y = 4 * pow(5, P - 2, P) % P
BASE = (recover_x(BASE_Y, 0), BASE_Y, 1, recover_x(BASE_Y, 0) * BASE_Y % P)


def add(a, b):
    """Points in extended coordinates (X, Y, Z, T): x = X/Z, y = Y/Z, x*y = T/Z."""
    m, n = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    c, d = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = n - m, d - c, d + c, n + m
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def multiply(scalar, point):
    result = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            result = add(result, point)
        point = add(point, point)
        scalar >>= 1
    return result


def decompress(data):
    number = int.from_bytes(data, "little")
    y, sign = number & ((1 << 255) - 1), number >> 255
    x = recover_x(y, sign)
    return None if x is None else (x, y, 1, x * y % P)


def signature_fits(key, message, signature):
    if len(key) != 32 or len(signature) != 64:
        return False
    a, r, s = decompress(key), decompress(signature[:32]), int.from_bytes(signature[32:], "little")
    if a is None or r is None or s >= L:
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % L
    left, right = multiply(s, BASE), add(r, multiply(h, a))
    return (left[0] * right[2] - right[0] * left[2]) % P == 0 and (left[1] * right[2] - right[1] * left[2]) % P == 0


# --- The note and its key (C2SP signed-note and tlog-checkpoint) ---


def read_key(text):
    name, key_hash, encoded = text.strip().split("+", 2)
    key = from_base64(encoded)
    digest = hashlib.sha256(name.encode() + b"\n" + key).digest()[:4]
    if key[:1] != b"\x01" or digest.hex() != key_hash:
        raise Refused("the public key is not one, or was mistyped")
    return name, digest, key[1:]


def read_checkpoint(note, key_text):
    name, key_hash, key = read_key(key_text)
    text, separator, signatures = note.rpartition("\n\n")
    lines = text.split("\n")
    if not separator or len(lines) < 3 or lines[0] != name:
        raise Refused("the checkpoint is not one of this log")
    for line in signatures.split("\n"):
        prefix = f"\u2014 {name} "
        if line.startswith(prefix):
            signature = from_base64(line[len(prefix) :])
            if signature[:4] == key_hash and signature_fits(key, (text + "\n").encode(), signature[4:]):
                if str(int(lines[1])) != lines[1]:
                    raise Refused("the size of the checkpoint is not written as it must be")
                return int(lines[1]), from_base64(lines[2])
    raise Refused("the checkpoint has no signature that fits")


# --- The tree (RFC 6962, section 2.1; RFC 9162, section 2.1.3.2) ---


def node(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_of_proof(leaf, index, size, proof):
    if not 0 <= index < size:
        raise Refused("its number is not one of the log")
    last, root = size - 1, leaf
    for sibling in proof:
        if last == 0:
            raise Refused("its proof is too long")
        if index % 2 or index == last:
            root = node(sibling, root)
            while index % 2 == 0 and index:
                index, last = index >> 1, last >> 1
        else:
            root = node(root, sibling)
        index, last = index >> 1, last >> 1
    if last:
        raise Refused("its proof is too short")
    return root


# --- An entry ---


def field(entry, name):
    value = entry[name]
    if value is None:
        return None
    if name in ("tenant_id", "id", "actor_id"):
        return uuid.UUID(value).bytes
    if name == "at":
        return value.to_bytes(8, "big", signed=True)
    if name.endswith(("_sealed", "_digest")):
        return from_base64(value)
    return value.encode()


def leaf_of(entry):
    if set(entry) != set(ORDER):
        raise Refused("it has not the fields that an entry has")
    data = bytearray(FORMAT)
    for name in ORDER:
        value = field(entry, name)
        data += (0xFFFFFFFF if value is None else len(value)).to_bytes(4, "big") + (value or b"")
    return hashlib.sha256(b"\x00" + data).digest()


def check_place(leaf, line, size, root):
    proof = [from_base64(item) for item in line["proof"]]
    if any(len(item) != 32 for item in proof):
        raise Refused("its proof is not made of hashes")
    if root_of_proof(leaf, line["seq"], size, proof) != root:
        raise Refused("the checkpoint does not cover it as it is")


def check_line(line, size, root):
    check_place(leaf_of(line["entry"]), line, size, root)
    for name in ("actor", "detail"):
        text = line[name]
        if text is not None and hashlib.sha256(text.encode()).digest() != field(line["entry"], f"{name}_digest"):
            raise Refused(f"its {name} is not the text that was written")


def check(path, key, outside):
    with open(path, encoding="utf-8", newline="\n") as lines:
        head = json.loads(next(lines))
        if head.get("type") != "log" or head.get("format") != "zelo audit export v1":
            raise Refused("this is not an export of an audit log")
        size, root = read_checkpoint(outside or head["checkpoint"] or "", key)
        seen, erased = -1, 0
        for number, text in enumerate(lines, 2):
            try:
                line = json.loads(text)
                if line["type"] not in ("entry", "erased") or line["seq"] <= seen:
                    raise Refused("it is not an entry, or not in order")
                tenant = head["tenant_id"]
                if line["type"] == "erased":
                    # The entry went with its tenant; the log still has its place.
                    check_place(from_base64(line["leaf"]), line, size, root)
                else:
                    check_line(line, size, root)
                    if tenant is not None and line["entry"]["tenant_id"] != tenant:
                        raise Refused("it is another tenant's")
                if tenant is None and line["seq"] != seen + 1:
                    raise Refused(f"entry {seen + 1} is missing before it")
            except Refused as refused:
                raise Refused(f"line {number}: {refused}") from None
            except (KeyError, TypeError, ValueError, OverflowError) as error:
                raise Refused(f"line {number}: it cannot be read ({error!r})") from None
            seen, erased = line["seq"], erased + (line.get("detail") is None)
        if head["tenant_id"] is None and seen + 1 != size:
            raise Refused(f"the entries from {seen + 1} to {size - 1} are missing")
    return size, erased


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("export")
    parser.add_argument("--key", required=True, help="the log's public key: NAME+HASH+KEY")
    parser.add_argument("--checkpoint", help="a file with a checkpoint that was kept outside")
    arguments = parser.parse_args()
    try:
        outside = open(arguments.checkpoint, encoding="utf-8").read() if arguments.checkpoint else None
        size, erased = check(arguments.export, arguments.key, outside)
    except (Refused, OSError, ValueError, KeyError, TypeError, StopIteration) as error:
        print(f"refused: {error}")
        return 1
    print(f"proven against a log of {size} entries; {erased} texts were erased")
    return 0


if __name__ == "__main__":
    sys.exit(main())
