//! A PKCS#11 library that hands every call on to another, and writes down those that make, use,
//! read, wrap or destroy objects: one line each, when the call is over.
//!
//! `PKCS11_RECORDER_MODULE` names the other library, `PKCS11_RECORDER_OUTPUT` the file, to which lines
//! are appended. Of values only those that are no secret are written: see the module `line`. Calls fail
//! as a test orders it: see the module `fault`.
#![allow(unsafe_code, reason = "it stands between two sides of a C interface")]
#![allow(non_snake_case, reason = "PKCS#11 gives the names")]

mod fault;
mod line;

use std::ffi::c_void;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::sync::{Mutex, OnceLock, PoisonError};

use cryptoki_sys::{
    CK_ATTRIBUTE, CK_BYTE, CK_FLAGS, CK_FUNCTION_LIST, CK_MECHANISM, CK_MECHANISM_INFO,
    CK_MECHANISM_TYPE, CK_NOTIFY, CK_OBJECT_HANDLE, CK_RV, CK_SESSION_HANDLE, CK_SLOT_ID,
    CK_TOKEN_INFO, CK_ULONG, CK_USER_TYPE, CKR_FUNCTION_NOT_SUPPORTED, CKR_GENERAL_ERROR, CKR_OK,
    Pkcs11,
};
use line::Line;

/// What stands between the two sides.
struct Recorder {
    real: CK_FUNCTION_LIST,
    /// The same with the functions below in place of some.
    ours: CK_FUNCTION_LIST,
    output: Mutex<File>,
}

static RECORDER: OnceLock<Option<Recorder>> = OnceLock::new();

fn recorder() -> Option<&'static Recorder> {
    RECORDER.get_or_init(open).as_ref()
}

fn open() -> Option<Recorder> {
    let module = std::env::var_os("PKCS11_RECORDER_MODULE")?;
    let file = std::env::var_os("PKCS11_RECORDER_OUTPUT")?;
    let output = Mutex::new(OpenOptions::new().create(true).append(true).open(file).ok()?);
    // SAFETY: loading a PKCS#11 library runs its initialisers, which is what the caller of this one
    // asks for.
    let library = unsafe { Pkcs11::new(module) }.ok()?;
    let mut list = std::ptr::null_mut();
    // SAFETY: `list` is a place for the pointer.
    if library.C_GetFunctionList.is_err()
        || unsafe { library.C_GetFunctionList(&raw mut list) } != CKR_OK
    {
        return None;
    }
    // Loaded for good: its functions are called from now on.
    std::mem::forget(library);
    // SAFETY: the library has set it to a list that lives as long as it is loaded; a null pointer
    // gives `None`.
    let real = *unsafe { list.as_ref() }?;
    Some(Recorder { real, ours: intercepted(failing(real)), output })
}

/// The functions of the other library, some by way of this one.
///
/// # Safety
///
/// `list` must be null or a place for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn C_GetFunctionList(list: *mut *mut CK_FUNCTION_LIST) -> CK_RV {
    // SAFETY: the caller's word.
    let (Some(recorder), Some(list)) = (recorder(), unsafe { list.as_mut() }) else {
        return CKR_GENERAL_ERROR;
    };
    // Callers only read it.
    *list = (&raw const recorder.ours).cast_mut();
    CKR_OK
}

fn write(line: &Line) {
    let Some(recorder) = recorder() else { return };
    let mut output = recorder.output.lock().unwrap_or_else(PoisonError::into_inner);
    // A line that cannot be written is missed by whoever reads the file.
    let _ = output.write_all(line.text().as_bytes());
}

/// Functions that fail as ordered, else call the real one.
macro_rules! fail_as_ordered {
    ($($name:ident($($argument:ident: $type:ty),* $(,)?);)*) => {
        fn failing(real: CK_FUNCTION_LIST) -> CK_FUNCTION_LIST {
            CK_FUNCTION_LIST { $($name: Some($name),)* ..real }
        }

        $(
            unsafe extern "C" fn $name($($argument: $type),*) -> CK_RV {
                let Some(real) = recorder().and_then(|recorder| recorder.real.$name) else {
                    return CKR_FUNCTION_NOT_SUPPORTED;
                };
                // SAFETY: the caller's arguments, as they are.
                fault::ordered(stringify!($name)).unwrap_or_else(|| unsafe { real($($argument),*) })
            }
        )*
    };
}

/// Functions that do the same, and then write a line.
///
/// The last argument's code adds to the line; it may read what the arguments point to, as the
/// called function did.
macro_rules! intercept {
    ($($name:ident($($argument:ident: $type:ty),* $(,)?) => |$line:ident| $more:block)*) => {
        fn intercepted(real: CK_FUNCTION_LIST) -> CK_FUNCTION_LIST {
            CK_FUNCTION_LIST { $($name: Some($name),)* ..real }
        }

        $(
            unsafe extern "C" fn $name($($argument: $type),*) -> CK_RV {
                let Some(real) = recorder().and_then(|recorder| recorder.real.$name) else {
                    return CKR_FUNCTION_NOT_SUPPORTED;
                };
                let ordered = fault::ordered(stringify!($name));
                // SAFETY: the caller's arguments, as they are.
                let result = ordered.unwrap_or_else(|| unsafe { real($($argument),*) });
                #[allow(unused_mut, reason = "some lines say no more")]
                let mut $line = Line::new(stringify!($name), result);
                $more
                write(&$line);
                result
            }
        )*
    };
}

type Session = CK_SESSION_HANDLE;
type Object = CK_OBJECT_HANDLE;

fail_as_ordered! {
    C_GetTokenInfo(slot: CK_SLOT_ID, info: *mut CK_TOKEN_INFO);
    C_GetMechanismInfo(slot: CK_SLOT_ID, mechanism: CK_MECHANISM_TYPE, info: *mut CK_MECHANISM_INFO);
    C_OpenSession(
        slot: CK_SLOT_ID, flags: CK_FLAGS, application: *mut c_void, notify: CK_NOTIFY,
        session: *mut Session,
    );
    C_Encrypt(
        session: Session, data: *mut CK_BYTE, data_length: CK_ULONG, sealed: *mut CK_BYTE,
        length: *mut CK_ULONG,
    );
    C_Decrypt(
        session: Session, sealed: *mut CK_BYTE, sealed_length: CK_ULONG, data: *mut CK_BYTE,
        length: *mut CK_ULONG,
    );
    C_GenerateRandom(session: Session, data: *mut CK_BYTE, length: CK_ULONG);
}

intercept! {
    C_Finalize(reserved: *mut c_void) => |line| {}

    C_Login(session: Session, user: CK_USER_TYPE, pin: *mut CK_BYTE, length: CK_ULONG) => |line| {
        line.number("session", session);
    }

    C_CloseSession(session: Session) => |line| {
        line.number("session", session);
    }

    C_CreateObject(
        session: Session, template: *mut CK_ATTRIBUTE, count: CK_ULONG, object: *mut Object,
    ) => |line| {
        line.number("session", session);
        // SAFETY: as for the called function.
        unsafe { line.template("template", template, count).target("object", object) };
    }

    C_CopyObject(
        session: Session, from: Object, template: *mut CK_ATTRIBUTE, count: CK_ULONG,
        object: *mut Object,
    ) => |line| {
        line.number("session", session).number("from", from);
        // SAFETY: as for the called function.
        unsafe { line.template("template", template, count).target("object", object) };
    }

    C_DestroyObject(session: Session, object: Object) => |line| {
        line.number("session", session).number("object", object);
    }

    C_GetAttributeValue(
        session: Session, object: Object, template: *mut CK_ATTRIBUTE, count: CK_ULONG,
    ) => |line| {
        line.number("session", session).number("object", object);
        // SAFETY: as for the called function.
        unsafe { line.names("asked", template, count) };
    }

    C_SetAttributeValue(
        session: Session, object: Object, template: *mut CK_ATTRIBUTE, count: CK_ULONG,
    ) => |line| {
        line.number("session", session).number("object", object);
        // SAFETY: as for the called function.
        unsafe { line.template("template", template, count) };
    }

    C_FindObjectsInit(session: Session, template: *mut CK_ATTRIBUTE, count: CK_ULONG) => |line| {
        line.number("session", session);
        // SAFETY: as for the called function.
        unsafe { line.template("template", template, count) };
    }

    C_FindObjects(
        session: Session, objects: *mut Object, most: CK_ULONG, found: *mut CK_ULONG,
    ) => |line| {
        line.number("session", session);
        // SAFETY: as for the called function.
        unsafe { line.handles("objects", objects, found) };
    }

    C_EncryptInit(session: Session, mechanism: *mut CK_MECHANISM, key: Object) => |line| {
        // SAFETY: as for the called function.
        unsafe { line.number("session", session).mechanism(mechanism).number("key", key) };
    }

    C_DecryptInit(session: Session, mechanism: *mut CK_MECHANISM, key: Object) => |line| {
        // SAFETY: as for the called function.
        unsafe { line.number("session", session).mechanism(mechanism).number("key", key) };
    }

    C_SignInit(session: Session, mechanism: *mut CK_MECHANISM, key: Object) => |line| {
        // SAFETY: as for the called function.
        unsafe { line.number("session", session).mechanism(mechanism).number("key", key) };
    }

    C_DigestKey(session: Session, key: Object) => |line| {
        line.number("session", session).number("key", key);
    }

    C_GenerateKey(
        session: Session, mechanism: *mut CK_MECHANISM, template: *mut CK_ATTRIBUTE,
        count: CK_ULONG, object: *mut Object,
    ) => |line| {
        line.number("session", session);
        // SAFETY: as for the called function.
        unsafe {
            line.mechanism(mechanism).template("template", template, count).target("object", object)
        };
    }

    C_GenerateKeyPair(
        session: Session, mechanism: *mut CK_MECHANISM, public: *mut CK_ATTRIBUTE,
        public_count: CK_ULONG, private: *mut CK_ATTRIBUTE, private_count: CK_ULONG,
        public_object: *mut Object, object: *mut Object,
    ) => |line| {
        line.number("session", session);
        // SAFETY: as for the called function.
        unsafe {
            line.mechanism(mechanism).template("public_template", public, public_count);
            line.template("template", private, private_count);
            line.target("public_object", public_object).target("object", object);
        };
    }

    C_WrapKey(
        session: Session, mechanism: *mut CK_MECHANISM, wrapping: Object, key: Object,
        wrapped: *mut CK_BYTE, length: *mut CK_ULONG,
    ) => |line| {
        line.number("session", session).number("wrapping", wrapping).number("key", key);
        // SAFETY: as for the called function.
        unsafe { line.mechanism(mechanism) };
        line.number("length_only", u64::from(wrapped.is_null()));
    }

    C_UnwrapKey(
        session: Session, mechanism: *mut CK_MECHANISM, wrapping: Object, wrapped: *mut CK_BYTE,
        length: CK_ULONG, template: *mut CK_ATTRIBUTE, count: CK_ULONG, object: *mut Object,
    ) => |line| {
        line.number("session", session).number("wrapping", wrapping);
        // SAFETY: as for the called function.
        unsafe {
            line.mechanism(mechanism).template("template", template, count).target("object", object)
        };
    }

    C_DeriveKey(
        session: Session, mechanism: *mut CK_MECHANISM, base: Object, template: *mut CK_ATTRIBUTE,
        count: CK_ULONG, object: *mut Object,
    ) => |line| {
        line.number("session", session).number("base", base);
        // SAFETY: as for the called function.
        unsafe {
            line.mechanism(mechanism).template("template", template, count).target("object", object)
        };
    }
}
