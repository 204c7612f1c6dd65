//! `claviger key`.

use hyper::Method;

use super::call::call;
use super::{CtlError, socket};
use crate::admin::wire::{KeyBody, MoveBody};
use crate::cli::{KeyAddress, KeyCommand};

pub(super) fn run(command: &KeyCommand, say: &dyn Fn(&str)) -> Result<(), CtlError> {
    let (address, key): (_, KeyBody) = match command {
        KeyCommand::Show(args) => {
            let socket = socket(&args.key.admin)?;
            (&args.key, call(&socket, Method::GET, &path(&args.key, ""), None::<&MoveBody>)?)
        }
        KeyCommand::Move(args) => {
            let body = MoveBody { custody: args.custody.name().to_owned() };
            let socket = socket(&args.key.admin)?;
            let path = path(&args.key, "/custody");
            (&args.key, call(&socket, Method::POST, &path, Some(&body))?)
        }
    };
    say(&if address.json { json(&key) } else { table(&key) });
    Ok(())
}

/// Everything a path may not hold is escaped: an identifier is any text.
fn path(address: &KeyAddress, rest: &str) -> String {
    let escaped = |text: &str| -> String {
        let byte = |byte: u8| match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                char::from(byte).to_string()
            }
            other => format!("%{other:02X}"),
        };
        text.bytes().map(byte).collect()
    };
    let (scope, id) = (escaped(&address.scope), escaped(&address.id));
    format!("/v1/claviger/scope/{scope}/key/{id}{rest}")
}

fn json(key: &KeyBody) -> String {
    serde_json::to_string_pretty(key).unwrap_or_default()
}

fn table(key: &KeyBody) -> String {
    let flag = |flag: Option<bool>| flag.map(|yes| if yes { "yes" } else { "no" }.to_owned());
    let rows = [
        ("id", Some(key.id.clone())),
        ("scope", Some(key.scope.clone())),
        ("name", (!key.names.is_empty()).then(|| key.names.join(", "))),
        ("type", Some(key.object_type.clone())),
        ("algorithm", key.algorithm.clone()),
        ("bits", key.bits.map(|bits| bits.to_string())),
        ("state", key.state.clone()),
        ("custody", key.custody.clone()),
        ("wrapped by", key.wrapped_by.clone()),
        ("sensitive", flag(key.sensitive)),
        ("extractable", flag(key.extractable)),
    ];
    let lines = rows.into_iter().filter_map(|(name, value)| Some(format!("{name:<12}{}", value?)));
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::AdminArgs;

    #[test]
    fn path_escapes_what_an_identifier_may_hold() {
        let admin = AdminArgs { config: "claviger.toml".into(), socket: None };
        let (scope, id) = ("demo".to_owned(), "a/b c?".to_owned());
        let address = KeyAddress { id, scope, json: false, admin };
        assert_eq!(path(&address, "/custody"), "/v1/claviger/scope/demo/key/a%2Fb%20c%3F/custody");
    }
}
