//! Objects: how they come, how they are given back, and what may be done to them.

mod arriving;
mod attributes;
mod baseline;
mod born;
mod dates;
mod exposure;
mod formats;
mod limits;
mod namespaces;
mod pgp;
mod pkcs12;
mod templates;
mod wrapping;
