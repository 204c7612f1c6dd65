//! Protocol versions.

use crate::ttlv::{Codec, DecodeError, Reader, Writer};
use crate::types::Tag;

/// A protocol version; compares as (major, minor).
///
/// Spec: KMIP 1.4 §6.1.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProtocolVersion {
    /// 1 for all versions this crate speaks.
    pub major: i32,
    /// 0 to 4.
    pub minor: i32,
}

#[allow(missing_docs)]
impl ProtocolVersion {
    pub const V1_0: Self = Self { major: 1, minor: 0 };
    pub const V1_1: Self = Self { major: 1, minor: 1 };
    pub const V1_2: Self = Self { major: 1, minor: 2 };
    pub const V1_3: Self = Self { major: 1, minor: 3 };
    pub const V1_4: Self = Self { major: 1, minor: 4 };
    /// Not spoken yet; names of its numbers are known.
    pub const V2_0: Self = Self { major: 2, minor: 0 };
}

impl ProtocolVersion {
    /// The newest version this crate speaks.
    pub const NEWEST: Self = Self::V1_4;

    /// Newer than any version there will be: the end of a range that has none.
    pub(crate) const LATEST: Self = Self { major: i32::MAX, minor: i32::MAX };

    /// Every version this crate speaks, newest first.
    pub const SUPPORTED: [Self; 5] = [Self::V1_4, Self::V1_3, Self::V1_2, Self::V1_1, Self::V1_0];

    /// Whether this crate speaks the version.
    #[must_use]
    pub fn is_supported(self) -> bool {
        Self::SUPPORTED.contains(&self)
    }
}

impl core::fmt::Debug for ProtocolVersion {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

impl core::fmt::Display for ProtocolVersion {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

impl Codec for ProtocolVersion {
    fn encode(&self, tag: Tag, w: &mut Writer) {
        w.structure(tag, |w| {
            w.integer(Tag::ProtocolVersionMajor, self.major);
            w.integer(Tag::ProtocolVersionMinor, self.minor);
        });
    }
    fn decode(tag: Tag, r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        r.structure(tag, &[&[Tag::ProtocolVersionMajor, Tag::ProtocolVersionMinor]], |r| {
            Ok(Self {
                major: r.integer(Tag::ProtocolVersionMajor)?,
                minor: r.integer(Tag::ProtocolVersionMinor)?,
            })
        })
    }
}
