//! Comes with a later commit.
