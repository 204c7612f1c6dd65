//! `claviger wrapping-key`.

use std::time::{Duration, Instant};

use hyper::Method;

use super::{CtlError, Door};
use crate::admin::wire::WrappingKeysBody;
use crate::cli::WrappingKeyCommand;

const PATH: &str = "/v1/claviger/wrapping-key";
/// How often a rotation that is waited for is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(500);

pub(super) fn run(command: &WrappingKeyCommand, say: &dyn Fn(&str)) -> Result<(), CtlError> {
    match command {
        WrappingKeyCommand::Status(args) => {
            let keys = ask(&Door::of(&args.admin)?, Method::GET, PATH)?;
            say(&if args.json { json(&keys) } else { table(&keys) });
        }
        WrappingKeyCommand::Rotate(args) => {
            let door = Door::of(&args.admin)?;
            let mut keys = ask(&door, Method::POST, &format!("{PATH}/rotate"))?;
            if let Some(seconds) = args.wait_seconds {
                keys = wait(&door, keys, Duration::from_secs(seconds), say)?;
            }
            say(&if args.json { json(&keys) } else { table(&keys) });
        }
        WrappingKeyCommand::Destroy(args) => {
            let path = format!("{PATH}/{}", args.id.trim());
            let keys = ask(&Door::of(&args.admin)?, Method::DELETE, &path)?;
            say(&table(&keys));
        }
    }
    Ok(())
}

fn ask(door: &Door, method: Method, path: &str) -> Result<WrappingKeysBody, CtlError> {
    super::ask(door, method, path, None)
}

/// Waits until every key is wrapped anew, and says how it goes.
fn wait(
    door: &Door,
    mut keys: WrappingKeysBody,
    longest: Duration,
    say: &dyn Fn(&str),
) -> Result<WrappingKeysBody, CtlError> {
    let until = Instant::now() + longest;
    let mut told = None;
    while keys.left > 0 {
        if told != Some(keys.left) {
            say(&format!("{} keys left", keys.left));
            told = Some(keys.left);
        }
        if Instant::now() >= until {
            return Err(CtlError::Unfinished(keys.left));
        }
        std::thread::sleep(LOOK_EVERY);
        keys = ask(door, Method::GET, PATH)?;
    }
    Ok(keys)
}

fn json(keys: &WrappingKeysBody) -> String {
    serde_json::to_string_pretty(keys).unwrap_or_default()
}

fn table(keys: &WrappingKeysBody) -> String {
    let mut lines = vec![format!("{:<34}{:<10}wraps", "wrapping key", "")];
    for key in &keys.keys {
        let role = if key.in_force { "in force" } else { "retired" };
        lines.push(format!("{:<34}{role:<10}{}", key.id, key.wraps));
    }
    lines.push(format!("keys left to be wrapped anew: {}", keys.left));
    lines.join("\n")
}
