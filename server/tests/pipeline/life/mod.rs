//! What happens to objects between their making and their end.

mod allocation;
mod archive;
mod check;
mod export;
mod import;
mod import_outage;
mod import_refusals;
mod lease;
mod re_key;
mod re_key_key_pair;
