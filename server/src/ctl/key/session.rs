//! A connection to the KMIP port, as a client of a role.

use std::path::{Path, PathBuf};

use kmip_core::attribute::{AttributeKind, UniqueIdentifier};
use kmip_core::message::{
    Authentication, Credential, CredentialValue, RequestItem, UsernameAndPassword,
};
use kmip_core::payload::{LocateRequest, RequestPayload, ResponsePayload};
use kmip_core::ttlv::Codec;
use kmip_core::types::{BatchErrorContinuationOption, CredentialType, ProtocolVersion};
use zeroize::Zeroizing;

use super::attributes_of;
use crate::cli::KmipArgs;
use crate::client::{Call, Client, ClientConfig, ClientError, outcome, request_header, template};
use crate::ctl::CtlError;

/// Items of one message; servers take no more than they say, and 100 is our own's default.
const BATCH_ITEMS: usize = 50;

/// A connection.
pub(super) struct Session {
    client: Client,
    authentication: Option<Authentication>,
}

impl Session {
    pub(super) fn open(args: &KmipArgs) -> Result<Self, CtlError> {
        let file = |given: &Option<PathBuf>, name: &str| {
            let in_folder = || args.credential.as_ref().map(|folder| folder.join(name));
            given.clone().or_else(in_folder).ok_or(CtlError::NoCredential)
        };
        let certificate = file(&args.cert, "client.pem")?;
        let key = file(&args.key, "client.key")?;
        let ca = file(&args.ca_cert, "ca.pem")?;
        let mut config = ClientConfig::new(&args.endpoint, &ca, &certificate, &key);
        config.server_name.clone_from(&args.server_name);
        let user = args.username.as_deref().zip(args.password_file.as_deref());
        let authentication = user.map(|(name, file)| authentication(name, file)).transpose()?;
        Ok(Self { client: Client::connect(&config)?, authentication })
    }

    /// Asks one thing.
    pub(super) fn call<C: Call>(&mut self, request: C) -> Result<C::Answer, ClientError> {
        let answer = self.ask_each(vec![request.into()])?.pop();
        let answer = answer.ok_or(ClientError::Protocol("an answer without an item"))??;
        C::answer(answer).ok_or(ClientError::Protocol("an answer to another operation"))
    }

    /// Asks the same of many objects, several in a message; the answers are in their order.
    pub(super) fn ask_each(
        &mut self,
        requests: Vec<RequestPayload>,
    ) -> Result<Vec<Result<ResponsePayload, ClientError>>, ClientError> {
        let mut answers = Vec::with_capacity(requests.len());
        let mut requests = requests.into_iter().map(RequestItem::new).peekable();
        while requests.peek().is_some() {
            let items: Vec<_> = requests.by_ref().take(BATCH_ITEMS).collect();
            let asked = items.len();
            let mut header = request_header(ProtocolVersion::NEWEST);
            header.authentication.clone_from(&self.authentication);
            // What has gone meanwhile says so, and the others are answered all the same.
            header.batch_error_continuation_option = Some(BatchErrorContinuationOption::Continue);
            let message = self.client.batch(header, items)?;
            if message.items.len() != asked {
                return Err(ClientError::Protocol("an answer with more or fewer items"));
            }
            answers.extend(message.items.into_iter().map(outcome));
        }
        Ok(answers)
    }

    /// The object that `key` names: by its identifier, if it looks like one of ours, else by its Name.
    pub(super) fn find(&mut self, key: &str) -> Result<UniqueIdentifier, CtlError> {
        if is_identifier(key) {
            return Ok(UniqueIdentifier::new(key));
        }
        let found = self.call(LocateRequest {
            maximum_items: Some(2),
            offset_items: None,
            storage_status_mask: None,
            object_group_member: None,
            attributes: vec![template::name(key)],
            template_attribute: None,
        })?;
        let mut found = found.unique_identifiers.into_iter();
        match (found.next(), found.next()) {
            (Some(one), None) => Ok(one),
            (None, _) => Err(CtlError::NoKey(key.to_owned())),
            (Some(_), Some(_)) => Err(CtlError::SeveralKeys(key.to_owned())),
        }
    }

    /// One attribute of an object; `None` if it has none, or no such value.
    pub(super) fn attribute<T: Codec>(
        &mut self,
        id: &UniqueIdentifier,
        kind: AttributeKind,
    ) -> Result<Option<T>, ClientError> {
        let answer = self.call(attributes_of(id, [kind]))?;
        Ok(answer
            .attributes
            .first()
            .and_then(|attribute| attribute.value.to(ProtocolVersion::NEWEST).ok()))
    }
}

/// A user's name, and the password in the first line of `file`.
fn authentication(name: &str, file: &Path) -> Result<Authentication, CtlError> {
    let failed = |reason| CtlError::File { path: file.to_owned(), reason };
    let text = Zeroizing::new(std::fs::read_to_string(file).map_err(failed)?);
    let password = text.lines().next().unwrap_or_default();
    let user = UsernameAndPassword { username: name.to_owned(), password: Some(password.into()) };
    Ok(Authentication {
        credentials: vec![Credential {
            credential_type: CredentialType::UsernameAndPassword,
            credential_value: CredentialValue::UsernameAndPassword(user),
        }],
    })
}

/// Whether `text` is written like the identifiers that this server gives: five groups of hexadecimal
/// digits.
fn is_identifier(text: &str) -> bool {
    const GROUPS: [usize; 5] = [8, 4, 4, 4, 12];
    let groups: Vec<_> = text.split('-').collect();
    groups.len() == GROUPS.len()
        && groups.iter().zip(GROUPS).all(|(group, length)| {
            group.len() == length && group.chars().all(|c| c.is_ascii_hexdigit())
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_told_from_names() {
        assert!(is_identifier("0f3c2d1e-aaaa-bbbb-cccc-0123456789ab"));
        for name in ["bao-seal", "", "0f3c2d1e-aaaa-bbbb-cccc-0123456789a", "a-b-c-d-e"] {
            assert!(!is_identifier(name), "{name}");
        }
    }
}
