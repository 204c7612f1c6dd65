//! What a sequence is made of, and how steps are drawn by lot.

use kmip_core::types::{
    BatchErrorContinuationOption as Continuation, RevocationReasonCode as Code,
};

use crate::support::random::Random;

/// Which client asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Who {
    /// Of the scope that may export.
    Demo,
    /// Of the scope that may not.
    Other,
}

/// Which object is meant. A step keeps its sense when others are taken out before it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Target {
    /// One of those made so far, whoever owns it, counted around.
    Made(usize),
    /// One that does not exist.
    Nobody,
    /// None is named: the ID Placeholder.
    Placeholder,
}

/// A date that clients may set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Date {
    Activation,
    ProcessStart,
    ProtectStop,
    Deactivation,
}

/// The unit of Usage Limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Byte,
    Object,
}

/// An attribute that a client gives.
#[derive(Clone, Copy, Debug)]
pub(super) enum Given {
    Name(u8),
    Custom(u8, u8),
    Contact(u8),
    /// So many seconds from now.
    Date(Date, i64),
    Limits(i64, Unit),
    Mask(u32),
    Sensitive(bool),
    Extractable(bool),
    /// One that is the server's to set.
    ServersOwn,
}

/// What kind of object is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Aes,
    Hmac,
    Private,
    Public,
    Secret,
    Opaque,
}

/// The attributes that an object is given at its birth.
#[derive(Clone, Debug, Default)]
pub(super) struct Birth {
    pub(super) given: Vec<Given>,
}

/// What a Check asks about.
#[derive(Clone, Copy, Debug)]
pub(super) enum Question {
    Units(i64),
    Mask(u32),
    Lease(u32),
}

/// What a Locate asks for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Wanted {
    Everything,
    Archived,
    OnlineAndArchived,
    Named(u8),
    Custom(u8, u8),
    InState(u32),
    OfKind(Kind),
    /// Activation Date between these seconds from now.
    ActivatedWithin(i64, i64),
    Serving(u32),
}

/// One operation.
#[derive(Clone, Debug)]
pub(super) enum Op {
    Create(Kind, Birth),
    CreatePair(Birth),
    Register(Kind, Birth),
    Activate(Target),
    Revoke(Target, Code, Option<i64>),
    Destroy(Target),
    Get(Target),
    GetAttributes(Target),
    Archive(Target),
    Recover(Target),
    Lease(Target),
    Allocate(Target, i64),
    Check(Target, Question),
    Encrypt(Target, usize),
    Decrypt(Target),
    Mac(Target, usize),
    Sign(Target, usize),
    Add(Target, Given),
    Modify(Target, Given, Option<i32>),
    Delete(Target, Given, Option<i32>),
    Locate(Wanted),
    ReKey(Target, Option<u32>, Birth),
}

/// One message, or the passing of time.
#[derive(Clone, Debug)]
pub(super) enum Step {
    Pass(i64),
    Ask(Who, Op),
    Batch(Who, Continuation, Vec<Op>),
}

/// A sequence of 20 to 40 steps.
pub(super) fn sequence(random: &mut Random) -> Vec<Step> {
    (0..20 + random.below(21)).map(|_| step(random)).collect()
}

fn step(random: &mut Random) -> Step {
    match random.below(20) {
        0 | 1 => Step::Pass(i64::try_from(random.below(25)).unwrap()),
        2 | 3 => {
            let option =
                pick(random, &[Continuation::Stop, Continuation::Continue, Continuation::Undo]);
            let items = 2 + random.below(3);
            // A batch that is to be undone holds nothing that cannot be, most of the time.
            let mild = option == Continuation::Undo && random.below(8) != 0;
            let ops = (0..items).map(|_| match op(random, true) {
                Op::Encrypt(target, _)
                | Op::Decrypt(target)
                | Op::Mac(target, _)
                | Op::Sign(target, _)
                    if mild =>
                {
                    Op::GetAttributes(target)
                }
                other => other,
            });
            let ops = ops.collect();
            Step::Batch(who(random), option, ops)
        }
        _ => Step::Ask(who(random), op(random, false)),
    }
}

fn pick<T: Copy>(random: &mut Random, from: &[T]) -> T {
    from[random.below(from.len())]
}

fn who(random: &mut Random) -> Who {
    if random.below(6) == 0 { Who::Other } else { Who::Demo }
}

fn small(random: &mut Random) -> u8 {
    u8::try_from(random.below(4)).unwrap()
}

fn target(random: &mut Random, in_batch: bool) -> Target {
    match random.below(24) {
        0 => Target::Nobody,
        1 => Target::Placeholder,
        2..=9 if in_batch => Target::Placeholder,
        _ => Target::Made(random.below(1 << 16)),
    }
}

fn seconds(random: &mut Random) -> i64 {
    i64::try_from(random.below(60)).unwrap() - 20
}

fn date(random: &mut Random) -> Given {
    let dates = [Date::Activation, Date::ProcessStart, Date::ProtectStop, Date::Deactivation];
    Given::Date(pick(random, &dates), seconds(random))
}

fn limits(random: &mut Random) -> Given {
    let total = pick(random, &[0, 1, 2, 16, 48, 96]);
    Given::Limits(total, pick(random, &[Unit::Byte, Unit::Object]))
}

fn birth(random: &mut Random) -> Birth {
    let mut given = Vec::new();
    if random.below(2) == 0 {
        given.push(Given::Date(Date::Activation, -1));
    }
    for _ in 0..random.below(4) {
        let more = attribute(random);
        // A single attribute given twice is another test's matter.
        let kind = std::mem::discriminant(&more);
        let again = given.iter().any(|other| match (other, &more) {
            (Given::Date(one, _), Given::Date(two, _)) => one == two,
            (Given::Name(one), Given::Name(two)) => one == two,
            (Given::Custom(..), _) => false,
            _ => std::mem::discriminant(other) == kind,
        });
        if !again {
            given.push(more);
        }
    }
    // The masks come with the kind of object, and what is the server's own has tests of its own.
    given.retain(|one| !matches!(one, Given::Mask(_) | Given::ServersOwn));
    Birth { given }
}

fn attribute(random: &mut Random) -> Given {
    match random.below(13) {
        0..=2 => Given::Name(small(random)),
        3 | 4 => Given::Custom(small(random) % 2, small(random)),
        5 => Given::Contact(small(random)),
        6..=8 => date(random),
        9 => limits(random),
        10 => pick(random, &[Given::Mask(4), Given::ServersOwn]),
        11 => Given::Sensitive(random.below(2) == 0),
        _ => Given::Extractable(random.below(2) == 0),
    }
}

fn op(random: &mut Random, in_batch: bool) -> Op {
    let on = target(random, in_batch);
    let index = (random.below(4) == 0).then(|| i32::from(small(random) % 3));
    match random.below(52) {
        0..=5 => Op::Create(pick(random, &[Kind::Aes, Kind::Aes, Kind::Hmac]), birth(random)),
        6 => Op::CreatePair(birth(random)),
        7 => Op::Register(pick(random, &[Kind::Aes, Kind::Secret, Kind::Opaque]), birth(random)),
        8..=10 => Op::Activate(on),
        11..=14 => {
            let occurred = (random.below(4) == 0).then(|| seconds(random));
            Op::Revoke(on, Code(1 + u32::from(random.byte() % 7)), occurred)
        }
        15..=17 => Op::Destroy(on),
        18 => Op::Get(on),
        19 | 20 => Op::GetAttributes(on),
        21 | 22 => Op::Archive(on),
        23..=25 => Op::Recover(on),
        26 => Op::Lease(on),
        27 | 28 => Op::Allocate(on, pick(random, &[-1, 0, 1, 2, 16, 48])),
        29..=31 => Op::Check(on, question(random)),
        32..=34 => Op::Encrypt(on, pick(random, &[16, 32, 48])),
        35 => Op::Decrypt(on),
        36 => Op::Mac(on, pick(random, &[1, 32])),
        37 => Op::Sign(on, pick(random, &[1, 32])),
        38..=41 => Op::Add(on, attribute(random)),
        42..=45 => Op::Modify(on, attribute(random), index),
        46 | 47 => Op::Delete(on, attribute(random), index),
        48 | 49 => Op::Locate(wanted(random)),
        _ => Op::ReKey(on, pick(random, &[None, None, Some(0), Some(10)]), heir(random)),
    }
}

/// What a Re-key asks of the new key: dates, names and the like, as at a birth, but rarely.
fn heir(random: &mut Random) -> Birth {
    if random.below(3) == 0 { birth(random) } else { Birth::default() }
}

fn question(random: &mut Random) -> Question {
    match random.below(3) {
        0 => Question::Units(pick(random, &[-1, 0, 1, 16, 48])),
        1 => Question::Mask(pick(random, &[0, 1, 2, 4, 8, 12, 0x80])),
        _ => Question::Lease(pick(random, &[1, 3_600, 3_601])),
    }
}

fn wanted(random: &mut Random) -> Wanted {
    match random.below(9) {
        0 => Wanted::Everything,
        1 => Wanted::Archived,
        2 => Wanted::OnlineAndArchived,
        3 | 4 => Wanted::Named(small(random)),
        5 => Wanted::Custom(small(random) % 2, small(random)),
        6 => Wanted::InState(1 + u32::from(random.byte() % 6)),
        7 => {
            let kinds = [Kind::Aes, Kind::Private, Kind::Public, Kind::Secret, Kind::Opaque];
            let kind = pick(random, &kinds);
            pick(random, &[Wanted::OfKind(kind), Wanted::Serving(4)])
        }
        _ => {
            let (one, two) = (seconds(random), seconds(random));
            Wanted::ActivatedWithin(one.min(two), one.max(two) + 1)
        }
    }
}
