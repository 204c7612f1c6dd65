//! The tables' grammar: enumerations, masks, structures, payloads.

/// Declares an open KMIP enumeration: unknown wire values survive a round trip.
///
/// Each line: spec name in its XML spelling, value, first protocol version if later than 1.0.
macro_rules! kmip_enum {
    (@since) => { $crate::types::ProtocolVersion::V1_0 };
    (@since $since:ident) => { $crate::types::ProtocolVersion::$since };
    ($(#[$meta:meta])* pub struct $name:ident {
        $( $variant:ident = $value:literal $(since $since:ident)? ),* $(,)?
    }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub u32);

        #[allow(non_upper_case_globals, missing_docs)]
        impl $name {
            $( pub const $variant: Self = Self($value); )*
        }

        impl $name {
            /// The specification's table of values.
            pub const TABLE: $crate::types::EnumTable = $crate::types::EnumTable {
                name: stringify!($name),
                is_mask: false,
                values: &[ $( $crate::types::EnumValue {
                    name: stringify!($variant),
                    value: $value,
                    since: kmip_enum!(@since $($since)?),
                } ),* ],
            };

            /// Spec name of the value in its XML spelling, if this build knows it.
            #[must_use]
            pub fn name(self) -> Option<&'static str> {
                Self::TABLE.name_of(self.0)
            }

            /// Whether the value exists in `version`; false for unknown values.
            #[must_use]
            pub fn is_in(self, version: $crate::types::ProtocolVersion) -> bool {
                Self::TABLE.entry(self.0).is_some_and(|entry| entry.since <= version)
            }
        }

        impl core::fmt::Debug for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                match self.name() {
                    Some(name) => f.write_str(name),
                    None => write!(f, "0x{:08X}", self.0),
                }
            }
        }

        impl $crate::ttlv::Codec for $name {
            fn encode(&self, tag: $crate::types::Tag, w: &mut $crate::ttlv::Writer) {
                w.enumeration(tag, self.0);
            }
            fn decode(
                tag: $crate::types::Tag,
                r: &mut $crate::ttlv::Reader<'_>,
            ) -> Result<Self, $crate::ttlv::DecodeError> {
                r.enumeration(tag).map(Self)
            }
        }
    };
}

/// Declares a KMIP bit mask, carried as an Integer; unknown bits survive a round trip.
macro_rules! kmip_mask {
    ($(#[$meta:meta])* pub struct $name:ident {
        $( $variant:ident = $value:literal ),* $(,)?
    }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
        pub struct $name(pub u32);

        #[allow(non_upper_case_globals, missing_docs)]
        impl $name {
            $( pub const $variant: Self = Self($value); )*
        }

        impl $name {
            /// The specification's table of bits.
            pub const TABLE: $crate::types::EnumTable = $crate::types::EnumTable {
                name: stringify!($name),
                is_mask: true,
                values: &[ $( $crate::types::EnumValue {
                    name: stringify!($variant),
                    value: $value,
                    since: $crate::types::ProtocolVersion::V1_0,
                } ),* ],
            };

            /// Whether every bit of `other` is set here.
            #[must_use]
            pub const fn contains(self, other: Self) -> bool {
                self.0 & other.0 == other.0
            }

            /// The bits set in either.
            #[must_use]
            pub const fn union(self, other: Self) -> Self {
                Self(self.0 | other.0)
            }
        }

        impl core::fmt::Debug for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str(&Self::TABLE.mask_text(self.0))
            }
        }

        impl $crate::ttlv::Codec for $name {
            fn encode(&self, tag: $crate::types::Tag, w: &mut $crate::ttlv::Writer) {
                w.integer(tag, i32::from_be_bytes(self.0.to_be_bytes()));
            }
            fn decode(
                tag: $crate::types::Tag,
                r: &mut $crate::ttlv::Reader<'_>,
            ) -> Result<Self, $crate::ttlv::DecodeError> {
                r.integer(tag).map(|bits| Self(u32::from_be_bytes(bits.to_be_bytes())))
            }
        }
    };
}

/// Declares a KMIP structure as the spec prints it: presence, tag, field, type, version.
///
/// `[since V1_4]` (on `opt` and `many`) keeps a field off older wires: it is not written, and
/// reading one is an unknown field; `[since V1_2 until V1_2]` keeps it off newer ones too. Fields
/// must come in the order of the table; a leftover is
/// [`Misplaced`](crate::ttlv::DecodeError::Misplaced) where the table knows its tag (a duplicate
/// or out of order), else [`Unknown`](crate::ttlv::DecodeError::Unknown).
macro_rules! kmip_struct {
    (@ty req $ty:ty) => { $ty };
    (@ty opt $ty:ty) => { Option<$ty> };
    (@ty many $ty:ty) => { Vec<$ty> };
    (@known $x:ident $name:ident $tag:ident) => { true };
    (@known $x:ident $name:ident $tag:ident $since:ident) => {
        $x.version() >= $crate::types::ProtocolVersion::$since
            || const {
                $crate::tolerance::admits_early(stringify!($name), $crate::types::Tag::$tag)
            }
    };
    (@known $x:ident $name:ident $tag:ident $since:ident $until:ident) => {
        kmip_struct!(@written $x $since $until)
    };
    (@written $w:ident) => { true };
    (@written $w:ident $since:ident) => {
        $w.version() >= $crate::types::ProtocolVersion::$since
    };
    (@written $w:ident $since:ident $until:ident) => {
        ($crate::types::ProtocolVersion::$since..=$crate::types::ProtocolVersion::$until)
            .contains(&$w.version())
    };
    (@gate $tag:ident $since:ident) => { kmip_struct!(@gate $tag $since LATEST) };
    (@gate $tag:ident $since:ident $until:ident) => {
        $crate::ttlv::Gate {
            tag: Tag::$tag,
            since: $crate::types::ProtocolVersion::$since,
            until: $crate::types::ProtocolVersion::$until,
        }
    };
    (@enc req $v:expr, $tag:expr, $w:ident) => { $v.encode($tag, $w) };
    (@enc opt $v:expr, $tag:expr, $w:ident $($since:ident $($until:ident)?)?) => {
        if let (Some(v), true) = (&$v, kmip_struct!(@written $w $($since $($until)?)?)) {
            v.encode($tag, $w)
        }
    };
    (@enc many $v:expr, $tag:expr, $w:ident $($since:ident $($until:ident)?)?) => {
        if kmip_struct!(@written $w $($since $($until)?)?) { for v in &$v { v.encode($tag, $w) } }
    };
    (@dec req $name:ident $tag:ident, $r:ident) => { Codec::decode(Tag::$tag, $r)? };
    (@dec opt $name:ident $tag:ident, $r:ident $($since:ident $($until:ident)?)?) => {
        if $r.next_is(Tag::$tag) && kmip_struct!(@known $r $name $tag $($since $($until)?)?) {
            Some(Codec::decode(Tag::$tag, $r)?)
        } else {
            None
        }
    };
    (@dec many $name:ident $tag:ident, $r:ident $($since:ident $($until:ident)?)?) => {{
        let mut all = Vec::new();
        while $r.next_is(Tag::$tag) && kmip_struct!(@known $r $name $tag $($since $($until)?)?) {
            all.push(Codec::decode(Tag::$tag, $r)?);
        }
        all
    }};
    (@objty object) => { $crate::object::Object };
    (@objenc object $value:expr, $w:ident) => { $value.encode_tagged($w) };
    (@objdec object $r:ident) => { $crate::object::Object::decode_tagged($r)? };
    (@objtags object) => { $crate::object::Object::TAGS };
    ($(#[$meta:meta])* pub struct $name:ident {
        $( $(#[$fmeta:meta])*
           $presence:ident $tag:ident => $field:ident : $ty:ty
               $([since $since:ident $(until $until:ident)?])? ),* $(,)?
    } $(with $object:ident)?) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $name {
            $( $(#[$fmeta])* pub $field: kmip_struct!(@ty $presence $ty), )*
            $(
                /// The object itself, under the tag of its kind.
                pub $object: kmip_struct!(@objty $object),
            )?
        }

        impl $crate::ttlv::Codec for $name {
            #[allow(unused_imports, unused_variables)]
            fn encode(&self, tag: $crate::types::Tag, w: &mut $crate::ttlv::Writer) {
                use $crate::types::Tag;
                w.structure(tag, |w| {
                    $( kmip_struct!(
                        @enc $presence self.$field, Tag::$tag, w $($since $($until)?)?
                    ); )*
                    $( kmip_struct!(@objenc $object self.$object, w); )?
                });
            }
            #[allow(unused_imports, unused_variables)]
            fn decode(
                tag: $crate::types::Tag,
                r: &mut $crate::ttlv::Reader<'_>,
            ) -> Result<Self, $crate::ttlv::DecodeError> {
                use $crate::{ttlv::{Codec, Table}, types::Tag};
                const FIELDS: &[&[Tag]] = &[
                    &[$( Tag::$tag ),*],
                    $( kmip_struct!(@objtags $object) )?
                ];
                const TABLE: Table<'_> = Table {
                    any_order: $crate::tolerance::any_order(stringify!($name)),
                    fields: FIELDS,
                    gates: &[$( $( kmip_struct!(@gate $tag $since $($until)?), )? )*],
                };
                r.structure_by(&TABLE, tag, |r| {
                    Ok(Self {
                        $( $field: kmip_struct!(
                            @dec $presence $name $tag, r $($since $($until)?)?
                        ), )*
                        $( $object: kmip_struct!(@objdec $object r), )?
                    })
                })
            }
        }
    };
}
