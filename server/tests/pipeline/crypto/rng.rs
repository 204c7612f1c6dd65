//! The token's random numbers.

use kmip_core::types::{Operation, ResultReason as Reason, Tag};

use crate::support::World;
use crate::support::tree::{Read, bytes, integer};

#[test]
fn seed_does_not_make_the_generator_repeat_itself() {
    let world = World::new();
    let demo = world.demo();
    let random = || {
        let taken = demo.ok(Operation::RNGSeed, vec![bytes(Tag::Data, &[7; 24])]);
        // How much of it goes in, the token says.
        assert!((0..=24).contains(&taken.get(Tag::DataLength).as_integer()));
        demo.ok(Operation::RNGRetrieve, vec![integer(Tag::DataLength, 32)]).bytes(Tag::Data)
    };
    let (one, two) = (random(), random());
    assert_eq!((one.len(), two.len()), (32, 32));
    assert_ne!(one, two);
    for length in [-1, i32::MIN] {
        let asked = vec![integer(Tag::DataLength, length)];
        assert_eq!(demo.fails(Operation::RNGRetrieve, asked), Reason::InvalidField);
    }
}
