"""Signatures and RSA encryption, as the `cryptography` package does them.

What it has no word for (RIPEMD-160, OAEP with other hashes than SHA-1 and SHA-2) is put together here
from its raw operations, after RFC 8017; such cases are reported as checked "by parts".
"""
import hashlib
import os

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, ed448, padding, rsa, utils

CURVES = {
    "P_256": ec.SECP256R1,
    "P_384": ec.SECP384R1,
    "P_521": ec.SECP521R1,
    "SECP256K1": ec.SECP256K1,
}
HASHES = {
    "SHA_1": hashes.SHA1,
    "SHA_224": hashes.SHA224,
    "SHA_256": hashes.SHA256,
    "SHA_384": hashes.SHA384,
    "SHA_512": hashes.SHA512,
    "SHA_512_224": hashes.SHA512_224,
    "SHA_512_256": hashes.SHA512_256,
    "SHA_3_224": hashes.SHA3_224,
    "SHA_3_256": hashes.SHA3_256,
    "SHA_3_384": hashes.SHA3_384,
    "SHA_3_512": hashes.SHA3_512,
}
# DigestInfo up to the digest: SEQUENCE { SEQUENCE { OID 1.3.36.3.2.1, NULL }, OCTET STRING }.
RIPEMD_160_INFO = bytes.fromhex("3021300906052b2403020105000414")


def digest(name, data):
    """The hash of `data`."""
    if name == "RIPEMD_160":
        return hashlib.new("ripemd160", data).digest()
    worker = hashes.Hash(HASHES[name]())
    worker.update(data)
    return worker.finalize()


def generate(kind):
    """A private key of this kind."""
    if kind.startswith("rsa"):
        return rsa.generate_private_key(65537, int(kind[3:]))
    if kind in CURVES:
        return ec.generate_private_key(CURVES[kind]())
    return {"ed25519": ed25519.Ed25519PrivateKey, "ed448": ed448.Ed448PrivateKey}[kind].generate()


def pkcs8(key):
    return key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def spki(key):
    return key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def xor(left, right):
    return bytes(a ^ b for a, b in zip(left, right))


def mgf1(name, seed, length):
    """Mask generation function 1: RFC 8017, B.2.1."""
    blocks = range(-(-length // len(digest(name, b""))))
    return b"".join(digest(name, seed + i.to_bytes(4, "big")) for i in blocks)[:length]


def raw_public(key, data):
    numbers = key.public_numbers()
    size = key.key_size // 8
    return pow(int.from_bytes(data, "big"), numbers.e, numbers.n).to_bytes(size, "big")


# --- Signatures -------------------------------------------------------------------------------------


def pss_of(case):
    return padding.PSS(mgf=padding.MGF1(HASHES[case["mgf"]]()), salt_length=case["salt"])


def pss_encoded_right(case, encoded, data):
    """Whether `encoded` is an EMSA-PSS encoding of `data`: RFC 8017, 9.1.2, for whole bytes."""
    hashed = digest(case["hash"], data)
    size, salt = len(hashed), case["salt"]
    masked, check, trailer = encoded[: -size - 1], encoded[-size - 1 : -1], encoded[-1]
    block = bytearray(xor(masked, mgf1(case["mgf"], check, len(masked))))
    if trailer != 0xBC or masked[0] & 0x80:
        return False
    block[0] &= 0x7F
    filling = bytes(len(block) - salt - 1) + b"\x01"
    salted = bytes(block[len(block) - salt :])
    return bytes(block[: len(block) - salt]) == filling and check == digest(
        case["hash"], bytes(8) + hashed + salted
    )


def verify(case, key, data, signature):
    """Checks a signature; says how, or raises InvalidSignature."""
    scheme, name = case["scheme"], case.get("hash")
    if scheme in ("Ed25519", "Ed448"):
        key.verify(signature, data)
    elif scheme == "ECDSA" and name == "RIPEMD_160":
        # ECDSA does not name its hash: one that is as long stands in for it.
        stand_in = ec.ECDSA(utils.Prehashed(hashes.SHA1()))
        key.verify(signature, digest(name, data), stand_in)
        return "by parts"
    elif scheme == "ECDSA":
        key.verify(signature, data, ec.ECDSA(HASHES[name]()))
    elif scheme == "PKCS1V1_5" and name == "RIPEMD_160":
        signed = key.recover_data_from_signature(signature, padding.PKCS1v15(), None)
        if signed != RIPEMD_160_INFO + digest(name, data):
            raise InvalidSignature
        return "by parts"
    elif scheme == "PKCS1V1_5":
        key.verify(signature, data, padding.PKCS1v15(), HASHES[name]())
    elif name == "RIPEMD_160":
        if not pss_encoded_right(case, raw_public(key, signature), data):
            raise InvalidSignature
        return "by parts"
    else:
        key.verify(signature, data, pss_of(case), HASHES[name]())
    return "cryptography"


def sign(case, key, data):
    """A signature for the server to verify; none where the package has no such hash."""
    scheme, name = case["scheme"], case.get("hash")
    if scheme in ("Ed25519", "Ed448"):
        return key.sign(data)
    if name == "RIPEMD_160":
        if scheme != "ECDSA":
            return None
        return key.sign(digest(name, data), ec.ECDSA(utils.Prehashed(hashes.SHA1())))
    if scheme == "ECDSA":
        return key.sign(data, ec.ECDSA(HASHES[name]()))
    if scheme == "PKCS1V1_5":
        return key.sign(data, padding.PKCS1v15(), HASHES[name]())
    return key.sign(data, pss_of(case), HASHES[name]())


# --- Encryption -------------------------------------------------------------------------------------


def oaep_of(case):
    mgf = padding.MGF1(HASHES[case["mgf"]]())
    return padding.OAEP(mgf=mgf, algorithm=HASHES[case["hash"]](), label=label_of(case) or None)


def label_of(case):
    return bytes.fromhex(case["label"] or "")


def oaep_by_parts(case, size, data):
    """EME-OAEP: RFC 8017, 7.1.1."""
    label = digest(case["hash"], label_of(case))
    block = label + bytes(size - len(data) - 2 * len(label) - 2) + b"\x01" + data
    seed = os.urandom(len(label))
    masked = xor(block, mgf1(case["mgf"], seed, len(block)))
    return b"\x00" + xor(seed, mgf1(case["mgf"], masked, len(seed))) + masked


def oaep_opened_by_parts(case, encoded):
    """EME-OAEP: RFC 8017, 7.1.2; with no thought for timing, since the key is a test's."""
    label = digest(case["hash"], label_of(case))
    masked_seed, masked = encoded[1 : 1 + len(label)], encoded[1 + len(label) :]
    seed = xor(masked_seed, mgf1(case["mgf"], masked, len(label)))
    block = xor(masked, mgf1(case["mgf"], seed, len(masked)))
    filling, data = block[len(label) :].split(b"\x01", 1)
    if encoded[0] != 0 or block[: len(label)] != label or filling.strip(b"\x00"):
        raise ValueError("no OAEP")
    return data


def rsa_encrypt(case, key, data):
    public = key.public_key() if hasattr(key, "public_key") else key
    if case["scheme"] == "PKCS1V1_5":
        return public.encrypt(data, padding.PKCS1v15())
    try:
        return public.encrypt(data, oaep_of(case))
    except (KeyError, UnsupportedAlgorithm):
        encoded = oaep_by_parts(case, public.key_size // 8, data)
        return raw_public(public, encoded)


def rsa_decrypt(case, key, sealed):
    """The plaintext, and how it was found."""
    if case["scheme"] == "PKCS1V1_5":
        return key.decrypt(sealed, padding.PKCS1v15()), "cryptography"
    try:
        return key.decrypt(sealed, oaep_of(case)), "cryptography"
    except (KeyError, UnsupportedAlgorithm):
        numbers = key.private_numbers()
        opened = pow(int.from_bytes(sealed, "big"), numbers.d, numbers.public_numbers.n)
        encoded = opened.to_bytes(key.key_size // 8, "big")
        return oaep_opened_by_parts(case, encoded), "by parts"
