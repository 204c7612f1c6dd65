//! Ceph's NVMe-oF gateway: its secrets, by identifier.

use kmip_core::types::{Operation, ProtocolVersion, ResultReason};
use softhsm_tests::program;

use crate::client::{Client, Version};
use crate::ground::Ground;
use crate::replay::items::uid;
use crate::replay::{Line, Manner, Way};

/// Its row.
pub(crate) const CLIENT: Client = Client {
    id: "ceph-nvmeof",
    name: "Ceph NVMe-oF gateway",
    version: || Version::Replayed("2026, with PyKMIP"),
    use_case: "secrets of the gateway",
    needs: "`export=true`",
    tests: &[("guide", guide)],
};

fn guide() {
    let ground = Ground::new(CLIENT.id, &[("python3", program::python())]);
    ground.follow_guide();
    let id = std::fs::read_to_string(ground.folder().join("secret-id")).unwrap();
    let way = Way::of(&ground, "gateway");
    let open = || Line::open(&way, &Manner::plain(ProtocolVersion::V1_2));
    let mut line = open();
    let secret = line.ask(Operation::Get, vec![uid(id.trim())]).material();
    assert_eq!(secret.len(), 32);
    // The connection is kept, and another takes its place if it breaks.
    assert_eq!(line.ask(Operation::Get, vec![uid(id.trim())]).material(), secret);
    let unknown = line.refused(Operation::Get, vec![uid("no-such-secret")]);
    assert_eq!(unknown.reason, ResultReason::ItemNotFound);
    drop(line);
    assert_eq!(open().ask(Operation::Get, vec![uid(id.trim())]).material(), secret);
    // All that its role may do is read.
    let refusal = open().refused(Operation::Destroy, vec![uid(id.trim())]);
    assert_eq!(refusal.reason, ResultReason::PermissionDenied);
}
