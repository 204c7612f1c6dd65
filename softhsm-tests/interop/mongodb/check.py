#!/usr/bin/env python3
"""Client-side field level encryption against a running Claviger, with pymongo as it comes.

    check.py STEP

The environment says where the MongoDB server and Claviger are. `made` leaves encrypted values and the
keys for them in the database, which `found` opens: in another process, which has cached nothing.
"""
import os
import sys
import uuid

from bson.binary import Binary
from bson.codec_options import CodecOptions
from pymongo import MongoClient
from pymongo.encryption import Algorithm, ClientEncryption
from pymongo.errors import EncryptionError

RANDOM = Algorithm.AEAD_AES_256_CBC_HMAC_SHA_512_Random
SAME = Algorithm.AEAD_AES_256_CBC_HMAC_SHA_512_Deterministic
NUMBER = "457-55-5462"
VAULT = "encryption.__keyVault"
DELEGATED = {"delegated": True}


def equal(found, expected, what):
    if found != expected:
        raise AssertionError("%s: found %r, expected %r" % (what, found, expected))


def connected(certificate):
    client = MongoClient(os.environ["MONGODB_URI"])
    tls = {"tlsCAFile": os.environ["KMIP_CA"], "tlsCertificateKeyFile": certificate}
    encryption = ClientEncryption(
        {"kmip": {"endpoint": os.environ["KMIP_ENDPOINT"]}}, VAULT, client, CodecOptions(),
        kms_tls_options={"kmip": tls})
    return client, encryption


def vault_entry(client, key):
    return client.get_database("encryption")["__keyVault"].find_one({"_id": key})


def sealed_and_opened(encryption, **key):
    """A value, encrypted in both ways and decrypted again."""
    once = encryption.encrypt(NUMBER, RANDOM, **key)
    equal(once.subtype, 6, "subtype")
    if NUMBER.encode() in once:
        raise AssertionError("the value is not encrypted")
    if once == encryption.encrypt(NUMBER, RANDOM, **key):
        raise AssertionError("random encryption gives the same twice")
    same = encryption.encrypt(NUMBER, SAME, **key)
    equal(encryption.encrypt(NUMBER, SAME, **key), same, "deterministic encryption")
    for value in (once, same):
        equal(encryption.decrypt(value), NUMBER, "decrypted")
    return once


def made(client, encryption):
    """A data key in each mode, and values under it; another under the same key of the server."""
    people = client.get_database("app")["people"]
    for mode, options in (("delegated", DELEGATED), ("local", {})):
        key = encryption.create_data_key("kmip", options, key_alt_names=[mode])
        master = vault_entry(client, key)["masterKey"]
        equal(master.get("delegated", False), mode == "delegated", "mode")
        people.insert_one({"_id": mode, "number": sealed_and_opened(encryption, key_id=key)})
        again = {**options, "keyId": master["keyId"]}
        second = encryption.create_data_key("kmip", again, key_alt_names=[mode + " again"])
        equal(vault_entry(client, second)["masterKey"]["keyId"], master["keyId"], "key")
        value = sealed_and_opened(encryption, key_alt_name=mode + " again")
        people.insert_one({"_id": mode + " again", "number": value})


def found(client, encryption):
    people = list(client.get_database("app")["people"].find())
    equal(len(people), 4, "people")
    for person in people:
        equal(encryption.decrypt(person["number"]), NUMBER, person["_id"])


def rewrapped(client, encryption):
    """Data keys that were under keys which leave the token are put under one that does not."""
    query = {"keyAltNames": {"$in": ["local", "local again"]}}
    result = encryption.rewrap_many_data_key(query, "kmip", DELEGATED)
    equal(result.bulk_write_result.modified_count, 2, "data keys")
    masters = [one["masterKey"] for one in client.get_database("encryption")["__keyVault"].find()]
    equal([one["delegated"] for one in masters], [True] * 4, "delegated")


def refused(words, call, *arguments):
    try:
        call(*arguments)
    except EncryptionError as error:
        if words not in str(error):
            raise AssertionError("%r is not in %s" % (words, error)) from error
        return
    raise AssertionError("not refused: " + words)


def without_export(client, encryption):
    """Where keys never leave the token, delegated mode works and local mode is refused."""
    refused("Permission Denied", encryption.create_data_key, "kmip")
    key = encryption.create_data_key("kmip", DELEGATED)
    sealed_and_opened(encryption, key_id=key)
    # Local mode with a key that is there, and one that is not.
    key = vault_entry(client, key)["masterKey"]["keyId"]
    refused("Permission Denied", encryption.create_data_key, "kmip", {"keyId": key})
    refused("Item Not Found", encryption.create_data_key, "kmip", {"keyId": str(uuid.uuid4())})
    refused("Item Not Found", encryption.create_data_key, "kmip", {
        **DELEGATED, "keyId": str(uuid.uuid4())})


def stranger(_client, encryption):
    """A client of another scope does not open what was encrypted here."""
    person = _client.get_database("app")["people"].find_one({"_id": "delegated"})
    refused("Item Not Found", encryption.decrypt, Binary(person["number"], 6))


STEPS = {
    step.__name__: step for step in (made, found, rewrapped, without_export, stranger)
}


def main():
    step, certificate = sys.argv[1:]
    client, encryption = connected(certificate)
    with client, encryption:
        STEPS[step](client, encryption)
    print("ok " + step)


if __name__ == "__main__":
    main()
