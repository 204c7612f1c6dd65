//! `claviger custody`.

use hyper::Method;

use serde_json::json;

use super::call::escaped;
use super::{CtlError, Door, ask};
use crate::admin::wire::KeyBody;
use crate::cli::{CustodyCommand, KeyAddress};
use crate::text::plain;

pub(super) fn run(command: &CustodyCommand, say: &dyn Fn(&str)) -> Result<(), CtlError> {
    let (address, key): (_, KeyBody) = match command {
        CustodyCommand::Show(args) => {
            let door = Door::of(&args.key.admin)?;
            (&args.key, ask(&door, Method::GET, &path(&args.key, ""), None)?)
        }
        CustodyCommand::Move(args) => {
            let body = json!({ "custody": args.custody.name() });
            let door = Door::of(&args.key.admin)?;
            (&args.key, ask(&door, Method::POST, &path(&args.key, "/custody"), Some(&body))?)
        }
    };
    say(&if address.json { json(&key) } else { table(&key) });
    Ok(())
}

fn path(address: &KeyAddress, rest: &str) -> String {
    // An identifier is any text.
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
    let lines =
        rows.into_iter().filter_map(|(name, value)| Some(format!("{name:<12}{}", plain(&value?))));
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn path_escapes_what_an_identifier_may_hold() {
        let admin = crate::cli::AdminArgs::default();
        let (scope, id) = ("demo".to_owned(), "a/b c?".to_owned());
        let address = KeyAddress { id, scope, json: false, admin };
        assert_eq!(path(&address, "/custody"), "/v1/claviger/scope/demo/key/a%2Fb%20c%3F/custody");
    }
}
