//! Sets of operations, as roles grant them.

use kmip_core::types::Operation;

/// A set of operations; the empty one grants nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Operations(u64);

impl Operations {
    /// No operation.
    pub const NONE: Self = Self(0);

    /// Whether `operation` is among them.
    #[must_use]
    pub const fn contains(self, operation: Operation) -> bool {
        match bit(operation) {
            Some(bit) => self.0 & bit != 0,
            None => false,
        }
    }
}

impl FromIterator<Operation> for Operations {
    fn from_iter<T: IntoIterator<Item = Operation>>(operations: T) -> Self {
        Self(operations.into_iter().filter_map(bit).fold(0, |set, bit| set | bit))
    }
}

/// Each operation's number is its place; those of all versions of KMIP, 2.1 included, are below 64.
const fn bit(operation: Operation) -> Option<u64> {
    1_u64.checked_shl(operation.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_holds_what_it_was_made_of_and_nothing_else() {
        let set: Operations = [Operation::Get, Operation::Poll].into_iter().collect();
        assert!(set.contains(Operation::Get) && set.contains(Operation::Poll));
        assert!(!set.contains(Operation::Create));
        assert!(!set.contains(Operation(64)), "a number too high is in no set");
        let high: Operations = [Operation(64), Operation(u32::MAX)].into_iter().collect();
        assert_eq!(high, Operations::NONE);
    }
}
