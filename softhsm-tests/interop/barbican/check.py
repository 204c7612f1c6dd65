#!/usr/bin/env python3
"""Barbican's API, and its KMIP secret store, against a running Claviger.

    check.py STEP...

barbican.conf is in the home folder, as the guide has it.
"""
import base64
import datetime
import io
import json
import os
import sys
from wsgiref.util import setup_testing_defaults

from barbican.plugin.interface import secret_store as ss
from barbican.plugin.kmip_secret_store import KMIPSecretStore
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from paste.deploy import loadapp

HERE = os.path.dirname(os.path.abspath(__file__))
DER, PEM = serialization.Encoding.DER, serialization.Encoding.PEM


def equal(found, expected, what):
    if found != expected:
        raise AssertionError("%s: found %r, expected %r" % (what, found, expected))


class Api:
    """Barbican's API, as a member of a project uses it."""

    def __init__(self):
        self.app = loadapp("config:" + os.path.join(HERE, "api-paste.ini"))

    def call(self, method, path, body=None, accept="application/json"):
        data = b"" if body is None else json.dumps(body).encode()
        environ = {
            "REQUEST_METHOD": method,
            "PATH_INFO": path,
            "CONTENT_TYPE": "application/json",
            "CONTENT_LENGTH": str(len(data)),
            "wsgi.input": io.BytesIO(data),
            "HTTP_ACCEPT": accept,
            "HTTP_X_IDENTITY_STATUS": "Confirmed",
            "HTTP_X_PROJECT_ID": "project",
            "HTTP_X_USER_ID": "user",
            "HTTP_X_ROLES": "admin,member",
        }
        setup_testing_defaults(environ)
        told = []
        answer = b"".join(self.app(environ, lambda status, headers, _=None: told.append(status)))
        return int(told[0][:3]), answer

    def ask(self, method, path, body=None):
        status, answer = self.call(method, path, body)
        if status >= 300:
            raise AssertionError("%s %s: %s %r" % (method, path, status, answer))
        return json.loads(answer) if answer else None

    def path(self, ref):
        return ref.split("/v1", 1)[1]

    def payload(self, secret, accept="application/octet-stream"):
        return self.call("GET", secret + "/payload", accept=accept)

    def store(self, **secret):
        return self.path(self.ask("POST", "/secrets", secret)["secret_ref"])

    def order(self, kind, **meta):
        """What an order has brought."""
        made = self.path(self.ask("POST", "/orders", {"type": kind, "meta": meta})["order_ref"])
        order = self.ask("GET", made)
        equal(order["status"], "ACTIVE", "order")
        return order


def api():
    """Secrets that users bring, and keys and pairs that they order."""
    barbican = Api()
    password = barbican.store(
        name="a password", payload="open sesame", payload_content_type="text/plain",
        secret_type="passphrase")
    equal(barbican.payload(password, "text/plain"), (200, b"open sesame"), "password")
    brought = base64.b64encode(bytes(range(32))).decode()
    key = barbican.store(
        name="a key", payload=brought, payload_content_type="application/octet-stream",
        payload_content_encoding="base64", secret_type="symmetric", algorithm="aes",
        bit_length=256)
    equal(barbican.payload(key), (200, bytes(range(32))), "key that was brought")
    ordered = barbican.order("key", name="ordered", algorithm="aes", bit_length=256, mode="cbc")
    made = barbican.path(ordered["secret_ref"])
    status, value = barbican.payload(made)
    equal((status, len(value)), (200, 32), "key that was ordered")
    ordered = barbican.order("asymmetric", name="pair", algorithm="rsa", bit_length=2048)
    container = barbican.ask("GET", barbican.path(ordered["container_ref"]))
    parts = {part["name"]: barbican.path(part["secret_ref"]) for part in container["secret_refs"]}
    private, public = (barbican.payload(parts[name])[1] for name in ("private_key", "public_key"))
    private = serialization.load_pem_private_key(private, None)
    public = serialization.load_pem_public_key(public)
    equal(private.public_key().public_numbers(), public.public_numbers(), "halves of the pair")
    for secret in (password, key, made, *parts.values()):
        equal(barbican.call("DELETE", secret)[0], 204, "deletion")
        equal(barbican.payload(secret)[0], 404, "payload of what was deleted")


def unreadable():
    """Where the role may not export, what is stored is not given back."""
    barbican = Api()
    password = barbican.store(
        name="locked up", payload="open sesame", payload_content_type="text/plain",
        secret_type="passphrase")
    status, answer = barbican.payload(password, "text/plain")
    equal(status, 500, "status")
    if b"open sesame" in answer:
        raise AssertionError("the secret was given out")
    equal(barbican.call("DELETE", password)[0], 204, "deletion")


def brought():
    """A secret of each type."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "barbican")])
    start = datetime.datetime(2024, 1, 1)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(start).not_valid_after(start.replace(year=2044))
    certificate = builder.sign(key, hashes.SHA256())
    plain = serialization.NoEncryption()
    private = key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, plain)
    public = key.public_key().public_bytes(PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    aes, rsa_2048 = ss.KeySpec("aes", 128), ss.KeySpec("rsa", 2048)
    return [
        (ss.SecretType.SYMMETRIC, bytes(range(16)), aes),
        (ss.SecretType.PRIVATE, private, rsa_2048),
        (ss.SecretType.PUBLIC, public, rsa_2048),
        (ss.SecretType.CERTIFICATE, certificate.public_bytes(PEM), ss.KeySpec()),
        (ss.SecretType.PASSPHRASE, b"open sesame", ss.KeySpec()),
        (ss.SecretType.OPAQUE, b"\x00\x01whatever", ss.KeySpec()),
    ]


def store():
    """The secret store with secrets of every type."""
    plugin = KMIPSecretStore()
    for kind, value, spec in brought():
        secret = ss.SecretDTO(kind, base64.b64encode(value), spec, "application/octet-stream")
        kept = plugin.store_secret(secret)
        back = base64.b64decode(plugin.get_secret(kind, kept).secret)
        # With pkcs1_only it is the same key in another form.
        equal(comparable(kind, back), comparable(kind, value), kind)
        plugin.delete_secret(kept)
        try:
            plugin.get_secret(kind, kept)
        except ss.SecretGeneralException as error:
            if "ITEM_NOT_FOUND" not in str(error):
                raise
        else:
            raise AssertionError("%s is there after it was deleted" % kind)


def comparable(kind, pem):
    if kind == ss.SecretType.PRIVATE:
        return serialization.load_pem_private_key(pem, None).private_numbers()
    if kind == ss.SecretType.PUBLIC:
        return serialization.load_pem_public_key(pem).public_numbers()
    return pem


def refused():
    """What a token has no keys for is refused, and Barbican says so."""
    plugin = KMIPSecretStore()
    for make, spec in (
        (plugin.generate_asymmetric_key, ss.KeySpec("dsa", 2048)),
        (plugin.generate_symmetric_key, ss.KeySpec("des", 56)),
    ):
        try:
            make(spec)
        except ss.SecretGeneralException as error:
            print("refused %s: %s" % (spec.alg, error))
        else:
            raise AssertionError("%s was made" % spec.alg)


def main():
    for step in sys.argv[1:]:
        {"api": api, "unreadable": unreadable, "store": store, "refused": refused}[step]()
        print("ok " + step)


if __name__ == "__main__":
    main()
