//! How objects come to be, and how one follows another: what the operations that make them share.

pub(super) mod birth;
pub(super) mod certification;
pub(super) mod custody;
pub(super) mod digest;
pub(super) mod namespace;
pub(super) mod new_secret;
pub(super) mod replacement;
pub(super) mod split_key;
pub(super) mod succession;
pub(super) mod template;
pub mod transfer;
