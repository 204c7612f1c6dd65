#!/usr/bin/env python3
"""Swift's encryption with its KMIP keymaster against a running Claviger.

    check.py STEP CONFIG

`write` stores an object through the keymaster and the encrypter, `read` has it back, in another
process. What lies below Swift's middleware is a folder here: objects/.
"""
import json
import os
import sys

from swift.common.middleware.crypto import filter_factory
from swift.common.middleware.crypto.kmip_keymaster import KmipKeyMaster
from swift.common.swob import Request, Response

OBJECT = "/v1/AUTH_test/photos/%s"
TEXT = b"what is to be kept from whoever takes the disks"


class Disk:
    """Where objects lie, as they come through the middleware: bodies and headers in files."""

    def __call__(self, env, start_response):
        request = Request(env)
        parts = request.split_path(1, 4, True)
        if parts[3] is None:
            answer = Response(status=204, headers={"X-Container-Read": ""})
        elif request.method == "PUT":
            answer = self.put(request, parts[3])
        else:
            answer = self.get(parts[3])
        return answer(env, start_response)

    def put(self, request, name):
        body = request.environ["wsgi.input"].read()
        footers = {}
        request.environ.get("swift.callback.update_footers", lambda _: None)(footers)
        headers = {**dict(request.headers), **footers}
        kept = {key: value for key, value in headers.items() if key.lower().startswith("x-object-")}
        with open(self.path(name), "wb") as file:
            file.write(body)
        with open(self.path(name) + ".json", "w", encoding="ascii") as file:
            json.dump(kept, file)
        return Response(status=201)

    def get(self, name):
        with open(self.path(name), "rb") as file:
            body = file.read()
        with open(self.path(name) + ".json", encoding="ascii") as file:
            headers = json.load(file)
        return Response(status=200, body=body, headers=headers)

    def path(self, name):
        return os.path.join("objects", name)


def proxy(config):
    """Swift's middleware in the order of its documentation, the keymaster first."""
    return KmipKeyMaster(filter_factory({})(Disk()), {"keymaster_config_path": config})


def write(app, name):
    os.makedirs("objects", exist_ok=True)
    request = Request.blank(OBJECT % name, method="PUT", body=TEXT)
    request.headers["Content-Type"] = "text/plain"
    status = request.get_response(app).status_int
    if status != 201:
        raise AssertionError("PUT: %s" % status)
    with open(os.path.join("objects", name), "rb") as file:
        kept = file.read()
    if len(kept) != len(TEXT) or kept == TEXT:
        raise AssertionError("the object is not encrypted")


def read(app, name):
    answer = Request.blank(OBJECT % name).get_response(app)
    if (answer.status_int, answer.body) != (200, TEXT):
        raise AssertionError("GET: %s %r" % (answer.status, answer.body))


def main():
    step, config, name = sys.argv[1:]
    {"write": write, "read": read}[step](proxy(config), name)
    print("ok %s %s" % (step, name))


if __name__ == "__main__":
    main()
