//! The numbers below a prime.

use crypto_bigint::modular::{BoxedMontyForm, BoxedMontyParams};
use crypto_bigint::{BoxedUint, NonZero, Odd};
use crypto_primes::{Flavor, is_prime};

use super::field::Field;
use crate::encoding::{bit_length, left_pad, strip_zeros};
use crate::error::{HsmError, HsmErrorKind};
use crate::job::SecretValue;

/// Longest prime, in bits: whether it is one must be told while a client waits.
const MAX_BITS: usize = 4_224;
/// Random bytes beyond the prime's length: what is left over after dividing is then even enough.
const SPARE_BYTES: usize = 16;

/// The field of the numbers below a prime.
#[derive(Clone, Debug)]
pub struct PrimeField {
    prime: BoxedUint,
    parameters: BoxedMontyParams,
    bits: usize,
}

impl PartialEq for PrimeField {
    fn eq(&self, other: &Self) -> bool {
        self.prime == other.prime
    }
}

impl Eq for PrimeField {}

impl PrimeField {
    /// The field below `prime`, a big-endian number.
    ///
    /// # Errors
    ///
    /// `BadParameter` for what is no odd prime, or too long.
    pub fn new(prime: &[u8]) -> Result<Self, HsmError> {
        let unfit = HsmError::new(HsmErrorKind::BadParameter, "prime field");
        let bits = bit_length(prime);
        if !(2..=MAX_BITS).contains(&bits) {
            return Err(unfit);
        }
        let prime = BoxedUint::from_be_slice_vartime(strip_zeros(prime));
        let odd: Option<Odd<BoxedUint>> = Odd::new(prime.clone()).into();
        let odd = odd.ok_or(unfit.clone())?;
        if !is_prime(Flavor::Any, &prime) {
            return Err(unfit);
        }
        Ok(Self { prime, parameters: BoxedMontyParams::new(odd), bits })
    }

    /// Whether every secret of `bytes` bytes is a number below the prime.
    #[must_use]
    pub const fn holds(&self, bytes: usize) -> bool {
        bytes.saturating_mul(8) < self.bits
    }

    fn number(&self, value: BoxedUint) -> BoxedMontyForm {
        BoxedMontyForm::new(value, &self.parameters)
    }
}

impl Field for PrimeField {
    type Element = BoxedMontyForm;

    fn piece_bytes(&self, total: usize) -> usize {
        total
    }
    fn share_bytes(&self) -> usize {
        self.bits.div_ceil(8)
    }
    fn any_bytes(&self) -> usize {
        self.share_bytes() + SPARE_BYTES
    }
    fn place(&self, number: u32) -> Option<BoxedMontyForm> {
        self.read(&number.to_be_bytes()).filter(|_| number != 0)
    }
    fn read(&self, bytes: &[u8]) -> Option<BoxedMontyForm> {
        let value = left_pad(bytes, self.share_bytes()).map(SecretValue::new)?;
        let value = BoxedUint::from_be_slice(value.expose(), self.prime.bits_precision()).ok()?;
        (value < self.prime).then(|| self.number(value))
    }
    fn any(&self, random: &[u8]) -> BoxedMontyForm {
        let wide = BoxedUint::from_be_slice_vartime(random);
        // A prime is never zero.
        let prime: Option<NonZero<BoxedUint>> = NonZero::new(self.prime.clone()).into();
        let value = prime.map_or_else(|| wide.clone(), |prime| wide.rem(&prime));
        self.number(value)
    }
    fn write(&self, element: &BoxedMontyForm, bytes: usize) -> Option<SecretValue> {
        left_pad(&element.retrieve().to_be_bytes(), bytes).map(SecretValue::new)
    }
    fn zero(&self) -> BoxedMontyForm {
        BoxedMontyForm::zero(&self.parameters)
    }
    fn one(&self) -> BoxedMontyForm {
        BoxedMontyForm::one(&self.parameters)
    }
    fn add(&self, a: &BoxedMontyForm, b: &BoxedMontyForm) -> BoxedMontyForm {
        a + b
    }
    fn subtract(&self, a: &BoxedMontyForm, b: &BoxedMontyForm) -> BoxedMontyForm {
        a - b
    }
    fn multiply(&self, a: &BoxedMontyForm, b: &BoxedMontyForm) -> BoxedMontyForm {
        a * b
    }
    fn invert(&self, a: &BoxedMontyForm) -> Option<BoxedMontyForm> {
        a.invert().into()
    }
}
