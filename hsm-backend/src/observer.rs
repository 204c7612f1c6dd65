//! Who watches the calls to a token, and what a token has open.

use core::fmt;
use core::time::Duration;

/// Declares the verbs, each with its name for people.
macro_rules! verbs {
    ($( $verb:ident = $name:literal, )*) => {
        /// A verb of the backend.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[allow(missing_docs)]
        pub enum Verb { $( $verb, )* }

        impl Verb {
            /// Every verb, in the order of their numbers.
            pub const ALL: &[Self] = &[ $( Self::$verb, )* ];

            /// Its name: that of the method.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $( Self::$verb => $name, )* }
            }
        }
    };
}

verbs! {
    GenerateKey = "generate_key",
    GenerateKeyPair = "generate_key_pair",
    ImportKey = "import_key",
    ExportKey = "export_key",
    RestrictKey = "restrict_key",
    KeyExists = "key_exists",
    Encrypt = "encrypt",
    Decrypt = "decrypt",
    Sign = "sign",
    Mac = "mac",
    StreamOpen = "stream_open",
    StreamUpdate = "stream_update",
    StreamFinish = "stream_finish",
    StreamAbort = "stream_abort",
    DigestKey = "digest_key",
    WrapKey = "wrap_key",
    WrapData = "wrap_data",
    UnwrapKey = "unwrap_key",
    MakeKek = "make_kek",
    GenerateWrapped = "generate_wrapped",
    GeneratePairWrapped = "generate_pair_wrapped",
    ImportWrapped = "import_wrapped",
    RewrapArriving = "rewrap_arriving",
    Rewrap = "rewrap",
    MoveToBlob = "move_to_blob",
    MoveToToken = "move_to_token",
    DeriveKey = "derive_key",
    DeriveWrapped = "derive_wrapped",
    Agree = "agree",
    Random = "random",
    Seed = "seed",
    DestroyKey = "destroy_key",
}

/// Learns what becomes of the calls to a token, on the thread that made them: it must be quick.
pub trait Observer: fmt::Debug + Send + Sync {
    /// A call of `verb` is over, whatever came of it; `took` counts the wait for a session, too.
    fn called(&self, verb: Verb, took: Duration);

    /// A PKCS#11 function failed; `ckr` is the name of its return value, `CKR_VENDOR_DEFINED` for
    /// all of a vendor's own.
    fn failed(&self, function: &'static str, ckr: &str);
}

/// What a token has open for us.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TokenUsage {
    /// Sessions that wait for work; the one that owns the session objects is not counted.
    pub sessions_idle: usize,
    /// Sessions at work.
    pub sessions_busy: usize,
    /// Most sessions there may be.
    pub sessions_limit: usize,
    /// Wrapped keys that are live in the token.
    pub live_keys: usize,
    /// How often a wrapped key was live when it was wanted, since the token was opened.
    pub live_key_hits: u64,
    /// How often it was not, and had to be unwrapped.
    pub live_key_misses: u64,
}
