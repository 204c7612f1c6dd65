'use strict';
// Stands between driver and server, and counts the TLS records of application data that the server
// sends. In TLS 1.2 nothing else goes under that type.

const net = require('net');

const HEADER_BYTES = 5;
const APPLICATION_DATA = 23;

class Relay {
    constructor(host, port) {
        this.records = 0;
        this.server = net.createServer(near => {
            const far = net.connect(port, host);
            near.pipe(far);
            far.pipe(near);
            let rest = Buffer.alloc(0);
            far.on('data', data => {
                rest = this.counted(Buffer.concat([rest, data]));
            });
            near.on('error', () => far.destroy());
            far.on('error', () => near.destroy());
        });
    }

    /** Counts the records at the head of `bytes`, and returns what is left behind them. */
    counted(bytes) {
        let at = 0;
        while (at + HEADER_BYTES <= bytes.length) {
            const end = at + HEADER_BYTES + bytes.readUInt16BE(at + 3);
            if (end > bytes.length) {
                break;
            }
            this.records += bytes.readUInt8(at) === APPLICATION_DATA ? 1 : 0;
            at = end;
        }
        return bytes.subarray(at);
    }

    /** The port that it listens on. */
    listen() {
        return new Promise(resolve => {
            this.server.listen(0, '127.0.0.1', () => resolve(this.server.address().port));
        });
    }

    close() {
        this.server.close();
    }
}

module.exports = { Relay };
