#!/usr/bin/env python3
"""What EDB's script for transparent data encryption asks of a KMIP server, asked with PyKMIP as it does.

    tde.py {encrypt|decrypt} --variant {pykmip|thales} --config-file pykmip.conf --key-uid UID < in > out

The data key of a cluster goes in and comes out. `pykmip` keeps the IV that the server has made before the
ciphertext, and gives it back apart; `thales` gives both back in one piece, without an IV.
"""
import argparse
import sys

from kmip.core import enums
from kmip.pie.client import ProxyKmipClient

IV_BYTES = 16
PARAMETERS = {
    "cryptographic_algorithm": enums.CryptographicAlgorithm.AES,
    "block_cipher_mode": enums.BlockCipherMode.CBC,
    "padding_method": enums.PaddingMethod.PKCS5,
}


def encrypt(client, uid, _variant, data):
    sealed, iv = client.encrypt(data, uid=uid, cryptographic_parameters=PARAMETERS)
    if iv is None or len(iv) != IV_BYTES:
        raise AssertionError("the server gives no IV: %r" % iv)
    return iv + sealed


def decrypt(client, uid, variant, data):
    if variant == "thales":
        return client.decrypt(data, uid=uid, cryptographic_parameters=PARAMETERS)
    iv, sealed = data[:IV_BYTES], data[IV_BYTES:]
    return client.decrypt(
        sealed, uid=uid, cryptographic_parameters=PARAMETERS, iv_counter_nonce=iv)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["encrypt", "decrypt"])
    parser.add_argument("--variant", choices=["pykmip", "thales"], default="pykmip")
    parser.add_argument("--config-file", required=True)
    parser.add_argument("--key-uid", required=True)
    asked = parser.parse_args()
    what = {"encrypt": encrypt, "decrypt": decrypt}[asked.what]
    with ProxyKmipClient(config_file=asked.config_file) as client:
        answer = what(client, asked.key_uid, asked.variant, sys.stdin.buffer.read())
    sys.stdout.buffer.write(answer)


if __name__ == "__main__":
    main()
