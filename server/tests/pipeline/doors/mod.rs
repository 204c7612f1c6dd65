//! The doors: credentials of the internal CA over real TLS, from the first handshake to revocation.

mod credentials;
mod files;
mod house;
mod published;
mod rollover;
mod server_certificate;
