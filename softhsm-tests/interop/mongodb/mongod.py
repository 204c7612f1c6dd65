#!/usr/bin/env python3
"""As much of a MongoDB server as keeps documents in memory: what pymongo needs of one to keep a key vault.

    mongod.py

Prints the port it listens on, and ends with its input.
"""
import socketserver
import struct
import sys
import threading

import bson

OP_REPLY, OP_QUERY, OP_MSG = 1, 2004, 2013
DOCUMENTS, SEQUENCE = 0, 1
MORE_TO_COME = 2

COLLECTIONS = {}
LOCK = threading.Lock()


def hello(_command):
    return {
        "helloOk": True,
        "ismaster": True,
        "isWritablePrimary": True,
        "maxBsonObjectSize": 16 << 20,
        "maxMessageSizeBytes": 48_000_000,
        "maxWriteBatchSize": 100_000,
        "minWireVersion": 0,
        "maxWireVersion": 25,
        "readOnly": False,
    }


def collection(command, name):
    return COLLECTIONS.setdefault((command["$db"], command[name]), [])


def insert(command):
    found = collection(command, "insert")
    found.extend(command["documents"])
    return {"n": len(command["documents"])}


def find(command):
    documents = collection(command, "find")
    wanted = [one for one in documents if matches(one, command.get("filter", {}))]
    if "limit" in command:
        wanted = wanted[: command["limit"]]
    namespace = "%s.%s" % (command["$db"], command["find"])
    return {"cursor": {"firstBatch": wanted, "id": bson.Int64(0), "ns": namespace}}


def update(command):
    count = 0
    for statement in command["updates"]:
        for one in collection(command, "update"):
            if matches(one, statement["q"]):
                one.update(statement["u"]["$set"])
                count += 1
    return {"n": count, "nModified": count}


def matches(document, query):
    """Whether the document matches; of MongoDB's language this knows equality, $in and $or."""
    for key, wanted in query.items():
        if key == "$or":
            if not any(matches(document, one) for one in wanted):
                return False
        elif key.startswith("$"):
            raise NotImplementedError(key)
        else:
            found = document.get(key)
            values = found if isinstance(found, list) else [found]
            wanted = wanted["$in"] if isinstance(wanted, dict) else [wanted]
            if not any(value in wanted for value in values):
                return False
    return True


COMMANDS = {
    "hello": hello,
    "isMaster": hello,
    "ismaster": hello,
    "insert": insert,
    "find": find,
    "update": update,
    "ping": lambda _command: {},
    "endSessions": lambda _command: {},
}


def answer(command):
    name = next(iter(command))
    if name not in COMMANDS:
        return {"ok": 0.0, "code": 59, "codeName": "CommandNotFound", "errmsg": "no such command: " + name}
    with LOCK:
        return {**COMMANDS[name](command), "ok": 1.0}


def of_message(body):
    """The command of an OP_MSG, its document sequences as lists in it; whether it wants an answer."""
    (flags,) = struct.unpack_from("<I", body)
    at, command, lists = 4, {}, {}
    while at < len(body):
        kind, at = body[at], at + 1
        (size,) = struct.unpack_from("<i", body, at)
        if kind == DOCUMENTS:
            command = bson.decode(body[at : at + size])
        elif kind == SEQUENCE:
            name, _, documents = body[at + 4 : at + size].partition(b"\0")
            lists[name.decode()] = bson.decode_all(documents)
        at += size
    return {**command, **lists}, not flags & MORE_TO_COME


def of_query(body):
    """The command of an OP_QUERY, which opens connections."""
    name_ends = body.index(b"\0", 4)
    return bson.decode(body[name_ends + 9 :])


class Connection(socketserver.StreamRequestHandler):
    def handle(self):
        while head := self.rfile.read(16):
            size, number, _, code = struct.unpack("<iiii", head)
            body = self.rfile.read(size - 16)
            if code == OP_MSG:
                command, wanted = of_message(body)
                said = answer(command)
                reply, kind = struct.pack("<IB", 0, DOCUMENTS) + bson.encode(said), OP_MSG
                if not wanted:
                    continue
            elif code == OP_QUERY:
                said = answer(of_query(body))
                reply, kind = struct.pack("<iqii", 8, 0, 0, 1) + bson.encode(said), OP_REPLY
            else:
                raise NotImplementedError(code)
            self.wfile.write(struct.pack("<iiii", 16 + len(reply), 0, number, kind) + reply)


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True


def main():
    with Server(("127.0.0.1", 0), Connection) as server:
        print(server.server_address[1], flush=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        sys.stdin.read()


if __name__ == "__main__":
    main()
