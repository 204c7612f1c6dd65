#!/usr/bin/env python3
"""What TrueNAS does with keys of pools and disks in a KMIP server, done with PyKMIP as it does.

    keys.py {keep|fetch|drop} --port PORT --credential FOLDER --ca FILE

`keep` prints the identifier of a key that it has brought, `fetch` and `drop` read it. A connection is made for
each, over the TLS version that is set in TrueNAS.
"""
import argparse
import secrets
import sys
import uuid

from kmip.core import enums
from kmip.pie.client import ProxyKmipClient
from kmip.pie.exceptions import KmipOperationFailure
from kmip.pie.objects import SecretData

# The key of a ZFS dataset, in hexadecimal.
KEY = "0f1e2d3c4b5a69788796a5b4c3d2e1f0" * 2


def keep(client, _uid):
    name = "tank/private-%s" % uuid.UUID(bytes=secrets.token_bytes(16), version=4)
    key = SecretData(KEY.encode(), enums.SecretDataType.PASSWORD, name=name[:20])
    uid = client.register(key)
    client.activate(uid)
    print(uid)


def fetch(client, uid):
    key = client.get(uid)
    if not isinstance(key, SecretData) or key.value.decode() != KEY:
        raise AssertionError("another key: %r" % key)
    print("the key of the pool")


def drop(client, uid):
    client.revoke(enums.RevocationReasonCode.CESSATION_OF_OPERATION, uid)
    client.destroy(uid)
    try:
        client.get(uid)
    except KmipOperationFailure as failure:
        print("gone:", failure.reason.name)
    else:
        raise AssertionError("the key is still there")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["keep", "fetch", "drop"])
    parser.add_argument("--port", required=True, type=int)
    parser.add_argument("--credential", required=True)
    parser.add_argument("--ca", required=True)
    parser.add_argument("--ssl-version", default="PROTOCOL_TLSv1_2")
    asked = parser.parse_args()
    uid = None if asked.what == "keep" else sys.stdin.read().strip()
    with ProxyKmipClient(
            hostname="127.0.0.1", port=asked.port, ca=asked.ca, ssl_version=asked.ssl_version,
            cert=asked.credential + "/client.pem", key=asked.credential + "/client.key",
            config_file="/dev/null") as client:
        {"keep": keep, "fetch": fetch, "drop": drop}[asked.what](client, uid)


if __name__ == "__main__":
    main()
