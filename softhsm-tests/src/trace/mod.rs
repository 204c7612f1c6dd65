//! The calls to the token, as the recorder wrote them down.

mod check;

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::str::FromStr;

pub use check::{Report, check};

/// What the rules are from a mark on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// The server opens the token and tries it with keys of its own.
    Start,
    /// Clients work that may take no key out.
    Shut,
    /// Clients work that may.
    Export,
}

/// One call that is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Its name in PKCS#11.
    pub function: String,
    /// Whether it returned CKR_OK.
    pub ok: bool,
    words: BTreeMap<String, String>,
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Event {
    Mark(Phase),
    Call(Call),
}

/// The file with the lines.
#[derive(Debug)]
pub struct Trace {
    file: PathBuf,
}

impl Trace {
    pub(crate) const fn at(file: PathBuf) -> Self {
        Self { file }
    }

    pub(crate) fn file(&self) -> &Path {
        &self.file
    }

    /// Writes a mark between the calls. Nobody may be at work meanwhile.
    ///
    /// # Panics
    ///
    /// If the file cannot be written.
    pub fn mark(&self, phase: Phase) {
        let mut file = OpenOptions::new().create(true).append(true).open(&self.file).unwrap();
        file.write_all(format!("MARK {phase:?}\n").as_bytes()).unwrap();
    }

    /// What was written until now.
    ///
    /// # Panics
    ///
    /// If the file cannot be read, or holds anything else.
    #[must_use]
    pub fn events(&self) -> Vec<Event> {
        let text = std::fs::read_to_string(&self.file).unwrap();
        text.lines().map(|line| line.parse().unwrap()).collect()
    }
}

impl Call {
    /// A handle.
    ///
    /// # Panics
    ///
    /// If the line has none of that name.
    #[must_use]
    pub fn handle(&self, name: &str) -> u64 {
        let word = self.words.get(name).unwrap_or_else(|| panic!("no {name}: {self:?}"));
        word.parse().unwrap()
    }

    /// The mechanism's number, if the call has one.
    #[must_use]
    pub fn mechanism(&self) -> Option<u64> {
        let word = self.words.get("mechanism")?.strip_prefix("0x")?;
        u64::from_str_radix(word, 16).ok()
    }

    /// The entries of a list.
    fn list(&self, name: &str) -> impl Iterator<Item = &str> {
        let words = self.words.get(name).map_or("", String::as_str);
        words.split(',').filter(|word| !word.is_empty())
    }

    /// The attributes of a template.
    fn template(&self) -> BTreeMap<&str, &str> {
        self.list("template").filter_map(|attribute| attribute.split_once(':')).collect()
    }
}

impl FromStr for Event {
    type Err = String;

    fn from_str(line: &str) -> Result<Self, String> {
        let mut words = line.split(' ');
        let function = words.next().unwrap_or_default().to_owned();
        if function == "MARK" {
            return match words.next() {
                Some("Start") => Ok(Self::Mark(Phase::Start)),
                Some("Shut") => Ok(Self::Mark(Phase::Shut)),
                Some("Export") => Ok(Self::Mark(Phase::Export)),
                _ => Err(format!("no such mark: {line}")),
            };
        }
        let pair = |word: &str| {
            let (name, value) = word.split_once('=').ok_or(format!("no value: {line}"))?;
            Ok::<_, String>((name.to_owned(), value.to_owned()))
        };
        let mut words = words.map(pair).collect::<Result<BTreeMap<_, _>, _>>()?;
        let result = words.remove("rv").ok_or(format!("no result: {line}"))?;
        if !function.starts_with("C_") {
            return Err(format!("no function: {line}"));
        }
        Ok(Self::Call(Call { function, ok: result == "0x0", words }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn event_is_read_from_its_line() {
        let line =
            "C_UnwrapKey rv=0x0 session=1 mechanism=0x2109 template=TOKEN:0,VALUE:*3 object=7";
        let Ok(Event::Call(call)) = line.parse() else { panic!("{line}") };
        assert_eq!((call.function.as_str(), call.ok), ("C_UnwrapKey", true));
        assert_eq!((call.handle("object"), call.mechanism()), (7, Some(0x2109)));
        assert_eq!(call.template(), BTreeMap::from([("TOKEN", "0"), ("VALUE", "*3")]));
        assert_eq!("MARK Shut".parse(), Ok(Event::Mark(Phase::Shut)));
    }

    #[test]
    fn line_that_is_cut_is_no_event() {
        for line in
            ["", "MARK", "MARK Open", "C_WrapKey", "C_WrapKey session=1", "C_Login rv=0x0 pin"]
        {
            assert!(line.parse::<Event>().is_err(), "{line}");
        }
    }
}
