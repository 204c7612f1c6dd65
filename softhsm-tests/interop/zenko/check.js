'use strict';
// Checks of a server as the driver of Zenko and cloudserver meets it:
//
//     node check.js CHECK...
//
// with cloudserver's variables S3KMIP_* in the environment. Prints one line per check; the first that
// fails ends it.

const assert = require('assert');
const crypto = require('crypto');
const { Driver, Refusal, options } = require('./driver');

const ACTIVE = 2;
const ITEM_NOT_FOUND = 1;
const RESPONSE_TOO_LARGE = 2;
const INVALID_FIELD = 7;
const PERMISSION_DENIED = 12;

/** A driver with cloudserver's settings. */
const driver = () => new Driver(options(process.env));

/** Each answer was one `data` event, and none is outstanding. */
function oneAnswerEach(drv) {
    const count = what => drv.events.filter(event => event.what === what).length;
    assert.strictEqual(count('data'), count('request'));
    assert.strictEqual(drv.waiting.length, 0);
}

async function refused(reason, promise) {
    try {
        await promise;
    } catch (error) {
        assert(error instanceof Refusal, error);
        assert.strictEqual(error.reason, reason, error.message);
        assert(error.message, 'a refusal without a message');
        return error.message;
    }
    throw new assert.AssertionError({ message: `not refused with ${reason}` });
}

/** The first request does not wait for the handshake, nor its answer for the version. */
async function handshake() {
    const drv = driver();
    const key = await drv.createBucketKey('first');
    const server = await drv.identified;
    const order = drv.events.map(event => event.operation || event.what);
    assert.deepStrictEqual(order.slice(0, 3), ['Create', 'handshake', 'DiscoverVersions']);
    assert.deepStrictEqual(drv.events[0].version, [1, 2]);
    assert.deepStrictEqual(drv.events[2].version, [1, 2]);
    assert.deepStrictEqual(server.version, [1, 4]);
    const queries = drv.events.filter(event => event.operation === 'Query');
    assert.deepStrictEqual(queries.map(event => event.version), [[1, 4], [1, 4], [1, 4]]);
    assert.strictEqual(server.extensions.length, server.tags.length);
    assert(server.vendor, 'no vendor');
    // Create, Activate, Revoke, Destroy, Query, Encrypt, Decrypt; symmetric keys.
    for (const operation of [0x01, 0x12, 0x13, 0x14, 0x18, 0x1f, 0x20]) {
        assert(server.operations.includes(operation), `Query does not list ${operation}`);
    }
    assert(server.objects.includes(2), 'Query does not list symmetric keys');
    await drv.destroyBucketKey(key);
    oneAnswerEach(drv);
    drv.end();
    return `version ${server.version.join('.')}, ${server.vendor}`;
}

/** A bucket's key seals and opens data keys, before and after a new connection, until it is destroyed. */
async function bucket() {
    const drv = driver();
    const key = await drv.createBucketKey('photos');
    const plain = crypto.randomBytes(32);
    const sealed = await drv.cipherDataKey(key, plain);
    assert.strictEqual(sealed.length, 48);
    assert(!sealed.includes(plain.subarray(0, 16)), 'the data key stands in its ciphertext');
    // Same key, same IV: the driver counts on the same ciphertext.
    assert(sealed.equals(await drv.cipherDataKey(key, plain)));
    assert(plain.equals(await drv.decipherDataKey(key, sealed)));
    // Another connection, after this one: cloudserver was started again.
    drv.end();
    const later = driver();
    assert(plain.equals(await later.decipherDataKey(key, sealed)));
    await later.destroyBucketKey(key);
    await refused(ITEM_NOT_FOUND, later.decipherDataKey(key, sealed));
    await later.identified;
    oneAnswerEach(later);
    later.end();
    return 'sealed, opened, destroyed';
}

/** Create alone makes a key that works at once, and its bucket stands beside it. */
async function compound() {
    const drv = driver();
    assert.deepStrictEqual(
        [drv.options.compoundCreate, drv.options.bucketAttributeName], [true, 'x-bucket']);
    const key = await drv.createBucketKey('invoices');
    await drv.identified;
    assert(!drv.events.some(event => event.operation === 'Activate'));
    const plain = Buffer.from('a data key of a bucket');
    assert(plain.equals(await drv.decipherDataKey(key, await drv.cipherDataKey(key, plain))));
    const found = await drv.attributes(key, 'State', 'x-bucket', 'Activation Date');
    assert.deepStrictEqual(found, { State: ACTIVE, 'x-bucket': 'invoices', 'Activation Date': 0 });
    await drv.destroyBucketKey(key);
    oneAnswerEach(drv);
    drv.end();
    return 'active at once, x-bucket kept';
}

/** A name of an attribute that KMIP keeps for itself makes no key. */
async function misnamed() {
    const drv = driver();
    const said = await refused(INVALID_FIELD, drv.createBucketKey('misnamed'));
    await drv.identified;
    oneAnswerEach(drv);
    drv.end();
    return said;
}

/** More requests than may be outstanding: all answers come, in order, each in a piece of its own. */
async function pipeline() {
    const drv = driver();
    const keys = await Promise.all([...Array(4).keys()].map(each => drv.createBucketKey(`b${each}`)));
    assert.strictEqual(new Set(keys).size, 4);
    await drv.identified;
    const rounds = [...Array(200).keys()].map(async round => {
        const key = keys[round % keys.length];
        const plain = crypto.randomBytes(1 + round * 17 % 3000);
        const sealed = await drv.cipherDataKey(key, plain);
        assert(plain.equals(await drv.decipherDataKey(key, sealed)), `round ${round}`);
    });
    await Promise.all(rounds);
    assert.strictEqual(drv.mostWaiting, 8);
    await Promise.all(keys.map(key => drv.destroyBucketKey(key)));
    oneAnswerEach(drv);
    drv.end();
    return `${drv.events.filter(event => event.what === 'data').length} answers`;
}

/** Refusals between successes: each comes with id and operation, and the connection goes on. */
async function refusals() {
    const drv = driver();
    const key = await drv.createBucketKey('mixed');
    await drv.identified;
    const plain = Buffer.alloc(24, 7);
    const unknown = '00000000-0000-4000-8000-000000000000';
    const [sealed, gone, large, again] = await Promise.all([
        drv.cipherDataKey(key, plain),
        refused(ITEM_NOT_FOUND, drv.cipherDataKey(unknown, plain)),
        // Its answer would be longer than the driver has said it reads.
        refused(RESPONSE_TOO_LARGE, drv.cipherDataKey(key, Buffer.alloc(8000))),
        drv.cipherDataKey(key, plain),
        refused(ITEM_NOT_FOUND, drv.destroyBucketKey(unknown)),
    ]);
    assert(sealed.equals(again));
    assert(gone && large);
    // An active key is not destroyed.
    await refused(PERMISSION_DENIED, drv.about('Destroy', key, []));
    assert(plain.equals(await drv.decipherDataKey(key, sealed)));
    await drv.destroyBucketKey(key);
    oneAnswerEach(drv);
    drv.end();
    return `${gone}; ${large}`;
}

/** What cloudserver does to know whether the server is there. */
async function health() {
    const drv = driver();
    await drv.destroyBucketKey(await drv.createBucketKey('kmip-healthcheck-test-bucket'));
    await drv.identified;
    oneAnswerEach(drv);
    drv.end();
    return 'made and destroyed a key';
}

const CHECKS = { handshake, bucket, compound, misnamed, pipeline, refusals, health };

async function main() {
    const wanted = process.argv.slice(2);
    assert(wanted.length > 0, `which of ${Object.keys(CHECKS)}?`);
    for (const name of wanted) {
        console.log(`ok ${name}: ${await CHECKS[name]()}`);
    }
}

main().catch(error => {
    console.error(error);
    process.exitCode = 1;
    // Connections that are open would keep the process.
    process.exit();
});
