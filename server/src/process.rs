//! What the process asks of the system for itself.

use std::io::Write;

use rustix::process::{DumpableBehavior, set_dumpable_behavior};

/// Where keys may be in this process' memory, it leaves no image of it behind when it dies.
pub(crate) fn stay_out_of_core_dumps() {
    if let Err(error) = set_dumpable_behavior(DumpableBehavior::NotDumpable) {
        tracing::warn!(%error, "assisted mode: a core dump may hold keys");
    }
}

/// Ends the process with exit code `code`, and runs no exit handler.
///
/// A thread may still be in the token's library, for good where the token hangs; what a library has
/// registered to clear itself away would crash under it. What the server has to close was closed before.
pub fn leave(code: u8) -> ! {
    // There is nobody left to tell.
    let _ = std::io::stdout().flush();
    signal_hook::low_level::exit(code.into())
}
