//! Bad input: whatever comes, a well-formed answer goes back, and nothing is lost.

pub(crate) mod corpus;
mod items;
mod messages;
mod mutation;
mod secrets;
