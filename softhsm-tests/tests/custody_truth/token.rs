//! What the token itself says of its objects, asked by PKCS#11 and past the server.
//!
//! The library reads its configuration from the environment, so that a child process of the test has
//! to ask: this binary, run again with SOFTHSM2_CONF set.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::object::{Attribute, AttributeType, ObjectClass, ObjectHandle};
use cryptoki::session::{Session, UserType};
use cryptoki::types::AuthPin;
use serde::{Deserialize, Serialize};
use softhsm_tests::program;
use softhsm_tests::server::Trial;

/// Set in the child: the data folder of the trial, and where to write the answer.
const DATA: &str = "CLAVIGER_TEST_DATA";
const ANSWER: &str = "CLAVIGER_TEST_ANSWER";

/// The flags of an object.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[allow(clippy::struct_excessive_bools, reason = "that is what flags are")]
pub(crate) struct Flags {
    pub(crate) token: bool,
    pub(crate) private: bool,
    pub(crate) sensitive: bool,
    pub(crate) always_sensitive: bool,
    pub(crate) extractable: bool,
    pub(crate) never_extractable: bool,
}

/// The flags of all secret and private keys of the token, by CKA_LABEL; `test` is the name of the
/// calling test, which begins with [`serve_as_child`].
pub(crate) fn read(trial: &Trial, test: &str) -> BTreeMap<String, Flags> {
    let answer = trial.folder().join("flags.json");
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env("SOFTHSM2_CONF", trial.data().join("softhsm2.conf"))
        .env(DATA, trial.data())
        .env(ANSWER, &answer)
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
    let text = std::fs::read(&answer).unwrap();
    // Not to be taken for the next answer.
    std::fs::remove_file(&answer).unwrap();
    serde_json::from_slice(&text).unwrap()
}

/// In the child: answers, and says that there is nothing more to do.
pub(crate) fn serve_as_child() -> bool {
    let Some(data) = std::env::var_os(DATA).map(PathBuf::from) else { return false };
    let pin = std::fs::read_to_string(data.join("pin")).unwrap();
    let context = Pkcs11::new(program::softhsm()).unwrap();
    context.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)).unwrap();
    let slot = context.get_slots_with_initialized_token().unwrap()[0];
    let session = context.open_ro_session(slot).unwrap();
    session.login(UserType::User, Some(&AuthPin::new(pin.trim().into()))).unwrap();
    let mut flags = BTreeMap::new();
    for class in [ObjectClass::SECRET_KEY, ObjectClass::PRIVATE_KEY] {
        for object in session.find_objects(&[Attribute::Class(class)]).unwrap() {
            flags.insert(label_of(&session, object), flags_of(&session, object));
        }
    }
    let answer = std::env::var_os(ANSWER).unwrap();
    std::fs::write(Path::new(&answer), serde_json::to_vec(&flags).unwrap()).unwrap();
    true
}

fn label_of(session: &Session, object: ObjectHandle) -> String {
    match session.get_attributes(object, &[AttributeType::Label]).unwrap().remove(0) {
        Attribute::Label(label) => String::from_utf8(label).unwrap(),
        other => panic!("{other:?}"),
    }
}

fn flags_of(session: &Session, object: ObjectHandle) -> Flags {
    let flag = |kind| match session.get_attributes(object, &[kind]).unwrap().as_slice() {
        [
            Attribute::Token(flag)
            | Attribute::Private(flag)
            | Attribute::Sensitive(flag)
            | Attribute::AlwaysSensitive(flag)
            | Attribute::Extractable(flag)
            | Attribute::NeverExtractable(flag),
        ] => *flag,
        other => panic!("{kind:?}: {other:?}"),
    };
    Flags {
        token: flag(AttributeType::Token),
        private: flag(AttributeType::Private),
        sensitive: flag(AttributeType::Sensitive),
        always_sensitive: flag(AttributeType::AlwaysSensitive),
        extractable: flag(AttributeType::Extractable),
        never_extractable: flag(AttributeType::NeverExtractable),
    }
}
