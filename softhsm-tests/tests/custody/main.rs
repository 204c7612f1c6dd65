//! Where key bytes are not: in the server's memory, in its files, in its log.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod assisted;
mod brought;
mod https;
mod log;
mod proof;
mod work;

use kmip_core::attribute::AttributeName;
use kmip_core::ttlv::Value;
use server::client::Client;
use server::object::CUSTODY_ATTRIBUTE;
use softhsm_tests::requests::{self, Id};

/// Where the server says that a key lives.
fn custody(client: &mut Client, id: &Id) -> String {
    let answer = client.call(requests::get_attributes(id, &[])).unwrap();
    let name = AttributeName::new(CUSTODY_ATTRIBUTE);
    let found = answer.attributes.into_iter().find(|attribute| attribute.name == name);
    match found.unwrap().value {
        Value::TextString(word) => word,
        other => panic!("{other:?}"),
    }
}
