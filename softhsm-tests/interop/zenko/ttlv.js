'use strict';
// TTLV as far as the driver needs it: what is sent is a list of [tag, type, value], what has come is
// the same with tags as names.

const TAGS = {
    ActivationDate: 0x420001, Attribute: 0x420008, AttributeName: 0x42000a, AttributeValue: 0x42000b,
    BatchCount: 0x42000d, BatchItem: 0x42000f, BlockCipherMode: 0x420011,
    CryptographicAlgorithm: 0x420028, CryptographicParameters: 0x42002b, IVCounterNonce: 0x42003d,
    MaximumResponseSize: 0x420050, ObjectType: 0x420057, Operation: 0x42005c,
    PaddingMethod: 0x42005f, ProtocolVersion: 0x420069, ProtocolVersionMajor: 0x42006a,
    ProtocolVersionMinor: 0x42006b, QueryFunction: 0x420074, RequestHeader: 0x420077,
    RequestMessage: 0x420078, RequestPayload: 0x420079, ResponseHeader: 0x42007a,
    ResponseMessage: 0x42007b, ResponsePayload: 0x42007c, ResultMessage: 0x42007d,
    ResultReason: 0x42007e, ResultStatus: 0x42007f, RevocationMessage: 0x420080,
    RevocationReason: 0x420081, RevocationReasonCode: 0x420082, ServerInformation: 0x420088,
    TemplateAttribute: 0x420091, TimeStamp: 0x420092, UniqueBatchItemID: 0x420093,
    UniqueIdentifier: 0x420094, VendorIdentification: 0x42009d, ExtensionInformation: 0x4200a4,
    ExtensionName: 0x4200a5, ExtensionTag: 0x4200a6, Data: 0x4200c2,
};
const NAMES = Object.fromEntries(Object.entries(TAGS).map(([name, tag]) => [tag, name]));
const TYPES = {
    structure: 1, integer: 2, longInteger: 3, enumeration: 5, boolean: 6, text: 7, bytes: 8, date: 9,
};
const BY_TYPE = Object.fromEntries(Object.entries(TYPES).map(([name, type]) => [type, name]));

const number = bytes => write => {
    const buffer = Buffer.alloc(bytes);
    write(buffer);
    return buffer;
};
const ENCODERS = {
    structure: value => Buffer.concat(value.map(encode)),
    integer: value => number(4)(buffer => buffer.writeInt32BE(value)),
    enumeration: value => number(4)(buffer => buffer.writeUInt32BE(value)),
    text: value => Buffer.from(value, 'utf8'),
    bytes: value => value,
    date: value => number(8)(buffer => buffer.writeBigInt64BE(BigInt(value))),
};

/** The bytes of one item. */
function encode([tag, type, value]) {
    const body = ENCODERS[type](value);
    const head = Buffer.alloc(8);
    head.writeUIntBE(TAGS[tag], 0, 3);
    head.writeUInt8(TYPES[type], 3);
    head.writeUInt32BE(body.length, 4);
    return Buffer.concat([head, body, Buffer.alloc(-body.length & 7)]);
}

const DECODERS = {
    structure: decodeAll,
    integer: body => body.readInt32BE(),
    longInteger: body => body.readBigInt64BE(),
    enumeration: body => body.readUInt32BE(),
    boolean: body => body.readBigUInt64BE() === 1n,
    text: body => body.toString('utf8'),
    bytes: body => Buffer.from(body),
    date: body => Number(body.readBigInt64BE()),
};

/** The items that fill `bytes`, which is an error if one of them does not end with it. */
function decodeAll(bytes) {
    const items = [];
    let at = 0;
    while (at < bytes.length) {
        const tag = bytes.readUIntBE(at, 3);
        const type = BY_TYPE[bytes.readUInt8(at + 3)];
        const length = bytes.readUInt32BE(at + 4);
        const end = at + 8 + length + (-length & 7);
        if (end > bytes.length) {
            throw new Error(`an item of ${end - at} bytes where there are ${bytes.length - at}`);
        }
        const body = bytes.subarray(at + 8, at + 8 + length);
        items.push([NAMES[tag] || `0x${tag.toString(16)}`, type, DECODERS[type](body)]);
        at = end;
    }
    return items;
}

/** The one message that `bytes` is: not a part of it, and not two. */
function decode(bytes) {
    const items = decodeAll(bytes);
    if (items.length !== 1) {
        throw new Error(`${items.length} messages at once`);
    }
    return items[0];
}

/** All values at a path of tags below an item. */
function lookup([tag, , value], path) {
    const [first, ...rest] = path;
    if (tag !== first) {
        return [];
    }
    return rest.length === 0 ? [value] : value.flatMap(item => lookup(item, rest));
}

module.exports = { encode, decode, lookup };
