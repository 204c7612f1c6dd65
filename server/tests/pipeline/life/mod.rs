//! What happens to objects between their making and their end.

mod check;
mod lease;
