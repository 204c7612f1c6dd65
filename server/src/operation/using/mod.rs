//! Keys at work, and values given out: what the operations that use objects share.

pub(super) mod constructed_iv;
pub(super) mod key_wrap;
pub(super) mod one_time_pad;
pub(super) mod pkcs12;
pub(super) mod public_key;
pub(super) mod stream;
pub(super) mod tweak_key;
pub(super) mod use_key;
pub(super) mod value;
