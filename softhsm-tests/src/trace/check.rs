//! What the calls to the token may not be: ways for a key to come out.

use std::collections::{BTreeMap, HashMap};

use super::{Call, Event, Phase};

/// CKA_LABEL of Claviger's wrapping keys, in hexadecimal.
const WRAPPING_LABEL: &str = "636c617669676572207772617070696e67206b6579";
/// Attributes that are the key.
const SECRET_PARTS: [&str; 7] =
    ["VALUE", "PRIVATE_EXPONENT", "PRIME_1", "PRIME_2", "EXPONENT_1", "EXPONENT_2", "COEFFICIENT"];
const USES: [&str; 7] = ["ENCRYPT", "DECRYPT", "SIGN", "VERIFY", "WRAP", "UNWRAP", "DERIVE"];

/// What a trace shows.
#[derive(Debug, Default)]
pub struct Report {
    /// Lines that break a rule, with the rule.
    pub violations: Vec<String>,
    /// Secret and private keys that were made while nothing might be taken out.
    pub keys_made_shut: usize,
    /// Keys wrapped under Claviger's own wrapping keys.
    pub own_wraps: usize,
    /// Keys wrapped under a key of a client, who must have asked for it.
    pub named_wraps: usize,
    /// Values of Claviger's own throw-away keys that were read while the token was opened.
    pub probe_reads: usize,
}

/// An object of the token, as its template said.
#[derive(Clone, Debug, Default)]
struct Object {
    attributes: BTreeMap<String, String>,
    /// Made while the token was opened, for the session.
    probe: bool,
}

impl Object {
    fn is(&self, flag: &str, unless_told: bool) -> bool {
        self.attributes.get(flag).map_or(unless_told, |value| value == "1")
    }

    fn has(&self, attribute: &str, value: &str) -> bool {
        self.attributes.get(attribute).is_some_and(|told| told == value)
    }

    /// A secret key or a private key.
    fn is_secret(&self) -> bool {
        self.has("CLASS", "4") || self.has("CLASS", "3")
    }

    fn is_sensitive(&self) -> bool {
        self.is("SENSITIVE", false)
    }

    fn is_extractable(&self) -> bool {
        self.is("EXTRACTABLE", true)
    }

    fn is_wrapping_key(&self) -> bool {
        self.has("LABEL", WRAPPING_LABEL)
    }

    /// Lives in the session and can do nothing: made to be wrapped, or to be read.
    fn is_passing(&self) -> bool {
        !self.is("TOKEN", true) && USES.iter().all(|usage| !self.is(usage, true))
    }
}

struct Checker {
    phase: Phase,
    report: Report,
    objects: HashMap<u64, Object>,
    /// Token objects by CKA_ID: after a restart they have other handles.
    by_id: HashMap<String, Object>,
    /// What each session searches for.
    searches: HashMap<u64, String>,
    /// Passing keys that are still there, with the line that made them.
    passing: HashMap<u64, String>,
}

/// Goes through a trace, which begins with the start of a server.
#[must_use]
pub fn check(events: &[Event]) -> Report {
    let mut checker = Checker {
        phase: Phase::Start,
        report: Report::default(),
        objects: HashMap::new(),
        by_id: HashMap::new(),
        searches: HashMap::new(),
        passing: HashMap::new(),
    };
    for event in events {
        match event {
            Event::Mark(phase) => checker.phase = *phase,
            Event::Call(call) => checker.call(call),
        }
    }
    let left = checker.passing.values();
    let left = left.map(|line| format!("a key that may leave was left behind: {line}"));
    checker.report.violations.extend(left);
    checker.report
}

impl Checker {
    fn break_rule(&mut self, rule: &str, call: &Call) {
        self.report.violations.push(format!("{rule}: {call:?}"));
    }

    fn object(&self, handle: u64) -> Object {
        self.objects.get(&handle).cloned().unwrap_or_default()
    }

    fn call(&mut self, call: &Call) {
        match call.function.as_str() {
            "C_CreateObject" | "C_GenerateKey" | "C_GenerateKeyPair" | "C_UnwrapKey"
            | "C_CopyObject" => self.made(call),
            "C_GetAttributeValue" => self.read(call),
            "C_WrapKey" => self.wrapped(call),
            "C_SetAttributeValue" => self.changed(call),
            "C_EncryptInit" | "C_DecryptInit" | "C_SignInit" => self.used(call),
            "C_DeriveKey" => self.derived(call),
            "C_DestroyObject" if call.ok => {
                self.objects.remove(&call.handle("object"));
                self.passing.remove(&call.handle("object"));
            }
            "C_FindObjectsInit" => {
                let id = call.template().get("ID").map_or("", |id| *id).to_owned();
                self.searches.insert(call.handle("session"), id);
            }
            "C_FindObjects" => self.found(call),
            "C_Finalize" => self.objects.clear(),
            _ => {}
        }
    }

    fn made(&mut self, call: &Call) {
        if !call.ok {
            return;
        }
        let mut object = match call.function.as_str() {
            "C_CopyObject" => self.object(call.handle("from")),
            _ => Object::default(),
        };
        let told = call.template().into_iter();
        object.attributes.extend(told.map(|(name, value)| (name.to_owned(), value.to_owned())));
        object.probe = self.phase == Phase::Start && !object.is("TOKEN", true);
        let handle = call.handle("object");
        if object.is_secret() {
            self.judge(&object, handle, call);
        }
        if let Some(id) = object.attributes.get("ID").filter(|_| object.is("TOKEN", true)) {
            self.by_id.insert(id.clone(), object.clone());
        }
        self.objects.insert(handle, object);
    }

    /// Only a throw-away key is derived from, for the answer that is known.
    fn derived(&mut self, call: &Call) {
        if self.phase == Phase::Start && self.object(call.handle("base")).probe {
            self.made(call);
        } else {
            self.break_rule("no key is derived", call);
        }
    }

    /// Whether a new key may be as it is.
    fn judge(&mut self, object: &Object, handle: u64, call: &Call) {
        let (sensitive, extractable) = (object.is_sensitive(), object.is_extractable());
        match self.phase {
            Phase::Start if object.is("TOKEN", true) && (!sensitive || extractable) => {
                self.break_rule("a key of the server's own is not shut", call);
            }
            Phase::Shut => {
                self.report.keys_made_shut += 1;
                if !sensitive {
                    self.break_rule("a key is not sensitive", call);
                }
                if extractable && !object.is_passing() {
                    self.break_rule("a key is extractable", call);
                } else if extractable {
                    self.passing.insert(handle, format!("{call:?}"));
                }
            }
            Phase::Start | Phase::Export => {}
        }
    }

    fn read(&mut self, call: &Call) {
        if !call.list("asked").any(|attribute| SECRET_PARTS.contains(&attribute)) {
            return;
        }
        if self.phase == Phase::Start && self.object(call.handle("object")).probe {
            self.report.probe_reads += 1;
        } else {
            self.break_rule("a key is read", call);
        }
    }

    fn used(&mut self, call: &Call) {
        if self.object(call.handle("key")).is_wrapping_key() {
            self.break_rule("a wrapping key touches data", call);
        }
    }

    fn wrapped(&mut self, call: &Call) {
        let wrapping = self.object(call.handle("wrapping"));
        // The same call comes twice: first it asks for the length.
        let counts = usize::from(call.handle("length_only") == 0);
        if wrapping.probe && self.phase == Phase::Start {
            return;
        }
        if wrapping.is_wrapping_key() {
            self.report.own_wraps += counts;
        } else if self.phase == Phase::Export && wrapping.is("WRAP", false) {
            self.report.named_wraps += counts;
        } else {
            self.break_rule("a key is wrapped under another than a wrapping key", call);
        }
    }

    fn changed(&mut self, call: &Call) {
        let template = call.template();
        if template.get("SENSITIVE") == Some(&"0") || template.get("EXTRACTABLE") == Some(&"1") {
            self.break_rule("a key is opened", call);
        }
        let told = template.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
        let told = told.collect::<Vec<_>>();
        self.objects.entry(call.handle("object")).or_default().attributes.extend(told);
    }

    fn found(&mut self, call: &Call) {
        let searched = self.searches.get(&call.handle("session"));
        let Some(known) = searched.and_then(|id| self.by_id.get(id)).cloned() else { return };
        for handle in call.list("objects").filter_map(|handle| handle.parse().ok()) {
            self.objects.entry(handle).or_insert_with(|| known.clone());
        }
    }
}

#[cfg(test)]
mod tests;
