#!/usr/bin/env python3
"""Checks certificates that Claviger made with the `cryptography` package.

    certificates.py cases.json

A case is a chain: {"name", "leaf", "root", "dns", "policy"}, certificates as hexadecimal DER. Names,
signatures and extensions are checked for each; where `policy` is true the package also builds the path
itself, by the rules of the Web PKI for servers, which admit RSA and the NIST curves.
"""
import datetime
import json
import sys

from cryptography import x509
from cryptography.x509 import verification
from cryptography.x509.oid import ExtendedKeyUsageOID


def extension(certificate, kind):
    return certificate.extensions.get_extension_for_class(kind)


def check_root(root):
    root.verify_directly_issued_by(root)
    constraints = extension(root, x509.BasicConstraints)
    usage = extension(root, x509.KeyUsage)
    assert constraints.critical and constraints.value.ca, "no CA"
    assert usage.critical and usage.value.key_cert_sign and usage.value.crl_sign, "no CA's usage"


def check_leaf(leaf, root, dns):
    leaf.verify_directly_issued_by(root)
    names = extension(leaf, x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == [dns], "other names"
    purposes = extension(leaf, x509.ExtendedKeyUsage).value
    assert ExtendedKeyUsageOID.SERVER_AUTH in purposes, "not for servers"
    usage = extension(leaf, x509.KeyUsage)
    assert usage.value.digital_signature and not usage.value.key_cert_sign, "another usage"
    above = extension(leaf, x509.AuthorityKeyIdentifier).value.key_identifier
    assert above == extension(root, x509.SubjectKeyIdentifier).value.digest, "another key above"
    assert leaf.version == x509.Version.v3
    assert 0 < leaf.serial_number < 1 << 159, "a serial number that is too long"
    now = datetime.datetime.now(datetime.timezone.utc)
    assert leaf.not_valid_before_utc <= now <= leaf.not_valid_after_utc <= root.not_valid_after_utc


def check_path(leaf, root, dns):
    builder = verification.PolicyBuilder().store(verification.Store([root]))
    path = builder.build_server_verifier(x509.DNSName(dns)).verify(leaf, [])
    assert path == [leaf, root], "another path"


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        cases = json.load(file)
    for case in cases:
        leaf, root = (
            x509.load_der_x509_certificate(bytes.fromhex(case[name])) for name in ("leaf", "root")
        )
        try:
            check_root(root)
            check_leaf(leaf, root, case["dns"])
            if case["policy"]:
                check_path(leaf, root, case["dns"])
        except Exception as error:
            raise SystemExit("%s: %s: %s" % (case["name"], type(error).__name__, error))
    print(len(cases))


if __name__ == "__main__":
    main()
