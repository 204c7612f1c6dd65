//! What sharing a secret asks of a field.

use crate::job::SecretValue;

/// A finite field, and how its elements are written as bytes.
pub(super) trait Field {
    /// An element.
    type Element: Clone + PartialEq;

    /// Bytes of a secret of `total` bytes that one element holds.
    fn piece_bytes(&self, total: usize) -> usize;
    /// Bytes of the share of one piece.
    fn share_bytes(&self) -> usize;
    /// Random bytes that one random element takes.
    fn any_bytes(&self) -> usize;
    /// The element that stands for part `number`; none for zero, and where there are no more.
    fn place(&self, number: u32) -> Option<Self::Element>;
    /// The element of these bytes; none where they are no element.
    fn read(&self, bytes: &[u8]) -> Option<Self::Element>;
    /// An element of `any_bytes` random bytes; each is as likely as any other.
    fn any(&self, random: &[u8]) -> Self::Element;
    /// The element in `bytes` bytes; none where it does not fit.
    fn write(&self, element: &Self::Element, bytes: usize) -> Option<SecretValue>;
    fn zero(&self) -> Self::Element;
    fn one(&self) -> Self::Element;
    fn add(&self, a: &Self::Element, b: &Self::Element) -> Self::Element;
    fn subtract(&self, a: &Self::Element, b: &Self::Element) -> Self::Element;
    fn multiply(&self, a: &Self::Element, b: &Self::Element) -> Self::Element;
    /// None for zero.
    fn invert(&self, a: &Self::Element) -> Option<Self::Element>;

    /// What each value at `xs` counts for the value at `at` of the polynomial through all of them.
    fn weights(&self, xs: &[Self::Element], at: &Self::Element) -> Option<Vec<Self::Element>> {
        let weight = |own: usize, x: &Self::Element| {
            let others = xs.iter().enumerate().filter(|(place, _)| *place != own);
            let (over, under) =
                others.fold((self.one(), self.one()), |(over, under), (_, other)| {
                    let over = self.multiply(&over, &self.subtract(at, other));
                    (over, self.multiply(&under, &self.subtract(x, other)))
                });
            Some(self.multiply(&over, &self.invert(&under)?))
        };
        xs.iter().enumerate().map(|(own, x)| weight(own, x)).collect()
    }

    /// The sum of `ys`, each times its weight.
    fn weighed(&self, ys: &[Self::Element], weights: &[Self::Element]) -> Self::Element {
        let products = ys.iter().zip(weights).map(|(y, weight)| self.multiply(y, weight));
        products.fold(self.zero(), |sum, product| self.add(&sum, &product))
    }
}
