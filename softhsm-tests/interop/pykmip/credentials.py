#!/usr/bin/env python3
"""A user's name and password, sent by PyKMIP's client in every request.

    credentials.py --ready claviger-data/ready.json --username NAME < password

Prints "served", or the reason for the refusal.
"""
import argparse
import json
import sys

from kmip.core import enums
from kmip.pie.client import ProxyKmipClient
from kmip.pie.exceptions import KmipOperationFailure


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ready", required=True)
    parser.add_argument("--username", required=True)
    arguments = parser.parse_args()
    with open(arguments.ready, encoding="utf-8") as file:
        ready = json.load(file)
    host, port = ready["kmip_addr"].rsplit(":", 1)
    client = ProxyKmipClient(
        hostname=host,
        port=int(port),
        cert=ready["client_cert"],
        key=ready["client_key"],
        ca=ready["ca"],
        username=arguments.username,
        password=sys.stdin.readline().rstrip("\n"),
        config="none",
        config_file="/dev/null",
    )
    with client:
        try:
            client.create(enums.CryptographicAlgorithm.AES, 256)
            print("served")
        except KmipOperationFailure as failure:
            print(failure.reason.name)


if __name__ == "__main__":
    main()
