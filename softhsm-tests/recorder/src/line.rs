//! One line of the record.

use std::fmt::Write;
use std::slice;

use cryptoki_sys::{
    CK_ATTRIBUTE, CK_ATTRIBUTE_TYPE, CK_MECHANISM, CK_OBJECT_HANDLE, CK_RV, CK_ULONG,
};

/// How an attribute is written.
#[derive(Clone, Copy)]
enum Form {
    /// Its number.
    Number,
    /// 0 or 1.
    Flag,
    /// In hexadecimal.
    Bytes,
    /// Its length: it is a secret, or of no interest.
    Length,
}

/// Attributes with names. Whatever is not here is written as its number and its length.
const ATTRIBUTES: &[(CK_ATTRIBUTE_TYPE, &str, Form)] = &[
    (cryptoki_sys::CKA_CLASS, "CLASS", Form::Number),
    (cryptoki_sys::CKA_KEY_TYPE, "KEY_TYPE", Form::Number),
    (cryptoki_sys::CKA_TOKEN, "TOKEN", Form::Flag),
    (cryptoki_sys::CKA_PRIVATE, "PRIVATE", Form::Flag),
    (cryptoki_sys::CKA_SENSITIVE, "SENSITIVE", Form::Flag),
    (cryptoki_sys::CKA_EXTRACTABLE, "EXTRACTABLE", Form::Flag),
    (cryptoki_sys::CKA_TRUSTED, "TRUSTED", Form::Flag),
    (cryptoki_sys::CKA_ENCRYPT, "ENCRYPT", Form::Flag),
    (cryptoki_sys::CKA_DECRYPT, "DECRYPT", Form::Flag),
    (cryptoki_sys::CKA_SIGN, "SIGN", Form::Flag),
    (cryptoki_sys::CKA_VERIFY, "VERIFY", Form::Flag),
    (cryptoki_sys::CKA_WRAP, "WRAP", Form::Flag),
    (cryptoki_sys::CKA_UNWRAP, "UNWRAP", Form::Flag),
    (cryptoki_sys::CKA_DERIVE, "DERIVE", Form::Flag),
    (cryptoki_sys::CKA_ID, "ID", Form::Bytes),
    (cryptoki_sys::CKA_LABEL, "LABEL", Form::Bytes),
    (cryptoki_sys::CKA_VALUE, "VALUE", Form::Length),
    (cryptoki_sys::CKA_PRIVATE_EXPONENT, "PRIVATE_EXPONENT", Form::Length),
    (cryptoki_sys::CKA_PRIME_1, "PRIME_1", Form::Length),
    (cryptoki_sys::CKA_PRIME_2, "PRIME_2", Form::Length),
    (cryptoki_sys::CKA_EXPONENT_1, "EXPONENT_1", Form::Length),
    (cryptoki_sys::CKA_EXPONENT_2, "EXPONENT_2", Form::Length),
    (cryptoki_sys::CKA_COEFFICIENT, "COEFFICIENT", Form::Length),
];

/// Words with a space between, `name=value` but for the first: `C_DestroyObject rv=0x0 session=1 ...`.
///
/// Attributes stand as `NAME:value` with commas between. Class, type and flags are told, CKA_ID and
/// CKA_LABEL in hexadecimal; of all others only the length.
pub(crate) struct Line(String);

impl Line {
    pub(crate) fn new(function: &str, result: CK_RV) -> Self {
        Self(format!("{function} rv={result:#x}"))
    }

    pub(crate) fn text(&self) -> String {
        format!("{}\n", self.0)
    }

    pub(crate) fn number(&mut self, name: &str, number: CK_ULONG) -> &mut Self {
        self.word(name, &number.to_string())
    }

    /// # Safety
    ///
    /// `mechanism` must be null or point to one.
    pub(crate) unsafe fn mechanism(&mut self, mechanism: *const CK_MECHANISM) -> &mut Self {
        // SAFETY: the caller's word.
        match unsafe { mechanism.as_ref() } {
            Some(mechanism) => self.word("mechanism", &format!("{:#x}", mechanism.mechanism)),
            None => self,
        }
    }

    /// The handle that a call has set.
    ///
    /// # Safety
    ///
    /// `object` must be null or point to one.
    pub(crate) unsafe fn target(
        &mut self,
        name: &str,
        object: *const CK_OBJECT_HANDLE,
    ) -> &mut Self {
        // SAFETY: the caller's word.
        match unsafe { object.as_ref() } {
            Some(object) => self.number(name, *object),
            None => self,
        }
    }

    /// The handles that a call has set.
    ///
    /// # Safety
    ///
    /// `count` must be null or point to a number, and `objects` to as many handles.
    pub(crate) unsafe fn handles(
        &mut self,
        name: &str,
        objects: *const CK_OBJECT_HANDLE,
        count: *const CK_ULONG,
    ) -> &mut Self {
        // SAFETY: the caller's word.
        let count = unsafe { count.as_ref() }.copied().unwrap_or(0);
        // SAFETY: the caller's word.
        let objects = unsafe { entries(objects, count) };
        let words = objects.iter().map(ToString::to_string).collect::<Vec<_>>();
        self.word(name, &words.join(","))
    }

    /// Attributes with their values, as far as these are told.
    ///
    /// # Safety
    ///
    /// `template` must point to `count` attributes, and each to its value.
    pub(crate) unsafe fn template(
        &mut self,
        name: &str,
        template: *const CK_ATTRIBUTE,
        count: CK_ULONG,
    ) -> &mut Self {
        // SAFETY: the caller's word.
        let attributes = unsafe { entries(template, count) };
        let words = attributes.iter().map(|attribute| {
            let (name, form) = described(attribute.type_);
            // SAFETY: the caller's word.
            let value = unsafe { entries(attribute.pValue.cast::<u8>(), attribute.ulValueLen) };
            format!("{name}:{}", written(form, value))
        });
        self.word(name, &words.collect::<Vec<_>>().join(","))
    }

    /// Attributes by name alone: what they point to is the answer.
    ///
    /// # Safety
    ///
    /// `template` must point to `count` attributes.
    pub(crate) unsafe fn names(
        &mut self,
        name: &str,
        template: *const CK_ATTRIBUTE,
        count: CK_ULONG,
    ) -> &mut Self {
        // SAFETY: the caller's word.
        let attributes = unsafe { entries(template, count) };
        let words = attributes.iter().map(|attribute| described(attribute.type_).0);
        self.word(name, &words.collect::<Vec<_>>().join(","))
    }

    fn word(&mut self, name: &str, value: &str) -> &mut Self {
        // Writing to a string does not fail.
        let _ = write!(self.0, " {name}={value}");
        self
    }
}

/// More entries than anything here has: a count that says "unavailable", for one.
const TOO_MANY: usize = 1 << 24;

/// # Safety
///
/// `start` must be null or point to `count` entries.
unsafe fn entries<'a, T>(start: *const T, count: CK_ULONG) -> &'a [T] {
    match usize::try_from(count) {
        Ok(count) if !start.is_null() && (1..TOO_MANY).contains(&count) => {
            // SAFETY: the caller's word.
            unsafe { slice::from_raw_parts(start, count) }
        }
        _ => &[],
    }
}

fn described(attribute: CK_ATTRIBUTE_TYPE) -> (String, Form) {
    let known = ATTRIBUTES.iter().find(|(number, ..)| *number == attribute);
    known.map_or_else(
        || (format!("{attribute:#x}"), Form::Length),
        |(_, name, form)| ((*name).to_owned(), *form),
    )
}

fn written(form: Form, value: &[u8]) -> String {
    match form {
        Form::Number => value
            .try_into()
            .map_or("?".to_owned(), |bytes| CK_ULONG::from_ne_bytes(bytes).to_string()),
        Form::Flag => value.first().map_or("?".to_owned(), ToString::to_string),
        Form::Bytes => value.iter().map(|byte| format!("{byte:02x}")).collect(),
        Form::Length => format!("*{}", value.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attribute(type_: CK_ATTRIBUTE_TYPE, value: &[u8]) -> CK_ATTRIBUTE {
        let length = CK_ULONG::try_from(value.len()).unwrap();
        CK_ATTRIBUTE { type_, pValue: value.as_ptr().cast_mut().cast(), ulValueLen: length }
    }

    #[test]
    fn template_tells_flags_and_no_secret() {
        let template = [
            attribute(cryptoki_sys::CKA_SENSITIVE, &[1]),
            attribute(cryptoki_sys::CKA_VALUE, b"a secret"),
            attribute(cryptoki_sys::CKA_LABEL, b"ab"),
            attribute(0x8000_0001, b"unknown"),
        ];
        let mut line = Line::new("C_CreateObject", 0);
        // SAFETY: four attributes, each with its value.
        unsafe { line.template("template", template.as_ptr(), 4) };
        let told = "template=SENSITIVE:1,VALUE:*8,LABEL:6162,0x80000001:*7";
        assert_eq!(line.text(), format!("C_CreateObject rv=0x0 {told}\n"));
    }

    #[test]
    fn null_pointers_are_nothing() {
        let mut line = Line::new("C_FindObjects", 5);
        // SAFETY: null is allowed everywhere.
        unsafe {
            line.mechanism(std::ptr::null()).target("object", std::ptr::null());
            line.template("t", std::ptr::null(), 3).handles(
                "h",
                std::ptr::null(),
                std::ptr::null(),
            );
        };
        assert_eq!(line.text(), "C_FindObjects rv=0x5 t= h=\n");
    }
}
