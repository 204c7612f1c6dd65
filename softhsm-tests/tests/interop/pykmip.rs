//! PyKMIP.

use softhsm_tests::program;

use crate::client::{Client, Version};
use crate::ground::Ground;

/// Its row.
pub(crate) const CLIENT: Client = Client {
    id: "pykmip",
    name: "PyKMIP",
    version: || Version::Released("0.11.0".to_owned()),
    use_case: "scripts, Swift, Barbican",
    needs: "nothing",
    tests: &[("guide", guide)],
};

fn guide() {
    let ground = Ground::new(CLIENT.id, &[("python3", program::python())]);
    assert!(ground.follow_guide().contains("hello\n"));
}
