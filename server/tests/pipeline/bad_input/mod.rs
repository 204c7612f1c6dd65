//! Bad input: whatever comes, a well-formed answer goes back, and nothing is lost.

mod corpus;
mod items;
mod messages;
mod mutation;
mod secrets;
