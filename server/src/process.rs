//! What the process asks of the system for itself.

use rustix::process::{DumpableBehavior, set_dumpable_behavior};

/// Where keys may be in this process' memory, it leaves no image of it behind when it dies.
pub(crate) fn stay_out_of_core_dumps() {
    if let Err(error) = set_dumpable_behavior(DumpableBehavior::NotDumpable) {
        tracing::warn!(%error, "assisted mode: a core dump may hold keys");
    }
}
