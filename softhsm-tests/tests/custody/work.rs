//! Mixed work, as a server has it all day, with keys that may not leave.

use kmip_core::attribute::{Attribute, AttributeKind, CryptographicParameters};
use kmip_core::message::RequestItem;
use kmip_core::payload::{EncryptRequest, RequestPayload};
use kmip_core::types::{
    BatchErrorContinuationOption, BlockCipherMode as Mode, HashingAlgorithm as Hash, PaddingMethod,
    ProtocolVersion, ResultReason, ResultStatus,
};
use server::client::template::{self, NO_PARAMETERS};
use server::client::{Call, Client, Ready, request_header};
use softhsm_tests::crypto::{self, Sealing};
use softhsm_tests::keys::{hashed, masked, padded};
use softhsm_tests::material::random;
use softhsm_tests::requests::{self, IV, Id, active_at_once};

use crate::brought::Keys;

/// Data of every length that blocks and buffers care about.
const LENGTHS: [usize; 5] = [1, 16, 100, 4_096, 40_000];
const MODES: [(Mode, usize); 6] = [
    (Mode::CBC, 16),
    (Mode::ECB, 0),
    (Mode::CFB, 16),
    (Mode::OFB, 16),
    (Mode::CTR, 16),
    (Mode::GCM, 12),
];

/// Does `rounds` of everything on each of `connections` new connections at a time; returns how many
/// operations that were.
pub(crate) fn mixed(
    ready: &Ready,
    (first, second): (&Keys, &Keys),
    connections: usize,
    rounds: usize,
) -> usize {
    let one = |number: usize| {
        let (config, keys) = match number % 2 == 1 {
            false => (ready.client(), first),
            true => (ready.other_client(), second),
        };
        let client = Client::connect(&config).unwrap();
        let mut worker = Worker { client, done: 0 };
        for round in 0..rounds {
            worker.round(keys, number * rounds + round);
        }
        worker.client.close();
        worker.done
    };
    std::thread::scope(|scope| {
        let workers = (0..connections).map(|number| scope.spawn(move || one(number)));
        let workers = workers.collect::<Vec<_>>();
        workers.into_iter().map(|worker| worker.join().unwrap()).sum()
    })
}

struct Worker {
    client: Client,
    done: usize,
}

impl Worker {
    fn round(&mut self, keys: &Keys, number: usize) {
        let data = vec![0xA5; LENGTHS[number % LENGTHS.len()]];
        for (shift, key) in keys.aes.iter().chain(&keys.des3).enumerate() {
            let is_des = keys.des3.contains(key);
            // GCM is for AES only.
            let (mode, iv) = MODES[(number + shift) % (MODES.len() - usize::from(is_des))];
            self.seal_and_open(key, mode, if is_des { iv.min(8) } else { iv }, &data);
        }
        for key in &keys.hmac {
            self.mac(key, &data);
        }
        self.sign(keys, &data[..data.len().min(4_096)], number);
        self.life();
        self.refused(keys.all().nth(number % keys.all().count()).unwrap());
        self.batch(keys);
        self.stream(&keys.aes[number % keys.aes.len()]);
    }

    fn ask<C: Call>(&mut self, request: C) -> C::Answer {
        self.done += 1;
        self.client.call(request).unwrap()
    }

    fn seal_and_open(&mut self, key: &Id, mode: Mode, iv: usize, data: &[u8]) {
        let pads = matches!(mode, Mode::CBC | Mode::ECB);
        let parameters = CryptographicParameters {
            block_cipher_mode: Some(mode),
            padding_method: pads.then_some(PaddingMethod::PKCS5),
            tag_length: (mode == Mode::GCM).then_some(16),
            ..NO_PARAMETERS
        };
        let iv = (iv > 0).then(|| IV[..iv].to_vec());
        let what = Sealing { parameters, iv, aad: None, data: data.to_vec() };
        let sealed = self.ask(crypto::encrypt(key, what.clone()));
        let (text, tag) = (sealed.data.unwrap(), sealed.authenticated_encryption_tag);
        let what = Sealing { data: text.expose().to_vec(), ..what };
        let opened = self.ask(crypto::decrypt(key, what, tag));
        assert_eq!(opened.data.unwrap().expose(), data, "{mode:?}");
    }

    fn mac(&mut self, key: &Id, data: &[u8]) {
        let made = self.ask(requests::mac(key, data)).mac_data.unwrap();
        self.ask(crypto::mac_verify(key, NO_PARAMETERS, data.to_vec(), made));
    }

    fn sign(&mut self, keys: &Keys, data: &[u8], number: usize) {
        let rsa = [
            padded(PaddingMethod::PKCS1V1_5, Hash::SHA_256),
            masked(PaddingMethod::PSS, Hash::SHA_384, Hash::SHA_384),
            // Encoded in the server, with the token's raw operation.
            masked(PaddingMethod::PSS, Hash::SHA_3_256, Hash::SHA_3_256),
        ];
        for key in &keys.rsa {
            self.ask(crypto::sign(key, rsa[number % rsa.len()].clone(), data.to_vec()));
        }
        for key in &keys.ec {
            self.ask(crypto::sign(key, hashed(Hash::SHA_256), data.to_vec()));
        }
        for key in &keys.edwards {
            self.ask(crypto::sign(key, NO_PARAMETERS, data.to_vec()));
        }
    }

    /// A key is made, named, found, looked at, and destroyed.
    fn life(&mut self) {
        let name = template::name(&hex::encode(random(8)));
        let create = requests::create_aes(&[name.clone(), active_at_once()]);
        let id = self.ask(create).unique_identifier;
        assert!(self.ask(requests::locate(vec![name])).unique_identifiers.contains(&id));
        self.ask(requests::get_attributes(&id, &[]));
        self.ask(requests::revoke(&id));
        self.ask(requests::destroy(&id));
    }

    fn refused(&mut self, key: &Id) {
        self.done += 1;
        let refusal = self.client.call(requests::get(key)).unwrap_err();
        assert_eq!(refusal.reason(), Some(ResultReason::NotExtractable), "{refusal}");
    }

    /// Several operations in one message, of which one fails.
    fn batch(&mut self, keys: &Keys) {
        let mut header = request_header(ProtocolVersion::NEWEST);
        header.batch_error_continuation_option = Some(BatchErrorContinuationOption::Continue);
        let payloads: [RequestPayload; 5] = [
            requests::encrypt(&keys.aes[0], b"in a batch").into(),
            requests::get(&keys.aes[0]).into(),
            requests::mac(&keys.hmac[0], b"in a batch").into(),
            requests::sign_ec(&keys.ec[0], b"in a batch").into(),
            requests::locate(vec![not_there()]).into(),
        ];
        let items = payloads.map(RequestItem::new).to_vec();
        let answer = self.client.batch(header, items).unwrap();
        let failed = |at: usize| answer.items[at].result_status != ResultStatus::Success;
        assert!(failed(1) && ![0, 2, 3, 4].into_iter().any(failed), "{answer:?}");
        self.done += answer.items.len();
    }

    /// Encrypts in three parts.
    fn stream(&mut self, key: &Id) {
        let part = |correlation_value: Option<Vec<u8>>, last: bool| EncryptRequest {
            init_indicator: correlation_value.is_none().then_some(true),
            iv_counter_nonce: correlation_value.is_none().then(|| IV.to_vec()),
            cryptographic_parameters: correlation_value.is_none().then(requests::cbc),
            final_indicator: last.then_some(true),
            correlation_value,
            ..requests::encrypt(key, &[0x3C; 1_000])
        };
        let first = self.ask(part(None, false));
        let name = first.correlation_value.unwrap();
        self.ask(part(Some(name.clone()), false));
        let last = self.ask(part(Some(name), true));
        assert!(last.data.is_some());
    }
}

/// A search that finds nothing.
fn not_there() -> Attribute {
    Attribute::new(AttributeKind::ObjectGroup, &"no such group".to_owned())
}
