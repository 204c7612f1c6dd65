//! Walks the whole client interface of the crate `kmip-protocol`, and says what came of each step.
//!
//! `kmip-walk openssl|rustls HOST PORT CA CERTIFICATE KEY`: the way its TLS goes, where the server is,
//! what it is recognised by, and what the client shows. It ends at the first step that goes wrong.

mod connect;
mod keys;
mod objects;

use std::error::Error;
use std::process::ExitCode;

use connect::Arguments;
use kmip_protocol::client::Client;
use kmip_protocol::types::traits::ReadWrite;

/// What a step comes to.
type Step<T = ()> = Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    let words = std::env::args().skip(1).collect::<Vec<_>>();
    match Arguments::read(&words).and_then(|arguments| start(&arguments)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("kmip-walk: {error}");
            ExitCode::FAILURE
        }
    }
}

fn start(arguments: &Arguments) -> Step {
    match arguments.tls.as_str() {
        "openssl" => walk(&connect::openssl(arguments)?),
        "rustls" => walk(&connect::rustls(arguments)?),
        other => Err(format!("{other}: openssl or rustls is meant").into()),
    }
}

fn walk<T: ReadWrite + Send + 'static>(client: &Client<T>) -> Step {
    objects::query(client)?;
    objects::versions(client)?;
    objects::random(client)?;
    keys::life_of_a_pair(client)?;
    objects::symmetric(client)?;
    objects::registered(client)?;
    say("connection errors", client.connection_error_count());
    Ok(())
}

fn say(step: &str, what: impl std::fmt::Display) {
    println!("{step}: {what}");
}

/// Fails with `what` unless it is so.
fn ensure(so: bool, what: &str) -> Step {
    if so { Ok(()) } else { Err(what.into()) }
}
