//! Many keys: one for each signed object, and those of several CAs at a time.

use softhsm_tests::server::Trial;

use super::daemon::Krill;
use super::{operations, published};

/// How many CAs Krill makes by itself for measurements.
const CAS: usize = 6;

pub(crate) fn one_off_keys() {
    let trial = Trial::new();
    let krill = Krill::configured(trial, "1i one_off_signer = \"Claviger\"");
    krill.make_ca();
    let found = krill.ask(&published(1));
    assert_eq!(found.matches("published isp/0/").count(), 2, "a ROA and a manifest: {found}");
    let seen = operations(&krill.ground);
    assert!(seen["Revoke"] > 2, "{seen:?}");
    assert_eq!(seen["Destroy"], 2 * seen["Revoke"], "{seen:?}");
}

pub(crate) fn several_cas() {
    let trial = Trial::new();
    let krill = Krill::configured(trial, &format!("$a [benchmark]\\ncas = {CAS}\\nca_roas = 1"));
    let each = |command: &str| {
        let run = |number| format!("krillc {command} --ca benchmark-{number}");
        (0..CAS).map(run).collect::<Vec<_>>()
    };
    for show in each("show") {
        krill.until(&format!("{show} | grep 'State: active'"));
    }
    let before = operations(&krill.ground);
    assert!(before["CreateKeyPair"] >= 2 * CAS, "an identity and a CA's key each: {before:?}");
    // All at once.
    let roll = each("keyroll init").join(" & ");
    krill.ask(&format!("{roll} & for job in $(jobs -p); do wait $job; done"));
    for show in each("show") {
        krill.until(&format!("{show} | grep 'new and active key'"));
    }
    let after = operations(&krill.ground);
    assert_eq!(after["CreateKeyPair"], before["CreateKeyPair"] + CAS, "{after:?}");
    assert_eq!(after["Activate"], after["CreateKeyPair"], "{after:?}");
}
