//! Harness for tests that need a token.
