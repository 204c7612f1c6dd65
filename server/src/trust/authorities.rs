//! The CAs there are, those in force and those before.

use super::HeldCa;
use crate::ca::ReadCertificate;

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// What clients trust.
    Root,
    /// What signs their certificates.
    Issuer,
}

/// Level, the setting that names its key in force, the one that names those before, and its word in
/// subjects and labels.
const LEVELS: [(Level, &str, &str, &str); 2] = [
    (Level::Root, "internal_root_key", "internal_root_keys_former", "root"),
    (Level::Issuer, "internal_issuer_key", "internal_issuer_keys_former", "issuer"),
];

impl Level {
    const fn row(self) -> &'static (Self, &'static str, &'static str, &'static str) {
        let [root, issuer] = &LEVELS;
        match self {
            Self::Root => root,
            Self::Issuer => issuer,
        }
    }

    pub(super) const fn setting(self) -> &'static str {
        self.row().1
    }

    pub(super) const fn former(self) -> &'static str {
        self.row().2
    }

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.row().3
    }

    /// A root's chains may grow by one root each time that another takes over.
    pub(super) const fn path_length(self) -> Option<u8> {
        match self {
            Self::Root => None,
            Self::Issuer => Some(0),
        }
    }
}

/// The CAs there are.
#[derive(Clone, Debug)]
pub struct Authorities {
    /// The root in force.
    pub root: HeldCa,
    /// The issuer in force.
    pub issuer: HeldCa,
    /// The roots before, oldest first.
    pub former_roots: Vec<HeldCa>,
    /// The issuers before, oldest first.
    pub former_issuers: Vec<HeldCa>,
    /// What roots have certified of those after them, oldest first.
    pub crosses: Vec<ReadCertificate>,
}

impl Authorities {
    /// Every root, that in force first.
    pub fn roots(&self) -> impl Iterator<Item = &HeldCa> {
        std::iter::once(&self.root).chain(self.former_roots.iter().rev())
    }

    /// Every issuer, that in force first.
    pub fn issuers(&self) -> impl Iterator<Item = &HeldCa> {
        std::iter::once(&self.issuer).chain(self.former_issuers.iter().rev())
    }

    /// Every CA.
    pub fn all(&self) -> impl Iterator<Item = &HeldCa> {
        self.roots().chain(self.issuers())
    }

    /// The CA of this short name.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<&HeldCa> {
        self.all().find(|ca| ca.short_name() == name)
    }

    /// What a certificate of `issuer` is shown with, in DER: the issuer's own, and its root's.
    #[must_use]
    pub fn chain(&self, issuer: &HeldCa) -> Vec<Vec<u8>> {
        let root = self.roots().find(|root| issuer.certificate.is_issued_by(&root.certificate));
        let chain = std::iter::once(issuer).chain(root);
        chain.map(|ca| ca.certificate.der().to_vec()).collect()
    }

    /// What the server shows after its own certificate, in DER: the issuer's, and what leads from its
    /// root to those before.
    #[must_use]
    pub fn shown_chain(&self) -> Vec<Vec<u8>> {
        let above = self.crosses.iter().rev();
        let chain = std::iter::once(&self.issuer.certificate).chain(above);
        chain.map(|certificate| certificate.der().to_vec()).collect()
    }
}
