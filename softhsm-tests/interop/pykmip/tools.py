#!/usr/bin/env python3
"""The command-line tools in PyKMIP's package, each as `python3 -m kmip.demos...` runs it.

    tools.py --config-file pykmip.conf

The tools end with 0 whatever happens: what counts is what they say. One line is printed for each.
"""
import argparse
import os
import pkgutil
import re
import runpy
import sys
import tempfile
import warnings

import kmip.demos.pie
import kmip.demos.units
from kmip.core import enums
from kmip.pie import objects
from kmip.pie.client import ProxyKmipClient

ID = r"([0-9a-f-]{36})"
CREATED = r"created symmetric key with ID: " + ID
REGISTERED = r"Successfully registered [a-zA-Z ]+ with ID: " + ID
UNIT_CREATED = r"created UUID: " + ID
UNIT_REGISTERED = r"registered UUID: " + ID
SUCCESS = r"result status: ResultStatus.SUCCESS\n"

# Tools that send nothing, and why.
SILENT = {
    "pie.register_secret_data": "passes two arguments in the wrong order: TypeError before it connects",
}
# What is refused, as it is told, and why that is right.
REFUSED = [
    # Derives from a key that it has just made: Pre-Active objects are for no cryptographic purpose.
    ("pie.derive_key", [], r"(?s)created a new derivation key.*PERMISSION_DENIED - the object's state"),
    # KMIP 2.0.
    ("pie.set_attribute", ["-i", "any"], "protocol version not supported"),
    # Gives both halves of a pair the same Name.
    ("units.create_key_pair", ["-a", "RSA", "-l", "2048", "-n", "pair"], "the name is in use"),
    # Asks for keys whose bytes are none of the form that is asked for.
    ("units.register", ["-t", "PRIVATE_KEY", "-f", "PKCS_1"], "the key material is malformed"),
    ("units.register", ["-t", "PUBLIC_KEY", "-f", "PKCS_1"], "the key material is malformed"),
    # Say a length that is not the key's.
    ("pie.signature_verify", [], "the length is not that of the key"),
    ("units.register", ["-t", "SYMMETRIC_KEY", "-f", "RAW"], "the length is not that of the key"),
]


class Tools:
    def __init__(self, config):
        self.config = config
        self.used = set()
        self.passed = 0

    def run(self, tool, arguments):
        """What the tool says, from a process of its own."""
        self.used.add(tool)
        with tempfile.TemporaryFile() as said:
            child = os.fork()
            if child == 0:
                self.become(tool, arguments, said.fileno())
            os.waitpid(child, 0)
            said.seek(0)
            return said.read().decode()

    def become(self, tool, arguments, output):
        os.dup2(output, 1)
        os.dup2(output, 2)
        module = "kmip.demos." + tool
        sys.argv = [module, "--config-file", self.config, *arguments]
        try:
            runpy.run_module(module, run_name="__main__", alter_sys=True)
        finally:
            # Whatever it has raised would go on in the parent's code.
            os._exit(0)

    def says(self, words, tool, *arguments):
        """Runs the tool, which must say this; the first group of it is returned."""
        said = self.run(tool, list(arguments))
        found = re.search(words, said)
        if not found:
            raise AssertionError("%s %s does not say %r:\n%s" % (tool, arguments, words, said))
        self.passed += 1
        print("ok %s: %s" % (tool, found.group(0).splitlines()[-1]), flush=True)
        return found.group(1) if found.re.groups else None

    # ---- kmip/demos/pie ------------------------------------------------------------------------

    def pie(self):
        says = self.says
        key = says(CREATED, "pie.create", "-a", "AES", "-l", "256")
        says(r"created private key with ID: " + ID, "pie.create_key_pair", "-a", "RSA", "-l", "2048")
        says(r"Secret data: b'[0-9a-f]{64}'", "pie.get", "-i", key)
        says(r"Attribute name: Cryptographic Algorithm", "pie.get_attribute_list", "-i", key)
        says(r"Attribute State: State.PRE_ACTIVE", "pie.get_attributes", "-i", key)
        says(key, "pie.locate", "--cryptographic-algorithm", "AES", "--state", "PRE_ACTIVE")
        says(r"Successfully revoked secret", "pie.revoke", "-i", key)
        says(r"Successfully destroyed secret", "pie.destroy", "-i", key)
        says(r"OPERATION_FAILED: ITEM_NOT_FOUND", "pie.get", "-i", key)
        self.cipher()
        self.register()

    def cipher(self):
        says = self.says
        said = self.run("pie.encrypt", ["-m", "a message"])
        key = re.search(r"Secret ID: " + ID, said).group(1)
        sealed = re.search(r"Cipher text: b'([0-9a-f]{32})'", said).group(1)
        says(r"Plain text: 'a message'", "pie.decrypt", "-i", key, "-m", "b" + sealed)
        # The tool prints bytes, which Python quotes as they come.
        says(r"Signature: b['\"]", "pie.sign")

        says(r"MACed data: b.[0-9a-f]{64}", "pie.mac", "-i", self.hmac_key(), "-a", "HMAC_SHA256")

    def hmac_key(self):
        """No tool makes one."""
        algorithm, mask = enums.CryptographicAlgorithm.HMAC_SHA256, enums.CryptographicUsageMask
        with ProxyKmipClient(config_file=self.config) as client:
            key = client.register(objects.SymmetricKey(
                algorithm, 256, bytes(range(32)), masks=[mask.MAC_GENERATE], name="for a MAC"))
            client.activate(key)
            return key

    def register(self):
        says = self.says
        for kind in ("certificate", "opaque_object", "split_key"):
            says(REGISTERED, "pie.register_" + kind)
        for kind in ("private_key", "public_key"):
            says(REGISTERED, "pie.register_" + kind)
        key = says(REGISTERED, "pie.register_symmetric_key")
        says(r"(?s)Successfully modified.*Modified Name", "pie.modify_attribute", "-i", key)
        says(r"(?s)Successfully deleted.*Modified Name", "pie.delete_attribute", "-i", key)

    # ---- kmip/demos/units ----------------------------------------------------------------------

    def units(self):
        says = self.says
        says(r"protocol version supported: 1.4", "units.discover_versions")
        says(r"operation supported: Operation.CREATE", "units.query")
        key = says(UNIT_CREATED, "units.create", "-a", "AES", "-l", "128")
        says(SUCCESS, "units.activate", "-i", key)
        says(r"(?s)Key Format Type: KeyFormatType.RAW.*Cryptographic Length: 128", "units.get", "-i", key)
        says(key, "units.locate", "-n", "Test Key")
        says(SUCCESS, "units.revoke", "-i", key)
        says(SUCCESS, "units.destroy", "-i", key)
        for kind, form in (("SECRET_DATA", "OPAQUE"), ("CERTIFICATE", "X_509"),
                           ("PRIVATE_KEY", "PKCS_8"), ("PUBLIC_KEY", "X_509")):
            says(UNIT_REGISTERED, "units.register", "-t", kind, "-f", form)

    def every(self):
        """No tool of the package is left out."""
        shipped = {
            "%s.%s" % (package.__name__.rsplit(".", 1)[1], one.name)
            for package in (kmip.demos.pie, kmip.demos.units)
            for one in pkgutil.iter_modules(package.__path__)
        }
        if shipped != self.used | set(SILENT):
            raise AssertionError("tools: %s" % sorted(shipped ^ (self.used | set(SILENT))))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--config-file", required=True)
    warnings.simplefilter("ignore")
    tools = Tools(parser.parse_args().config_file)
    tools.pie()
    tools.units()
    for tool, arguments, words in REFUSED:
        tools.says(words, tool, *arguments)
    tools.every()
    print("PyKMIP's tools: %d runs of %d tools" % (tools.passed, len(tools.used)))


if __name__ == "__main__":
    main()
