//! `claviger key`: KMIP's operations at the terminal. It asks as a client of a role, with the same
//! rights and the same record in the audit log as any other client.

mod create;
mod look;
mod session;

use kmip_core::attribute::{AttributeKind, RevocationReason, UniqueIdentifier};
use kmip_core::payload::{
    ActivateRequest, DestroyRequest, GetAttributesRequest, ReKeyKeyPairRequest, ReKeyRequest,
    RevokeRequest,
};
use kmip_core::types::{ObjectType, RevocationReasonCode, State};
use serde_json::json;

use super::CtlError;
use crate::cli::{KeyCommand, KeyDestroyArgs, KeyReKeyArgs, KeyRevokeArgs, KmipArgs};
use session::Session;

type Say<'a> = &'a dyn Fn(&str);
type Done = Result<(), CtlError>;

/// What was made: a key, or both halves of a pair, the private one first.
struct Made {
    id: UniqueIdentifier,
    public: Option<UniqueIdentifier>,
}

impl Made {
    fn all(&self) -> impl Iterator<Item = &UniqueIdentifier> {
        [Some(&self.id), self.public.as_ref()].into_iter().flatten()
    }

    /// An identifier alone is what scripts take; the halves of a pair are told apart.
    fn tell(&self, args: &KmipArgs, say: Say<'_>) {
        let (id, public) = (self.id.as_str(), self.public.as_ref().map(UniqueIdentifier::as_str));
        match public {
            None if args.json => say(&format!("{:#}", json!({ "id": id }))),
            None => say(id),
            Some(public) if args.json => {
                let pair = json!({ "private_key_id": id, "public_key_id": public });
                say(&format!("{pair:#}"));
            }
            Some(public) => say(&format!("private {id}\npublic  {public}")),
        }
    }
}

pub(super) fn run(command: &KeyCommand, say: Say<'_>) -> Done {
    match command {
        KeyCommand::Create(args) => create::create(args, say),
        KeyCommand::Activate(args) => each(&args.kmip, &args.keys, say, "active", activate),
        KeyCommand::List(args) => look::list(args, say),
        KeyCommand::Show(args) => look::show(args, say),
        KeyCommand::Rekey(args) => rekey(args, say),
        KeyCommand::Revoke(args) => revoke(args, say),
        KeyCommand::Destroy(args) => destroy(args, say),
    }
}

/// Does one thing to several keys, and says of each that it is done.
fn each(
    args: &KmipArgs,
    keys: &[String],
    say: Say<'_>,
    now: &str,
    act: impl Fn(&mut Session, &UniqueIdentifier) -> Done,
) -> Done {
    let mut session = Session::open(args)?;
    for key in keys {
        let id = session.find(key)?;
        act(&mut session, &id)?;
        let said = json!({ "id": id.as_str(), "now": now });
        say(&if args.json { format!("{said:#}") } else { format!("{id} is {now}") });
    }
    Ok(())
}

fn activate(session: &mut Session, id: &UniqueIdentifier) -> Done {
    session.call(ActivateRequest { unique_identifier: Some(id.clone()) })?;
    Ok(())
}

fn revoke(args: &KeyRevokeArgs, say: Say<'_>) -> Done {
    let now = match args.reason {
        RevocationReasonCode::KeyCompromise | RevocationReasonCode::CACompromise => "compromised",
        _ => "deactivated",
    };
    let why = RevocationReason { code: args.reason, message: args.message.clone() };
    each(&args.kmip, &args.keys, say, now, |session, id| end_use(session, id, why.clone()))
}

fn end_use(session: &mut Session, id: &UniqueIdentifier, why: RevocationReason) -> Done {
    session.call(RevokeRequest {
        unique_identifier: Some(id.clone()),
        revocation_reason: why,
        compromise_occurrence_date: None,
    })?;
    Ok(())
}

fn destroy(args: &KeyDestroyArgs, say: Say<'_>) -> Done {
    each(&args.kmip, &args.keys, say, "destroyed", |session, id| {
        if args.revoke && session.attribute(id, AttributeKind::State)? == Some(State::Active) {
            let code = RevocationReasonCode::CessationOfOperation;
            end_use(session, id, RevocationReason { code, message: None })?;
        }
        session.call(DestroyRequest { unique_identifier: Some(id.clone()) })?;
        Ok(())
    })
}

fn rekey(args: &KeyReKeyArgs, say: Say<'_>) -> Done {
    let mut session = Session::open(&args.kmip)?;
    let id = session.find(&args.id)?;
    let kind: Option<ObjectType> = session.attribute(&id, AttributeKind::ObjectType)?;
    let made = if kind == Some(ObjectType::PrivateKey) {
        let pair = session.call(ReKeyKeyPairRequest {
            private_key_unique_identifier: Some(id),
            offset: None,
            common_template_attribute: None,
            private_key_template_attribute: None,
            public_key_template_attribute: None,
        })?;
        let public = Some(pair.public_key_unique_identifier);
        Made { id: pair.private_key_unique_identifier, public }
    } else {
        let unique_identifier = Some(id);
        let request = ReKeyRequest { unique_identifier, offset: None, template_attribute: None };
        Made { id: session.call(request)?.unique_identifier, public: None }
    };
    if args.activate {
        for id in made.all() {
            // The new key takes over the dates of the old one, and with them its state.
            if session.attribute(id, AttributeKind::State)? == Some(State::PreActive) {
                activate(&mut session, id)?;
            }
        }
    }
    made.tell(&args.kmip, say);
    Ok(())
}

/// Asks for attributes by name; all of them, if none is named.
fn attributes_of(
    id: &UniqueIdentifier,
    kinds: impl IntoIterator<Item = AttributeKind>,
) -> GetAttributesRequest {
    GetAttributesRequest {
        unique_identifier: Some(id.clone()),
        attribute_names: kinds.into_iter().map(Into::into).collect(),
    }
}
