#!/usr/bin/env python3
"""Plays the conformance corpus over HTTPS: the corpus' own runner, with another transport under it.

    play.py RUNNER ENCODING [options of the runner]

ENCODING is ttlv, xml, json, or mixed: one message after the other in each of the three. The texts are
written and read here, from the runner's tables and with Python's own libraries, so that no code of the
server's has a part in both sides. Every other text says tags, enumerations and masks by number.
"""
import http.client
import importlib.util
import itertools
import json
import sys
import xml.etree.ElementTree as ElementTree
from datetime import datetime, timezone
from xml.sax.saxutils import quoteattr

CONTENT_TYPES = {'ttlv': 'application/octet-stream', 'xml': 'text/xml', 'json': 'application/json'}


def load(path):
    spec = importlib.util.spec_from_file_location('runner', path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Writer:
    """Puts trees into words."""

    def __init__(self, by_number):
        self.by_number = by_number

    def tag(self, node):
        known = node.tag in runner.TAG_NAME and not self.by_number
        return runner.TAG_NAME[node.tag] if known else None

    def children(self, node):
        attribute = None
        for child in node.val:
            yield child, attribute
            if child.name == 'AttributeName' and node.name == 'Attribute':
                attribute = child.val

    def scalar(self, node, attribute, bar):
        """The value as text, or as what JSON has for it."""
        kind, value = node.type, node.val
        if kind == runner.BYTES:
            return value.hex()
        if kind == runner.BIG:
            return ('0x' if bar == '|' else '') + value.hex()
        if kind == runner.DATE:
            return datetime.fromtimestamp(value, timezone.utc).isoformat()
        names = runner.ENUM_NAME.get(runner.enum_key(node.name, attribute), {})
        if kind == runner.ENUM:
            named = value in names and not self.by_number
            return names[value] if named else '0x%08x' % value
        if kind == runner.INT and names and value > 0 and not self.by_number:
            bits = [1 << n for n in range(31) if value >> n & 1]
            return bar.join(names.get(bit, '0x%08x' % bit) for bit in bits)
        if kind == runner.INT and self.by_number and bar == '|':
            return '0x%08x' % (value & 0xffffffff)
        if kind == runner.LONG and bar == '|':
            return '0x%016x' % (value & 0xffffffffffffffff)
        return value

    def xml(self, node, attribute=None):
        name = self.tag(node)
        head = name or 'TTLV tag="0x%06X"' % node.tag
        if node.type == runner.STRUCT:
            inner = ''.join(self.xml(child, known) for child, known in self.children(node))
            return '<%s>%s</%s>' % (head, inner, name or 'TTLV')
        value = self.scalar(node, attribute, ' ')
        text = str(value).lower() if isinstance(value, bool) else str(value)
        return '<%s type="%s" value=%s/>' % (head, runner.TYPE_NAME[node.type], quoteattr(text))

    def json(self, node, attribute=None):
        shown = {'tag': self.tag(node) or '0x%06X' % node.tag}
        if node.type == runner.STRUCT:
            shown['value'] = [self.json(child, known) for child, known in self.children(node)]
        else:
            shown['type'] = runner.TYPE_NAME[node.type]
            shown['value'] = self.scalar(node, attribute, '|')
        return shown


def leaf(tag, name, kind, text, attribute):
    if kind == runner.TEXT:
        return runner.Node(tag, kind, text)
    if kind in (runner.BIG, runner.LONG, runner.DATE) and text.startswith('0x'):
        raw = bytes.fromhex(text[2:])
        return runner.Node(tag, kind, raw if kind == runner.BIG else int.from_bytes(raw, 'big', signed=True))
    element = ElementTree.Element(name, {'value': text})
    return runner.Node(tag, kind, runner.xml_value(element, name, kind, attribute))


def tree(tag_text, kind_text, value, parent=None, attribute=None):
    """A tree of what XML and JSON have in common; `value` is a text, or a list of (tag, type, value)."""
    if tag_text.startswith('0x'):
        tag = int(tag_text, 16)
        name = runner.tagname(tag)
    else:
        tag, name = runner.TAG[tag_text], tag_text
    kind = runner.TYPES[kind_text]
    if kind != runner.STRUCT:
        return leaf(tag, name, kind, value, attribute)
    children, known = [], None
    for part in value:
        child = tree(*part, parent=name, attribute=known)
        if child.name == 'AttributeName' and name == 'Attribute':
            known = child.val
        children.append(child)
    return runner.Node(tag, kind, children)


def of_xml(element):
    kind = element.attrib.get('type', 'Structure')
    assert set(element.attrib) <= {'tag', 'name', 'type', 'value'}, element.attrib
    tag = element.attrib['tag'] if element.tag == 'TTLV' else element.tag
    if kind == 'Structure':
        assert 'value' not in element.attrib
        return tag, kind, [of_xml(child) for child in element]
    return tag, kind, element.attrib['value']


def of_json(shown):
    kind = shown.get('type', 'Structure')
    assert set(shown) <= {'tag', 'name', 'type', 'value'}, shown
    value = shown['value']
    if kind == 'Structure':
        return shown['tag'], kind, [of_json(child) for child in value]
    types = {'Integer': (int, str), 'LongInteger': (int, str), 'BigInteger': (str,), 'Enumeration': (str,),
             'Boolean': (bool,), 'TextString': (str,), 'ByteString': (str,), 'DateTime': (str,), 'Interval': (int,)}
    assert type(value) in types[kind], shown
    return shown['tag'], kind, value if isinstance(value, str) else str(value).lower()


def written(encoding, message, by_number):
    if encoding == 'ttlv':
        return message
    node, writer = runner.decode_message(message), Writer(by_number)
    text = writer.xml(node) if encoding == 'xml' else json.dumps(writer.json(node))
    return text.encode()


def read(encoding, body):
    if encoding == 'ttlv':
        return body
    if encoding == 'xml':
        parts = of_xml(ElementTree.fromstring(body))
    else:
        parts = of_json(json.loads(body))
    return runner.enc(tree(*parts))


def transport(encodings):
    turns = itertools.cycle(itertools.product((False, True), encodings))

    class HttpsConnection(runner.TLSConn):
        """Like the runner's own connection, from the outside."""

        http = None

        def close(self):
            if self.http is not None:
                self.http.close()
            self.http = None

        def call(self, message):
            by_number, encoding = next(turns)
            try:
                if self.http is None:
                    opt = self.opt
                    self.http = http.client.HTTPSConnection(
                        opt.host, opt.port, timeout=opt.timeout, context=self.ctx)
                headers = {'Content-Type': CONTENT_TYPES[encoding], 'Cache-Control': 'no-cache'}
                self.http.request('POST', '/kmip', written(encoding, message, by_number), headers)
                answer = self.http.getresponse()
                body = answer.read()
            except (OSError, http.client.HTTPException) as fault:
                self.close()
                raise runner.Gone('%s' % (fault or type(fault).__name__))
            told = (answer.status, answer.getheader('Content-Type'), answer.getheader('Content-Length'))
            if told != (200, CONTENT_TYPES[encoding], str(len(body))):
                raise runner.Gone('HTTP %s' % (told,))
            if 'no-cache' not in answer.getheader('Cache-Control', ''):
                raise runner.Gone('an answer that may be cached')
            return read(encoding, body)

    return HttpsConnection


if __name__ == '__main__':
    runner = load(sys.argv[1])
    chosen = list(CONTENT_TYPES) if sys.argv[2] == 'mixed' else [sys.argv[2]]
    runner.TLSConn = transport(chosen)
    sys.exit(runner.main(sys.argv[3:]))
