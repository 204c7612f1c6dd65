//! An RSA key that everybody knows, made with OpenSSL for this crate; it guards nothing.

use super::bytes;
use crate::job::{PublicKey, RsaCrtParts, RsaPrivateParts, SecretValue};

/// Length of the modulus in bits.
pub(crate) const MODULUS_BITS: usize = 2048;
/// Modulus; the public exponent is 65537.
const N: &str = "a75237b0b09203a2848c5d58ca12b20d727cc64b955a3e311022a4c4d3a18e92996f17b0d0c0ab1f \
    c5a4e47a3fb9cccc1bb030a0c8a247005821cb87f63a90d55b8735a72b749845c8cddea566a0d9bb \
    576c3d522ab4720d76f25b3d29bdb05b1c4750b33f46d227ebb12810c08d77a3a64648fab204ebfa \
    9bfa4eb84053ac015b5f5da9672c8536c3d6e581171e861fa8c9698fc88a6bc5485c6fda281df73d \
    01a2f619df84322312f81d9900a37f4ecbab5f1b941bace6466c72746aa021e608599a1b68d3cb43 \
    642a83710ede535f59c28677618d7141202c3c46567a15e4d9af8f1caf10d6ee21db3ec1dece4dd4 \
    1977513f18c0bfbd0721b84044cfefbf";
/// Private exponent.
const D: &str = "2d8289de37b087679158e25cef9d952b5e2bfcfd7af2903ee50e1f35e0002dd8c6fdf5fa24557b56 \
    097a97a07eabc93decfc07c5fbbc53c68eb2267b652839d3a67108d15edaf83de6e7c3fac606d322 \
    071dcc3208a68aed09a0d2db387abd3892e0fcdcbc45c58c91295ee5eb91aeec66a1f060abc1f5f3 \
    74b068efe9a33881b68b697e79bbff9758cd74970d35a0e1ffccd403befd9146b6587103c4635bc2 \
    ef55cefc928bd7901ab140c62ad0e98efde1b90561d4999c7765aaf33adffd3b20d091f0cf1f284d \
    a34395ebd94f0a53c6760bd2b6a43c524c456645707c13b1332e56007d5eaa17f83e68d8c132fc35 \
    7bba85860f50df2fae841e4068047bd1";
/// Prime p.
const P: &str = "e9ef67c5bf99d2982e21bf18120f1d743247f81da7d4861d470ece9406a5f5a15cdaceeb8ce17ac6 \
    c1ae80251189fb1dab57f2accd9421fb586c65cbd92bf6cd05cdbf63f399fa549843b2fd0e8b9983 \
    d5a8bdaab07ff7d4a904e386cbf164d04fa34baf66aaaae1b78d707bafc57ea2a2dda361e2c0ccf8 \
    c75804f693037e91";
/// Prime q.
const Q: &str = "b71a59f2753c8d973809b46156da6d9bb85af8b36c09fc9a129ef5fb617bae3ffaf7f52b3de61ec1 \
    b2d175e18be3bfb8b2ff0b555d74453a51d4f5ca119ae2a2a4694de200b815447bace452b8f49d0d \
    12bf954d892dc613d343e3b291af8b48bb06f099884323493d0278b2f89632fa1d7af2ffbb21a3e6 \
    62285fd548b0514f";
/// d mod p-1.
const DP: &str = "01b3e1607a158787de0616daf8fead2b34567bc2d37ee37f010e65888447def2ceb734fc57e92838 \
    9c1e46067f0b2f0db73a8ba4a0566cace4a6dd52cf80d76a0499cbc3d179146e5b315af32690f38c \
    1719045062ba7bb64b88a2934f96b13226f23c51c980827fe4131e7777ff0afdea0b8cede075a0c8 \
    4ac3243e1b31d251";
/// d mod q-1.
const DQ: &str = "49ca11d39711771228e028544df72ad2e581abd64ac4df8a8bd489d6eb9b3746cb721fd8745287b4 \
    91c6bdd5ce55530f30fb7d6ac285b7dc5fdc0dcd8838bdfac37d3888cab764c2bb809a6707e8745e \
    2f5f0be13a563b0c0448c8bb4ee0caa5ddd15726d8760e0356d5e72460efcecd63120859ace54ab2 \
    ee7dccd91c390a1b";
/// q^-1 mod p.
const QINV: &str = "e7918ebf051897b8c78440a8236a1ba9651d3384dd11b390bac26c5aaec229fdacbbb1e824ad6205 \
    00e341b953f1903be7c10336d014bb7eacfdc516e0ef3c2d904f78418f735e8796472cfaa905ff96 \
    0c6f5bfe903b0d259eba2fdac7c9eadc7590ccfe07ac9198f7d118b63b74d7c324811ea21dcf36a0 \
    c12c2ee4777f33a9";

/// The private half.
pub(crate) fn parts() -> RsaPrivateParts {
    let secret = |text| SecretValue::new(bytes(text));
    RsaPrivateParts {
        modulus: bytes(N),
        public_exponent: vec![1, 0, 1],
        private_exponent: secret(D),
        crt: Some(RsaCrtParts {
            prime_p: secret(P),
            prime_q: secret(Q),
            exponent_p: secret(DP),
            exponent_q: secret(DQ),
            coefficient: secret(QINV),
        }),
    }
}

/// The public half.
pub(crate) fn public() -> PublicKey {
    PublicKey::Rsa { modulus: bytes(N), public_exponent: vec![1, 0, 1] }
}
