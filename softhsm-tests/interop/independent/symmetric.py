"""Ciphers, key wrapping and MACs, as the `cryptography` package does them."""
import hmac as standard_hmac
import os
import warnings

from cryptography.hazmat.primitives import cmac, hmac, keywrap, padding
from cryptography.hazmat.primitives.ciphers import Cipher, aead, algorithms, modes

from asymmetric import HASHES, xor

try:
    from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
except ImportError:
    TripleDES = algorithms.TripleDES
try:
    from cryptography.hazmat.decrepit.ciphers.modes import CFB, OFB
except ImportError:
    CFB, OFB = modes.CFB, modes.OFB

warnings.simplefilter("ignore")

AEAD = ("GCM", "CCM")
WRAPS = {
    "NISTKeyWrap": (keywrap.aes_key_wrap, keywrap.aes_key_unwrap),
    "AESKeyWrapPadding": (keywrap.aes_key_wrap_with_padding, keywrap.aes_key_unwrap_with_padding),
}


def block_bytes(case):
    return 8 if case["cipher"] == "3DES" else 16


def algorithm_of(case, key):
    return TripleDES(key) if case["cipher"] == "3DES" else algorithms.AES(key)


def pad(case, data):
    size, how = block_bytes(case), case["padding"]
    if how == "None":
        return data
    missing = size - len(data) % size
    if how == "Zeros":
        return data + bytes(missing % size)
    if how == "ISO10126":
        return data + os.urandom(missing - 1) + bytes([missing])
    kind = {"PKCS5": padding.PKCS7, "ANSIX9_23": padding.ANSIX923}[how]
    worker = kind(8 * size).padder()
    return worker.update(data) + worker.finalize()


def unpad(case, data):
    size, how = block_bytes(case), case["padding"]
    if how == "None":
        return data
    if how == "Zeros":
        # Only who knows the length can take them off.
        wanted = len(bytes.fromhex(case["data"]))
        if len(data) != -(-wanted // size) * size or data[wanted:].strip(b"\x00"):
            raise ValueError("other bytes than zeros behind the data")
        return data[:wanted]
    if how == "ISO10126":
        if not 1 <= data[-1] <= size:
            raise ValueError("no length of the padding")
        return data[: -data[-1]]
    kind = {"PKCS5": padding.PKCS7, "ANSIX9_23": padding.ANSIX923}[how]
    worker = kind(8 * size).unpadder()
    return worker.update(data) + worker.finalize()


def mode_of(case):
    name, iv = case["mode"], bytes.fromhex(case["iv"] or "")
    kinds = {"CBC": modes.CBC, "CFB": CFB, "OFB": OFB, "CTR": modes.CTR, "XTS": modes.XTS}
    return modes.ECB() if name == "ECB" else kinds[name](iv)


def run(case, key, data, back):
    """The block cipher in its mode, there or back."""
    if case["mode"] == "CTR" and case["cipher"] == "3DES":
        return counted(case, key, data)
    cipher = Cipher(algorithm_of(case, key), mode_of(case))
    worker = cipher.decryptor() if back else cipher.encryptor()
    return worker.update(data) + worker.finalize()


def counted(case, key, data):
    """Counter mode of a cipher that the package has in simpler modes only."""
    first, size = int.from_bytes(bytes.fromhex(case["iv"]), "big"), block_bytes(case)
    counters = ((first + i) % (1 << 8 * size) for i in range(-(-len(data) // size)))
    blocks = b"".join(counter.to_bytes(size, "big") for counter in counters)
    ecb = Cipher(algorithm_of(case, key), modes.ECB()).encryptor()
    return xor(data, ecb.update(blocks) + ecb.finalize())


def how(case):
    return "by parts" if case["mode"] == "CTR" and case["cipher"] == "3DES" else "cryptography"


def seal(case, key, data):
    """Ciphertext and tag; the tag is empty where the mode has none."""
    mode, iv, extra = case["mode"], bytes.fromhex(case["iv"] or ""), bytes.fromhex(case["aad"] or "")
    if mode in WRAPS:
        return WRAPS[mode][0](key, data), b""
    if mode == "GCM":
        worker = Cipher(algorithms.AES(key), modes.GCM(iv)).encryptor()
        worker.authenticate_additional_data(extra)
        sealed = worker.update(data) + worker.finalize()
        return sealed, worker.tag[: case["tag"]]
    if mode == "CCM":
        sealed = aead.AESCCM(key, case["tag"]).encrypt(iv, data, extra)
        return sealed[: -case["tag"]], sealed[-case["tag"] :]
    return run(case, key, pad(case, data), False), b""


def opened(case, key, sealed, tag):
    """The plaintext; raises where something is wrong."""
    mode, iv, extra = case["mode"], bytes.fromhex(case["iv"] or ""), bytes.fromhex(case["aad"] or "")
    if len(tag) != (case["tag"] or 0):
        raise ValueError("a tag of %d bytes" % len(tag))
    if mode in WRAPS:
        return WRAPS[mode][1](key, sealed)
    if mode == "GCM":
        gcm = modes.GCM(iv, tag, min_tag_length=4)
        worker = Cipher(algorithms.AES(key), gcm).decryptor()
        worker.authenticate_additional_data(extra)
        return worker.update(sealed) + worker.finalize()
    if mode == "CCM":
        return aead.AESCCM(key, case["tag"]).decrypt(iv, sealed + tag, extra)
    return unpad(case, run(case, key, sealed, True))


def mac(case, key, data):
    """The MAC, and how it was found."""
    if case["scheme"] == "CMAC":
        worker = cmac.CMAC(algorithms.AES(key))
    elif case["hash"] == "RIPEMD_160":
        return standard_hmac.new(key, data, "ripemd160").digest(), "by parts"
    else:
        worker = hmac.HMAC(key, HASHES[case["hash"]]())
    worker.update(data)
    return worker.finalize(), "cryptography"
