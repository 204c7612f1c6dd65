//! `claviger scope`, `role`, `credential`, `token` and `status`.

use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use hyper::Method;
use kmip_core::ttlv::DateTime;
use serde_json::{Map, Value, json};

use super::call::{Answer, call, escaped};
use super::{CtlError, Door, show};
use crate::ca::ReadCertificate;
use crate::cli::{
    AskArgs, CredentialCommand, RoleCommand, ScopeCommand, StatusArgs, TokenArgs, TokenCommand,
    TokenCreateArgs,
};
use crate::clock::rfc3339;

type Say<'a> = &'a dyn Fn(&str);
type Done = Result<(), CtlError>;

fn list_method() -> Method {
    Method::from_bytes(b"LIST").unwrap_or(Method::GET)
}

fn ask(
    args: &AskArgs,
    method: Method,
    path: &str,
    body: Option<&Value>,
) -> Result<Answer, CtlError> {
    call(&Door::of(&args.admin)?, method, &format!("/v1/{path}"), body)
}

fn print(args: &AskArgs, body: &Value, table: String, say: Say<'_>) {
    say(&if args.json { format!("{body:#}") } else { table });
}

/// Prints what is there, or that there is nothing.
fn list(args: &AskArgs, path: &str, title: &str, say: Say<'_>) -> Done {
    match ask(args, list_method(), path, None) {
        Ok(Answer { data, .. }) => {
            let table = show::list(title, &data);
            print(args, &data, table, say);
        }
        Err(CtlError::Nothing) if args.json => say(r#"{"keys": []}"#),
        Err(CtlError::Nothing) => say("there is none"),
        Err(error) => return Err(error),
    }
    Ok(())
}

fn read(args: &AskArgs, path: &str, say: Say<'_>) -> Done {
    let data = ask(args, Method::GET, path, None)?.data;
    print(args, &data, show::fields(&data), say);
    Ok(())
}

/// Does what has no answer, and says that it is done, to people.
fn done(
    args: &AskArgs,
    method: Method,
    path: &str,
    body: Option<&Value>,
    told: &str,
    say: Say<'_>,
) -> Done {
    ask(args, method, path, body)?;
    if !args.json {
        say(told);
    }
    Ok(())
}

fn scope_path(scope: &str) -> String {
    format!("kmip/scope/{}", escaped(scope))
}

fn role_path(scope: &str, role: &str) -> String {
    format!("{}/role/{}", scope_path(scope), escaped(role))
}

pub(super) fn status(args: &StatusArgs, say: Say<'_>) -> Done {
    read(&args.ask, "claviger/status", say)
}

pub(super) fn scope(command: &ScopeCommand, say: Say<'_>) -> Done {
    match command {
        ScopeCommand::List(args) => list(&args.ask, "kmip/scope", "scope", say),
        ScopeCommand::Show(args) => read(&args.ask, &scope_path(&args.scope), say),
        ScopeCommand::Create(args) => {
            let told = format!("the scope {} is there", args.scope);
            let body = given(&args.fields)?;
            done(&args.ask, Method::POST, &scope_path(&args.scope), Some(&body), &told, say)
        }
        ScopeCommand::Delete(args) => {
            let force = if args.force { "?force=true" } else { "" };
            let told = format!("the scope {} is gone", args.scope);
            let path = format!("{}{force}", scope_path(&args.scope));
            done(&args.ask, Method::DELETE, &path, None, &told, say)
        }
    }
}

pub(super) fn role(command: &RoleCommand, say: Say<'_>) -> Done {
    match command {
        RoleCommand::List(args) => {
            list(&args.ask, &format!("{}/role", scope_path(&args.scope)), "role", say)
        }
        RoleCommand::Show(args) => read(&args.ask, &role_path(&args.scope, &args.role), say),
        RoleCommand::Set(args) => {
            let told = format!("the role {} of {} is set", args.role, args.scope);
            let path = role_path(&args.scope, &args.role);
            done(&args.ask, Method::POST, &path, Some(&given(&args.fields)?), &told, say)
        }
        RoleCommand::Delete(args) => {
            let told = format!("the role {} of {} is gone", args.role, args.scope);
            let path = role_path(&args.scope, &args.role);
            done(&args.ask, Method::DELETE, &path, None, &told, say)
        }
    }
}

fn given(fields: &[String]) -> Result<Value, CtlError> {
    let field = |text: &String| match text.split_once('=') {
        Some((name, value)) => Ok((name.to_owned(), Value::from(value))),
        None => Err(CtlError::Field(text.clone())),
    };
    Ok(Value::Object(fields.iter().map(field).collect::<Result<Map<_, _>, _>>()?))
}

pub(super) fn credential(command: &CredentialCommand, say: Say<'_>) -> Done {
    let path = |scope: &str, role: &str, rest: &str| {
        format!("{}/credential{rest}", role_path(scope, role))
    };
    match command {
        CredentialCommand::List(args) => {
            list(&args.ask, &path(&args.scope, &args.role, ""), "serial number", say)
        }
        CredentialCommand::Generate(args) => {
            be_free(files_in(args.out.as_deref()))?;
            let path = path(&args.scope, &args.role, "/generate");
            let data = ask(&args.ask, Method::POST, &path, None)?.data;
            hand_out(&args.ask, &data, args.out.as_deref(), say)
        }
        CredentialCommand::Sign(args) => {
            be_free(files_in(args.out.as_deref()))?;
            let csr = std::fs::read_to_string(&args.csr);
            let csr = csr.map_err(|reason| CtlError::File { path: args.csr.clone(), reason })?;
            let path = path(&args.scope, &args.role, "/sign");
            let data = ask(&args.ask, Method::POST, &path, Some(&json!({ "csr": csr })))?.data;
            hand_out(&args.ask, &data, args.out.as_deref(), say)
        }
        CredentialCommand::Show(args) => {
            let rest = format!("/lookup?serial_number={}", escaped(&args.serial));
            read(&args.ask, &path(&args.scope, &args.role, &rest), say)
        }
        CredentialCommand::Revoke(args) => {
            let body = json!({ "serial_number": args.serial });
            let path = path(&args.scope, &args.role, "/revoke");
            let told = format!("the credential {} is revoked", args.serial);
            done(&args.ask, Method::POST, &path, Some(&body), &told, say)
        }
    }
}

const KEY_FILE: &str = "client.key";
const CERTIFICATE_FILE: &str = "client.pem";
const CHAIN_FILE: &str = "ca.pem";

/// Makes sure that no file is in the way, before anything is made that would have to lie there.
fn be_free(files: impl IntoIterator<Item = PathBuf>) -> Done {
    match files.into_iter().find(|file| file.symlink_metadata().is_ok()) {
        Some(path) => Err(CtlError::InTheWay(path)),
        None => Ok(()),
    }
}

/// The files of a credential in the folder that was asked for, if one was.
fn files_in(out: Option<&Path>) -> impl Iterator<Item = PathBuf> {
    let names = [KEY_FILE, CERTIFICATE_FILE, CHAIN_FILE];
    out.into_iter().flat_map(move |out| names.map(|name| out.join(name)))
}

/// Prints a credential, or writes it to files and says where.
fn hand_out(args: &AskArgs, data: &Value, out: Option<&Path>, say: Say<'_>) -> Done {
    let text = |name: &str| data[name].as_str().unwrap_or_default().to_owned();
    let chain = data["ca_chain"].as_array().map(Vec::as_slice).unwrap_or_default();
    let chain: String = chain.iter().filter_map(Value::as_str).collect();
    let Some(folder) = out else {
        let plain = [text("private_key"), text("certificate"), chain].concat();
        print(args, data, plain.trim_end().to_owned(), say);
        return Ok(());
    };
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.map_err(|reason| CtlError::File { path: folder.to_owned(), reason })?;
    // The key goes first: without it the rest is worth nothing.
    for (name, content) in [
        (KEY_FILE, text("private_key")),
        (CERTIFICATE_FILE, format!("{}{chain}", text("certificate"))),
        (CHAIN_FILE, chain.clone()),
    ] {
        if !content.is_empty() {
            write_new(&folder.join(name), &content)?;
        }
    }
    let serial = text("serial_number");
    let until = ends(&text("certificate"));
    let valid = until.as_ref().map(|until| format!("; it is valid until {until}"));
    let valid = valid.unwrap_or_default();
    let told = format!("the credential {serial} lies in {}{valid}", folder.display());
    let body = json!({ "serial_number": serial, "folder": folder, "not_after": until });
    print(args, &body, told, say);
    Ok(())
}

/// The last moment at which a certificate is valid.
fn ends(pem: &str) -> Option<String> {
    let (_, until) = ReadCertificate::read(pem.as_bytes()).ok()?.validity();
    rfc3339(DateTime(until))
}

/// Writes a file that only its owner can read, and that must not be there.
fn write_new(path: &Path, content: &str) -> Done {
    let failed = |reason| CtlError::File { path: path.to_owned(), reason };
    let file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    file.map_err(failed)?.write_all(content.as_bytes()).map_err(failed)
}

pub(super) fn token(command: &TokenCommand, say: Say<'_>) -> Done {
    match command {
        TokenCommand::Create(args) => create_token(args, say),
        TokenCommand::List(args) => list(&args.ask, "auth/token/accessors", "accessor", say),
        TokenCommand::Show(args) => {
            let answer = one_token(args, "lookup")?;
            print(&args.ask, &answer.data, show::fields(&answer.data), say);
            Ok(())
        }
        TokenCommand::Renew(args) => {
            let answer = one_token(args, "renew")?;
            print(&args.ask, &answer.auth, show::fields(&answer.auth), say);
            Ok(())
        }
        TokenCommand::Revoke(args) => {
            one_token(args, "revoke")?;
            if !args.ask.json {
                say("the token is revoked");
            }
            Ok(())
        }
    }
}

/// Does something to the token of an accessor, or to one's own.
fn one_token(args: &TokenArgs, verb: &str) -> Result<Answer, CtlError> {
    match &args.accessor {
        Some(accessor) => {
            let body = json!({ "accessor": accessor });
            ask(&args.ask, Method::POST, &format!("auth/token/{verb}-accessor"), Some(&body))
        }
        None => {
            let method = if verb == "lookup" { Method::GET } else { Method::POST };
            let mut answer = ask(&args.ask, method, &format!("auth/token/{verb}-self"), None)?;
            // Who asks has it, and the screen is for everybody to see.
            for body in [&mut answer.data, &mut answer.auth] {
                if let Some(fields) = body.as_object_mut() {
                    fields.shift_remove("id");
                    fields.shift_remove("client_token");
                }
            }
            Ok(answer)
        }
    }
}

fn create_token(args: &TokenCreateArgs, say: Say<'_>) -> Done {
    let mut body = json!({ "policies": args.policy });
    for (name, value) in [("ttl", &args.ttl), ("display_name", &args.display_name)] {
        if let Some(value) = value {
            body[name] = value.as_str().into();
        }
    }
    if let Some(file) = &args.out {
        // Its place is taken first: a token that cannot be written down would live on, and nobody had it.
        be_free([file.clone()])?;
        write_new(file, "")?;
    }
    let answer = ask(&args.ask, Method::POST, "auth/token/create", Some(&body));
    if let (Err(_), Some(file)) = (&answer, &args.out) {
        // Empty, and ours.
        let _ = std::fs::remove_file(file);
    }
    let answer = answer?;
    for warning in answer.warnings.into_iter().flatten().filter(|_| !args.ask.json) {
        say(&format!("beware: {warning}"));
    }
    let mut auth = answer.auth;
    if let Some(file) = &args.out {
        std::fs::write(file, auth["client_token"].as_str().unwrap_or_default())
            .map_err(|reason| CtlError::File { path: file.clone(), reason })?;
        auth["client_token"] = format!("in {}", file.display()).into();
    }
    print(&args.ask, &auth, show::fields(&auth), say);
    Ok(())
}
