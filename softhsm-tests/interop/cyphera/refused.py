"""The calls of cyphera-kmip that come out in a form that KMIP does not have, or without what a token
needs to know: each must be refused as a KMIP answer, on a connection that goes on.

refused.py PORT CA FOLDER: the folder holds client.pem and client.key.
"""

import sys

from cyphera_kmip import KmipClient, KmipError
from cyphera_kmip.tags import Algorithm, ObjectType

port, ca, folder = sys.argv[1:]
client = KmipClient(
    host="localhost", port=int(port), ca_cert=ca,
    client_cert=f"{folder}/client.pem", client_key=f"{folder}/client.key", timeout=60,
)
key = client.create("refused", "AES", 256)["unique_identifier"]
client.activate(key)
CALLS = {
    "query": lambda: client.query(),
    "register": lambda: client.register(ObjectType.SymmetricKey, bytes(32), "own", Algorithm.AES, 256),
    "create_key_pair": lambda: client.create_key_pair("pair", Algorithm.RSA, 2048),
    "derive_key": lambda: client.derive_key(key, b"data", "derived", 256),
    "delete_attribute": lambda: client.delete_attribute(key, "x-note"),
    "encrypt": lambda: client.encrypt(key, b"data"),
    "sign": lambda: client.sign(key, b"data"),
    "mac": lambda: client.mac(key, b"data"),
    "poll": lambda: client.poll(),
    "revoke": lambda: client.revoke(key, 1),
    "destroy of an active key": lambda: client.destroy(key),
}
for name, call in CALLS.items():
    try:
        call()
        print(name, "was not refused")
    except KmipError:
        # It looks for the reason where no server puts it; the audit log has it.
        print(name, "was refused")
    assert client.locate("refused") == [key]
client.close()
