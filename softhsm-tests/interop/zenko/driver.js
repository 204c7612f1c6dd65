'use strict';
// Speaks KMIP as the driver of Zenko and cloudserver does: what it puts on the wire, when, and what it
// takes for an answer, namely each `data` event for exactly one. Written from a description of its
// traffic.

const crypto = require('crypto');
const fs = require('fs');
const tls = require('tls');
const { encode, decode, lookup } = require('./ttlv');

const OPERATIONS = {
    Create: 0x01, GetAttributes: 0x0b, Activate: 0x12, Revoke: 0x13, Destroy: 0x14, Query: 0x18,
    DiscoverVersions: 0x1e, Encrypt: 0x1f, Decrypt: 0x20,
};
const MAXIMUM_RESPONSE_SIZE = 8000;
const IV = Buffer.alloc(16);
const CBC_PKCS5 = ['CryptographicParameters', 'structure', [
    ['BlockCipherMode', 'enumeration', 1],
    ['PaddingMethod', 'enumeration', 3],
    ['CryptographicAlgorithm', 'enumeration', 3],
]];

const attribute = (name, type, value) => ['Attribute', 'structure', [
    ['AttributeName', 'text', name],
    ['AttributeValue', type, value],
]];
const identifier = key => ['UniqueIdentifier', 'text', key];
const version = (major, minor) => ['ProtocolVersion', 'structure', [
    ['ProtocolVersionMajor', 'integer', major],
    ['ProtocolVersionMinor', 'integer', minor],
]];

/** A refusal, as the server tells it. */
class Refusal extends Error {
    constructor(reason, message) {
        super(message);
        this.reason = reason;
    }
}

/** Where and how to connect, from the variables that cloudserver reads. */
function options(env) {
    return {
        host: env.S3KMIP_HOSTS,
        port: Number(env.S3KMIP_PORT || 5696),
        key: fs.readFileSync(env.S3KMIP_KEY),
        cert: fs.readFileSync(env.S3KMIP_CERT),
        ca: env.S3KMIP_CA.split(',').map(file => fs.readFileSync(file)),
        pipelineDepth: Number(env.S3KMIP_PIPELINE_DEPTH || 8),
        compoundCreate: env.S3KMIP_COMPOUND_CREATE === 'true',
        bucketAttributeName: env.S3KMIP_BUCKET_ATTRIBUTE_NAME || '',
    };
}

class Driver {
    constructor(given) {
        this.options = given;
        this.version = [1, 2];
        this.waiting = [];
        this.deferred = [];
        /** What has happened, in order: requests written, the handshake, answers with their sizes. */
        this.events = [];
        this.mostWaiting = 0;
        this.socket = null;
    }

    /** Connects as the first request is made; that one is written before the handshake is over. */
    connect() {
        const { host, port, key, cert, ca } = this.options;
        const socket = tls.connect({ host, port, key, cert, ca }, () => {
            this.events.push({ what: 'handshake' });
            this.identified = this.handshake();
            this.identified.catch(() => {});
        });
        socket.on('data', data => this.received(data));
        socket.on('end', () => this.failed(new Error('the server has closed the connection')));
        socket.on('error', error => this.failed(error));
        this.socket = socket;
    }

    /** One `data` event is one answer, to the request that waits longest. */
    received(data) {
        this.events.push({ what: 'data', bytes: data.length });
        const first = this.waiting.shift();
        if (!first) {
            throw new Error('an answer that nobody waits for');
        }
        const next = this.deferred.shift();
        if (next) {
            process.nextTick(() => this.write(next));
        }
        try {
            first.resolve(this.accepted(first, data));
        } catch (error) {
            first.reject(error);
        }
    }

    failed(error) {
        const all = [...this.waiting.splice(0), ...this.deferred.splice(0)];
        all.forEach(request => request.reject(error));
    }

    /** The answer, once id and operation are those of the request. */
    accepted(request, data) {
        const answer = decode(data);
        const item = tag => lookup(answer, ['ResponseMessage', 'BatchItem', tag])[0];
        const id = item('UniqueBatchItemID');
        if (!id || !id.equals(request.id)) {
            throw new Error(`${request.operation}: id ${id && id.toString('hex')}`);
        }
        if (item('Operation') !== OPERATIONS[request.operation]) {
            throw new Error(`${request.operation}: operation ${item('Operation')}`);
        }
        const header = ['ResponseMessage', 'ResponseHeader'];
        if (lookup(answer, [...header, 'TimeStamp']).length !== 1) {
            throw new Error(`${request.operation}: no time stamp`);
        }
        const said = [...header, 'ProtocolVersion'];
        const found = ['ProtocolVersionMajor', 'ProtocolVersionMinor']
            .map(half => lookup(answer, [...said, half])[0]);
        if (String(found) !== String(request.version)) {
            throw new Error(`${request.operation}: asked in ${request.version}, told in ${found}`);
        }
        if (item('ResultStatus') !== 0) {
            throw new Refusal(item('ResultReason'), item('ResultMessage'));
        }
        return {
            bytes: data.length,
            all: (...path) => lookup(answer, ['ResponseMessage', 'BatchItem', 'ResponsePayload', ...path]),
        };
    }

    request(operation, payload) {
        const id = crypto.randomBytes(16);
        const message = encode(['RequestMessage', 'structure', [
            ['RequestHeader', 'structure', [
                version(...this.version),
                ['MaximumResponseSize', 'integer', MAXIMUM_RESPONSE_SIZE],
                ['BatchCount', 'integer', 1],
            ]],
            ['BatchItem', 'structure', [
                ['Operation', 'enumeration', OPERATIONS[operation]],
                ['UniqueBatchItemID', 'bytes', id],
                ['RequestPayload', 'structure', payload],
            ]],
        ]]);
        return new Promise((resolve, reject) => {
            const request = { operation, id, message, version: this.version, resolve, reject };
            if (this.waiting.length < this.options.pipelineDepth) {
                this.write(request);
            } else {
                this.deferred.push(request);
            }
        });
    }

    write(request) {
        this.waiting.push(request);
        this.mostWaiting = Math.max(this.mostWaiting, this.waiting.length);
        if (this.socket === null) {
            this.connect();
        }
        this.events.push({ what: 'request', operation: request.operation, version: request.version });
        this.socket.write(request.message);
    }

    /** Agrees on a version and asks what the server is, while other requests go on. */
    async handshake() {
        const versions = await this.request('DiscoverVersions', [
            version(1, 4), version(1, 3), version(1, 2),
        ]);
        const [major] = versions.all('ProtocolVersion', 'ProtocolVersionMajor');
        const [minor] = versions.all('ProtocolVersion', 'ProtocolVersionMinor');
        this.version = [major, minor];
        const query = (...functions) => this.request(
            'Query', functions.map(each => ['QueryFunction', 'enumeration', each]));
        const map = await query(6);
        const extensions = map.all('ExtensionInformation', 'ExtensionName');
        const tags = map.all('ExtensionInformation', 'ExtensionTag');
        const who = await query(3);
        const what = await query(1, 2);
        return {
            version: this.version,
            extensions,
            tags,
            vendor: who.all('VendorIdentification')[0],
            operations: what.all('Operation'),
            objects: what.all('ObjectType'),
        };
    }

    /** The answer to a request about this key, which it must name. */
    async about(operation, key, payload) {
        const answer = await this.request(operation, [identifier(key), ...payload]);
        const [told] = answer.all('UniqueIdentifier');
        if (told !== key) {
            throw new Error(`${operation} of ${key} tells of ${told}`);
        }
        return answer;
    }

    async createBucketKey(bucket) {
        const { bucketAttributeName, compoundCreate } = this.options;
        const attributes = [
            attribute('Cryptographic Algorithm', 'enumeration', 3),
            attribute('Cryptographic Length', 'integer', 256),
            attribute('Cryptographic Usage Mask', 'integer', 12),
        ];
        if (bucketAttributeName) {
            attributes.unshift(attribute(bucketAttributeName, 'text', bucket));
        }
        if (compoundCreate) {
            // The driver's date is no date, and goes out as the beginning of time.
            attributes.push(attribute('Activation Date', 'date', 0));
        }
        const made = await this.request('Create', [
            ['ObjectType', 'enumeration', 2],
            ['TemplateAttribute', 'structure', attributes],
        ]);
        if (made.all('ObjectType')[0] !== 2) {
            throw new Error('Create has made something else');
        }
        const [key] = made.all('UniqueIdentifier');
        if (!compoundCreate) {
            await this.about('Activate', key, []);
        }
        return key;
    }

    async cipherDataKey(key, plain) {
        const fields = [CBC_PKCS5, ['Data', 'bytes', plain], ['IVCounterNonce', 'bytes', IV]];
        return (await this.about('Encrypt', key, fields)).all('Data')[0];
    }

    async decipherDataKey(key, sealed) {
        const fields = [CBC_PKCS5, ['Data', 'bytes', sealed], ['IVCounterNonce', 'bytes', IV]];
        return (await this.about('Decrypt', key, fields)).all('Data')[0];
    }

    async destroyBucketKey(key) {
        await this.about('Revoke', key, [['RevocationReason', 'structure', [
            ['RevocationReasonCode', 'enumeration', 6],
            ['RevocationMessage', 'text', 'About to be deleted'],
        ]]]);
        await this.about('Destroy', key, []);
    }

    /** Not among what the driver does: how the tests see what became of its attributes. */
    async attributes(key, ...names) {
        const answer = await this.about(
            'GetAttributes', key, names.map(name => ['AttributeName', 'text', name]));
        const values = answer.all('Attribute', 'AttributeValue');
        return Object.fromEntries(
            answer.all('Attribute', 'AttributeName').map((name, index) => [name, values[index]]));
    }

    end() {
        this.socket.end();
    }
}

module.exports = { Driver, Refusal, options };
