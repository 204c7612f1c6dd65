#!/usr/bin/env python3
"""What PyKMIP's client can do, done against a running Claviger, in every version it speaks.

    scenario.py --ready claviger-data/ready.json

Each step prints one line; a failed one ends its scenario, and the exit code says so. Answers are
checked against the `cryptography` package, never against the server itself.
"""
import argparse
import datetime
import json
import sys
import time
import traceback

from cryptography import x509
from cryptography.hazmat.primitives import hashes, hmac, padding, serialization
from cryptography.hazmat.primitives.asymmetric import padding as rsa_padding
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.x509.oid import NameOID
from kmip.core import enums
from kmip.core.factories.attributes import AttributeFactory
from kmip.pie import objects
from kmip.pie.client import ProxyKmipClient

from checks import equal, refused
from life import Life

VERSIONS = [
    enums.KMIPVersion.KMIP_1_0,
    enums.KMIPVersion.KMIP_1_1,
    enums.KMIPVersion.KMIP_1_2,
    enums.KMIPVersion.KMIP_1_3,
    enums.KMIPVersion.KMIP_1_4,
]
MASK = enums.CryptographicUsageMask
AES = enums.CryptographicAlgorithm.AES
RSA = enums.CryptographicAlgorithm.RSA
TEXT = b"The quick brown fox jumps over the lazy dog"
IV = bytes(range(16))
RUN = "%x" % time.time_ns()


class Scenario:
    """One connection in one version; every scenario starts with objects of its own."""

    def __init__(self, client, version):
        self.client = client
        self.version = version
        self.crypto = version >= enums.KMIPVersion.KMIP_1_2
        self.attributes = AttributeFactory()
        self.steps = 0

    def step(self, name):
        self.steps += 1
        print("ok %s %s" % (self.version.name, name), flush=True)

    def name(self, kind):
        return "pykmip-%s-%s-%s" % (RUN, self.version.name, kind)

    def end(self, uid, active):
        """Revokes what is active, destroys it, and finds it gone."""
        if active:
            refused(enums.ResultReason.PERMISSION_DENIED, self.client.destroy, uid)
            self.client.revoke(enums.RevocationReasonCode.CESSATION_OF_OPERATION, uid, "over")
            self.step("revoke")
        self.client.destroy(uid)
        refused(enums.ResultReason.ITEM_NOT_FOUND, self.client.destroy, uid)
        refused(enums.ResultReason.ITEM_NOT_FOUND, self.client.get, uid)
        self.step("destroy")

    # ---- symmetric keys ---------------------------------------------------------------------

    def symmetric(self):
        client, name = self.client, self.name("aes")
        mask = [MASK.ENCRYPT, MASK.DECRYPT]
        uid = client.create(AES, 256, name=name, cryptographic_usage_mask=mask)
        self.step("create")
        wanted = self.attributes.create_attribute(enums.AttributeType.NAME, name)
        equal(client.locate(attributes=[wanted]), [uid], "located")
        self.step("locate")
        names = client.get_attribute_list(uid)
        for needed in ("Cryptographic Algorithm", "Initial Date", "Name", "Object Type", "State"):
            if needed not in names:
                raise AssertionError("%s is not in %r" % (needed, names))
        self.step("get attribute list")
        self.expect_state(uid, enums.State.PRE_ACTIVE)
        client.activate(uid)
        self.expect_state(uid, enums.State.ACTIVE)
        self.step("activate")
        key = client.get(uid)
        equal(len(key.value), 32, "length of the key")
        equal(key.cryptographic_algorithm, AES, "algorithm")
        self.step("get")
        if self.crypto:
            self.encrypt_and_decrypt(uid, key.value)
        self.end(uid, active=True)

    def expect_state(self, uid, state):
        found, values = self.client.get_attributes(uid, ["State", "Cryptographic Length"])
        equal(found, uid, "identifier")
        values = {str(item.attribute_name): item.attribute_value.value for item in values}
        equal(values, {"State": state, "Cryptographic Length": 256}, "attributes")
        self.step("get attributes")

    def encrypt_and_decrypt(self, uid, key):
        parameters = {
            "block_cipher_mode": enums.BlockCipherMode.CBC,
            "padding_method": enums.PaddingMethod.PKCS5,
            "cryptographic_algorithm": AES,
        }
        sealed, iv = self.client.encrypt(
            TEXT, uid=uid, cryptographic_parameters=parameters, iv_counter_nonce=IV)
        equal(iv, None, "IV in the answer to a given IV")
        padder = padding.PKCS7(128).padder()
        padded = padder.update(TEXT) + padder.finalize()
        encryptor = Cipher(algorithms.AES(key), modes.CBC(IV)).encryptor()
        equal(sealed, encryptor.update(padded) + encryptor.finalize(), "ciphertext")
        self.step("encrypt")
        opened = self.client.decrypt(
            sealed, uid=uid, cryptographic_parameters=parameters, iv_counter_nonce=IV)
        equal(opened, TEXT, "plaintext")
        self.step("decrypt")

    def mac(self):
        if not self.crypto:
            return
        algorithm = enums.CryptographicAlgorithm.HMAC_SHA256
        uid = self.client.register(objects.SymmetricKey(
            algorithm, 256, bytes(range(32)), name=self.name("hmac"),
            masks=[MASK.MAC_GENERATE, MASK.MAC_VERIFY]))
        self.client.activate(uid)
        found, mac = self.client.mac(TEXT, uid, algorithm)
        equal(found, uid, "identifier")
        own = hmac.HMAC(bytes(range(32)), hashes.SHA256())
        own.update(TEXT)
        equal(mac, own.finalize(), "MAC")
        self.step("mac")
        self.end(uid, active=True)

    # ---- key pairs --------------------------------------------------------------------------

    def key_pair(self):
        client = self.client
        public, private = client.create_key_pair(
            RSA, 2048,
            public_name=self.name("public"), public_usage_mask=[MASK.VERIFY],
            private_name=self.name("private"), private_usage_mask=[MASK.SIGN])
        self.step("create key pair")
        client.activate(public)
        client.activate(private)
        if self.crypto:
            # Takes PKCS#1 as well as SubjectPublicKeyInfo.
            loaded = serialization.load_der_public_key(client.get(public).value)
            self.sign_and_verify(private, public, loaded, "PKCS#1")
            self.sign_and_verify(private, public, loaded, "PSS")
        self.end(private, active=True)
        self.end(public, active=True)

    def sign_and_verify(self, private, public, loaded, scheme):
        own, method = {
            "PKCS#1": (rsa_padding.PKCS1v15(), enums.PaddingMethod.PKCS1v15),
            "PSS": (rsa_padding.PSS(rsa_padding.MGF1(hashes.SHA256()), 32), enums.PaddingMethod.PSS),
        }[scheme]
        parameters = {
            "padding_method": method,
            "hashing_algorithm": enums.HashingAlgorithm.SHA_256,
            "cryptographic_algorithm": RSA,
        }
        signature = self.client.sign(TEXT, private, parameters)
        loaded.verify(signature, TEXT, own, hashes.SHA256())
        self.step("sign %s" % scheme)
        verify = self.client.signature_verify
        equal(verify(TEXT, signature, public, parameters), enums.ValidityIndicator.VALID, "verdict")
        damaged = bytes([signature[0] ^ 1]) + signature[1:]
        equal(verify(TEXT, damaged, public, parameters), enums.ValidityIndicator.INVALID, "verdict")
        self.step("signature verify %s" % scheme)

    # ---- what the client brings -------------------------------------------------------------

    def register(self):
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        public, der = key.public_key(), serialization.Encoding.DER
        formats, plain = serialization.PrivateFormat, serialization.NoEncryption()
        pkcs1 = key.private_bytes(der, formats.TraditionalOpenSSL, plain)
        pkcs8 = key.private_bytes(der, formats.PKCS8, plain)
        spki = public.public_bytes(der, serialization.PublicFormat.SubjectPublicKeyInfo)
        bare = public.public_bytes(der, serialization.PublicFormat.PKCS1)
        form = enums.KeyFormatType
        mask = [MASK.ENCRYPT, MASK.DECRYPT]
        for what, made in (
            ("symmetric key", objects.SymmetricKey(AES, 128, bytes(range(16)), masks=mask)),
            ("secret data", objects.SecretData(
                b"open sesame", enums.SecretDataType.PASSWORD, masks=[MASK.DERIVE_KEY])),
            ("opaque object", objects.OpaqueObject(b"\x00\x01opaque", enums.OpaqueDataType.NONE)),
            ("certificate", objects.X509Certificate(self.certificate(key), masks=[MASK.VERIFY])),
            ("public key X.509", objects.PublicKey(RSA, 2048, spki, form.X_509, [MASK.VERIFY])),
            ("public key PKCS#1", objects.PublicKey(RSA, 2048, bare, form.PKCS_1, [MASK.VERIFY])),
            ("private key PKCS#1", objects.PrivateKey(RSA, 2048, pkcs1, form.PKCS_1, [MASK.SIGN])),
            ("private key PKCS#8", objects.PrivateKey(RSA, 2048, pkcs8, form.PKCS_8, [MASK.SIGN])),
        ):
            made.names = [self.name(what)]
            uid = self.client.register(made)
            self.step("register %s" % what)
            found = self.client.get(uid)
            equal(type(found), type(made), "type of the object")
            equal(found.value, made.value, "value of the %s" % what)
            self.step("get %s" % what)
            self.end(uid, active=False)

    def certificate(self, key):
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, self.name("certificate"))])
        start = datetime.datetime(2024, 1, 1)
        builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        builder = builder.not_valid_before(start).not_valid_after(start.replace(year=2044))
        certificate = builder.sign(key, hashes.SHA256())
        return certificate.public_bytes(serialization.Encoding.DER)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ready", required=True, help="ready.json of `claviger dev`")
    with open(parser.parse_args().ready) as file:
        ready = json.load(file)
    host, port = ready["kmip_addr"].rsplit(":", 1)
    passed = failed = 0
    for version in VERSIONS:
        client = ProxyKmipClient(
            hostname=host, port=int(port), ca=ready["ca"],
            cert=ready["client_cert"], key=ready["client_key"],
            config="none", config_file="/dev/null", kmip_version=version)
        with client:
            scenario = Scenario(client, version)
            life = Life(client, version, scenario.name, scenario.step)
            own = (scenario.symmetric, scenario.mac, scenario.key_pair, scenario.register)
            for part in (*own, *life.parts()):
                try:
                    part()
                except Exception:  # one broken part must not hide the next
                    failed += 1
                    print("FAILED %s %s" % (version.name, part.__name__), flush=True)
                    traceback.print_exc()
            passed += scenario.steps
    print("PyKMIP: %d steps passed, %d parts failed" % (passed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
