//! The steps of the demo, in their order.

use std::time::Instant;

use kmip_core::attribute::UniqueIdentifier;
use kmip_core::payload::{ActivateRequest, CreateRequest, DestroyRequest};

use super::asks::{
    Done, connect, decrypt, encrypt, get_is_refused, located, mac, mac_verify, random, revoke,
    sign, verify,
};
use super::report::Report;
use super::{DemoError, keys};
use crate::client::template::key_pair;
use crate::client::{Client, Connector};

/// Something the demo made, and must revoke before it can be destroyed if it is active.
struct Made {
    id: UniqueIdentifier,
    active: bool,
}

/// The demo under way.
pub(super) struct Script<'a> {
    report: Report<'a>,
    connector: Connector,
    /// In every name, so that the demo can be run again, and several at once.
    suffix: String,
    made: Vec<Made>,
}

impl<'a> Script<'a> {
    pub(super) fn new(report: Report<'a>, connector: Connector) -> Result<Self, getrandom::Error> {
        let mut suffix = [0; 4];
        getrandom::fill(&mut suffix)?;
        Ok(Self { report, connector, suffix: hex::encode(suffix), made: Vec::new() })
    }

    /// Plays every step; what was made is destroyed even if a step fails.
    pub(super) fn play(mut self) -> Result<(), DemoError> {
        let begun = Instant::now();
        let played = self.steps();
        if played.is_err() {
            self.tidy_up();
        } else {
            let time = begun.elapsed().as_secs_f64();
            self.report.text(&format!("\nEvery step did what it should, in {time:.2} s."));
        }
        played
    }

    fn steps(&mut self) -> Result<(), DemoError> {
        let mut client = self.step("Connect", |demo| connect(&demo.connector))?;
        let aes = self.encryption(&mut client)?;
        self.signature(&mut client)?;
        self.authentication(&mut client)?;
        self.step("RNG Retrieve", |_| random(&mut client))?;
        self.step("Locate", |demo| located(&mut client, &demo.called("aes"), &[aes]))?;
        self.refusal(&mut client)?;
        self.step("Revoke", |demo| demo.revoke_all(&mut client))?;
        self.step("Destroy", |demo| demo.destroy_all(&mut client))?;
        self.step("Locate", |demo| located(&mut client, &demo.called("aes"), &[]))?;
        client.close();
        Ok(())
    }

    /// Does `work`, and tells how it went in one line.
    fn step<T>(
        &mut self,
        title: &'static str,
        work: impl FnOnce(&mut Self) -> Done<T>,
    ) -> Result<T, DemoError> {
        let begun = Instant::now();
        match work(self) {
            Ok((value, detail)) => {
                self.report.done(title, &detail, begun.elapsed());
                Ok(value)
            }
            Err(source) => {
                self.report.failed(title, &source.to_string());
                Err(DemoError::Step { title, source })
            }
        }
    }

    fn encryption(&mut self, client: &mut Client) -> Result<UniqueIdentifier, DemoError> {
        let aes = self.step("Create", |demo| {
            demo.create(client, keys::aes(&demo.called("aes")), "AES-256 key")
        })?;
        self.step("Activate", |demo| demo.activate(client, &[&aes]))?;
        let sealed = self.step("Encrypt", |_| encrypt(client, &aes))?;
        self.step("Decrypt", |_| decrypt(client, sealed))?;
        Ok(aes)
    }

    fn signature(&mut self, client: &mut Client) -> Result<(), DemoError> {
        let (private, public) = self.step("Create Key Pair", |demo| demo.create_pair(client))?;
        self.step("Activate", |demo| demo.activate(client, &[&private, &public]))?;
        let signature = self.step("Sign", |_| sign(client, &private))?;
        self.step("Signature Verify", |_| verify(client, &public, &signature))
    }

    fn authentication(&mut self, client: &mut Client) -> Result<(), DemoError> {
        let hmac = self.step("Create", |demo| {
            demo.create(client, keys::hmac(&demo.called("hmac")), "HMAC-SHA256 key")
        })?;
        self.step("Activate", |demo| demo.activate(client, &[&hmac]))?;
        let mac = self.step("MAC", |_| mac(client, &hmac))?;
        self.step("MAC Verify", |_| mac_verify(client, &hmac, &mac))
    }

    fn refusal(&mut self, client: &mut Client) -> Result<(), DemoError> {
        let locked = self.step("Create", |demo| {
            let request = keys::locked_aes(&demo.called("locked"));
            demo.create(client, request, "AES-256 key, Extractable False")
        })?;
        self.step("Get", |_| get_is_refused(client, locked))
    }

    fn called(&self, what: &str) -> String {
        format!("demo-{}-{what}", self.suffix)
    }

    fn create(
        &mut self,
        client: &mut Client,
        request: CreateRequest,
        what: &str,
    ) -> Done<UniqueIdentifier> {
        let id = client.call(request)?.unique_identifier;
        self.made.push(Made { id: id.clone(), active: false });
        let detail = format!("{what} {id}");
        Ok((id, detail))
    }

    fn create_pair(&mut self, client: &mut Client) -> Done<(UniqueIdentifier, UniqueIdentifier)> {
        let pair = client.call(key_pair(&self.called("rsa"), 3072))?;
        let ids = (pair.private_key_unique_identifier, pair.public_key_unique_identifier);
        for id in [&ids.0, &ids.1] {
            self.made.push(Made { id: id.clone(), active: false });
        }
        let detail = format!("RSA-3072 pair {}", ids.0);
        Ok((ids, detail))
    }

    fn activate(&mut self, client: &mut Client, ids: &[&UniqueIdentifier]) -> Done<()> {
        for id in ids {
            client.call(ActivateRequest { unique_identifier: Some((*id).clone()) })?;
            for made in self.made.iter_mut().filter(|made| made.id == **id) {
                made.active = true;
            }
        }
        let what = if ids.len() == 1 { "the key is" } else { "both halves are" };
        Ok(((), format!("{what} Active now")))
    }

    fn revoke_all(&mut self, client: &mut Client) -> Done<()> {
        let mut count = 0;
        for made in self.made.iter_mut().filter(|made| made.active) {
            revoke(client, &made.id)?;
            made.active = false;
            count += 1;
        }
        Ok(((), format!("{count} active keys: Cessation of Operation")))
    }

    fn destroy_all(&mut self, client: &mut Client) -> Done<()> {
        let count = self.made.len();
        while let Some(made) = self.made.last() {
            client.call(DestroyRequest { unique_identifier: Some(made.id.clone()) })?;
            self.made.pop();
        }
        Ok(((), format!("all {count} objects the demo made")))
    }

    /// After a failure: over a new connection, and whatever happens, since the failure counts.
    fn tidy_up(&mut self) {
        let Ok(mut client) = self.connector.connect() else { return };
        for made in std::mem::take(&mut self.made) {
            if made.active {
                let _ = revoke(&mut client, &made.id);
            }
            let _ = client.call(DestroyRequest { unique_identifier: Some(made.id) });
        }
    }
}
