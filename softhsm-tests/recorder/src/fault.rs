//! Failures that a test orders while the library is in use.

use std::ffi::c_int;
use std::path::{Path, PathBuf};
use std::sync::{Once, OnceLock};
use std::time::Duration;

use cryptoki_sys::CK_RV;

/// How often a call that hangs looks whether it still has to.
const LOOK: Duration = Duration::from_millis(10);

static ORDERS: OnceLock<Option<PathBuf>> = OnceLock::new();

/// Runs with the first call that hangs.
static HUNG: Once = Once::new();

unsafe extern "C" {
    fn atexit(handler: extern "C" fn()) -> c_int;
}

/// Kills the process for certain where SoftHSM may: its destructors, which a process that exits runs,
/// take from under a call what it uses.
extern "C" fn destroy() {
    std::process::abort();
}

/// What is answered in place of the other library; waits where the call is to hang.
///
/// `PKCS11_RECORDER_FAULTS` names the file with the orders, one a line: a function's name, and the
/// number it returns in hexadecimal, or `hang`. Without the file nothing fails. A call that hangs makes
/// an empty file beside it, which has the function's name; the process must then not end by `exit`.
pub(crate) fn ordered(function: &str) -> Option<CK_RV> {
    let orders = ORDERS.get_or_init(|| std::env::var_os("PKCS11_RECORDER_FAULTS").map(Into::into));
    let orders = orders.as_deref()?;
    loop {
        let order = order(orders, function)?;
        if order != "hang" {
            return CK_RV::from_str_radix(order.trim_start_matches("0x"), 16).ok();
        }
        // A mark that cannot be made is missed by whoever waits for it.
        let _ = std::fs::write(orders.with_file_name(function), "");
        HUNG.call_once(|| {
            // SAFETY: a function of the C library; this one is never unloaded.
            unsafe { atexit(destroy) };
        });
        std::thread::sleep(LOOK);
    }
}

fn order(orders: &Path, function: &str) -> Option<String> {
    let text = std::fs::read_to_string(orders).ok()?;
    let mut words = text.lines().filter_map(|line| line.split_once(' '));
    words.find(|(name, _)| *name == function).map(|(_, order)| order.to_owned())
}
