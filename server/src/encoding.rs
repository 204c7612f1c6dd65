//! The encodings of a message over HTTPS. TTLV is what the pipeline takes and gives; XML and JSON
//! are translated here, at the edge, and say the same.
//!
//! Spec: KMIP Additional Message Encodings 1.0 §2, §4 and §6.

use kmip_core::text::{TextError, json, max_text_bytes, xml};
use kmip_core::ttlv::{Item, Limits};
use wiping::Wiping;

use crate::worker::MessageBytes;

/// How a message is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// Tag, type, length, value.
    Ttlv,
    /// One element for each item.
    Xml,
    /// One object for each item.
    Json,
}

/// Media types in requests; the first of each encoding is the one in answers.
const MEDIA_TYPES: &[(&str, Encoding)] = &[
    ("application/octet-stream", Encoding::Ttlv),
    ("text/xml", Encoding::Xml),
    ("application/xml", Encoding::Xml),
    ("application/json", Encoding::Json),
];

/// Why a text is not translated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TranslationError {
    /// The message is longer than the server takes, in TTLV or as text.
    #[error("the message is too large")]
    TooLarge,
    /// The bytes are no UTF-8 text.
    #[error("the text is not UTF-8")]
    NotUtf8,
    /// The text is no KMIP item.
    #[error(transparent)]
    Text(TextError),
}

impl Encoding {
    /// The encoding that a Content-Type names; `None` where none of ours, or another charset than
    /// UTF-8.
    #[must_use]
    pub fn of_content_type(header: &str) -> Option<Self> {
        let mut parts = header.split(';').map(str::trim);
        let media_type = parts.next()?;
        let (_, encoding) =
            MEDIA_TYPES.iter().find(|(name, _)| media_type.eq_ignore_ascii_case(name))?;
        let readable = parts.filter_map(|part| part.split_once('=')).all(|(name, value)| {
            let value = value.trim_matches('"');
            !name.eq_ignore_ascii_case("charset")
                || value.eq_ignore_ascii_case("utf-8")
                || value.eq_ignore_ascii_case("us-ascii")
        });
        readable.then_some(*encoding)
    }

    /// The Content-Type of answers.
    #[must_use]
    pub fn content_type(self) -> &'static str {
        let ours = MEDIA_TYPES.iter().find(|(_, encoding)| *encoding == self);
        ours.map_or("application/octet-stream", |(name, _)| name)
    }

    /// Longest body of a request, in bytes, where messages are held to `limits`.
    #[must_use]
    pub const fn max_body_bytes(self, limits: &Limits) -> usize {
        match self {
            Self::Ttlv => limits.max_message_bytes,
            Self::Xml | Self::Json => max_text_bytes(limits),
        }
    }

    /// The TTLV form of a request. Takes time in proportion to its length.
    ///
    /// # Errors
    ///
    /// [`TranslationError`]; never where the body is TTLV already, which is read later.
    pub fn read(
        self,
        body: MessageBytes,
        limits: &Limits,
    ) -> Result<MessageBytes, TranslationError> {
        let read = match self {
            Self::Ttlv => return Ok(body),
            Self::Xml => xml::from_xml,
            Self::Json => json::from_json,
        };
        let text = std::str::from_utf8(&body).map_err(|_| TranslationError::NotUtf8)?;
        let item =
            read(text.trim_start_matches('\u{FEFF}'), limits).map_err(|fault| match fault {
                TextError::Limit("message size") => TranslationError::TooLarge,
                fault => TranslationError::Text(fault),
            })?;
        let message = Wiping::new(item.to_bytes());
        if message.len() > limits.max_message_bytes {
            return Err(TranslationError::TooLarge);
        }
        Ok(message)
    }

    /// Writes an `answer` of the pipeline, which is TTLV; `None` where it is not. Takes time in
    /// proportion to its length.
    #[must_use]
    pub fn write(self, answer: MessageBytes) -> Option<MessageBytes> {
        let write = match self {
            Self::Ttlv => return Some(answer),
            Self::Xml => xml::to_xml,
            Self::Json => json::to_json,
        };
        let item = Item::from_bytes(&answer).ok()?;
        Some(write(&item).into_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUERY: &str =
        r#"{"tag":"RequestMessage","value":[{"tag":"BatchCount","type":"Integer","value":1}]}"#;

    fn read(encoding: Encoding, text: &[u8], limits: Limits) -> Result<Vec<u8>, TranslationError> {
        encoding.read(Wiping::new(text.to_vec()), &limits).map(Wiping::release)
    }

    #[test]
    fn encoding_is_named_by_the_content_type() {
        for (header, encoding) in [
            ("application/octet-stream", Some(Encoding::Ttlv)),
            ("text/xml", Some(Encoding::Xml)),
            ("Application/XML; charset=UTF-8", Some(Encoding::Xml)),
            ("application/json;charset=\"utf-8\"; profile=x", Some(Encoding::Json)),
            ("text/xml; charset=utf-16", None),
            ("text/plain", None),
            ("application/jsonx", None),
            ("", None),
        ] {
            assert_eq!(Encoding::of_content_type(header), encoding, "{header}");
        }
        assert_eq!(Encoding::Ttlv.content_type(), "application/octet-stream");
        assert_eq!(Encoding::Xml.content_type(), "text/xml");
        assert_eq!(Encoding::Json.content_type(), "application/json");
    }

    #[test]
    fn text_is_read_and_written_as_the_same_message() {
        let limits = Limits::default();
        let ttlv = read(Encoding::Json, QUERY.as_bytes(), limits).unwrap();
        assert_eq!(ttlv.len(), 24);
        for encoding in [Encoding::Ttlv, Encoding::Xml, Encoding::Json] {
            let text = encoding.write(Wiping::new(ttlv.clone())).unwrap();
            assert_eq!(read(encoding, &text, limits).as_ref(), Ok(&ttlv), "{encoding:?}");
        }
        let marked = ["\u{FEFF}", QUERY].concat();
        assert_eq!(read(Encoding::Json, marked.as_bytes(), limits), Ok(ttlv));
        assert_eq!(Encoding::Xml.write(Wiping::new(b"no answer".to_vec())), None);
    }

    #[test]
    fn text_that_is_no_message_or_too_large_is_told_apart() {
        let limits = Limits::default();
        let text = |error| Err(TranslationError::Text(error));
        assert_eq!(read(Encoding::Xml, b"<a>", limits), text(TextError::UnknownTag));
        assert_eq!(read(Encoding::Json, b"{", limits), text(TextError::Syntax("JSON")));
        assert_eq!(read(Encoding::Json, b"\xFF", limits), Err(TranslationError::NotUtf8));
        let tight = Limits { max_message_bytes: 16, ..limits };
        let padded = [QUERY, &" ".repeat(40)].concat();
        for text in [QUERY, &padded] {
            let outcome = read(Encoding::Json, text.as_bytes(), tight);
            assert_eq!(outcome, Err(TranslationError::TooLarge), "{text}");
        }
    }
}
