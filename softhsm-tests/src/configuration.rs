//! A trial's configuration, changed as its user would.

use crate::server::Trial;

impl Trial {
    /// Replaces `from` by `to` in the configuration, which the first start has written.
    ///
    /// # Panics
    ///
    /// If `from` does not stand there.
    pub fn edit_config(&self, from: &str, to: &str) {
        let path = self.data().join("claviger.toml");
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{from:?} is not in {text}");
        std::fs::write(&path, text.replace(from, to)).unwrap();
    }

    /// Appends `tables` to the configuration, which the first start has written.
    ///
    /// # Panics
    ///
    /// If it cannot be written.
    pub fn append_config(&self, tables: &str) {
        let path = self.data().join("claviger.toml");
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, format!("{text}\n{tables}")).unwrap();
    }
}
