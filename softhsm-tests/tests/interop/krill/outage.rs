//! Claviger away, Claviger back, Krill anew.

use softhsm_tests::port;
use softhsm_tests::server::Trial;

use super::daemon::Krill;
use super::published;

/// Has Krill give up, and try anew, sooner than by itself.
const IMPATIENT: &str =
    "s/^type = \"KMIP\"/&\\nmax_retry_seconds = 5/; 1i signer_probe_retry_seconds = 2";

pub(crate) fn goes_on() {
    let trial = Trial::new().with_kmip_port(port::fresh());
    let mut krill = Krill::configured(trial, IMPATIENT);
    krill.make_ca();
    let add = |prefix: &str| format!("krillc roas update --add '{prefix} => 64496'");
    let first = krill.ask("krillc roas list");

    krill.ground.kill();
    let said = krill.ask_in_vain(&add("192.0.2.0/25"));
    assert!(said.contains("Signing issue: KMIP Error: "), "{said}");
    assert_eq!(krill.ask("krillc health && krillc roas list"), format!("Ok\n{first}"));
    krill.ground.revive();
    krill.until(&add("192.0.2.0/25"));

    // Its connections are dead now, and it does not know.
    krill.ground.kill();
    krill.ground.revive();
    krill.until(&add("192.0.2.128/25"));

    krill.stop();
    krill.start();
    krill.until(&add("192.0.2.0/26"));

    krill.stop();
    krill.ground.kill();
    krill.start();
    krill.ground.revive();
    krill.until(&add("192.0.2.64/26"));

    let found = krill.ask(&published(5));
    assert_eq!(found.matches("published isp/0/").count(), 6, "five ROAs and a manifest: {found}");
}
