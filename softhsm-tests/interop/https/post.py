#!/usr/bin/env python3
"""Posts messages over one HTTPS connection, and keeps it open until standard input ends.

    post.py PORT CA CERTIFICATE KEY [CONTENT-TYPE FILE]...

Prints the status and the length of each answer, and `posted` after the last.
"""
import http.client
import ssl
import sys

port, ca, certificate, key, *messages = sys.argv[1:]
context = ssl.create_default_context(cafile=ca)
context.load_cert_chain(certificate, key)
connection = http.client.HTTPSConnection('localhost', int(port), context=context, timeout=60)
for content_type, file in zip(messages[::2], messages[1::2]):
    with open(file, 'rb') as message:
        connection.request('POST', '/kmip', message.read(), {'Content-Type': content_type})
    answer = connection.getresponse()
    print(answer.status, len(answer.read()), flush=True)
print('posted', flush=True)
sys.stdin.read()
