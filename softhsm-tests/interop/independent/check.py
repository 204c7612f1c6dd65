#!/usr/bin/env python3
"""Checks what Claviger signs, encrypts and authenticates with the `cryptography` package.

    check.py prepare plan.json prepared.json
    check.py check plan.json prepared.json answers.json report.json

`prepare` makes the keys that the plan names, and for each case what the server is to open or verify.
`check` takes the server's answers, which are its own products and what it made of ours. The report
tells for each kind how many cases were checked, and by what; a case that cannot be checked is one
that failed.
"""
import collections
import json
import sys
import traceback

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

import asymmetric
import symmetric


def load(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def store(path, content):
    with open(path, "w", encoding="utf-8") as file:
        json.dump(content, file)


def equal(found, expected, what):
    if found != expected:
        raise AssertionError("%s differs: %s, not %s" % (what, found.hex(), expected.hex()))


def prepare(plan):
    """Keys, and our own products."""
    keys, products, private = {}, {}, {}
    for name, kind in plan["pairs"].items():
        private[name] = asymmetric.generate(kind)
        keys[name] = {
            "pkcs8": asymmetric.pkcs8(private[name]).hex(),
            "spki": asymmetric.spki(private[name]).hex(),
        }
    for case in plan["cases"]:
        product = own_product(plan, private, case)
        if product is not None:
            products[str(case["id"])] = [part.hex() for part in product]
    return {"keys": keys, "products": products}


def own_product(plan, private, case):
    """Data and tag for the server; nothing for keys that are the token's alone."""
    data = bytes.fromhex(case["data"])
    if case["does"] in ("wrap", "agree"):
        return None
    if case["does"] == "seal":
        return symmetric.seal(case, bytes.fromhex(plan["secrets"][case["key"]]), data)
    if case["does"] == "mac":
        return symmetric.mac(case, bytes.fromhex(plan["secrets"][case["key"]]), data)[0], b""
    key = private.get(case["key"])
    if key is None:
        return None
    if case["does"] == "encrypt":
        return asymmetric.rsa_encrypt(case, key, data), b""
    signature = asymmetric.sign(case, key, data)
    return None if signature is None else (signature, b"")


def check_case(plan, keys, case, answer):
    """Checks the server's product; says by what."""
    data, made = bytes.fromhex(case["data"]), bytes.fromhex(answer["made"])
    if answer["iv"] is not None:
        case = dict(case, iv=answer["iv"])
    if case["does"] in ("seal", "wrap"):
        secret = bytes.fromhex(plan["secrets"][case["key"]])
        equal(symmetric.opened(case, secret, made, bytes.fromhex(answer["tag"])), data, "plaintext")
        return symmetric.how(case)
    if case["does"] == "mac":
        expected, how = symmetric.mac(case, bytes.fromhex(plan["secrets"][case["key"]]), data)
        equal(made, expected, "MAC")
        return how
    public, private = keys[case["key"]]
    if case["does"] == "agree":
        _, other = keys[case["peer"]]
        equal(made, other.exchange(ec.ECDH(), public), "secret")
        return "cryptography"
    if case["does"] == "encrypt":
        found, how = asymmetric.rsa_decrypt(case, private, made)
        equal(found, data, "plaintext")
        return how
    how = asymmetric.verify(case, public, data, made)
    try:
        asymmetric.verify(case, public, data + b".", made)
    except InvalidSignature:
        return how
    raise AssertionError("the signature holds for other data, too")


def check(plan, prepared, answers):
    """The report: counts by kind, what was not served, and failures."""
    keys = {}
    for name, spki in answers["public"].items():
        public = serialization.load_der_public_key(bytes.fromhex(spki))
        pair = prepared["keys"].get(name)
        private = pair and serialization.load_der_private_key(bytes.fromhex(pair["pkcs8"]), None)
        keys[name] = (public, private)
    kinds = collections.defaultdict(lambda: collections.Counter())
    unserved, failures = collections.Counter(), []
    for case in plan["cases"]:
        answer = answers["cases"][str(case["id"])]
        if answer["unserved"]:
            unserved[case["kind"] + ": " + answer["unserved"]] += 1
            continue
        try:
            kinds[case["kind"]][check_case(plan, keys, case, answer)] += 1
            if answer["back"] is not None:
                equal(bytes.fromhex(answer["back"]), bytes.fromhex(case["data"]), "our own, opened")
                kinds[case["kind"]]["back"] += 1
        except Exception:
            failures.append({"case": case, "why": traceback.format_exc(limit=-2)})
    return {"kinds": kinds, "unserved": unserved, "failures": failures}


def main(arguments):
    if arguments[:1] == ["prepare"]:
        store(arguments[2], prepare(load(arguments[1])))
        return
    plan, prepared, answers = map(load, arguments[1:4])
    store(arguments[4], check(plan, prepared, answers))


main(sys.argv[1:])
