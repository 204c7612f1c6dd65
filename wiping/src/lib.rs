//! Bytes that are wiped when they are dropped, at the speed of memory.
#![forbid(unsafe_code)]

use core::fmt;
use core::ops::{Deref, DerefMut};

use zeroize::{ZeroizeOnDrop, optimization_barrier};

/// A buffer that is wiped when it is dropped, what it has room for included.
///
/// [`zeroize::Zeroizing`] does the same byte by byte, which takes longer than encrypting the bytes.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Wiping(Vec<u8>);

impl Wiping {
    /// Takes ownership of `bytes`.
    #[must_use]
    pub const fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The bytes, which nobody wipes any more.
    #[must_use]
    pub fn release(mut self) -> Vec<u8> {
        core::mem::take(&mut self.0)
    }
}

impl Drop for Wiping {
    fn drop(&mut self) {
        // What was cut off earlier lies in the room behind the bytes.
        self.0.resize(self.0.capacity(), 0);
        self.0.fill(0);
        optimization_barrier(self.0.as_slice());
    }
}

impl ZeroizeOnDrop for Wiping {}

impl Deref for Wiping {
    type Target = Vec<u8>;

    fn deref(&self) -> &Vec<u8> {
        &self.0
    }
}

impl DerefMut for Wiping {
    fn deref_mut(&mut self) -> &mut Vec<u8> {
        &mut self.0
    }
}

impl fmt::Debug for Wiping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Wiping({} bytes)", self.0.len())
    }
}

/// A text that is wiped when it is dropped, as [`Wiping`] wipes bytes.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct WipingText(String);

impl WipingText {
    /// Takes ownership of `text`.
    #[must_use]
    pub const fn new(text: String) -> Self {
        Self(text)
    }

    /// The text's UTF-8 bytes, still to be wiped.
    #[must_use]
    pub fn into_bytes(mut self) -> Wiping {
        Wiping::new(core::mem::take(&mut self.0).into_bytes())
    }
}

impl Drop for WipingText {
    fn drop(&mut self) {
        drop(Wiping::new(core::mem::take(&mut self.0).into_bytes()));
    }
}

impl ZeroizeOnDrop for WipingText {}

impl Deref for WipingText {
    type Target = String;

    fn deref(&self) -> &String {
        &self.0
    }
}

impl DerefMut for WipingText {
    fn deref_mut(&mut self) -> &mut String {
        &mut self.0
    }
}

impl fmt::Debug for WipingText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WipingText({} bytes)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wiping_gives_its_bytes_and_does_not_print_them() {
        let mut bytes = Wiping::new(vec![0xAB; 3]);
        bytes.push(1);
        assert_eq!(format!("{bytes:?}"), "Wiping(4 bytes)");
        bytes.truncate(1);
        assert_eq!(bytes.release(), [0xAB]);
    }

    #[test]
    fn wiping_text_gives_its_bytes_and_does_not_print_them() {
        let mut text = WipingText::new("key".to_owned());
        text.push('s');
        assert_eq!(format!("{text:?}"), "WipingText(4 bytes)");
        assert_eq!(*text.into_bytes(), b"keys");
    }
}
