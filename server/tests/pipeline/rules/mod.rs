//! The rules that real clients depend on, each under its number.

mod keys;
mod locate;
mod messages;
mod query;
