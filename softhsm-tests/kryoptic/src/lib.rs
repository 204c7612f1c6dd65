//! Kryoptic as a PKCS#11 library: the three entry points, each handed on.
//!
//! The crate of Kryoptic is a Rust library without exported symbols; this makes it a module that a
//! PKCS#11 application loads. The token is configured by the TOML file that `KRYOPTIC_CONF` names.
#![deny(missing_docs)]
#![allow(non_snake_case, reason = "PKCS#11 gives the names")]

use kryoptic_lib::fns::general;
use kryoptic_lib::pkcs11::{
    CK_FLAGS, CK_FUNCTION_LIST_PTR_PTR, CK_INTERFACE_PTR, CK_INTERFACE_PTR_PTR, CK_RV,
    CK_ULONG_PTR, CK_UTF8CHAR_PTR, CK_VERSION_PTR,
};

/// The functions of PKCS#11 2.40.
// SAFETY: the standard's name and signature; nothing else in the library has that name.
#[unsafe(no_mangle)]
pub extern "C" fn C_GetFunctionList(list: CK_FUNCTION_LIST_PTR_PTR) -> CK_RV {
    general::fn_get_function_list(list)
}

/// The functions of PKCS#11 3.x, by name and version.
// SAFETY: as above.
#[unsafe(no_mangle)]
pub extern "C" fn C_GetInterface(
    name: CK_UTF8CHAR_PTR,
    version: CK_VERSION_PTR,
    interface: CK_INTERFACE_PTR_PTR,
    flags: CK_FLAGS,
) -> CK_RV {
    general::fn_get_interface(name, version, interface, flags)
}

/// Which interfaces there are.
// SAFETY: as above.
#[unsafe(no_mangle)]
pub extern "C" fn C_GetInterfaceList(list: CK_INTERFACE_PTR, count: CK_ULONG_PTR) -> CK_RV {
    general::fn_get_interface_list(list, count)
}
